"""Publishing: a staged set becomes visible whole, once, or not at all."""
