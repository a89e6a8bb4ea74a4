"""The registry: a parser's folder becomes a bundle in the store."""
