"""Beginnings: a parser from a sample file, and a parser from a script."""
