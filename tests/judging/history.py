"""Repositories made of commits alone, quickly."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from agentls.git.repository import Repository, find_repository
from agentls.model import CommitId


class History:
    """A repository whose commits are written down, with no checkout between them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q")

    def git(self, *args: str, data: bytes | None = None, ok: bool = True) -> str:
        """Run the user's git and give its output."""
        done = subprocess.run(
            ("git", *args),
            cwd=self.root,
            input=data,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert not ok or not done.returncode, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def commit(
        self,
        files: Mapping[str, bytes | None],
        *parents: CommitId,
        branch: str = "refs/heads/other",
    ) -> CommitId:
        """Commit on the first parent with these files changed; None deletes one."""
        lines = [
            b"commit " + branch.encode(),
            b"mark :1",
            b"committer A <a@example.invalid> 0 +0000",
            b"data 0",
        ]
        if parents:
            lines.append(b"from " + parents[0].encode())
            lines += [b"merge " + one.encode() for one in parents[1:]]
        # Deletions first: a folder may come where a file was.
        for name, content in sorted(files.items(), key=lambda f: f[1] is not None):
            path = os.fsencode(name)
            if content is None:
                lines.append(b"D " + path)
            else:
                lines.append(b"M 100644 inline " + path)
                lines.append(b"data %d\n%s" % (len(content), content))
        lines.append(b"get-mark :1\n")
        told = self.git(
            *("fast-import", "--quiet", "--force", "--date-format=raw"),
            data=b"\n".join(lines),
        )
        return CommitId(told.splitlines()[0])

    def branch(self, name: str, commit: CommitId) -> None:
        """Set a branch."""
        self.git("update-ref", f"refs/heads/{name}", commit)

    def objects(self) -> str:
        """Say how many objects there are."""
        return self.git("count-objects", "-v")

    async def repository(self) -> Repository:
        return await find_repository(self.root)
