"""Templates: prompts of the configuration with fields."""

import attrs

__all__ = [
    "FieldInfo",
    "ListTemplatesParams",
    "ListTemplatesResult",
    "TemplateInfo",
]


@attrs.frozen(kw_only=True)
class ListTemplatesParams:
    """For which repository; only the user's own if absent."""

    uri: str | None = None


@attrs.frozen(kw_only=True)
class FieldInfo:
    """A place in a template that is filled in."""

    name: str
    ask: str
    """The question for a person."""
    default: str | None = None
    """What holds without an answer; absent: it must be given."""


@attrs.frozen(kw_only=True)
class TemplateInfo:
    """A prompt with fields."""

    name: str
    prompt: str
    """With its fields as `{name}`."""
    agent: str | None = None
    fields: tuple[FieldInfo, ...]
    """In the order in which they come."""


@attrs.frozen(kw_only=True)
class ListTemplatesResult:
    """The templates, in the order of the config."""

    templates: tuple[TemplateInfo, ...]
