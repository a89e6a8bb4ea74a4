"""The terminal app: what people see of both modes, over the same core as the commands."""
