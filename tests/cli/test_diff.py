"""`agentls diff`: what a task changed, for git, for eyes and for scripts."""

import subprocess
from typing import Any

import pytest

from agentls.cli.diff import _coloured, _harmless

_SCRIPT = """
printf 'one\\nTWO\\nthree\\n' > README.md
echo new > 'a file'
mkdir sub; printf 'tail without line feed' > sub/x
"""


@pytest.fixture
def task(user: Any) -> str:
    """Give a task that changed, added, and didn't commit."""
    return user.task(_SCRIPT)


def test_the_patch_applies_with_git(user: Any, task: str):
    patch = user.raw("diff", task).stdout
    subprocess.run(
        ["git", "apply", "--index"],
        input=patch,
        cwd=user.repository,
        env=user.environment,
        check=True,
        timeout=30,
    )
    assert (user.repository / "README.md").read_text() == "one\nTWO\nthree\n"
    assert (user.repository / "a file").read_text() == "new\n"
    assert (user.repository / "sub" / "x").read_text() == "tail without line feed"


@pytest.mark.full
def test_stat_counts_lines(user: Any, task: str):
    *files, total = user.call("diff", "--stat", task).splitlines()
    assert files[0].split() == ["README.md", "|", "2", "+-"]
    assert total == " 3 files changed, 3 insertions(+), 1 deletion(-)"


@pytest.mark.full
def test_names_alone(user: Any, task: str):
    assert user.call("diff", "--name-only", task) == "README.md\na file\nsub/x\n"


def test_json_has_the_files(user: Any, task: str):
    files = user.json("diff", task)["files"]
    assert [(file["path"], file["status"]) for file in files] == [
        ("README.md", "modified"),
        ("a file", "added"),
        ("sub/x", "added"),
    ]


def test_a_name_that_is_no_utf_8_keeps_its_bytes(user: Any):
    task = user.task("echo x > \"$(printf 'odd\\377')\"")
    assert user.raw("diff", "--name-only", task).stdout == b"odd\xff\n"


def test_on_a_terminal_it_is_painted_and_goes_through_the_pager(user: Any, task: str):
    terminal = user.terminal("diff", task, AGENTLS_PAGER="sed s/^/paged:/")
    terminal.see(r"paged:\x1b\[32m\+TWO\x1b\[m")
    assert terminal.end() == 0


def test_no_colour_is_honoured(user: Any, task: str):
    terminal = user.terminal("diff", task, AGENTLS_PAGER="cat", NO_COLOR="1")
    terminal.see(r"\n\+TWO\r\n")
    assert terminal.end() == 0


def test_a_pager_that_is_left_early_is_no_error(user: Any, task: str):
    terminal = user.terminal("diff", task, AGENTLS_PAGER="true")
    assert terminal.end() == 0


def test_a_closed_pipe_is_no_traceback(user: Any, task: str):
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(user.argv('diff', task))} | true"],
        cwd=user.repository,
        env=user.environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr


def test_painting_keeps_the_text_and_knows_a_removed_dash():
    patch = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- gone\n+here\n \r\n"
    painted = _coloured(patch)
    assert b"\x1b[31m--- gone\x1b[m\n" in painted
    assert b"\x1b[1m--- a/x\x1b[m\n" in painted


def test_control_characters_become_visible():
    assert _harmless(b"+a\x1b[2J\r\n\t\xc2\x9bx\xc3\xa9") == (
        b"+a^[[2J^M\n\t<9B>x\xc3\xa9"
    )


@pytest.mark.full
@pytest.mark.parametrize("option", [(), ("--stat",), ("--name-only",)])
def test_no_change_is_said_and_prints_nothing(user: Any, option: tuple[str, ...]):
    task = user.task("true")
    done = user.raw("diff", *option, task)
    assert (done.returncode, done.stdout) == (0, b"")
    assert f"{task} has changed nothing." in done.stderr.decode()


def test_one_line_is_not_told_as_several(user: Any):
    task = user.task("echo x > x")
    assert user.call("diff", "--stat", task).endswith(
        " 1 file changed, 1 insertion(+), 0 deletions(-)\n"
    )
