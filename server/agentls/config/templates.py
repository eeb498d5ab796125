"""The keys about templates: prompts with fields that a person fills in."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import attrs

from agentls.config.names import refuse_name
from agentls.config.shapes import (
    Fault,
    KeyPath,
    Record,
    RecordTable,
    Text,
    key,
)

__all__ = ["TEMPLATES", "Field", "Template", "fields_of", "fill"]

_FIELD = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}|\{([a-z][a-z0-9_]*)\}")


def fields_of(text: str) -> tuple[str, ...]:
    """Name the fields of a template's text, each once; `{{word}}` is none."""
    return tuple(dict.fromkeys(found[2] for found in _FIELD.finditer(text) if found[2]))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of fields; what stands in a value stays as it is."""
    return _FIELD.sub(
        lambda found: values[found[2]] if found[2] else f"{{{found[1]}}}", text
    )


@attrs.frozen(kw_only=True)
class Field:
    """What a person is asked for a place in a template."""

    ask: str | None = key(Text(), about="The question; the field's name if absent.")
    default: str | None = key(
        Text(empty=True), about="What holds when nothing is given."
    )


@attrs.frozen(kw_only=True)
class Template:
    """A prompt with fields in braces."""

    prompt: str = key(
        Text(), required=True, about="The prompt; {word} is a field, {{word}} isn't."
    )
    title: str | None = key(
        Text(), about="The task's title, with fields too; absent: of the prompt."
    )
    agent: str | None = key(Text(), about="The agent that it is for.")
    fields: Mapping[str, Field] = key(
        RecordTable(Record(Field)),
        default=attrs.Factory(dict[str, Field]),
        about="What is asked for a field, and what holds without an answer.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, in the order in which they come."""
        return fields_of(f"{self.prompt} {self.title or ''}")


@attrs.frozen
class _TemplateRecord(Record):
    """A template, whose table of fields names none that isn't there."""

    def check(self, value: object, at: KeyPath) -> Iterator[Fault]:
        """Look for fields in the table that the texts don't have."""
        faults = tuple(super().check(value, at))
        yield from faults
        if faults:
            return
        table = cast("dict[str, Any]", value)
        there = fields_of(f"{table['prompt']} {table.get('title', '')}")
        for name in table.get("fields", {}):
            if name not in there:
                yield Fault(
                    at=(*at, "fields", name),
                    message=f"stands nowhere in the prompt as {{{name}}}",
                )


TEMPLATES = RecordTable(_TemplateRecord(Template), refuse_name=refuse_name)
"""The key `templates`."""
