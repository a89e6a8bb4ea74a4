"""What people touch: the command line. It imports core, and holds no rule of the domain."""
