"""Random histories of two branches, with all that a merge can meet."""

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import attrs

from agentls.model import CommitId

__all__ = ["Branches", "tell"]

_MODES = {"file": b"100644", "program": b"100755", "link": b"120000"}
_NAMES = (
    "a.txt",
    "b.txt",
    "src/one.c",
    "src/two.c",
    "doc/ü ñ.md",
    "doc/deep/x",
    "NEWS",
)
_ATTRIBUTES = (
    b"NEWS merge=union\n*.bin binary\n",
    b"* text=auto\n*.txt text eol=crlf\nNEWS merge=union\n",
    b"*.c -merge\nNEWS merge=ours\n*.bin binary\n",
    b"doc/** merge=binary\n",
    b"",
)

_File = tuple[str, bytes]
_Files = dict[str, _File]


@attrs.frozen(kw_only=True)
class Branches:
    """Two tips with a common past."""

    target: CommitId
    head: CommitId
    """The agent's last commit."""
    tip: CommitId
    """The same with what is uncommitted as one more commit."""
    merges: bool
    """The agent merged the target by hand on the way."""


def tell(root: Path, seed: int) -> Branches:
    """Write a history into an empty repository; the same for the same seed."""
    return _Story(random.Random(seed), root).tell()  # noqa: S311 - not for secrets


class _Story:
    def __init__(self, chance: random.Random, root: Path) -> None:
        self.chance = chance
        self.root = root
        self.stream: list[bytes] = []
        self.marks = 0
        self.count = 0
        self.may_have_crlf = True

    def tell(self) -> Branches:
        chance = self.chance
        files: _Files = {name: ("file", self._text()) for name in _NAMES}
        files["pic.bin"] = ("file", bytes(chance.randbytes(60)) + b"\0")
        files["run"] = ("program", b"#!/bin/sh\n" + self._text())
        files[".gitattributes"] = ("file", chance.choice(_ATTRIBUTES))
        # Git itself takes such a file for changed as soon as it is checked out.
        self.may_have_crlf = b"text" not in files[".gitattributes"][1]
        start = self._commit({}, files, parents=())
        mine, theirs = dict(files), dict(files)
        target, head, merged = start, start, False
        shared: Callable[[_Files], None] | None = None
        for _ in range(chance.randint(0, 3)):
            before = dict(mine)
            shared = self._change(mine)
            target = self._commit(before, mine, parents=(target,))
        between = target
        for number in range(chance.randint(1, 4)):
            before = dict(theirs)
            if shared and chance.random() < 0.15:
                shared(theirs)  # what the target has already
            elif chance.random() < 0.08:
                pass  # a commit that is empty from the beginning
            else:
                self._change(theirs)
            head = self._commit(before, theirs, parents=(head,))
            if number == 0 and between == start and chance.random() < 0.3:
                before = dict(mine)
                name = f"by-target-{self.count}"
                mine[name] = theirs[name] = ("file", self._text())
                target = self._commit(before, mine, parents=(target,))
                head = self._commit(before, theirs, parents=(head, target))
                merged = True
        for _ in range(chance.randint(0, 2)):
            before = dict(mine)
            self._change(mine)
            target = self._commit(before, mine, parents=(target,))
        tip = head
        if chance.random() < 0.5:
            before = dict(theirs)
            self._change(theirs)
            tip = self._commit(before, theirs, parents=(head,))
        ids = self._write()
        return Branches(target=ids[target], head=ids[head], tip=ids[tip], merges=merged)

    def _text(self) -> bytes:
        return b"".join(b"line %d\n" % self.chance.randint(0, 99) for _ in range(14))

    def _change(self, files: _Files) -> Callable[[_Files], None]:
        """Change one to three things; give what does the very same elsewhere."""
        done: list[Callable[[_Files], None]] = []
        for _ in range(self.chance.randint(1, 3)):
            step = self._step(files)
            step(files)
            done.append(step)

        def again(other: _Files) -> None:
            for step in done:
                step(other)

        return again

    def _step(self, files: _Files) -> Callable[[_Files], None]:
        chance = self.chance
        name = chance.choice(sorted(files))
        kind = chance.randint(0, 11 if self.may_have_crlf else 10)
        at = chance.randint(0, 12)
        new, text = f"new/{chance.randint(0, 5)}", self._text()
        folder = chance.choice(["src/", "doc/"])

        def step(other: _Files) -> None:
            mode, content = other.get(name, ("file", b"gone before\n"))
            if kind == 5:
                other.pop(name, None)
            elif kind == 6:
                other.pop(name, None)
                _put(other, f"moved/{name}", (mode, content))
            elif kind == 7:
                _put(other, new, ("file", text))
            elif kind == 8:
                for path in [path for path in other if path.startswith(folder)]:
                    _put(other, f"other/{path}", other.pop(path))
            else:
                other[name] = _edited((mode, content), kind, at=at, text=text)

        return step

    def _commit(
        self, before: _Files, after: _Files, *, parents: tuple[int, ...]
    ) -> int:
        self.marks += 1
        self.count += 1
        who = f"Person {self.count % 3} <p{self.count % 3}@example.com>"
        message = f"Change {self.count}\n\nWhy: ü\n".encode()
        self.stream += [
            b"commit refs/heads/told",
            b"mark :%d" % self.marks,
            b"author " + who.encode() + b" %d +0130" % (1_500_000_000 + self.count),
            b"committer C <c@example.com> %d +0000" % (1_600_000_000 + self.count),
            b"data %d\n%s" % (len(message), message),
        ]
        if parents:
            self.stream.append(b"from :%d" % parents[0])
            self.stream += [b"merge :%d" % one for one in parents[1:]]
        self.stream += [b"D " + path.encode() for path in before if path not in after]
        for path, (kind, content) in after.items():
            if before.get(path) != (kind, content):
                self.stream.append(b"M " + _MODES[kind] + b" inline " + path.encode())
                self.stream.append(b"data %d\n%s" % (len(content), content))
        self.stream.append(b"")
        return self.marks

    def _write(self) -> dict[int, CommitId]:
        asked = b"".join(b"get-mark :%d\n" % mark for mark in range(1, self.marks + 1))
        told = subprocess.run(
            ["git", "fast-import", "--quiet", "--force", "--date-format=raw"],
            cwd=self.root,
            input=b"\n".join(self.stream) + b"\n" + asked,
            capture_output=True,
            check=True,
        )
        ids = told.stdout.decode().split()
        return {mark: CommitId(ids[mark - 1]) for mark in range(1, self.marks + 1)}


def _edited(file: _File, kind: int, *, at: int, text: bytes) -> _File:
    mode, content = file
    lines = content.splitlines(keepends=True)
    if kind == 9:
        return ("link", b"a.txt") if text[5] % 2 else (mode, content + text[:20])
    if kind == 10:
        return "file" if mode == "program" else "program", content
    if kind == 11:
        return mode, content.replace(b"\n", b"\r\n")
    lines[at : at + 1] = [text[:9].strip() + b"\n"]
    return mode, b"".join(lines)


def _put(files: _Files, path: str, file: _File) -> None:
    """Put a file, unless it would stand where a folder is, or below a file."""
    above = [path[:at] for at, char in enumerate(path) if char == "/"]
    if not any(one in files for one in above):
        files[path] = file
