"""The review: a change in a tab page, from its first file to the merge."""

import os
from pathlib import Path

import pytest

from neovim_driver import Neovim

THREE_FILES = (
    "printf 'ONE\\ntwo\\nthree\\nfour\\n' > plain.txt; echo new > added.txt;"
    " rm code.lua"
)


def _review(neovim: Neovim, task: str, *texts: str) -> None:
    neovim.command(f"AgentTask review {task}")
    neovim.until_screen(f"{task} review", "viewed", *texts)


def _in_real_file(neovim: Neovim) -> None:
    """Go to the window on the right."""
    neovim.keys("<C-w>b")


def test_from_done_to_merged_are_three_keys(
    neovim: Neovim, repository: Path, start, git
):
    start("echo one > one.txt", "--wait", title="The first")
    start("echo two > two.txt", "--wait", title="The second")
    neovim.command("AgentTask")
    neovim.until_screen("Ready for review (2)")
    neovim.keys("j")  # to the one of interest, as in any list
    pressed = ["<CR>", "]", "m"]
    neovim.keys(pressed[0])
    neovim.until_screen("The first", "now: one.txt", "+1")
    neovim.keys(pressed[1])
    neovim.keys(pressed[2])
    # The next one is on the screen with no key pressed.
    neovim.until_screen("The second", "now: two.txt", "is merged into main")
    assert (repository / "one.txt").read_text() == "one\n"
    neovim.keys("m")
    neovim.until_lua("return #vim.api.nvim_list_tabpages() == 1")
    assert git(repository, "log", "--format=%s") == "The second\nThe first\nfirst"
    assert git(repository, "status", "--porcelain") == ""


def test_a_review_that_is_asked_for_in_a_terminal_is_opened(
    neovim: Neovim, start, home
):
    task = start("echo one > one.txt", "--wait", title="The first")
    neovim.command("AgentTask")
    neovim.until_screen("Ready for review (1)")
    assert home.agentls("open", task).stdout == f"Your editor shows {task}.\n"
    neovim.until_screen(f"{task} review", "now: one.txt", "+1")


def test_every_hunk_of_every_file_is_walked_with_one_key(neovim: Neovim, start):
    task = start(THREE_FILES, "--wait")
    _review(neovim, task, "before: added.txt", "3 files +3 -4")
    neovim.keys("]")
    screen = neovim.until_screen("before: code.lua")
    assert "local a = 1" in screen
    neovim.keys("]")
    neovim.until_screen("now: plain.txt", "ONE")
    assert _line(neovim) == 1
    neovim.keys("]")
    neovim.until(lambda: _line(neovim) == 4)
    neovim.keys("]")
    neovim.until_screen("That was the last file.")
    neovim.keys("[")
    neovim.until(lambda: _line(neovim) == 1)
    neovim.keys("[")
    neovim.until_screen("before: code.lua")


def _line(neovim: Neovim) -> int:
    return neovim.lua(
        "return vim.api.nvim_win_get_cursor("
        "require('agentls.review').present().windows.new)[1]"
    )


def test_the_right_side_is_the_real_file_and_an_edit_is_merged(
    neovim: Neovim, repository: Path, start
):
    task = start("echo by the agent > plain.txt", "--wait")
    _review(neovim, task, "now: plain.txt")
    _in_real_file(neovim)
    neovim.keys("Aand me<Esc>")
    neovim.keys("\\m")
    neovim.until_screen("did not write it; nothing was merged", "Press ENTER")
    neovim.keys("<CR>:w<CR>")
    neovim.until_screen("written")
    neovim.keys("\\m")
    neovim.until_screen("is merged into main")
    assert (repository / "plain.txt").read_text() == "by the agentand me\n"


@pytest.mark.full
def test_viewed_marks_stay_and_fall_when_the_agent_goes_on(neovim: Neovim, start, home):
    task = start(
        "if test -e again; then echo more >> plain.txt; rm again;"
        " else echo x >> plain.txt; echo y >> code.lua; touch again; fi",
        "--wait",
    )
    _review(neovim, task, "3 files", "now: again")
    neovim.keys("v")
    neovim.until_screen("1 viewed", "now: code.lua")
    neovim.keys("v")
    neovim.until_screen("2 viewed", "now: plain.txt")
    neovim.keys("v")
    neovim.until_screen("3 viewed")
    neovim.keys("q")
    neovim.until(lambda: "viewed" not in neovim.screen())
    home.agentls("send", task, "echo more >> plain.txt")
    home.agentls("wait", task)
    _review(neovim, task, "2 viewed")
    neovim.keys("l")
    neovim.until_screen("since you last looked", "1 file ", "now: plain.txt")


def test_a_comment_is_drawn_beside_its_line_and_sent(
    neovim: Neovim, start, home, repository: Path, git
):
    (repository / "task.sh").write_text("echo line four >> plain.txt\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "what the agent does")
    task = start("Add a line.", "--wait", agent="plain")
    _review(neovim, task, "now: plain.txt")
    _in_real_file(neovim)
    neovim.keys("G\\c")
    neovim.until_screen("Comment on plain.txt:4", "-- INSERT --")
    neovim.keys("Say it better.<Esc>:w<CR>")
    neovim.until_screen("● Say it better. [open]", without=["agentls://prompt"])
    neovim.keys("G\\c")
    neovim.until_screen("you · open", "r reply")
    neovim.keys("r")
    neovim.until_screen("Reply", "-- INSERT --")
    neovim.keys("With care.<Esc>:w<CR>")
    neovim.until_screen("Say it better. (+1)", without=["agentls://prompt"])
    listed = home.agentls("comments", task).stdout
    assert "plain.txt:4" in listed
    neovim.keys("<C-w>t")
    neovim.keys("s")
    neovim.until_screen("was told 2 comments")


@pytest.mark.full
def test_a_selection_on_the_old_side_is_commented(neovim: Neovim, start, home):
    task = start("echo > plain.txt", "--wait")
    _review(neovim, task, "now: plain.txt")
    neovim.keys("<C-w>lggVjc")
    neovim.until_screen("Comment on plain.txt:1-2", "-- INSERT --")
    neovim.keys("Why?<Esc>:w<CR>")
    neovim.until_screen("● Why? [open]", without=["agentls://prompt"])
    assert "Why?" in home.agentls("comments", task).stdout


@pytest.mark.full
def test_one_file_is_taken_and_another_refused(neovim: Neovim, repository: Path, start):
    task = start(THREE_FILES, "--wait")
    _review(neovim, task, "now: added.txt")
    neovim.keys("t")
    neovim.until_screen("1 hunk was merged, 3 left.")
    assert (repository / "added.txt").read_text() == "new\n"
    neovim.until_screen("2 files", "before: code.lua")
    neovim.keys("x")
    neovim.until_screen("1 hunk was put back", "1 file ", without=["before: code.lua"])


def test_files_of_every_kind_and_name_are_shown(
    neovim: Neovim, repository: Path, start, git
):
    (repository / "moved.txt").write_text("".join(f"line {n}\n" for n in range(50)))
    (repository / "image.bin").write_bytes(bytes(range(256)))
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    task = start(
        "git mv moved.txt elsewhere.txt; echo more >> elsewhere.txt;"
        " printf '\\0\\1' > image.bin; ln -s plain.txt link; echo a > 'with space.txt';"
        " echo b > grün-日本.txt; echo c > \"$(printf 'new\\nline.txt')\";"
        " echo d > \"$(printf 'not-utf8-\\377.txt')\"; echo e > -dash;"
        " echo f > '%#<cword>'",
        "--wait",
    )
    _review(neovim, task, "9 files")
    count = neovim.lua("return #require('agentls.review').present().files")
    assert count == 9
    shown = []
    for index in range(1, count + 1):
        neovim.lua(
            "local number = ... require('agentls.async').run(function()"
            " local r = require('agentls.review')"
            " r.show(r.present(), number) _G.shown = number end)",
            index,
        )
        neovim.until_lua("return _G.shown == ...", index)
        shown.append(
            neovim.lua(
                "local w = require('agentls.review').present().windows.new"
                " return table.concat(vim.api.nvim_buf_get_lines("
                "vim.api.nvim_win_get_buf(w), 0, -1, false), '|')"
            )
        )
    assert shown[:2] == ["f", "e"]
    assert set("abcdef") <= set(shown)
    assert "A binary file was modified." in shown
    assert "plain.txt" in shown
    assert any(text.endswith("line 49|more") for text in shown)
    assert not neovim.lua("return vim.v.errmsg")


@pytest.mark.full
def test_my_own_buffer_is_read_again_after_the_merge_but_never_overwritten(
    open_neovim, repository: Path, start
):
    neovim = open_neovim("plain.txt", "code.lua")
    neovim.command("argdo edit")
    neovim.command("buffer code.lua")
    neovim.keys("Omine<Esc>")
    task = start("echo changed > plain.txt; echo -- changed >> code.lua", "--wait")
    _review(neovim, task, "2 files")
    neovim.keys("m")
    neovim.until_screen("is merged into main")
    text = "return vim.fn.getbufline(vim.fn.bufnr('^' .. ... .. '$'), 1, '$')"
    assert neovim.lua(text, str(repository / "plain.txt")) == ["changed"]
    assert neovim.lua(text, str(repository / "code.lua"))[0] == "mine"


@pytest.mark.full
def test_a_merge_is_taken_back(neovim: Neovim, repository: Path, start):
    task = start("echo changed > plain.txt", "--wait")
    neovim.command(f"edit {repository / 'plain.txt'}")
    neovim.command(f"AgentTask merge {task}")
    neovim.until_screen("is merged into main", "changed")
    neovim.command(f"AgentTask undo {task}")
    neovim.until_screen(f"{task} is review again", "one", without=["changed"])


@pytest.mark.full
def test_two_neovims_review_the_same_task(open_neovim, start):
    task = start(THREE_FILES, "--wait")
    one, two = open_neovim(), open_neovim()
    for neovim in (one, two):
        _review(neovim, task, "3 files")
    one.keys("v")
    one.until_screen("1 viewed")
    _in_real_file(one)
    one.keys(":edit<CR>")
    two.keys("m")
    two.until_screen("is merged into main")
    one.until_screen(f"{task} merged")


def test_what_is_told_in_the_moment_of_closing_is_no_error(neovim: Neovim, start):
    task = start(THREE_FILES, "--wait")
    _review(neovim, task, "3 files")
    neovim.lua(
        """
        local store = require('agentls.store')
        local merged = vim.deepcopy(store.get(...))
        merged.state, merged.rev = 'merged', merged.rev + 1
        vim.cmd.tabclose()  -- Neovim says so later, and the buffer is gone now
        store.put(merged)
        """,
        task,
    )


def test_closing_it_leaves_no_buffer_and_no_key_behind(neovim: Neovim, start):
    task = start(THREE_FILES, "--wait")
    before = neovim.lua("return #vim.api.nvim_list_bufs()")
    _review(neovim, task, "3 files")
    for _ in range(3):
        neovim.keys("J")
    neovim.until_screen("now: plain.txt")
    neovim.keys("q")
    neovim.until_lua("return #vim.api.nvim_list_tabpages() == 1")
    neovim.until_lua("return #vim.api.nvim_list_bufs() == ...", before)
    assert neovim.lua("return vim.wo.diff") is False


def test_a_thousand_changed_files_are_listed_and_walked(neovim: Neovim, start):
    count = 1000 if os.environ.get("AGENTLS_TEST_FULL") else 200
    task = start(f"for n in $(seq -w 1 {count}); do echo $n > f$n.txt; done", "--wait")
    _review(neovim, task, f"{count} files", "now: f")
    neovim.keys("G<CR>")
    neovim.until_screen(f"now: f{count}.txt")


@pytest.mark.full
@pytest.mark.parametrize("key", ["]", "J"])
def test_an_empty_change_says_so(neovim: Neovim, start, key: str):
    task = start("true", "--wait")
    _review(neovim, task, "0 files", "Nothing is changed.")
    neovim.keys(key)
    neovim.until_screen("That was the last file.")


def test_a_conflict_is_resolved_in_three_windows_and_then_merged(
    neovim: Neovim, repository: Path, start, git
):
    task = start("echo theirs > plain.txt", "--wait")
    (repository / "plain.txt").write_text("mine\n")
    git(repository, "commit", "-qam", "mine")
    _review(neovim, task, "now: plain.txt", "│  one ")
    neovim.keys("m")
    neovim.until_screen("What now?", "1: resolve it here", "plain.txt")
    assert (repository / "plain.txt").read_text() == "mine\n"
    neovim.keys("1<CR>")
    neovim.until_screen("the task's", "main's", "<<<<<<<", "resolve here")
    assert neovim.lua("return #vim.fn.getqflist()") == 1
    other = start("echo other > other.txt", "--wait")
    aborts = "return vim.fn.getcompletion('AgentTask update abort=yes ', 'cmdline')"
    assert other in neovim.lua(
        "return vim.fn.getcompletion('AgentTask update ', 'cmdline')"
    )
    assert neovim.lua(aborts) == [task]
    neovim.keys("ggdGiboth<Esc>:w<CR>")
    neovim.until_screen("written")
    neovim.command(f"AgentTask update {task}")
    neovim.until_screen("has all of main now")
    assert neovim.lua(aborts) == []
    neovim.command(f"AgentTask merge {task}")
    neovim.until_screen("is merged into main")
    assert (repository / "plain.txt").read_text() == "both\n"


def test_the_briefing_says_what_was_asked(neovim: Neovim, start):
    task = start("echo what was asked; echo > plain.txt", "--wait")
    _review(neovim, task, "now: plain.txt")
    neovim.keys("b")
    neovim.until_screen("echo what was asked; echo")
    neovim.keys("q")


@pytest.mark.full
def test_the_briefing_stands_above_the_diff_by_itself(neovim: Neovim, start):
    start("echo one > one.txt", "--wait", title="The first")
    task = start("echo 'what was' asked > plain.txt", "--wait")
    _review(neovim, task, "now: plain.txt", "What was asked", "echo 'what was' asked")
    neovim.keys("n")
    neovim.until_screen("now: one.txt", "> one.txt", without=["'what was' asked"])


@pytest.mark.full
def test_a_hunk_is_taken_and_another_one_put_back(
    neovim: Neovim, repository: Path, start, git
):
    lines = [f"line {n}" for n in range(1, 10)]
    (repository / "plain.txt").write_text("\n".join(lines) + "\n")
    git(repository, "commit", "-qam", "longer")
    task = start(
        "sed -i -e 's/line 1/ONE/' -e 5d -e 's/line 9/NINE/' plain.txt", "--wait"
    )
    _review(neovim, task, "now: plain.txt", "ONE", "NINE")
    _in_real_file(neovim)
    neovim.keys("ggj\\t")
    neovim.until_screen("There is no hunk on this line", "Press ENTER")
    neovim.keys("<CR>gg\\t")
    neovim.until_screen("1 hunk was merged, 2 left.", "+1 -2")
    assert (repository / "plain.txt").read_text().split("\n")[:2] == ["ONE", "line 2"]
    neovim.keys("4G\\x")  # the line above the one that was removed
    neovim.until_screen("1 hunk was put back", "+1 -1")
    neovim.until_lua("return vim.fn.getline(5) == 'line 5'")
    neovim.keys("GV\\t")
    neovim.until_lua("return #vim.api.nvim_list_tabpages() == 1")
    assert (repository / "plain.txt").read_text().split("\n")[4:9] == [
        "line 5",
        "line 6",
        "line 7",
        "line 8",
        "NINE",
    ]


def test_what_another_client_marks_as_viewed_is_shown(open_neovim, start):
    task = start(THREE_FILES, "--wait")
    one, two = open_neovim(), open_neovim()
    for neovim in (one, two):
        _review(neovim, task, "3 files")
    one.keys("v")
    two.until_screen("1 viewed")
