"""The terminal app: what people see of dev mode and prod mode, over the same core as the commands."""
