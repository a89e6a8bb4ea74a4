"""Widgets that know nothing of parsers or jobs."""
