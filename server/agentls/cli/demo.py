"""`agentls demo`: the main job in under a minute, each claim checked, no trace left."""

import os
import signal
import time
from typing import Any

import attrs
import click

from agentls.cli import traces
from agentls.cli.command import Command
from agentls.cli.demo_stage import Stage, find_source, left_over, stage, stop_daemon
from agentls.cli.demo_watch import Watch
from agentls.cli.demo_work import LINES, Work, edited_file, expected_output, git, works
from agentls.cli.editor import Editor
from agentls.cli.places import path_of
from agentls.errors import AgentlsError, Conflict, Internal
from agentls.host import ProcessIdentity

__all__ = ["demo"]

_LINES_BEFORE_KILL = 12
_SOON = 30.0  # seconds, for each thing that is waited for


@click.command(cls=Command)
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False),
    metavar="PATH",
    help="The repository to clone; agentls' own if absent. It is only read.",
)
@click.option("--keep", is_flag=True, help="Keep the folder, to look around in it.")
def demo(*, repo: str | None, keep: bool) -> None:
    """Show the whole day in under a minute, in a temporary folder.

    Three agents (shell scripts) work at once on a clone of a real repository; the
    daemon is killed under them; their work is listed, merged, refused, discarded
    and restored. Each claim is checked: exit status 1 if one doesn't hold.
    """
    begun = time.monotonic()
    source = find_source(repo)
    with stage(source, keep=keep) as place:
        _say(f"A clone of {source}, in {place.folder}: nothing of yours is touched.")
        known = _Play(place).run()
        left = left_over(place, known=known)
        _check(not left, f"no process is left: {len(known)} were seen, all ended")
    if keep:
        _say(f"\nKept for you: {place.folder}")
    else:
        _check(not place.folder.exists(), "no file is left: the folder is gone")
    _say(
        f"\nAll of it held, in {time.monotonic() - begun:.0f} s. Now for real, in a"
        " repository of yours:\n"
        "  agentls agents                     which agents are installed\n"
        '  agentls run "what you want done"   give one a task\n'
        "  agentls ls                         who works, who waits, who is done\n"
        "  agentls diff TASK                  see what it did\n"
        "  agentls merge TASK                 take it"
    )


@attrs.define
class _Play:
    """The demo while it plays."""

    place: Stage
    watches: dict[str, Watch] = attrs.field(factory=dict[str, Watch])
    """By session."""
    states: dict[str, str] = attrs.field(factory=dict[str, str])
    """By task."""
    generation: int = 0
    known: set[ProcessIdentity] = attrs.field(factory=set[ProcessIdentity])

    def run(self) -> tuple[ProcessIdentity, ...]:
        """Play it; give the processes that were seen."""
        editor = Editor(
            [*self.place.program, "lsp"],
            environment=self.place.environment,
            hear=self.hear,
        )
        try:
            editor.initialize(self.place.repository)
            tasks = self.begin(editor)
            self.kill_daemon(editor)
            self.finish(editor)
            self.review(editor, tasks)
            self.see_processes()
            _title("The end: the editor closes, the daemon is stopped")
            _check(editor.close() == 0, "the language server ended well")
            stop_daemon(self.place)
        finally:
            editor.kill()
        return tuple(self.known)

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """Take what the server tells."""
        if method == "agentls/output":
            self.watches[params["session"]].take(params)
        elif method == "agentls/sessionEnded" and params["session"] in self.watches:
            self.watches[params["session"]].ended = True
        elif method == "agentls/taskChanged":
            self.states[params["task"]["id"]] = params["task"]["state"]
        elif method == "agentls/reconnected":
            self.generation = params["generation"]

    def begin(self, editor: Editor) -> list[tuple[Work, str]]:
        """Create the tasks, watch them, let them begin."""
        _title("Three tasks at once, each in its own worktree and branch")
        edited = edited_file(self.place.repository)
        tasks: list[tuple[Work, str]] = []
        for number, work in enumerate(works(edited=edited, gate=self.place.gate)):
            answer = editor.execute(
                "agentls.createTask",
                {"prompt": work.script, "title": work.title, "agent": "shell"},
            )
            task = answer["task"]
            if task["state"] != "working":
                raise Internal(f"Task {task['id']} is {task['state']}: {task['why']}")
            session = task["sessions"][-1]["id"]
            self.watches[session] = Watch(
                session=session, name=work.name, number=number
            )
            self.states[task["id"]] = task["state"]
            tasks.append((work, task["id"]))
            _say(f"  {task['id']}  {work.title}\n        {task['branch']}")
        for watch in self.watches.values():
            watch.attach(editor)
        self.place.gate.touch()
        return tasks

    def kill_daemon(self, editor: Editor) -> None:
        """Kill the daemon in the middle of the work, and go on."""
        _title("They work; the daemon is killed with SIGKILL in the middle")
        watches = self.watches.values()
        editor.wait(
            lambda: all(watch.lines >= _LINES_BEFORE_KILL for watch in watches),
            within=_SOON,
            what="the agents' first lines",
        )
        self.see_processes()
        _check(not any(watch.ended for watch in watches), "all three are at work")
        before, generation = self.place.daemon_pid, self.generation
        killed = time.monotonic()
        os.kill(before, signal.SIGKILL)
        _say(click.style(f"  killed the daemon, process {before}", fg="red", bold=True))
        editor.wait(
            lambda: self.generation > generation,
            within=_SOON,
            what="the bridge's next daemon",
        )
        took = time.monotonic() - killed
        listed = editor.execute("agentls.listTasks", {})["tasks"]
        self.states |= {task["id"]: task["state"] for task in listed}
        for watch in watches:
            watch.attach(editor)
        _check(
            self.place.daemon_pid != before and len(listed) == len(self.watches),
            f"process {self.place.daemon_pid} found all {len(listed)} tasks after"
            f" {took:.1f} s; the editor's connection is the same",
        )

    def finish(self, editor: Editor) -> None:
        """Wait for the agents' ends, and count their bytes."""
        watches = self.watches.values()
        editor.wait(
            lambda: all(watch.ended for watch in watches),
            within=_SOON,
            what="the agents' end",
        )
        editor.wait(
            lambda: set(self.states.values()) == {"review"},
            within=_SOON,
            what="three tasks ready for review",
        )
        for watch in watches:
            _check(
                watch.received == expected_output(watch.name),
                f"{watch.name}: all {LINES} lines, {len(watch.received)} bytes,"
                " each once and in order",
            )

    def review(self, editor: Editor, tasks: list[tuple[Work, str]]) -> None:
        """List the changes; merge two; be refused the third; discard and restore."""
        _title("Their changes, committed or not")
        for work, task in tasks:
            change = editor.execute("agentls.changes", {"task": task})
            names = ", ".join(file["path"] for file in change["files"])
            _say(
                f"  {task}  {work.name:<9} +{change['added']} -{change['deleted']}"
                f"  {names}"
            )
            _check(bool(names), f"{work.name} has a change")
        _title("Two are merged; the third collides and is refused whole")
        (_, first), (_, second), (_, third) = tasks
        for task in (first, second):
            merged = editor.execute("agentls.mergeTask", {"task": task})
            _check(
                self.git("rev-parse", "main") == merged["commit"],
                f"{task} is in main as {merged['commit'][:10]}",
            )
        before = (self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"))
        try:
            editor.execute("agentls.mergeTask", {"task": third})
        except Conflict as error:
            for line in error.message.splitlines():
                _say(f"  {line}")
        else:
            raise Internal(f"The merge of {third} was not refused.")
        after = (self.git("rev-parse", "HEAD"), self.git("status", "--porcelain"))
        _check(after == before and not after[1], "main and the checkout are untouched")
        self.undo(editor, third)

    def undo(self, editor: Editor, task: str) -> None:
        """Discard a task and bring it back."""
        _title("Discarding keeps everything")
        before = editor.execute("agentls.changes", {"task": task, "patch": True})
        told = editor.execute("agentls.discardTask", {"task": task})["task"]
        worktree = path_of(told["worktree"])
        _check(not os.path.exists(worktree), f"{task} is discarded, its worktree gone")  # noqa: PTH110 - of any bytes
        editor.execute("agentls.restoreTask", {"task": task})
        after = editor.execute("agentls.changes", {"task": task, "patch": True})
        _check(
            before["patch"] == after["patch"] and os.path.isdir(worktree),  # noqa: PTH112 - of any bytes
            f"{task} is restored, its uncommitted change the same to the byte",
        )

    def see_processes(self) -> None:
        """Remember who belongs to the demo now."""
        self.known |= set(traces.processes_of(self.place.folder))

    def git(self, *arguments: str) -> str:
        """Ask git about the user's checkout."""
        return git(
            self.place.repository, *arguments, environment=self.place.environment
        )


def _title(text: str) -> None:
    _say("\n" + click.style(text, bold=True))


def _say(text: str) -> None:
    click.echo(text)


def _check(held: bool, claim: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not held:
        raise AgentlsError(
            f"The demo failed: it doesn't hold that {claim}.",
            hint="Run it with --keep and look at state/daemon.log in its folder.",
        )
    _say(f"  {click.style('✓', fg='green')} {claim}")
