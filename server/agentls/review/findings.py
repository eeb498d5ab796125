"""A reviewing agent: what it is asked, and what it found."""

import json
from collections.abc import Sequence
from typing import Any, cast

import attrs

from agentls.model import Lines

__all__ = ["Finding", "read_findings", "reviewer_prompt"]

_BEGIN, _END = "<<<FINDINGS", "FINDINGS>>>"
_PATCH_MAX = 60_000
"""Bytes of the diff that stand in the prompt; the agent can read the rest itself."""

_TEXT_MAX = 10_000
"""Characters of an answer in no form that are kept."""

_PROMPT = """\
Review a change that another agent made in this worktree. Don't change any file, don't
commit, and don't run anything that changes the worktree.

It was asked for this:

{asked}

Look for mistakes: wrong behaviour, missed cases, lost data, security holes, missing or
wrong tests, and anything that was not asked for. Leave out matters of taste. Only what
you are sure of.

Answer with your findings as JSON, one object a line, between a line that holds only
{begin} and a line that holds only {end}; with nothing between them if there is none.
Such an object has these keys:
"path": the file, as the diff names it; "line": the line in the new file, a number;
"endLine": the last line, if there are several; "text": the finding, in one to three
sentences. Leave "path" and "line" out for a finding about the whole change.

The change, against commit {base}:

{patch}
"""


@attrs.frozen(kw_only=True)
class Finding:
    """A remark of a reviewing agent."""

    text: str
    path: str = ""
    """Empty for the whole change."""
    lines: Lines | None = None


def reviewer_prompt(asked: Sequence[str], *, patch: bytes, base: str) -> str:
    """Write what a reviewing agent is asked about a patch."""
    # "?" and not U+FFFD, which has three bytes: the whole must fit an argument.
    shown = patch[:_PATCH_MAX].decode("utf-8", "surrogateescape")
    shown = shown.encode("utf-8", "replace").decode().replace("\0", "?")
    if len(patch) > _PATCH_MAX:
        shown += f"\n… and so on: `git diff {base}` shows all of it."
    return _PROMPT.format(
        asked="\n\n".join(_indented(text) for text in asked),
        begin=_BEGIN,
        end=_END,
        base=base,
        patch=shown,
    )


def read_findings(answer: str) -> tuple[Finding, ...]:
    """Read the findings of an answer, whatever stands around them.

    What isn't in the form that was asked for becomes one finding about the whole
    change, so that nothing that was said is lost.
    """
    lines = [line.strip() for line in answer.splitlines()]
    if _END not in lines:
        text = answer.strip()[-_TEXT_MAX:].strip()
        return (Finding(text=text),) if text else ()
    end = len(lines) - 1 - lines[::-1].index(_END)
    begin = max(
        (place for place, line in enumerate(lines[:end]) if line == _BEGIN), default=-1
    )
    found: list[Finding] = []
    odd: list[str] = []
    for line in lines[begin + 1 : end]:
        if not line or line.startswith("```"):
            continue
        finding = _finding(line)
        if finding is None:
            odd.append(line)
        else:
            found.append(finding)
    if odd:
        found.append(Finding(text="\n".join(odd)[:_TEXT_MAX]))
    return tuple(found)


def _finding(line: str) -> Finding | None:
    try:
        read: Any = json.loads(line.removesuffix(","))
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    table = cast("dict[str, Any]", read)
    text, path = table.get("text"), table.get("path") or ""
    if not isinstance(text, str) or not text.strip() or not isinstance(path, str):
        return None
    first = _number(table.get("line"))
    last = _number(table.get("endLine"))
    lines = None
    if path and first is not None:
        lines = Lines(first=first, last=max(first, last or first))
    return Finding(text=text.strip(), path=path.removeprefix("./"), lines=lines)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    good = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return cast("int", value) if good else None


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.strip().split("\n"))
