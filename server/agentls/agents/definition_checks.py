"""What can be wrong with a whole definition of an agent, beyond each key of its own."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentls.agents.definition import DEFINITION, placeholders, refuse_program
from agentls.agents.reports import check_reports
from agentls.agents.status import Status
from agentls.agents.terminal import check_dialogs, check_signals
from agentls.config.shapes import Fault

__all__ = ["check_definition"]

_PLACEHOLDERS = frozenset(
    {
        "approval",
        "hook",
        "hook_array",
        "main_root",
        "private",
        "prompt",
        "prompt_file",
        "session_id",
        "trusted",
        "worktree",
    }
)
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def check_definition(table: Mapping[str, Any]) -> Iterator[Fault]:
    """Give all that is wrong with a whole definition, built-in part included."""
    faults = tuple(DEFINITION.check(table, ()))
    yield from faults
    if faults:
        return
    yield from _program_faults(table)
    for name in ("command", "start", "resume", "headless"):
        for place, argument in enumerate(table.get(name, ())):
            for used in placeholders((argument,)):
                if used not in _PLACEHOLDERS:
                    yield _unknown_placeholder((name, place), used)
    yield from _file_faults(table.get("files", {}))
    if table.get("conversation", "none") == "none" and "session_id" in placeholders(
        (*table.get("start", ()), *table.get("resume", ()))
    ):
        yield Fault(
            at=("conversation",),
            message="is 'none', but {session_id} is used",
        )
    told = (*table.get("events", ()), *table.get("signals", ()))
    if table.get("done") == "event" and not any(
        rule["status"] == Status.DONE for rule in told
    ):
        yield Fault(
            at=("done",), message="is 'event', but no event or signal means 'done'"
        )
    if "minimum" in table and not table.get("version"):
        yield Fault(at=("minimum",), message="needs the key 'version' too")
    yield from check_signals(table.get("signals", ()))
    yield from check_dialogs(table.get("dialogs", {}))
    yield from check_reports(table.get("reports", ()))


def _program_faults(table: Mapping[str, Any]) -> Iterator[Fault]:
    if "command" in table:
        if "bin" in table or "start" in table:
            yield Fault(
                at=("command",), message="stands for `bin` and `start`; give either"
            )
        if message := refuse_program(table["command"][0]):
            yield Fault(at=("command", 0), message=message)
        if not table["command"][0].strip():
            yield Fault(at=("command", 0), message="is empty")
    elif "bin" not in table:
        yield Fault(at=(), message="lacks the key 'command' (or 'bin' and 'start')")


def _file_faults(files: Mapping[str, object]) -> Iterator[Fault]:
    for name, content in files.items():
        if not _FILE_NAME.fullmatch(name):
            yield Fault(at=("files", name), message="is no plain file name")
        if not isinstance(content, dict | str):
            yield Fault(at=("files", name), message="must be a table or a text")


def _unknown_placeholder(at: tuple[str | int, ...], used: str) -> Fault:
    return Fault(
        at=at,
        message=f"{{{used}}} is unknown; there are "
        + ", ".join(f"{{{name}}}" for name in sorted(_PLACEHOLDERS)),
    )
