"""A plain LSP client on `agentls lsp`, and a repository with every oddity."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient, make_test_lsp_client

_DEADLINE = 30.0


class Wire:
    """A JSON object as the wire had it: snake_case attributes, None where absent."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        first, *rest = name.split("_")
        return _wire(self._values.get(first + "".join(part.title() for part in rest)))

    def __repr__(self) -> str:
        return repr(self._values)


def _wire(value: Any) -> Any:
    if hasattr(value, "_asdict"):  # pygls' way to show the params it doesn't know
        value = value._asdict()
    if isinstance(value, dict):
        return Wire(value)
    if isinstance(value, list | tuple):
        return [_wire(item) for item in value]
    return value


class Editor:
    """What a person has before them: a client, and what it was told so far."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.tasks: dict[str, Any] = {}
        self.removed: list[str] = []
        self.output: dict[str, bytes] = {}
        self.ends: dict[str, Any] = {}
        self.reviews: list[str] = []
        self.reconnected = 0
        self.progress: list[Any] = []
        self._news = asyncio.Condition()
        for method, hear in {
            "agentls/taskChanged": self._task_changed,
            "agentls/taskRemoved": lambda p: self.removed.append(p.task),
            "agentls/output": self._output,
            "agentls/sessionEnded": lambda p: self.ends.update({p.session: p}),
            "agentls/commentsChanged": lambda _: None,
            "agentls/reconnected": self._reconnected,
            "agentls/controllerChanged": lambda _: None,
            "agentls/resized": lambda _: None,
            "agentls/forecastChanged": lambda _: None,
            "agentls/viewedChanged": lambda _: None,
            "agentls/queueChanged": lambda _: None,
            "agentls/openRequested": lambda p: self.reviews.append(p.task),
        }.items():
            client.feature(method)(self._telling(hear))

    def _telling(self, hear: Callable[[Any], None]) -> Callable[[Any], Any]:
        async def told(params: Any) -> None:
            hear(_wire(params))
            async with self._news:
                self._news.notify_all()

        return told

    def _task_changed(self, params: Any) -> None:
        self.learn(params.task)

    def learn(self, task: Any) -> None:
        """Keep what is told of a task, if it is not older than what is known.

        A notification can be heard before the answer to a list that was made
        earlier.
        """
        known = self.tasks.get(task.id)
        if known is None or known.rev < task.rev:
            self.tasks[task.id] = task

    def _output(self, params: Any) -> None:
        data = params.text.encode()
        have = self.output.setdefault(params.session, b"")
        assert params.offset == len(have), "output came twice, or not at all"
        assert params.end == params.offset + len(data)
        self.output[params.session] = have + data
        self.client.protocol.notify(
            "agentls/ack", {"session": params.session, "end": params.end}
        )

    def _reconnected(self, _: Any) -> None:
        self.reconnected += 1

    async def attach(self, **arguments: Any) -> Any:
        """Attach, and forget an end that was told before."""
        self.ends.clear()
        return await self.execute("attach", **arguments)

    async def leave(self) -> None:
        """Shut down and exit, as a closed editor does."""
        await self.client.shutdown_session()
        await self.client.stop()

    async def until(self, true: Callable[[], Any], what: str = "") -> Any:
        """Wait until something is true of what the editor was told."""
        try:
            async with asyncio.timeout(_DEADLINE), self._news:
                await self._news.wait_for(true)
        except TimeoutError:
            states = {name: task.state for name, task in self.tasks.items()}
            pytest.fail(f"never came: {what}; tasks: {states}")
        return true()

    async def until_file(self, true: Callable[[], Any], file: Path) -> None:
        """Wait until something is true of a file that another process writes."""
        async with asyncio.timeout(_DEADLINE):
            while not file.exists() or not true():  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)

    async def until_state(self, task: str, *states: str) -> Any:
        """Wait until a task is in one of the states, and give it."""
        await self.until(
            lambda: task in self.tasks and self.tasks[task].state in states,
            f"task {task} in {states}",
        )
        return self.tasks[task]

    async def execute(self, name: str, **arguments: Any) -> Any:
        """Run a command and give its result."""
        async with asyncio.timeout(_DEADLINE):
            result = await self.client.workspace_execute_command_async(
                types.ExecuteCommandParams(
                    command=f"agentls.{name}", arguments=[arguments]
                )
            )
            return _wire(result)

    async def refused(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Run a command that must be refused, and give the error."""
        with pytest.raises(JsonRpcException) as caught:
            await self.execute(name, **arguments)
        error = caught.value
        assert error.code == -32803, error
        data = error.data
        return {"message": error.message, "kind": data["kind"], "hint": data["hint"]}


@pytest.fixture
async def open_editor(home) -> AsyncGenerator[Callable[..., Any]]:
    """Open editors: each a client on an `agentls lsp` of its own."""
    editors: list[Editor] = []

    async def open_one(
        folder: Path | None = None,
        *,
        bridge: tuple[str, ...] = ("-m", "agentls", "lsp"),
        opens_reviews: bool = False,
    ) -> Editor:
        client = make_test_lsp_client()
        await client.start_io(sys.executable, *bridge, env=dict(home.environ))
        editor = Editor(client)
        editors.append(editor)
        await client.initialize_session(
            types.InitializeParams(
                process_id=os.getpid(),
                capabilities=types.ClientCapabilities(),
                root_uri=folder and folder.as_uri(),
                initialization_options={
                    "environment": {"LANG": "en_GB.UTF-8"},
                    "opensReviews": opens_reviews,
                },
            )
        )
        return editor

    yield open_one
    for editor in editors:
        if editor.client._server.returncode is None:
            await editor.leave()


@pytest.fixture
def odd_repository(tmp_path: Path, git) -> Path:
    """Make a repository with odd names, a submodule, filters, modes and a link."""
    module = tmp_path / "module"
    module.mkdir()
    git(module, "init", "-q")
    (module / "lib.txt").write_text("library\n")
    git(module, "add", ".")
    git(module, "commit", "-qm", "library")

    root = tmp_path / "odd repository"
    root.mkdir()
    git(root, "init", "-q")
    (root / ".gitattributes").write_text("*.rot filter=rot\n*.secret filter=secret\n")
    git(root, "config", "filter.rot.clean", "tr a-z n-za-m")
    git(root, "config", "filter.rot.smudge", "tr a-z n-za-m")
    git(root, "config", "filter.secret.clean", "tr a-zA-Z n-za-mN-ZA-M")
    git(root, "config", "filter.secret.smudge", "tr a-zA-Z n-za-mN-ZA-M")
    for name in ODD_NAMES:
        (root / os.fsdecode(name)).write_bytes(b"odd\n")
    (root / "plain.txt").write_text("".join(f"line {n}\n" for n in range(1, 31)))
    (root / "word.rot").write_text("trusted\n")
    (root / "word.secret").write_text("plaintext\n")
    (root / "tool.sh").write_text("#!/bin/sh\necho tool\n")
    (root / "tool.sh").chmod(0o755)
    (root / "image.bin").write_bytes(bytes(range(256)))
    (root / "link").symlink_to("plain.txt")
    git(root, "submodule", "add", "-q", str(module), "module")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


ODD_NAMES = (
    b"with space.txt",
    "grün-日本.txt".encode(),
    b"new\nline.txt",
    b"-leading",
    b"not-utf8-\xff.txt",
)
