import json
import os
import pty
import shlex
import subprocess
import sys
import tomllib

import attrs
import pytest

from agentls.agents.invocation import (
    ARGUMENT_MAX,
    go_on,
    prompt_pieces,
    start,
    typed_prompt,
)
from agentls.agents.status import Status
from agentls.config import Approval
from agentls.errors import InvalidParams

NASTY = "-x 'q' \"d\" $HOME `id`\n{hook} {prompt}\n\tümläut 🦀 \\n"


def put(run, invocation):
    for name, content in invocation.files:
        (run.private / name).write_text(content, "utf-8", "surrogateescape")


def execute(run, invocation):
    """Really run it, as a session would."""
    put(run, invocation)
    return subprocess.run(
        invocation.argv,
        env={"PATH": os.environ["PATH"], **invocation.env},
        cwd=run.worktree,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize("prompt", [NASTY, "--version", "-", "\udcff\udcfe"])
@pytest.mark.parametrize(
    "command",
    ["['printf', '%s', '{prompt}']", "['cat', '{prompt_file}']"],
    ids=["argument", "file"],
)
def test_a_prompt_arrives_verbatim(agents, run, prompt, command):
    mine = agents(f"[agents.mine]\ncommand = {command}").get("mine")
    done = execute(run, start(mine, attrs.evolve(run, prompt=prompt)))
    assert done.stdout.removesuffix(b"\n") == os.fsencode(prompt)


def test_what_a_trusted_repository_adds_is_left_out_of_others(agents, run):
    text = """
    [agents.mine]
    bin = "prog"
    start = ["{trusted}", "{prompt}"]
    [agents.mine.trusted]
    file = "{home}/x"
    values = "YES"
    args = ["--root={main_root}"]
    env = { TRUSTED = "{worktree}" }
    """
    mine = agents(text).get("mine")
    plain = start(mine, run)
    assert plain.argv == ("prog", run.prompt)
    assert "TRUSTED" not in plain.env
    trusted = start(mine, attrs.evolve(run, trusted=True))
    assert trusted.argv == ("prog", f"--root={run.main_root}", run.prompt)
    assert trusted.env["TRUSTED"] == str(run.worktree)
    gemini = agents().get("gemini")
    assert "--skip-trust" not in start(gemini, run).argv
    assert "--skip-trust" in start(gemini, attrs.evolve(run, trusted=True)).argv


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_a_prompt_cannot_be_taken_for_an_option(agents, run, name):
    argv = start(agents().get(name), attrs.evolve(run, prompt=NASTY)).argv
    assert argv[-2:] == ("--", NASTY)


def test_a_prompt_too_long_for_an_argument_is_refused(agents, run):
    claude = agents().get("claude")
    start(claude, attrs.evolve(run, prompt="x" * ARGUMENT_MAX))
    with pytest.raises(InvalidParams) as caught:
        start(claude, attrs.evolve(run, prompt="x" * (ARGUMENT_MAX + 1)))
    assert caught.value.hint


def test_the_longest_argument_is_one_that_the_system_takes(agents, run):
    mine = agents("[agents.mine]\ncommand = ['true', '{prompt}']").get("mine")
    long = attrs.evolve(run, prompt="x" * ARGUMENT_MAX)
    assert execute(run, start(mine, long)).returncode == 0


def test_a_file_takes_a_prompt_of_any_length(agents, run):
    script = "# " + "x" * 300_000 + "\necho done"
    done = execute(run, start(agents().get("shell"), attrs.evolve(run, prompt=script)))
    assert done.stdout == b"done\n"


def test_a_shell_script_runs_in_the_worktree_and_stops_at_a_failure(agents, run):
    script = "pwd; touch made; false; echo no"
    done = execute(run, start(agents().get("shell"), attrs.evolve(run, prompt=script)))
    assert done.returncode == 1
    assert done.stdout.decode() == f"{run.worktree}\n"
    assert [one.name for one in run.worktree.iterdir()] == ["made"]


def test_a_shell_is_followed_up_by_running_again(agents, run):
    shell = agents().get("shell")
    assert typed_prompt(shell, "echo") is None
    again = go_on(shell, attrs.evolve(run, prompt="echo again"), conversation=None)
    assert execute(run, again).stdout == b"again\n"


def test_a_chosen_conversation_is_new_at_each_start_and_kept_on_resume(agents, run):
    claude = agents().get("claude")
    first, second = start(claude, run), start(claude, run)
    assert first.conversation != second.conversation
    assert first.argv[1:3] == ("--session-id", first.conversation)
    resumed = go_on(claude, run, conversation=first.conversation)
    assert resumed.argv[1:3] == ("--resume", first.conversation)
    assert resumed.conversation == first.conversation


def test_what_cannot_be_resumed_begins_anew(agents, run):
    codex = agents().get("codex")
    assert go_on(codex, run, conversation=None) == start(codex, run)
    resumed = go_on(codex, run, conversation="thread-1")
    assert resumed.argv[1] == "resume"
    assert resumed.argv[-3:] == ("--", "thread-1", "do it")


def test_an_agent_that_keeps_no_id_goes_on_by_its_worktree(agents, run):
    aider = agents().get("aider")
    resumed = go_on(aider, run, conversation=None)
    assert "--restore-chat-history" in resumed.argv


def test_a_prompt_that_stands_in_a_file_is_not_typed_too(agents, run):
    opencode = agents().get("opencode")
    resumed = go_on(opencode, attrs.evolve(run, prompt=NASTY), conversation="ses_1")
    assert "--session=ses_1" in resumed.argv
    assert resumed.typed is None
    files = dict(resumed.files)
    given = json.loads(files["agentls.json"])
    assert given == {"session": "ses_1", "prompt": NASTY}
    # A text is written as it is; its own braces are no placeholders.
    assert files["agentls.mjs"].startswith("// ")
    assert f"const hook = {json.dumps(list(run.hook.argv))}" in files["agentls.mjs"]
    assert "async ({ client }) => {" in files["agentls.mjs"]


def test_nothing_is_allowed_without_asking_unless_the_config_says_so(agents, run):
    argv = start(agents().get("claude"), run).argv
    assert argv[argv.index("--permission-mode") + 1] == "manual"
    argv = start(agents().get("codex"), run).argv
    assert argv[argv.index("-a") + 1] == "on-request"
    assert "--yes-always" not in start(agents().get("aider"), run).argv
    assert "--auto" not in start(agents().get("opencode"), run).argv


def test_the_agents_own_approval_goes_before_that_for_all(agents, run):
    text = "[agents.claude]\napproval = 'edits'"
    run = attrs.evolve(run, approval=Approval.ALL)
    assert "acceptEdits" in start(agents(text).get("claude"), run).argv
    assert "--dangerously-skip-permissions" in start(agents().get("claude"), run).argv


def test_a_mode_that_an_agent_lacks_is_the_nearest_that_allows_less(agents, run):
    opencode = agents().get("opencode")
    assert (
        "--auto" not in start(opencode, attrs.evolve(run, approval=Approval.EDITS)).argv
    )
    aider = agents().get("aider")
    assert "--yes-always" in start(aider, attrs.evolve(run, approval=Approval.ALL)).argv


def test_every_placeholder_is_put_in_and_other_braces_stay(agents, run):
    mine = agents("""
        [agents.mine]
        command = [
          "printf", "%s\\n", "{worktree}", "{main_root}", "{private}", "{hook}",
          "{hook_array}", "${H}", "{}", '{"a":1}', "{approval}", "{prompt}",
        ]
        env = { X = "{private}/x" }
        [agents.mine.modes.ask]
        args = ["--in={worktree}"]
        env = { Y = "{main_root}" }
        """).get("mine")
    invocation = start(mine, run)
    lines = execute(run, invocation).stdout.decode().splitlines()
    hook = run.hook.argv
    assert lines == [
        str(run.worktree),
        str(run.main_root),
        str(run.private),
        shlex.join(hook),
        json.dumps(hook),
        "${H}",
        "{}",
        '{"a":1}',
        f"--in={run.worktree}",
        "do it",
    ]
    assert invocation.env["X"] == f"{run.private}/x"
    assert invocation.env["Y"] == str(run.main_root)


def test_a_hook_is_told_where_to_write_and_whom_to_poke(agents, run):
    env = start(agents().get("claude"), run).env
    assert env["AGENTLS_SESSION"] == "t1-1"
    assert env["AGENTLS_EVENTS"] == str(run.hook.events)
    assert env["AGENTLS_STATE_DIR"] == str(run.hook.state)


def test_claudes_hooks_stand_in_a_private_file(agents, run):
    invocation = start(agents().get("claude"), run)
    ((name, content),) = invocation.files
    at = invocation.argv.index("--settings")
    assert invocation.argv[at + 1] == str(run.private / name)
    for event, entries in json.loads(content)["hooks"].items():
        (entry,) = entries
        command = entry["hooks"][0]["command"]
        assert shlex.split(command) == [*run.hook.argv, event]


def test_codexs_notify_is_toml(agents, run):
    odd = attrs.evolve(run.hook, argv=("/a b/ü\"'\\\u0001", "hook"))
    invocation = start(agents().get("codex"), attrs.evolve(run, hook=odd))
    setting = invocation.argv[invocation.argv.index("-c") + 1]
    assert tomllib.loads(setting) == {"notify": list(odd.argv)}


def test_a_prompt_without_a_placeholder_is_typed(agents, run):
    mine = agents("[agents.mine]\ncommand = ['crush']").get("mine")
    invocation = start(mine, attrs.evolve(run, prompt="a\r\nb"))
    assert invocation.argv == ("crush",)
    assert invocation.typed == b"\x1b[200~a\nb\x1b[201~\r"


def test_typed_text_cannot_leave_the_paste_or_press_keys(agents):
    typed = typed_prompt(agents().get("claude"), "a\x1b[201~\x03\x04b\x9b\tc\n🦀")
    assert typed == "\x1b[200~a[201~b\tc\n🦀\x1b[201~\r".encode()


def test_a_prompt_never_answers_a_dialog(agents):
    """Claude Code took the end of a typed prompt for "yes" to a permission."""
    claude, codex = agents().get("claude"), agents().get("codex")
    for agent in (claude, codex):
        assert typed_prompt(agent, "no, another way", status=Status.WAITING) is None
        assert typed_prompt(agent, "go on", status=Status.DONE) is not None
    assert typed_prompt(claude, "go on", status=Status.WORKING) is not None
    # Codex doesn't tell when it asks, so "working" may be a dialog.
    assert typed_prompt(codex, "go on", status=Status.WORKING) is None


def test_how_a_prompt_is_typed_can_be_said(agents):
    mine = agents(
        "[agents.mine]\ncommand = ['x']\ntyping = {bracketed = false, submit = \"\\n\"}"
    ).get("mine")
    assert typed_prompt(mine, "hello") == b"hello\n"


def test_a_typed_prompt_reaches_a_program_that_reads_its_terminal(agents):
    mine = agents("[agents.mine]\ncommand = ['x']\ntyping.bracketed = false").get(
        "mine"
    )
    typed = typed_prompt(mine, "hello")
    assert typed is not None
    leader, follower = pty.openpty()
    reader = subprocess.Popen(
        [sys.executable, "-c", "print('got', input())"],
        stdin=follower,
        stdout=subprocess.PIPE,
    )
    os.write(leader, typed)
    printed, _ = reader.communicate(timeout=30)
    assert printed == b"got hello\n"
    os.close(leader)
    os.close(follower)


def test_the_submitting_keys_come_apart_where_the_program_needs_it(agents):
    usual = agents().get("claude")
    keys = typed_prompt(usual, "go on")
    assert prompt_pieces(usual, keys) == (keys,)
    careful = agents("agents.claude.typing.apart = true").get("claude")
    assert prompt_pieces(careful, keys) == (b"\x1b[200~go on\x1b[201~", b"\r")
