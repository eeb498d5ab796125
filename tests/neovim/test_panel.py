"""The live terminal of a session."""

import pytest

from neovim_driver import Neovim


def test_typing_goes_to_the_agent_and_its_answer_is_drawn(neovim: Neovim, start):
    task = start("while read line; do echo you said $line; done")
    neovim.command(f"AgentTask open {task}")
    neovim.until_screen("-- TERMINAL --", f"{task} · working")
    neovim.keys("grün 日本<CR>")
    neovim.until_screen("you said grün 日本")


def test_it_has_the_size_of_its_window(neovim: Neovim, start):
    task = start("trap 'stty size' WINCH; stty size; while sleep 0.05; do :; done")
    neovim.command(f"AgentTask open {task}")
    rows, cols = _size(neovim)
    neovim.until_screen(f"{rows} {cols}")
    neovim.keys("<C-\\><C-n>:vertical resize 40<CR>")
    neovim.until_screen(f"{rows} 40")
    neovim.command("botright split")
    neovim.command("wincmd p")


def _size(neovim: Neovim) -> tuple[int, int]:
    neovim.until_screen("-- TERMINAL --")
    info = neovim.lua("return vim.fn.getwininfo(vim.api.nvim_get_current_win())[1]")
    return info["height"], info["width"]


def test_closed_and_opened_again_it_shows_the_screen_as_it_is(neovim: Neovim, start):
    task = start("printf '\\033[2J\\033[5;7HDRAWN ONCE'; cat")
    drawn = ["", "", "", "", "      DRAWN ONCE"]
    neovim.command(f"AgentTask open {task}")
    neovim.until(lambda: _terminal(neovim)[:5] == drawn, "what was drawn")
    neovim.until_screen("DRAWN ONCE", "-- TERMINAL --")
    neovim.keys("<C-\\><C-n>:close<CR>")
    neovim.until(lambda: "DRAWN ONCE" not in neovim.screen())
    neovim.command(f"AgentTask open {task}")
    neovim.until(lambda: _terminal(neovim)[:5] == drawn, "what was drawn, again")
    neovim.until_screen("DRAWN ONCE", "-- TERMINAL --")


def _terminal(neovim: Neovim) -> list[str]:
    """Give the lines of the present buffer."""
    return neovim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")


@pytest.mark.full
def test_two_neovims_show_the_same_session_and_either_may_type(open_neovim, start):
    task = start("while read line; do echo you said $line; done")
    one, two = open_neovim(), open_neovim()
    for neovim in (one, two):
        neovim.command(f"AgentTask open {task}")
        neovim.until_screen("-- TERMINAL --")
    one.until_screen("another client types")
    two.keys("from two<CR>")
    one.until_screen("you said from two")
    one.keys("from one<CR>")
    two.until_screen("you said from one", "another client types")
    one.until_screen("you said from one", without=["another client types"])


def test_it_goes_on_in_the_same_window_when_the_agent_is_begun_anew(
    neovim: Neovim, start
):
    task = start(
        "test -e again && { echo SECOND; cat; }; touch again; echo FIRST; false"
    )
    neovim.command(f"AgentTask open {task}")
    neovim.until_screen("FIRST", "ended with status 1")
    windows = neovim.lua("return #vim.api.nvim_list_wins()")
    neovim.command(f"AgentTask retry {task}")
    neovim.until_screen("SECOND", "working", without=["FIRST"])
    assert neovim.lua("return #vim.api.nvim_list_wins()") == windows


@pytest.mark.full
def test_scrolled_off_lines_can_be_read(neovim: Neovim, start):
    task = start("seq 1 300; cat")
    neovim.command(f"AgentTask open {task}")
    neovim.until_screen("300", "-- TERMINAL --")
    neovim.keys("<C-\\><C-n>gg")
    neovim.until(
        lambda: "\n1 " in neovim.screen().replace("│", "\n") or "│1" in neovim.screen()
    )


def test_a_flood_is_acked_and_ends_with_its_last_line(neovim: Neovim, start):
    task = start("seq 1 1000000 | tr 1-9 a-i; echo THE END; cat")
    neovim.command(f"AgentTask open {task}")
    neovim.until_screen("THE END")
