"""Tasks: their states, the queue, and every operation on them."""
