"""The screen of `agentls top`: it shows what the feed tells, and does what keys say."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import DataTable, Footer, Input, Static

import agentls
from agentls.cli.attach import attach_to
from agentls.cli.link import OPERATION_SECONDS, connected
from agentls.cli.outlook import asked_of
from agentls.cli.top.dialogs import Answer, Ask, Keys
from agentls.cli.top.feed import Feed, Snapshot
from agentls.cli.top.rows import columns_for, detail_of, head_of, matrix_of, rows_of
from agentls.cli.visible import brief, one_line, visible
from agentls.errors import AgentlsError

__all__ = ["Top"]

_WIDE = 120
"""Cells from which the forecast has room beside a task's details."""

_KEYS = (
    (
        "enter",
        "attach",
        "Attach",
        "attach to the agent's terminal; Ctrl-b d comes back",
    ),
    ("v", "review", "Review", "review it in the editor that is open"),
    ("d", "diff", "Diff", "what the task changed"),
    ("m", "merge", "Merge", "merge it, after a question"),
    ("a", "answer", "Answer", "answer what its agent asks"),
    ("s", "stop", "Stop", "stop its agent, after a question; its work stays"),
    ("p", "pause", "Pause", "pause the queue, or go on with it"),
    ("f", "forecast", "", "what would conflict with what"),
    ("c", "closed", "", "merged tasks too"),
    ("slash", "filter", "Filter", "only tasks with these words; esc shows all"),
    ("question_mark", "keys", "Keys", "this list"),
    ("q", "quit", "Quit", "leave; everything goes on"),
)
_SHOWN = {"slash": "/", "question_mark": "?"}


class _Tasks(DataTable[Text]):
    """The list; Enter attaches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Attach", key_display="⏎")
    ]


class Top(App[None]):
    """All tasks, live."""

    CSS_PATH = "style.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "agentls"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            *(key, action, name),
            key_display=_SHOWN.get(key),
            show=bool(name),
            # Else what is typed right after it is taken for keys of the list.
            priority=action == "filter",
        )
        for key, action, name, _ in _KEYS
        if key != "enter"
    ]

    class Told(Message):
        """There is something new to show."""

        def __init__(self, snapshot: Snapshot) -> None:
            super().__init__()
            self.snapshot = snapshot

    class Lost(Message):
        """There can be no daemon any more."""

        def __init__(self, error: AgentlsError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, asked: Mapping[str, Any]) -> None:
        # Textual takes NO_COLOR out of it, and the programs that are started need it.
        self._environment = dict(os.environ)
        # The terminal's own colours, be they dark or light, or none with NO_COLOR.
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self._feed = Feed(
            asked,
            show=lambda snapshot: self.post_message(self.Told(snapshot)),
            failed=lambda error: self.post_message(self.Lost(error)),
        )
        self._snapshot = Snapshot(tasks={})
        self._closed_too = False
        self._text = ""
        self._rows: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static(id="head")
        yield _Tasks(cursor_type="row")
        yield Input(id="filter", placeholder="words to look for", compact=True)
        with Horizontal(id="below"):
            yield Static(id="detail")
            yield Static(id="matrix")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to listen."""
        self._table.focus()
        self._feed.start()

    def on_unmount(self) -> None:
        """Listen no more."""
        self._feed.close()

    def on_resize(self, event: events.Resize) -> None:
        """Give the list the columns for which there is room."""
        chosen = self._chosen
        self._table.clear(columns=True)
        for column in columns_for(event.size.width):
            title = column.title.rjust(column.width) if column.right else column.title
            self._table.add_column(title, width=column.width, key=column.key)
        self.query_one("#below").set_class(event.size.width >= _WIDE, "wide")
        self._rows = []
        self._draw(chosen)

    def on_top_told(self, message: Told) -> None:
        """Show what is new."""
        self._snapshot = message.snapshot
        self._draw()

    def on_top_lost(self, message: Lost) -> None:
        """End, and say why."""
        error = message.error
        self.exit(
            return_code=1, message=f"agentls: {error.message}\n{error.hint}".strip()
        )

    def on_data_table_row_highlighted(self) -> None:
        """Show the details of the task that is chosen now."""
        self._draw_detail()

    def on_data_table_row_selected(self) -> None:
        """Attach to the task that was chosen."""
        self.action_attach()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the tasks with these words."""
        self._text = event.value
        self._draw()

    def on_input_submitted(self) -> None:
        """Go back to the list with what was found."""
        self._table.focus()

    def on_key(self, event: events.Key) -> None:
        """Leave the filter."""
        if event.key == "escape" and not isinstance(self.screen, (Ask, Answer, Keys)):
            field = self.query_one("#filter", Input)
            field.value = ""
            field.remove_class("shown")
            self._table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave its key to the filter while that is written."""
        if action == "filter":
            return not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Ask for words."""
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        # At once, and not by `focus()`: what is typed next is for the field already.
        self.screen.set_focus(field)

    def action_closed(self) -> None:
        """Show merged tasks too, or not any more."""
        self._closed_too = not self._closed_too
        self._draw()

    def action_forecast(self) -> None:
        """Show the forecast in place of the details, or the details again."""
        self.query_one("#below").toggle_class("matrix")

    def action_keys(self) -> None:
        """List the keys."""
        self.push_screen(
            Keys([(_SHOWN.get(key, key), does) for key, _, _, does in _KEYS])
        )

    def action_attach(self) -> None:
        """Leave the screen to the task's session, and come back."""
        if task := self._chosen:
            self._outside(lambda: attach_to(task["id"]))

    def action_review(self) -> None:
        """Have the editor that is open show the task's review."""
        if task := self._chosen:
            self._do("agentls.openIn", {"task": task["id"]}, "is in your editor")

    def action_diff(self) -> None:
        """Leave the screen to the task's change, and come back."""
        if task := self._chosen:
            program = Path(agentls.__file__).parent / "__main__.py"
            argv = [sys.executable, str(program), "diff", task["id"]]
            # A short diff too stays until it was read.
            less = f"{self._environment.get('LESS', '-R')} -+F"

            def show() -> None:
                environment = {**self._environment, "LESS": less}
                done = subprocess.run(argv, env=environment, check=False)
                if done.returncode:
                    input("Enter goes back. ")

            self._outside(show)

    def action_merge(self) -> None:
        """Ask whether to merge the task."""
        if task := self._chosen:
            self._preview(task)

    def action_stop(self) -> None:
        """Ask whether to stop the task's agent."""
        if task := self._chosen:
            question = Text(f"Stop {_named(task)}?\n\nIts work stays, for review.")
            self._ask(question, "agentls.stopTask", {"task": task["id"]}, "stopped")

    def action_answer(self) -> None:
        """Ask what to answer the task's agent."""
        task = self._chosen
        if task is None:
            return
        asked: Mapping[str, Any] = task.get("asked") or {}
        choices, takes_text = asked.get("choices", ()), asked.get("takesText", False)
        if not (choices or takes_text):
            said = "asks nothing" if not asked else "must be answered in its terminal"
            self._say(f"{_named(task)} {said}: enter attaches to it.", warn=True)
            return

        def answer(given: tuple[str, str] | None) -> None:
            if given is not None:
                kind, words = given
                self._do(
                    "agentls.respond", {"task": task["id"], kind: words}, "answered"
                )

        question = Text(f"{_named(task)}\n", style="bold")
        text = asked.get("text") or task.get("why") or asked_of(task)
        question.append(visible(text), style="not bold")
        self.push_screen(
            Answer(question, choices=choices, takes_text=takes_text), answer
        )

    def action_pause(self) -> None:
        """Pause the queue, or go on with it."""
        paused = self._snapshot.paused
        command = "agentls.resumeQueue" if paused else "agentls.pauseQueue"
        self._do(command, None, "goes on" if paused else "paused", what="The queue")

    @property
    def _table(self) -> _Tasks:
        return self.query_one(_Tasks)

    @property
    def _chosen(self) -> Mapping[str, Any] | None:
        row = self._table.cursor_row
        name = self._rows[row] if 0 <= row < len(self._rows) else ""
        return self._snapshot.tasks.get(name)

    def _draw(self, chosen: Mapping[str, Any] | None = None) -> None:
        """Draw all that is known; what is the same stays, and so does the choice."""
        if not (self.query(_Tasks) and self._table.columns):
            return  # its size isn't known yet, or it ends
        rows = rows_of(
            self._snapshot,
            text=self._text,
            everything=self._closed_too,
            now=datetime.now(UTC),
        )
        self.query_one("#head", Static).update(head_of(self._snapshot))
        keys = [str(key.value) for key in self._table.columns]
        if list(rows) != self._rows:
            chosen = chosen or self._chosen
            self._table.clear()
            for name, cells in rows.items():
                self._table.add_row(*(cells[key] for key in keys), key=name)
            self._rows = list(rows)
            if chosen is not None and chosen["id"] in rows:
                self._table.move_cursor(row=self._rows.index(chosen["id"]))
        else:
            for name, cells in rows.items():
                for key in keys:
                    if self._table.get_cell(name, key) != cells[key]:
                        self._table.update_cell(name, key, cells[key])
        self._draw_detail()

    def _draw_detail(self) -> None:
        task = self._chosen
        text = Text("No tasks. Begin one with: agentls run …")
        if task is not None:
            rates = self._snapshot.rates.get(task["id"])
            text = detail_of(task, rates=rates, now=datetime.now(UTC))
        elif self._snapshot.tasks:
            text = Text("No task to be shown here; c shows merged ones too.")
        self.query_one("#detail", Static).update(text)
        room = self.size.width // 2 if self.size.width >= _WIDE else self.size.width
        open_ = [
            task
            for task in self._snapshot.tasks.values()
            if task["state"] not in {"merged", "discarded"}
        ]
        self.query_one("#matrix", Static).update(matrix_of(open_, width=room - 4))

    def _outside(self, act: Callable[[], object]) -> None:
        """Give the terminal away while something is done; say what went wrong."""
        self._feed.pause()
        try:
            with self.suspend():
                act()
        except AgentlsError as error:
            self._say(f"{error.message} {error.hint}", warn=True)
        finally:
            self._feed.resume()
        self.refresh(layout=True)

    def _ask(
        self, question: Text, command: str, params: Mapping[str, Any], said: str
    ) -> None:
        def decide(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
            if yes:
                self._do(command, params, said)

        self.push_screen(Ask(question), decide)

    @work(thread=True, exit_on_error=False)
    def _preview(self, task: Mapping[str, Any]) -> None:
        """See what a merge would do, then ask."""
        try:
            with connected() as client:
                found = client.execute(
                    "agentls.previewMerge",
                    {"task": task["id"]},
                    seconds=OPERATION_SECONDS,
                )
        except AgentlsError as error:
            self.call_from_thread(self._say, f"{error.message} {error.hint}", warn=True)
            return
        if not found["ok"]:
            self.call_from_thread(self._say, _why_not(task, found), warn=True)
            return
        count = len(found["files"])
        question = Text(
            f"Merge {_named(task)} into {one_line(found['target'])}?\n\n"
            f"{count} file{'s' * (count != 1)}, {found['strategy']}."
        )
        self.call_from_thread(
            self._ask, question, "agentls.mergeTask", {"task": task["id"]}, "merged"
        )

    @work(thread=True, exit_on_error=False)
    def _do(
        self,
        command: str,
        params: Mapping[str, Any] | None,
        said: str,
        *,
        what: str = "",
    ) -> None:
        """Have the daemon do it, and say how it went."""
        try:
            with connected() as client:
                client.execute(command, params, seconds=OPERATION_SECONDS)
        except AgentlsError as error:
            self.call_from_thread(self._say, f"{error.message} {error.hint}", warn=True)
        else:
            name = what or (params or {}).get("task", "")
            self.call_from_thread(self._say, f"{name} {said}.")

    def _say(self, text: str, *, warn: bool = False) -> None:
        severity = "warning" if warn else "information"
        self.notify(visible(text).strip(), severity=severity, markup=False, timeout=8)


def _named(task: Mapping[str, Any]) -> str:
    return f"{task['id']} ({brief(task['title'])})"


def _why_not(task: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    files = [*found.get("conflicts", ()), *found.get("inTheWay", ())]
    why = found.get("whyNot") or (
        "it conflicts in" if found.get("conflicts") else "your changes are in the way:"
    )
    return f"{_named(task)} can't be merged now: {why} {', '.join(files)}".rstrip()
