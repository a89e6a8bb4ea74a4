"""Queueing: files become jobs, and jobs are seen and acted on."""
