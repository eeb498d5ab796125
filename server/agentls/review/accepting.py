"""Taking a part of a change: the states that have only some of its hunks.

Both directions are one question: what does a file look like with exactly these of
its hunks? Taking hunks asks it of the base, refusing hunks of the worktree, with
those that are kept.
"""

from collections.abc import Collection, Iterable, Mapping

import attrs

from agentls.errors import Internal, InvalidState
from agentls.git.blobs import read_blobs, write_blobs
from agentls.git.changes import ChangedFile, Status
from agentls.git.hunks import Hunk, HunkKind
from agentls.git.repository import Repository
from agentls.git.trees import Entry, with_entries
from agentls.git.wording import shown
from agentls.model import HunkId

__all__ = ["Choice", "check_separable", "choose", "splice", "with_kept"]


@attrs.frozen(kw_only=True)
class Choice:
    """Some hunks of a change."""

    files: tuple[ChangedFile, ...]
    """The files that they are of."""
    hunks: Mapping[bytes, tuple[Hunk, ...]]
    """All hunks of those files."""
    chosen: frozenset[HunkId]

    @property
    def picked(self) -> tuple[Hunk, ...]:
        """The chosen hunks, in the change's order."""
        return tuple(
            hunk
            for file in self.files
            for hunk in self.hunks[file.path]
            if hunk.id in self.chosen
        )

    @property
    def others(self) -> frozenset[HunkId]:
        """The hunks of the same files that were not chosen."""
        every = {hunk.id for of in self.hunks.values() for hunk in of}
        return frozenset(every - self.chosen)


def choose(
    files: Iterable[ChangedFile],
    hunks: Mapping[bytes, tuple[Hunk, ...]],
    wanted: Collection[HunkId],
    *,
    refused: bool,
) -> Choice:
    """Choose hunks of a change; what can't be without them comes with them.

    The lines of a copy can't be without the copy.
    """
    wanted = frozenset(wanted)
    chosen: set[HunkId] = set()
    touched: list[ChangedFile] = []
    for file in files:
        of = hunks[file.path]
        some = {hunk.id for hunk in of if hunk.id in wanted}
        if not some:
            continue
        if file.status is Status.COPIED:
            head = of[0].id
            if not refused:
                some.add(head)
            elif head in some:
                some = {hunk.id for hunk in of}
        chosen |= some
        touched.append(file)
    return Choice(
        files=tuple(touched),
        hunks={file.path: hunks[file.path] for file in touched},
        chosen=frozenset(chosen),
    )


def check_separable(
    files: Iterable[ChangedFile],
    hunks: Mapping[bytes, tuple[Hunk, ...]],
    choice: Choice,
    *,
    refused: bool,
) -> None:
    """Raise `InvalidState` for a hunk that can't be decided on without another.

    That is so where one file's path is a folder of the other's: both can't be there.
    `files` are all of the change.
    """
    chosen = {file.path for file in choice.files}
    standing: dict[bytes, ChangedFile] = {}
    for file in files:
        of = hunks[file.path]
        kept = frozenset(hunk.id for hunk in of) if refused else frozenset[HunkId]()
        if file.path in chosen:
            kept = choice.others if refused else choice.chosen
        for path, entry in _entries(file, of, kept=kept, spliced="").items():
            if entry is not None:
                standing[path] = file
    for path, file in standing.items():
        for above in _folders(path):
            if above not in standing:
                continue
            one, other = (path, file), (above, standing[above])
            if file.path not in chosen:
                one, other = other, one
            what = "put back" if refused else "taken"
            raise InvalidState(
                f"{_called(*one)} can't be {what} without {_called(*other)}: the one is"
                " a file where the other needs a folder. Nothing was changed.",
                hint="Choose both, or neither.",
            )


def _folders(path: bytes) -> Iterable[bytes]:
    parts = path.split(b"/")
    return (b"/".join(parts[:count]) for count in range(1, len(parts)))


def _called(path: bytes, file: ChangedFile) -> str:
    """Name a file as the change does, and where else it would stand."""
    if path == file.path:
        return file.display
    return f"{file.display} (which was {shown(path)})"


async def with_kept(
    repository: Repository,
    tree: str,
    choice: Choice,
    *,
    kept: frozenset[HunkId],
) -> str:
    """Give the tree with the choice's files as they are with only the kept hunks.

    Elsewhere the tree is as it was: the change's base to take hunks, the state of the
    worktree to put hunks back.
    """
    mixed = [file for file in choice.files if _is_mixed(choice.hunks[file.path], kept)]
    old = await read_blobs(repository, (file.old_blob for file in mixed))
    contents = [
        splice(
            old[file.old_blob],
            [hunk for hunk in choice.hunks[file.path] if hunk.id in kept],
        )
        for file in mixed
    ]
    blobs = await write_blobs(repository, contents)
    spliced = {file.path: blob for file, blob in zip(mixed, blobs, strict=True)}
    entries: dict[bytes, Entry | None] = {}
    for file in choice.files:
        hunks = choice.hunks[file.path]
        entries |= _entries(file, hunks, kept=kept, spliced=spliced.get(file.path))
    return await with_entries(repository, tree, entries)


def splice(old: bytes, hunks: Iterable[Hunk]) -> bytes:
    """Give the content with these hunks' lines in place of those they removed."""
    lines = [line + b"\n" for line in old.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    ordered = sorted(
        (hunk for hunk in hunks if hunk.kind is HunkKind.LINES),
        key=lambda hunk: hunk.old_start,
        reverse=True,
    )
    for hunk in ordered:
        start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
        end = start + hunk.old_lines
        if b"".join(lines[start:end]) != hunk.removed:
            raise Internal(f"A hunk of {hunk.path!r} doesn't fit; nothing was changed.")
        lines[start:end] = [hunk.added]
    return b"".join(lines)


def _is_mixed(hunks: tuple[Hunk, ...], kept: frozenset[HunkId]) -> bool:
    """Tell whether some lines are kept and others not."""
    lines = [hunk.id in kept for hunk in hunks if hunk.kind is HunkKind.LINES]
    return any(lines) and not all(lines)


def _entries(
    file: ChangedFile,
    hunks: tuple[Hunk, ...],
    *,
    kept: frozenset[HunkId],
    spliced: str | None,
) -> dict[bytes, Entry | None]:
    """Say what stands at a file's paths with only the kept hunks."""
    old = Entry(mode=file.old_mode, blob=file.old_blob) if file.old_mode else None
    new = Entry(mode=file.new_mode, blob=file.new_blob) if file.new_mode else None
    states = [hunk.id in kept for hunk in hunks]
    moved = file.status is Status.RENAMED
    copied = file.status is Status.COPIED
    if all(states):
        return ({file.old_path: None} if moved else {}) | {file.path: new}
    if not any(states):
        return ({file.old_path: old} if moved else {}) | {
            file.path: None if moved or copied else old
        }
    assert old is not None  # noqa: S101 - a file that came or went has one hunk
    assert new is not None  # noqa: S101 - the same
    lines = [hunk.id in kept for hunk in hunks if hunk.kind is HunkKind.LINES]
    head = hunks[0].kind is HunkKind.LINES or hunks[0].id in kept
    blob = spliced or (new.blob if lines and all(lines) else old.blob)
    entry = Entry(mode=new.mode if head else old.mode, blob=blob)
    if moved and not head:
        return {file.path: None, file.old_path: entry}
    return ({file.old_path: None} if moved else {}) | {file.path: entry}
