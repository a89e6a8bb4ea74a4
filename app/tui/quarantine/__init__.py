"""The quarantined rows of many jobs, looked through by reason."""
