"""The Dev pane: a parser, its samples, and what becomes of them at each save."""
