"""The worker: a supervisor that claims and publishes, and runners that do the jobs' work."""
