"""What the model answers to what: rules, read from a TOML file.

    [[answers]]                    # the first rule that fits is taken
    says = 'WRITE (?P<file>\\S+)'  # found in what the person said last
    system = 'SEARCH/REPLACE'      # found in the client's own instructions
    knows = 'folder: (?P<in>\\S+)'  # found in either, or in what was said before
    result = false                 # whether a tool's result came after it
    got = 'Connected'              # found in that result; without one it doesn't fit
    hold = "write"                 # answered only when the test lets it go
    use = "write"                  # the first tool of [tools.write] that is offered
    text = "Here it is: {file}"    # in place of `use`

    [tools.write.write_file]       # a tool's name, and its arguments
    file_path = "{file}"

A tool that takes any text has that in place of the table. A rule whose `use` finds no
tool that is offered doesn't fit. In `text` and arguments, the groups that `says` and
`knows` found are put in.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from fakemodel.exchange import Answer, Call, Question, Text


@attrs.frozen(kw_only=True)
class Rule:
    """One row of `answers`."""

    says: re.Pattern[str] = attrs.field(default="", converter=re.compile)
    system: re.Pattern[str] = attrs.field(default="", converter=re.compile)
    knows: re.Pattern[str] = attrs.field(default="", converter=re.compile)
    result: bool | None = None
    got: re.Pattern[str] = attrs.field(default="", converter=re.compile)
    hold: str | None = None
    use: str | None = None
    text: str | None = None


@attrs.frozen(kw_only=True)
class Reply:
    """What is answered, and what it waits for."""

    answer: Answer
    hold: str | None = None


@attrs.frozen(kw_only=True)
class Script:
    """All rules, in their order, and how each tool is used."""

    rules: tuple[Rule, ...]
    tools: Mapping[str, Mapping[str, Mapping[str, Any] | str]]

    def reply(self, question: Question) -> Reply:
        """Answer by the first rule that fits; raises `LookupError` if none does."""
        if question.schema is not None:
            return Reply(answer=Text(text=json.dumps(_example(question.schema))))
        for rule in self.rules:
            if (answer := self._answer(rule, question)) is not None:
                return Reply(answer=answer, hold=rule.hold)
        raise LookupError(f"no rule fits {question.said!r}")

    def _answer(self, rule: Rule, question: Question) -> Answer | None:
        found = rule.says.search(question.said)
        if found is None or not rule.system.search(question.system):
            return None
        gave = question.result
        if rule.result not in {None, gave is not None} or not rule.got.search(
            gave or ""
        ):
            return None
        learned = rule.knows.search("\n".join((question.system, *question.heard)))
        if learned is None:
            return None
        known = learned.groupdict(default="") | found.groupdict(default="")
        if rule.use is None:
            return Text(text=_filled(rule.text or "", known))
        offered = {one.name for one in question.tools}
        for name, arguments in self.tools[rule.use].items():
            if name in offered:
                return Call(tool=name, arguments=_filled(arguments, known))
        return None


def read_script(path: Path) -> Script:
    """Read a script; what is wrong in it is an error."""
    document = tomllib.loads(path.read_text("utf-8"))
    rules = tuple(Rule(**row) for row in document["answers"])
    return Script(rules=rules, tools=document.get("tools", {}))


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, Mapping):
        return {name: _filled(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    return value


def _example(schema: Mapping[str, Any]) -> Any:
    """Give the least that fits a schema: what a client asks for to decide by."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = str(schema.get("type", "object")).lower()
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _example(one) for name, one in properties.items()}
    return {"array": [], "boolean": False, "integer": 1, "number": 1}.get(kind, "x")
