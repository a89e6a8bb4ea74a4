"""Environments: the Python that a bundle's lock file describes, built once by uv and kept."""
