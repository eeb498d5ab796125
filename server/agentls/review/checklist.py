"""Checklists in Markdown: which items are open, and the same file with one ticked.

What a list is decides a real Markdown parser: what looks like an item in a block of
code is none.
"""

import re
import textwrap
from collections.abc import Generator, Mapping

import attrs
from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["ChecklistItem", "noted", "read_checklist", "ticked"]

_BOX = re.compile(
    r"(?P<head>\s*(?:[-*+]|\d{1,9}[.)])\s+\[)(?P<mark>[ xX])\](?P<text>.*)"
)
_NOTE = re.compile(r"\s*<!-- agentls: (\w+) -->\s*$")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@attrs.frozen(kw_only=True)
class ChecklistItem:
    """An item of a checklist that is nested in no other one."""

    line: int
    """From 0."""
    text: str
    """Its own first line, without the box."""
    nested: str
    """All that is below it, as it stands there but for its indentation."""
    done: bool

    @property
    def prompt(self) -> str:
        """Give what an agent is asked to do."""
        return f"{self.text}\n{self.nested}".strip()


def read_checklist(content: str) -> tuple[ChecklistItem, ...]:
    """Give the items in their order; those nested in another belong to that one."""
    lines = [line.rstrip("\r\n") for line in _LINES.findall(content)]
    found: list[ChecklistItem] = []
    nested_until = 0
    for begin, end in _list_items(content):
        if begin < nested_until:
            continue
        box = _BOX.fullmatch(lines[begin]) if begin < len(lines) else None
        if box is None:
            continue
        nested_until = end
        below = "\n".join(lines[begin + 1 : end])
        found.append(
            ChecklistItem(
                line=begin,
                text=_NOTE.sub("", box["text"]).strip(),
                nested=textwrap.dedent(below.expandtabs(4)).rstrip(),
                done=box["mark"] != " ",
            )
        )
    return tuple(item for item in found if item.text)


def ticked(content: str, text: str) -> str | None:
    """Give the file with the first open item of that text ticked; None without one."""
    for item in read_checklist(content):
        if item.text == text and not item.done:
            lines = _LINES.findall(content)
            lines[item.line] = _BOX.sub(
                r"\g<head>x]\g<text>", lines[item.line], count=1
            )
            return "".join(lines)
    return None


def noted(content: str, ids: Mapping[str, str]) -> str:
    """Give the file with tasks' ids behind the items, by the items' text."""
    lines = _LINES.findall(content)
    for item in read_checklist(content):
        if not item.done and (task := ids.get(item.text)):
            line = lines[item.line]
            body = line.rstrip("\r\n")
            note = f"{_NOTE.sub('', body)} <!-- agentls: {task} -->"
            lines[item.line] = note + line[len(body) :]
    return "".join(lines)


def _list_items(content: str) -> Generator[tuple[int, int]]:
    """Give the first line of each item of a list and the one after its last."""
    tokens: list[Token] = MarkdownIt("commonmark").parse(content)
    for token in tokens:
        if token.type == "list_item_open" and token.map:
            begin, end = token.map
            yield begin, end
