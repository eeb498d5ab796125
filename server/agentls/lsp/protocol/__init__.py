r"""The wire types of agentls' own commands and notifications: the one source.

On the wire names are camelCase and absent fields are left out, never null.
`docs/protocol.md` is generated from here and from the registry of commands.
Paths are strings; a file name that isn't UTF-8 keeps its odd bytes as lone
surrogates `\udcNN` in the JSON, as Python's `os.fsdecode` gives them.

One module a subject; a type has one place, and nothing is exported again here.
"""
