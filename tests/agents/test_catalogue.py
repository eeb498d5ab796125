import asyncio
import os
from pathlib import Path

import pytest

from agentls.agents import catalogue as module
from agentls.agents.catalogue import (
    default_agent,
    detect,
    find_program,
    load_agents,
    require_program,
)
from agentls.config import ConfigError, load_config
from agentls.errors import AgentMissing, UnknownAgent


@pytest.fixture
def program(tmp_path: Path):
    """Put a script on a PATH of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def write(name: str, script: str) -> dict[str, str]:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        return {"PATH": f"{folder}:/usr/bin:/bin"}

    return write


def fault(agents, text):
    with pytest.raises(ConfigError) as caught:
        agents(text)
    (problem,) = caught.value.problems
    return problem


def test_the_built_in_agents_are_there(agents):
    names = list(agents().definitions)
    assert names[:4] == ["claude", "codex", "opencode", "aider"]
    assert names[4:] == sorted(names[4:])
    assert {"gemini", "qwen", "shell"} <= set(names)
    assert all(agents().get(name).title for name in names)


def test_an_unknown_agent_is_told_with_the_known_ones(agents):
    with pytest.raises(UnknownAgent) as caught:
        agents("[agents.mine]\ncommand = ['x']").get("claud")
    there = sorted([*agents().definitions, "mine"])
    assert ", ".join(there) in caught.value.hint


def test_two_lines_define_an_agent(agents):
    mine = agents('[agents.mine]\ncommand = ["prog", "--flag", "{prompt}"]').get("mine")
    assert mine.program == "prog"
    assert mine.start_arguments == ("--flag", "{prompt}")
    assert mine.done == "exit"
    assert not mine.takes_typing


def test_a_built_in_agent_is_changed_key_by_key(agents):
    claude = agents(
        '[agents.claude]\nbin = "/opt/claude"\n[agents.claude.env]\nX = "1"'
    ).get("claude")
    assert claude.program == "/opt/claude"
    assert claude.env == {"DISABLE_AUTOUPDATER": "1", "X": "1"}
    assert claude.resume


def test_a_command_replaces_the_whole_built_in_agent(agents):
    claude = agents('[agents.claude]\ncommand = ["c", "{prompt}"]').get("claude")
    assert claude.program == "c"
    assert claude.events == ()
    assert claude.resume is None


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("\n[agents.m]\ncomand = ['x']", 3, "agents.m.comand", "mean 'command'?"),
        ("[agents.m]\ntitle = 'x'", 1, "agents.m", "lacks the key 'command'"),
        ("[agents.m]\ncommand = []", 2, "agents.m.command", "is empty"),
        ("[agents.m]\ncommand = ['./x']", 2, "agents.m.command[0]", "relative"),
        ("[agents.m]\ncommand = ['x', '{promt}']", 2, "agents.m.command[1]", "unknown"),
        (
            "[agents.claude]\n\nconversation = 'none'",
            3,
            "agents.claude.conversation",
            "{session_id} is used",
        ),
        (
            "[agents.claude]\nevents = []",
            1,
            "agents.claude.done",
            "no event or signal means",
        ),
        ("[agents.claude]\ncommand = ['x']\nbin = 'y'", 2, "agents.claude.command", ""),
        ("[agents.claude.files]\n'../x' = {}", 2, "agents.claude.files.'../x'", "name"),
        ("[agents.claude]\nmodes.yolo = {}", 2, "agents.claude.modes.yolo", "unknown"),
        (
            "[[agents.claude.events]]\nstatus = 'done'\n[[agents.claude.events]]",
            3,
            "agents.claude.events[1]",
            "lacks the key 'status'",
        ),
    ],
)
def test_a_fault_names_file_line_and_key(agents, config_file, text, line, key, said):
    problem = fault(agents, text)
    assert (problem.file, problem.line, problem.key) == (config_file, line, key)
    assert said in problem.message


def test_a_fault_in_a_repositorys_file_names_that_file(tmp_path):
    (tmp_path / ".agentls.toml").write_text("[agents.m]\ncommand = 3")
    loaded = load_config(user_file=tmp_path / "none", repository=tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_agents(loaded.config())
    assert caught.value.problems[0].file == tmp_path / ".agentls.toml"


async def test_an_installed_agent_is_found_with_its_version(agents, program):
    environ = program("claude", 'test "$1" = --version && echo "1.2.3-rc1 (Claude)"')
    found = await detect(agents().get("claude"), environ=environ)
    assert found is not None
    assert found.path.name == "claude"
    assert found.version == "1.2.3-rc1"


async def test_a_version_told_in_pieces_is_read_whole(agents, program):
    environ = program("claude", "echo note; (printf '4.'; printf '5.6\\n') >&2")
    found = await detect(agents().get("claude"), environ=environ)
    assert found is not None
    assert found.version == "4.5.6"


async def test_a_program_that_does_not_tell_its_version_is_found_all_the_same(
    agents, program
):
    environ = program("claude", "exit 3")
    found = await detect(agents().get("claude"), environ=environ)
    assert found is not None
    assert found.version is None


async def test_a_program_that_hangs_at_its_version_is_ended_with_its_children(
    agents, program, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_VERSION_SECONDS", 0.5)
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    environ = program("claude", f"sleep 1000 9>{fifo} & cat {fifo} 9>{fifo}")
    found = await detect(agents().get("claude"), environ=environ)
    assert found is not None
    assert found.version is None
    os.set_blocking(reader, True)
    async with asyncio.timeout(10):  # the end of the pipe: no writer lives
        assert await asyncio.to_thread(os.read, reader, 1) == b""
    os.close(reader)


async def test_a_missing_agent_is_none_and_tells_how_to_get_it(agents):
    claude = agents().get("claude")
    assert await detect(claude, environ={"PATH": "/nowhere"}) is None
    with pytest.raises(AgentMissing) as caught:
        require_program(claude, {"PATH": "/nowhere"})
    assert "npm install" in caught.value.hint


def test_a_program_in_a_relative_folder_of_the_path_is_not_found(
    agents, program, monkeypatch, tmp_path
):
    program("claude", "")
    monkeypatch.chdir(tmp_path)
    assert find_program(agents().get("claude"), {"PATH": "bin"}) is None


def test_the_default_is_the_first_real_agent_installed(agents, program):
    environ = program("codex", "")
    program("aider", "")
    assert default_agent(agents(), environ).name == "codex"


def test_an_agent_of_the_users_own_may_be_the_default(agents, program):
    environ = program("mine", "")
    assert default_agent(agents("agents.m.command = ['mine']"), environ).name == "m"


def test_shell_is_never_the_default(agents):
    with pytest.raises(AgentMissing) as caught:
        default_agent(agents(), {"PATH": "/bin:/usr/bin"})
    assert "claude, codex, opencode, aider" in caught.value.message
