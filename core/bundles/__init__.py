"""Bundles: deterministic archives of parser folders, made, verified and extracted."""
