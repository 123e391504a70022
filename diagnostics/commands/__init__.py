"""The subcommands of `badhop`, one file each, imported when they are used."""
