"""A dev session: each save runs the parser on its samples, in children that can be killed."""
