"""How files come into the queue, and what people see of it and do to it."""
