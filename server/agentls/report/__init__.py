"""What became of tasks, as a page for people."""
