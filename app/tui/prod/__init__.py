"""The Prod pane: the queue, watched and told what to do."""
