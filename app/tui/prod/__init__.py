"""The Prod pane: the queue, its workers, and what can be done about them."""
