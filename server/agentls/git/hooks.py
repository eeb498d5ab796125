"""The user's hooks for a commit: where they are, and how one is run.

They are run as git would run them for a commit on the target, but in a task's
worktree: with a git folder of their own, whose HEAD is the target and whose index
holds what would be committed. So neither the agent's index nor its HEAD is touched.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from agentls.git.checkouts import Checkout
from agentls.git.process import Finished, run_process
from agentls.git.refs import branch_ref
from agentls.git.repository import Repository
from agentls.git.runner import git, load_settings, run_git
from agentls.git.settings import Setting
from agentls.threads import in_thread

__all__ = ["HOOK_NAMES", "Hook", "HookPlace", "find_hooks", "hook_place", "run_hook"]

HOOK_NAMES = ("pre-commit", "pre-merge-commit", "commit-msg")
"""The hooks that a merge runs."""

_WITHIN = 900.0
_TEXT_MAX = 200_000


@attrs.frozen(kw_only=True)
class Hook:
    """A hook that git would run."""

    name: str
    path: Path
    text: str
    """What a person trusts: its text, or the sum of one that is no text."""
    of_the_user: bool
    """It lies where the user's own config says, for all repositories."""


@attrs.frozen(kw_only=True)
class HookPlace:
    """Where hooks are run."""

    work_tree: Path
    git_dir: Path
    """A folder of ours that git takes for the worktree's."""
    environ: Mapping[str, str]


async def find_hooks(repo: Repository, names: Sequence[str]) -> tuple[Hook, ...]:
    """Give those of the hooks that are there, as `core.hooksPath` resolves.

    A relative path is one in the user's checkout, never in a task's worktree.
    """
    return await in_thread(
        _read_hooks, repo, await load_settings(repo.main), tuple(names)
    )


def _read_hooks(
    repo: Repository, settings: Sequence[Setting], names: tuple[str, ...]
) -> tuple[Hook, ...]:
    folder, of_the_user = repo.git_dir / "hooks", False
    for one in settings:
        if (one.section, one.subsection, one.name) == ("core", None, "hookspath"):
            given = Path(one.value or "").expanduser()
            of_the_user = one.scope.of_the_user and given.is_absolute()
            folder = repo.root / given
    found: list[Hook] = []
    for name in names:
        path = folder / name
        if path.is_file() and os.access(path, os.X_OK):
            text = _text(path.read_bytes())
            found.append(Hook(name=name, path=path, text=text, of_the_user=of_the_user))
    return tuple(found)


def _text(content: bytes) -> str:
    try:
        if len(content) <= _TEXT_MAX and b"\0" not in content:
            return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    digest = hashlib.sha256(content).hexdigest()
    return f"(a program of {len(content)} bytes, sha256 {digest})"


@asynccontextmanager
async def hook_place(
    repo: Repository,
    checkout: Checkout,
    *,
    index: Path,
    tree: str,
    branch: str,
    environ: Mapping[str, str],
) -> AsyncGenerator[HookPlace]:
    """Make a place for hooks in a worktree: on the branch, with the tree to commit.

    `index` is one that knows the worktree's files; it is copied.
    """
    folder = Path(await in_thread(tempfile.mkdtemp, prefix="agentls-hooks-"))
    try:
        await in_thread(_lay_out, folder, repo, index, branch)
        at = attrs.evolve(checkout.place(repo), index=folder / "index")
        # With what is known of the files, so that a hook's git needn't read them all.
        kept = await run_git("read-tree", "-m", tree, at=at)
        if kept.status:
            await git("read-tree", tree, at=at)
        variables = {
            "GIT_DIR": str(folder),
            "GIT_WORK_TREE": str(checkout.path),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_PREFIX": "",
            "GIT_EDITOR": ":",
        }
        own = {key: one for key, one in environ.items() if not key.startswith("GIT_")}
        yield HookPlace(
            work_tree=checkout.path, git_dir=folder, environ=own | variables
        )
    finally:
        await in_thread(shutil.rmtree, folder)


def _lay_out(folder: Path, repo: Repository, index: Path, branch: str) -> None:
    (folder / "HEAD").write_text(f"ref: {branch_ref(branch)}\n")
    (folder / "commondir").write_bytes(os.fsencode(repo.git_dir) + b"\n")
    if index.exists():
        shutil.copy2(index, folder / "index")


async def run_hook(hook: Hook, *args: str, at: HookPlace) -> Finished:
    """Run a hook to its end; stopped when cancelled, or after a quarter of an hour."""
    return await run_process(
        # As git does it: what has no #! line is a shell's script.
        ("/bin/sh", "-c", 'exec "$0" "$@"', str(hook.path), *args),
        cwd=at.work_tree,
        environ=at.environ,
        within=_WITHIN,
        name=f"The hook {hook.name}",
    )
