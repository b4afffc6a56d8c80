"""The small files that a worker keeps beside its book: each begun anew if it is damaged."""
