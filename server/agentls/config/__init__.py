"""The configuration: files of the user and of a repository, checked and merged."""

from agentls.config.documents import (
    ConfigError,
    Document,
    Problem,
    parse_document,
    read_document,
)
from agentls.config.loading import (
    REPOSITORY_FILES,
    LoadedConfig,
    load_config,
    merge_tables,
)
from agentls.config.mcp import Mcp, Right
from agentls.config.merging import MERGE_NAMES, Merge
from agentls.config.reviewing import (
    REVIEW_NAMES,
    REVIEWER,
    Check,
    OrderKey,
    Review,
)
from agentls.config.schema import config_schema
from agentls.config.settings import (
    NOTIFY_NAMES,
    RUNS,
    Approval,
    Config,
    Limits,
)

__all__ = [
    "MERGE_NAMES",
    "NOTIFY_NAMES",
    "REPOSITORY_FILES",
    "REVIEWER",
    "REVIEW_NAMES",
    "RUNS",
    "Approval",
    "Check",
    "Config",
    "ConfigError",
    "Document",
    "Limits",
    "LoadedConfig",
    "Mcp",
    "Merge",
    "OrderKey",
    "Problem",
    "Review",
    "Right",
    "config_schema",
    "load_config",
    "merge_tables",
    "parse_document",
    "read_document",
]
