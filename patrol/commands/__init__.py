"""The subcommands of `patrol`, a noun a file."""
