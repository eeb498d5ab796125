"""A repository as its user sees it, for tests of what works in one."""

import os
import subprocess
from pathlib import Path

from agentls.git.repository import Repository, find_repository
from agentls.model import CommitId


class Sandbox:
    """A repository as its user sees it: files, and the user's own git."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *args: str | bytes, at: Path | None = None, ok: bool = True) -> str:
        """Run the user's git and give its output."""
        done = subprocess.run(
            ("git", *args),
            cwd=at or self.root,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert not ok or not done.returncode, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file below the root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def commit(self, message: str = "change", *, at: Path | None = None) -> CommitId:
        """Commit all that is there and give the commit."""
        self.git("add", "-A", at=at)
        self.git("commit", "-q", "--allow-empty", "-m", message, at=at)
        return self.tip(at=at)

    def tip(self, name: str = "HEAD", *, at: Path | None = None) -> CommitId:
        return CommitId(self.git("rev-parse", name, at=at).strip())

    def commit_on(self, branch: str, files: dict[str, str | bytes | None]) -> CommitId:
        """Commit files on a branch that nobody needs to have checked out."""
        index = self.root.parent / f"index-{os.urandom(4).hex()}"
        env = os.environ | {"GIT_INDEX_FILE": str(index)}

        def run(*args: str | bytes, data: bytes | None = None) -> str:
            done = subprocess.run(
                ("git", *args),
                cwd=self.root,
                env=env,
                input=data,
                capture_output=True,
                check=True,
                timeout=60,
            )
            return done.stdout.decode().strip()

        parent = run("rev-parse", branch)
        run("read-tree", parent)
        for name, content in files.items():
            if content is None:
                run("update-index", "--force-remove", name)
                continue
            data = content.encode() if isinstance(content, str) else content
            blob = run("hash-object", "-w", "--stdin", data=data)
            info = f"100644,{blob},{name}"
            run("update-index", "--add", "--replace", "--cacheinfo", info)
        tree = run("write-tree")
        commit = run("commit-tree", tree, "-p", parent, "-m", "on " + branch)
        index.unlink()
        return CommitId(commit)

    def state(self) -> dict[str, str]:
        """Everything of the user's that a task must not change."""
        folder = self.root / ".git"
        return {
            "config": (folder / "config").read_text(),
            "index": (folder / "index").read_bytes().hex(),
            "HEAD": (folder / "HEAD").read_text(),
            "status": self.git("status", "--porcelain"),
            "hooks": str(sorted(path.name for path in (folder / "hooks").glob("*"))),
            "branches": self.git("for-each-ref", "refs/heads", "refs/tags"),
        }

    def fsck(self) -> None:
        found = self.git("fsck", "--no-dangling", "--strict")
        assert not found

    async def repository(self) -> Repository:
        return await find_repository(self.root)
