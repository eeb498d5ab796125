"""The one process a user: single instance, socket, connections."""
