"""From the idea to the merge, in Neovim."""

from pathlib import Path

from neovim_driver import Neovim


def test_a_task_is_written_in_a_buffer_listed_and_merged(
    neovim: Neovim, repository: Path, git
):
    neovim.command("AgentTask new agent=shell")
    neovim.until_screen("New task in project · agent shell", ":w sends")
    neovim.keys("echo new > created.txt<Esc>:w<CR>")
    neovim.command("AgentTask")
    neovim.until_screen("Ready for review (1)", "echo new > created.txt")
    neovim.keys("m")
    neovim.until_screen("is merged into main", "No tasks.")
    assert (repository / "created.txt").read_text() == "new\n"
    assert git(repository, "status", "--porcelain") == ""
