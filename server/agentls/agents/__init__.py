"""Agent definitions: one TOML file each."""
