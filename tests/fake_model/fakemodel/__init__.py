"""A model that answers from a script, in the wire formats that agents speak.

Each wire format is a module of its own, which reads a request into a `Question` and
writes an answer; what is answered stands in a TOML file, see `script`.
"""
