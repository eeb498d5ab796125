"""Bringing work back: changes, merge, discard and restore."""
