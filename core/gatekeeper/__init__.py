"""The gatekeeper: what a parser's code reaches for beyond files and rows."""
