from pathlib import Path

from agentls.model import TaskId
from agentls.tasks.names import branch_name, worktree_path


def test_a_branch_is_named_after_the_title_in_plain_letters():
    name = branch_name(
        prefix="agentls/", title="Größe ändern: „x“!", task=TaskId("b2c3")
    )
    assert name == "agentls/groe-andern-x-b2c3"


def test_a_title_without_letters_leaves_the_id():
    assert branch_name(prefix="a/", title="日本語", task=TaskId("b2c3")) == "a/b2c3"


def test_a_long_title_is_cut_without_a_dash_at_its_end():
    name = branch_name(prefix="", title="word " * 40, task=TaskId("b2c3"))
    assert len(name) <= 46
    assert "--" not in name


def test_worktrees_of_two_repositories_with_one_name_do_not_meet():
    one = worktree_path(Path("/w"), repository=Path("/a/app"), number=1)
    two = worktree_path(Path("/w"), repository=Path("/b/app"), number=1)
    assert one.parent != two.parent
    assert one.name == "app-1"


def test_an_odd_folder_name_becomes_a_plain_one():
    path = worktree_path(Path("/w"), repository=Path("/a/-ö x\n"), number=3)
    assert path.name == "x-3"
