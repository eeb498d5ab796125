"""Which program speaks to which remote, and with which arguments."""

from pathlib import Path

import pytest

from agentls.errors import GitFailed
from agentls.model import PullState
from agentls.review.forge import Draft, forge_of

DRAFT = Draft(branch="b", target="main", title="-T", body="B", draft=True)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Give an environment with a `gh` and a `glab` that print what they were told."""
    for name in ("gh", "glab"):
        program = tmp_path / name
        program.write_text(
            "#!/bin/sh\n"
            f'for one in "$@"; do echo "$one" >> \'{tmp_path}/told\'; done\n'
            f"cat '{tmp_path}/answer'\n"
        )
        program.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("url", "program", "name"),
    [
        ("https://github.com/owner/name.git", "gh", "github.com/owner/name"),
        ("https://github.com/owner/name/", "gh", "github.com/owner/name"),
        ("git@github.com:owner/name.git", "gh", "github.com/owner/name"),
        ("github.com:owner/name", "gh", "github.com/owner/name"),
        ("ssh://git@git.example:22/owner/name.git", "gh", "git.example/owner/name"),
        ("https://me:token@gitlab.com/a/b/c.git", "glab", "gitlab.com/a/b/c"),
        ("git@gitlab.example.org:a/b.git", "glab", "gitlab.example.org/a/b"),
    ],
)
async def test_the_remotes_url_says_who_is_asked(url, program, name, environ):
    forge = await forge_of(url, environ=environ)
    assert forge is not None
    assert (forge.program.name, f"{forge.host}/{forge.name}") == (program, name)


@pytest.mark.parametrize(
    "url", ["/srv/git/name.git", "file:///srv/a/b.git", "../name", "https://h/x", "a b"]
)
async def test_a_path_is_no_forge(url, environ):
    assert await forge_of(url, environ=environ) is None


async def test_nobody_is_asked_who_is_not_installed():
    url = "https://gitlab.com/a/b.git"
    assert await forge_of(url, environ={"PATH": "/nowhere"}) is None


async def test_glab_is_told_all_of_a_request(tmp_path, environ):
    forge = await forge_of("git@gitlab.com:a/b.git", environ=environ)
    assert forge is not None
    answer = tmp_path / "answer"
    answer.write_text("Creating…\nhttps://gitlab.com/a/b/-/merge_requests/3\n")
    url = await forge.create(DRAFT)
    assert url == "https://gitlab.com/a/b/-/merge_requests/3"
    assert (tmp_path / "told").read_text().split("\n")[:-1] == [
        *("mr", "create", "--repo", "https://gitlab.com/a/b"),
        *("--source-branch", "b", "--target-branch", "main", "--title", "-T"),
        *("--description", "B", "--yes", "--draft"),
    ]
    answer.write_text('{"state": "opened", "draft": true}')
    assert await forge.state(url) is PullState.DRAFT
    answer.write_text('{"state": "merged", "draft": false}')
    assert await forge.state(url) is PullState.MERGED
    assert "3\n--repo" in (tmp_path / "told").read_text()


async def test_an_answer_without_a_page_is_a_failure(tmp_path, environ):
    forge = await forge_of("https://github.com/a/b", environ=environ)
    assert forge is not None
    (tmp_path / "answer").write_text("done\n")
    with pytest.raises(GitFailed, match="done"):
        await forge.create(DRAFT)
