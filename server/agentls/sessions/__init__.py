"""Agents in terminals: shim, log, and the daemon's side of them."""
