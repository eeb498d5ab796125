"""`agentls mcp`, by a real client: agents hand out tasks, wait, and read."""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

_DEADLINE = 60.0
_LISTENER = """\
[agents.listener]
bin = "sh"
start = ["-c", 'echo "$1" >> heard', "sh", "{prompt}"]
[agents.listener.modes.ask]
"""
_SHELL = '[mcp]\nagents = ["shell"]\n'


class Agent:
    """What an agent sees of the server."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.progress: list[str] = []

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Use a tool and give what it answers."""
        answer = await self._call(tool, arguments)
        assert not answer.is_error, answer
        return answer.structured_content

    async def refused(self, tool: str, **arguments: Any) -> str:
        """Use a tool that must refuse, and give what it says."""
        answer = await self._call(tool, arguments)
        assert answer.is_error, answer
        return answer.content[0].text

    async def tools(self) -> set[str]:
        return {tool.name for tool in (await self.client.list_tools()).tools}

    async def _call(self, tool: str, arguments: dict[str, Any]) -> Any:
        async def hear(_: float, __: float | None, message: str | None) -> None:
            self.progress.append(message or "")

        async with asyncio.timeout(_DEADLINE):
            return await self.client.call_tool(tool, arguments, progress_callback=hear)


@pytest.fixture
def config(home) -> Callable[[str], None]:
    """Write the user's own configuration; agents may hand tasks to scripts."""

    def write(text: str) -> None:
        file = Path(home.environ["AGENTLS_CONFIG_DIR"]) / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    write(_SHELL)
    return write


@pytest.fixture
def person(home, repository, config) -> Callable[..., Any]:  # noqa: ARG001 - it is set first
    """Run the command line as a person does, and give its answer."""

    def run(*arguments: str) -> Any:
        done = home.agentls(*arguments, "--json", cwd=repository)
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    return run


@pytest.fixture
def parent(person) -> Any:
    """Give a task at rest."""
    return person("run", "--agent", "shell", "--wait", "true")["task"]


@pytest.fixture
def agent(home, repository) -> Callable[..., AbstractAsyncContextManager[Agent]]:
    """Start the server as an agent does: in its session, or only in a folder."""

    @asynccontextmanager
    async def started(
        task: Any = None, *, folder: Path = repository
    ) -> AsyncGenerator[Agent]:
        env = dict(home.environ)
        if task is not None:
            env["AGENTLS_SESSION"] = task["sessions"][-1]["id"]
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "agentls", "mcp"],
            env=env,
            cwd=folder,
        )
        async with Client(server) as client:
            yield Agent(client)

    return started


def _gate(home, name: str) -> tuple[Path, str]:
    """Make a gate, and what a script waits at it with."""
    gate = home.path / name
    os.mkfifo(gate)
    return gate, f"read -r _ < '{gate}'"


async def _open(gate: Path) -> None:
    await asyncio.to_thread(gate.write_text, "go\n")


async def test_three_tasks_are_handed_out_awaited_and_read(agent, parent, person):
    async with agent(parent) as its:
        made = [
            await its.call("create_task", prompt=f"echo {n} > {n}.txt", agent="shell")
            for n in range(3)
        ]
        assert {one["parent"] for one in made} == {parent["id"]}
        ids = [one["id"] for one in made]
        waited = await its.call("wait_tasks", tasks=ids, seconds=50)
        assert waited["reached"]
        assert [one["state"] for one in waited["tasks"]] == ["review"] * 3
        assert [one["id"] for one in waited["tasks"]] == ids
        changed = await its.call("changes", task=ids[1])
        (file,) = changed["files"]
        assert (file["path"], file["status"], file["added"]) == ("1.txt", "added", 1)
        assert "\n+1\n" in (await its.call("diff", task=ids[1]))["diff"]
        listed = (await its.call("list_tasks"))["tasks"]
        assert [one["id"] for one in listed] == ids
        assert "prompt" not in listed[0]
        shown = await its.call("get_task", task=ids[2])
        assert shown["prompt"] == "echo 2 > 2.txt"
        assert Path(shown["worktree"], "2.txt").read_text() == "2\n"
        assert "2.txt" in (await its.call("briefing", task=ids[2]))["result"]
    told = {one["id"]: one for one in person("ls")["tasks"]}
    assert {told[one]["approval"] for one in ids} == {"ask"}


async def test_what_an_agent_reads_is_no_persons_look(agent, parent, person):
    async with agent(parent) as its:
        made = await its.call("create_task", prompt="echo 1 > 1", agent="shell")
        task = made["id"]
        await its.call("wait_tasks", tasks=[task], seconds=50)
        await its.call("changes", task=task)
        assert "+1" in (await its.call("diff", task=task))["diff"]
        await its.call("briefing", task=task)

        def looks() -> int:
            (told,) = [one for one in person("report")["tasks"] if one["task"] == task]
            return sum("opened" in one for one in told["intervals"])

        assert looks() == 0
        person("diff", task)
        assert looks() == 1


async def test_a_client_is_greeted_before_any_daemon_is_started(agent, home):
    async with agent() as its:
        assert its.client.server_info.name == "agentls"
        assert not (home.state / "daemon.json").exists()
        assert "create_task" in await its.tools()
        assert (home.state / "daemon.json").exists()


async def test_where_no_daemon_can_be_had_each_question_says_so(agent, home):
    home.state.mkdir()
    (home.state / "agentls.db").write_bytes(b"this is no database" * 1000)
    async with agent() as its:
        assert {"create_task", "list_tasks"} <= await its.tools()
        said = await its.refused("list_tasks")
        assert "agentls.db" in said
        assert "hint:" in said
        (home.state / "agentls.db").unlink()
        assert (await its.call("list_tasks"))["tasks"] == []


@pytest.mark.full
async def test_it_waits_for_the_first_or_so_long_and_tells_how_it_goes(
    agent, parent, home
):
    gate, wait = _gate(home, "gate")
    async with agent(parent) as its:
        slow = await its.call("create_task", prompt=wait, agent="shell")
        quick = await its.call("create_task", prompt="true", agent="shell")
        ids = [slow["id"], quick["id"]]
        first = await its.call("wait_tasks", tasks=ids, until="any", seconds=50)
        assert first["reached"]
        states = {one["id"]: one["state"] for one in first["tasks"]}
        assert states[quick["id"]] == "review"
        assert states[slow["id"]] in {"preparing", "working"}
        twice = [quick["id"], quick["id"][:-1]]
        assert (await its.call("wait_tasks", tasks=twice, seconds=50))["reached"]
        short = await its.call("wait_tasks", tasks=ids, seconds=0.5)
        assert not short["reached"]
        its.progress.clear()
        rest = asyncio.ensure_future(its.call("wait_tasks", tasks=ids, seconds=50))  # noqa: TID251 - awaited below
        await _open(gate)
        assert (await rest)["reached"]
        assert any(f"{slow['id']} review" in said for said in its.progress)


@pytest.mark.full
async def test_a_task_is_told_more_and_reviewed(agent, parent, config):
    config(_LISTENER)
    async with agent(parent) as its:
        made = await its.call("create_task", prompt="First.", agent="listener")
        task, heard = made["id"], Path(made["worktree"], "heard")
        await its.call("wait_tasks", tasks=[task], seconds=50)
        await its.call("send_prompt", task=task, text="Second.")
        await its.call("wait_tasks", tasks=[task], seconds=50)
        assert heard.read_text() == "First.\nSecond.\n"
        turn = await its.call("changes", task=task, since="turn")
        assert [file["added"] for file in turn["files"]] == [1]
        await its.call("comment", task=task, text="Not so.", path="heard", line=1)
        await its.call("send_review", task=task, text="Please mend:")
        await its.call("wait_tasks", tasks=[task], seconds=50)
        assert "Not so." in heard.read_text()


async def test_limits_are_refused_with_what_to_do(agent, parent, config):
    config(_SHELL + "[limits]\nmax_children = 1\n")
    async with agent(parent) as its:
        assert (await its.call("rights"))["may_hand_out"] == 1
        first = await its.call("create_task", prompt="true", agent="shell")
        said = await its.refused("create_task", prompt="true", agent="shell")
        assert "limits.max_children" in said
        assert "hint:" in said
        assert (await its.call("rights"))["may_hand_out"] == 0
        await its.call("wait_tasks", tasks=[first["id"]], seconds=50)
        child = await its.call("get_task", task=first["id"])
    # Agents start servers with a part of their environment: the folder tells as well.
    config(_SHELL)
    async with agent(folder=Path(child["worktree"])) as grandchild:
        said = await grandchild.refused("create_task", prompt="true", agent="shell")
        assert "limits.max_depth is 1" in said


@pytest.mark.full
async def test_what_an_agent_may_not_is_not_offered_and_refused(
    agent, parent, config, person
):
    own = person("run", "--agent", "shell", "--wait", "echo own > own")["task"]["id"]
    config("")
    async with agent(parent) as its:
        assert not {"merge_task", "discard_task"} & await its.tools()
        said = await its.refused("create_task", prompt="true", agent="shell")
        assert "notAllowed: " in said
        assert "without asking" in said
        for tool in ("stop_task", "send_prompt"):
            text = {"text": "true"} if tool == "send_prompt" else {}
            assert "wasn't handed out" in await its.refused(tool, task=own, **text)
        assert (await its.call("list_tasks"))["tasks"] == []
        assert len((await its.call("list_tasks", everything=True))["tasks"]) == 2


@pytest.mark.full
async def test_a_right_that_the_user_gives_is_a_tool(
    agent, parent, config, git, repository
):
    config('[mcp]\nagents = ["shell"]\nallow = ["list", "show", "create", "merge"]\n')
    async with agent(parent) as its:
        assert "merge_task" in await its.tools()
        assert "stop_task" not in await its.tools()
        made = await its.call("create_task", prompt="echo a > a", agent="shell")
        await its.call("wait_tasks", tasks=[made["id"]], seconds=50)
        merged = await its.call("merge_task", task=made["id"])
        assert merged["state"] == "merged"
    assert git(repository, "show", "main:a") == "a"


@pytest.mark.full
async def test_an_agent_from_outside_hands_out_tasks_as_well(agent, person):
    persons = person("run", "--agent", "shell", "--wait", "true")["task"]["id"]
    async with agent() as its:
        assert "task" not in await its.call("rights")
        made = await its.call("create_task", prompt="true", agent="shell")
        assert "parent" not in made
        (listed,) = (await its.call("list_tasks"))["tasks"]
        assert listed["id"] == made["id"]
        assert "wasn't handed out" in await its.refused("stop_task", task=persons)
    assert person("show", made["id"])["task"]["approval"] == "ask"


@pytest.mark.full
async def test_the_daemon_may_be_killed_in_between(agent, parent, home):
    gate, wait = _gate(home, "gate")
    async with agent(parent) as its:
        made = await its.call("create_task", prompt=wait, agent="shell")
        waiting = asyncio.ensure_future(  # noqa: TID251 - awaited below
            its.call("wait_tasks", tasks=[made["id"]], seconds=50)
        )
        async with asyncio.timeout(_DEADLINE):
            while not any("working" in said for said in its.progress):  # noqa: ASYNC110 - the client tells it by a callback
                await asyncio.sleep(0.01)
        await asyncio.to_thread(_kill_daemon, home)
        await _open(gate)
        waited = await waiting
        assert waited["reached"]
        assert waited["tasks"][0]["state"] == "review"
        await asyncio.to_thread(_kill_daemon, home)
        assert (await its.call("get_task", task=made["id"]))["state"] == "review"
        assert await its.call("create_task", prompt="true", agent="shell")


def _kill_daemon(home) -> None:
    record = json.loads((home.state / "daemon.json").read_text())
    process = os.pidfd_open(int(record["pid"]))
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        assert select.select([process], [], [], _DEADLINE)[0]
    finally:
        os.close(process)


def test_what_is_missing_is_said(home):
    script = (
        "import sys; sys.modules['mcp'] = None;"
        "from agentls.__main__ import main; sys.exit(main(['mcp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=home.environ,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "pip install 'agentls[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_its_usage_is_told(home):
    told = home.agentls("mcp", "--help")
    assert told.returncode == 0
    assert "Model Context Protocol" in told.stdout
    assert home.agentls("mcp", "nonsense").returncode == 2
