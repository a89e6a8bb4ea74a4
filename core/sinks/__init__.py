"""Where rows go: Parquet, CSV, JSON lines and SQLite, all visible at once or not at all."""
