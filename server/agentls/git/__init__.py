"""Every call of git: hardened, bounded, and with names of any bytes."""
