"""Files of rows: their format, their rows as tables, whether they hold to a contract."""
