import os
from pathlib import Path

import pytest

from agentls.config import Approval, Config, ConfigError, load_config
from agentls.errors import InvalidParams


def problems(load, **texts):
    with pytest.raises(ConfigError) as caught:
        load(**texts)
    return caught.value.problems


def only(load, **texts):
    (problem,) = problems(load, **texts)
    return problem


def test_without_files_the_defaults_hold(tmp_path: Path):
    config = load_config(user_file=tmp_path / "none", repository=tmp_path).config()
    assert config == Config()
    assert config.branch_prefix == "agentls/"
    assert config.limits.max_parallel == 4
    assert config.approval is Approval.ASK
    assert config.merge.strategy == "squash"


def test_without_a_repository_only_the_users_file_is_read(files):
    files.write(user='agent = "mine"', shared='agent = "theirs"')
    loaded = load_config(user_file=files.user, repository=None)
    assert loaded.config().agent == "mine"


def test_the_nearest_file_wins_key_by_key(load):
    config = load(
        user='agent = "u"\ntarget = "u"\nbranch_prefix = "u/"',
        shared='agent = "s"\ntarget = "s"',
        local='agent = "l"',
    ).config()
    assert (config.agent, config.target, config.branch_prefix) == ("l", "s", "u/")


def test_tables_are_merged_key_by_key_and_arrays_replaced(load):
    config = load(
        user='copy = [".env"]\n[env]\nA = "u"\nB = "u"',
        shared='copy = [".envrc"]\n[env]\nB = "s"\nC = "s"',
    ).config()
    assert config.env == {"A": "u", "B": "s", "C": "s"}
    assert config.copy == (".envrc",)


def test_one_string_stands_for_an_array_of_one(load):
    config = load(shared='setup = "make"\ncopy = ".env"').config()
    assert config.setup == ("make",)
    assert config.copy == (".env",)


def test_the_users_file_may_set_what_concerns_the_machine(load):
    config = load(
        user='approval = "edits"\nidle_exit = 5\nworktrees = "/w"\n'
        "[limits]\nmax_parallel = 12"
    ).config()
    assert config.approval is Approval.EDITS
    assert config.idle_exit == 5.0
    assert config.worktrees == Path("/w")
    assert config.limits.max_parallel == 12


@pytest.mark.parametrize("which", ["shared", "local"])
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[limits]\nmax_parallel = 1", "limits"),
        ('worktrees = "/w"', "worktrees"),
        ("idle_exit = 1", "idle_exit"),
        ('approval = "all"', "approval"),
        ('approval = "ask"', "approval"),
        ('[agents.claude]\napproval = "all"', "agents.claude.approval"),
        ('[agents.claude.modes.ask]\nargs = ["--yolo"]', "agents.claude.modes"),
        ("agents.claude.modes = 3", "agents.claude.modes"),
    ],
)
def test_a_repository_cannot_grant_itself_anything(load, files, which, text, key):
    problem = only(load, **{which: text})
    assert problem.key == key
    assert "a repository's file can't set it" in problem.message
    assert str(files.user) in problem.message


def test_every_fault_of_every_file_is_told_at_once_with_file_line_and_key(load, files):
    found = problems(
        load,
        user='# mine\nagnt = "claude"\n',
        shared='target = 3\n\ncopy = [\n  ".env",\n  "../x",\n]\n\n[merge]\n'
        'strategy = "octopus"\n',
    )
    shared = files.repository / ".agentls.toml"
    assert [(one.file, one.line, one.key) for one in found] == [
        (files.user, 2, "agnt"),
        (shared, 1, "target"),
        (shared, 3, "copy[1]"),
        (shared, 9, "merge.strategy"),
    ]
    assert str(found[0]) == (
        f"{files.user}:2: agnt: unknown key; did you mean 'agent'?"
    )
    assert found[1].message == "must be a string, not a whole number"
    assert found[3].message.startswith("'octopus' is none of")


def test_the_error_is_one_of_parameters_and_its_message_has_every_problem(load):
    with pytest.raises(InvalidParams) as caught:
        load(shared="agent = 1\ntarget = 2")
    assert "agent: must be" in caught.value.message
    assert "target: must be" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("key", ["launcher"])
def test_a_key_that_would_do_nothing_is_refused(load, key):
    assert "isn't supported yet" in only(load, user=f"{key} = 1").message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('copy = ["/etc/passwd"]', "absolute"),
        ('copy = ["~/x"]', "absolute"),
        ('copy = ["a/../../x"]', "outside"),
        ('copy = [".git/config"]', "git's own"),
        ('copy = ["a**"]', "whole folder"),
        ('copy = ["."]', "names no file"),
        ('copy = [""]', "is empty"),
        ('branch_prefix = "-x"', "can't begin"),
        ('branch_prefix = "a b"', "can't begin"),
        ('branch_prefix = "a..b"', "can't begin"),
        ('target = "--force"', "no branch's name"),
        ("setup_timeout = 0", "isn't between 1 and 86400"),
        ("setup_timeout = nan", "isn't between"),
        ("setup_timeout = true", "not true or false"),
        ('setup = ["a\\u0000"]', "NUL"),
        ("setup = [1]", "must be a string"),
        ("setup = 2026-01-01", "not a date or time"),
        ('[env]\n"A=B" = "x"', "no name of a variable"),
        ('[env]\nAGENTLS_TASK = "x"', "set by agentls itself"),
        ("[env]\nA = 1", "must be a string"),
        ('worktrees = "rel"', "isn't absolute"),
        ("[limits]\nmax_parallel = 0", "isn't between"),
        ("[limits]\nmax_parallel = 1.5", "must be a whole number"),
        ('approval = "yes"', "none of 'ask', 'edits', 'all'"),
        ('agents = "x"', "must be a table"),
        ("[agents]\nx = 1", "must be a table"),
        ('[agents."a/b"]', "no name for an agent"),
        ('[[env]]\nA = "x"', "must be a table of strings"),
    ],
)
def test_wrong_values_are_told(load, text, said):
    assert said in only(load, user=text).message


@pytest.mark.parametrize(
    ("data", "said", "line"),
    [
        (b"a = 1\nb = \n", "isn't TOML: Invalid value", 2),
        (b"a = '''\nx", "at the end of the file", 2),
        (b"a = 1\na = 2\n", "Cannot overwrite a value", 2),
        (b"# \xff\n", "isn't UTF-8", 1),
        (b"x = " + b"[" * 5000, "nested too deeply", None),
        (b"# " + b"x" * (65 << 10), "larger than", None),
    ],
)
def test_a_broken_file_is_told(load, files, data, said, line):
    (files.repository / ".agentls.toml").write_bytes(data)
    problem = only(load)
    assert said in problem.message
    assert problem.line == line


def test_windows_line_ends_and_a_byte_order_mark_are_read(load, files):
    (files.repository / ".agentls.toml").write_bytes(b'\xef\xbb\xbfsetup = "x"\r\n')
    assert load().config().setup == ("x",)


def test_a_pipe_in_place_of_the_file_blocks_nobody(load, files):
    os.mkfifo(files.repository / ".agentls.toml")
    assert "isn't a regular file" in only(load).message


def test_a_folder_in_place_of_the_file_is_told(load, files):
    (files.repository / ".agentls.toml").mkdir()
    assert "isn't a regular file" in only(load).message


def test_many_faults_are_cut(load):
    found = problems(load, user="".join(f"wrong{n} = 1\n" for n in range(100)))
    assert len(found) == 21
    assert found[-1].message == "and 80 more"


def test_what_is_dropped_goes_from_the_repository_only(load):
    loaded = load(
        user='setup = "mine"\n[agents.a]\ncommand = ["a"]',
        shared='setup = "theirs"\n[agents.a]\ntitle = "T"\n[agents.b]\ncommand = ["b"]',
    )
    config = loaded.config(without=[("setup",), ("agents", "a")])
    assert config.setup == ("mine",)
    assert config.agents == {"a": {"command": ["a"]}, "b": {"command": ["b"]}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('notify = ["notify-send", "{titel}"]', "{titel} is unknown"),
        ('notify = ["/bin/sh", "-c", "echo {why}"]', '"$AGENTLS_WHY"'),
        ('notify = ["bash", "-lc", "echo {why}"]', '"$AGENTLS_WHY"'),
        ("notify = []", "is empty"),
        ('notify = "notify-send"', "must be an array"),
    ],
)
def test_what_notify_may_not_say(load, text, says):
    assert says in only(load, user=text).message


def test_notify_takes_other_braces_and_shells_without_placeholders(load):
    config = load(user="""notify = ["sh", "-c", "echo ${X} {1..3}", "{title}"]""")
    assert config.config().notify[-1] == "{title}"


def test_a_repository_runs_nothing_when_a_task_changes(load):
    assert "repository" in only(load, shared='notify = ["x"]').message
