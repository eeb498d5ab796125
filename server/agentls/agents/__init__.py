"""Command-line agents: what each is, how it is started and what it tells.

An agent is a TOML table; nothing here knows a particular one by name.
"""
