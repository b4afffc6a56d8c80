"""Things: what is there over time, followed, compared and counted, whatever rule asks."""
