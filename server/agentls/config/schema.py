"""The JSON Schema of the configuration, for completion in editors."""

from collections.abc import Mapping
from typing import Any

from agentls.config.settings import CONFIG

__all__ = ["config_schema"]


def config_schema(*, agent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give the schema; `agent` is that of one table in `agents`."""
    schema = CONFIG.schema()
    if agent is not None:
        schema["properties"]["agents"]["additionalProperties"] = dict(agent)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The configuration of agentls",
        **schema,
    }
