"""The embedded store: one SQLite file in WAL mode, every transaction durable when it returns."""
