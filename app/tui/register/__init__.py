"""Registering a parser from the terminal app, with its checks in view."""
