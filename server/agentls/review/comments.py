"""Comments on a change: what they quote, where they are now, what answered them."""

import enum
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import attrs

from agentls.errors import GitFailed, InvalidParams
from agentls.git.changes import changed_files, read_blob
from agentls.git.edits import Edit
from agentls.git.hunks import Hunk, HunkKind, hunks_of
from agentls.git.repository import Repository
from agentls.git.wording import shown
from agentls.model import CommitId, HunkId, Lines
from agentls.review.placing import Place, Spot, follow, lines_of
from agentls.store.comments import Comment, Side

__all__ = ["Answer", "Answered", "PlacedComment", "old_path", "place", "quote"]

K = TypeVar("K")


class Answered(enum.StrEnum):
    """What the agent did about a comment since it was told."""

    TOUCHED = "touched"
    """It changed the comment's own lines, or put some beside them."""

    NEAR = "near"
    """It changed other lines of the same file."""

    UNTOUCHED = "untouched"


@attrs.frozen(kw_only=True)
class Answer:
    """What came of a comment that was sent."""

    how: Answered
    path: bytes = b""
    lines: Lines | None = None
    """The lines that answer it, as they are now; None where there are none."""
    hunk: HunkId | None = None
    """The hunk of the task's whole change that these lines are in, if they are."""


@attrs.frozen(kw_only=True)
class PlacedComment:
    """A comment, where it is now, and what came of it."""

    comment: Comment
    path: bytes
    lines: Lines | None
    outdated: bool
    """Its lines are gone or were changed; `lines` are the nearest."""
    answer: Answer | None = None
    """None for one that wasn't sent."""


async def quote(
    repository: Repository, commit: str, *, path: bytes, lines: Lines | None
) -> str:
    """Give the text of a file's lines; raise `InvalidParams` if they aren't there."""
    name = shown(path)
    content = await read_blob(repository, commit, path)
    if content is None:
        raise InvalidParams(
            f"There is no file {name!r} on that side of the change.",
            hint="Name it as `agentls diff --name-only` does; an added file has no old"
            " side, a deleted one no new.",
        )
    if lines is None:
        return ""
    there = lines_of(content)
    if not 1 <= lines.first <= lines.last <= len(there):
        wanted = f"line {lines.first}"
        if lines.last != lines.first:
            wanted = f"lines {lines.first} to {lines.last}"
        raise InvalidParams(
            f"{name} has {len(there)} line{'s' * (len(there) != 1)}, and not {wanted}.",
            hint="Lines count from 1; a comment without a line is on the whole file.",
        )
    quoted = b"\n".join(there[lines.first - 1 : lines.last])
    # The store keeps text, and no text holds NUL.
    return quoted.decode("utf-8", "replace").replace("\0", "\ufffd")


async def old_path(repository: Repository, path: bytes, *, old: str, new: str) -> bytes:
    """Give the path that a file had on the old side; a renamed one's other path."""
    for file in await changed_files(repository, old, new):
        if file.path == path:
            return file.old_path
    return path


async def place(
    repository: Repository, comments: Sequence[Comment], *, base: CommitId, now: str
) -> tuple[PlacedComment, ...]:
    """Find where comments are, with the change from `base` to the tree `now`."""
    placed: dict[int, PlacedComment] = {}
    for (side, start), group in _groups(
        (comment for comment in comments if comment.path),
        by=lambda comment: (comment.side, comment.checkpoint),
    ).items():
        new = now if side is Side.NEW else base
        places = await _follow(repository, _spots(group), old=start, new=new)
        for comment, at in zip(group, places, strict=True):
            placed[comment.id] = PlacedComment(
                comment=comment, path=at.path, lines=at.lines, outdated=not at.intact
            )
    answers = await _answers(repository, comments, now=now)
    answers = await _with_hunks(repository, answers, base=base, now=now)
    return tuple(
        attrs.evolve(
            placed.get(comment.id)
            or PlacedComment(comment=comment, path=b"", lines=None, outdated=False),
            answer=answers.get(comment.id),
        )
        for comment in comments
    )


async def _answers(
    repository: Repository, comments: Sequence[Comment], *, now: str
) -> Mapping[int, Answer]:
    answers: dict[int, Answer] = {}
    for (start, sent), group in _groups(
        (comment for comment in comments if comment.sent),
        by=lambda comment: (comment.checkpoint, comment.sent or ""),
    ).items():
        whole = [comment for comment in group if not comment.path]
        if whole:
            try:
                changed = await changed_files(repository, sent, now)
            except GitFailed:
                continue  # as in `_follow`
            how = Answered.TOUCHED if changed else Answered.UNTOUCHED
            answers |= {comment.id: Answer(how=how) for comment in whole}
        rest = [comment for comment in group if comment.path]
        # The old side's lines too: what the agent had made of them by then.
        then = await _follow(repository, _spots(rest), old=start, new=sent)
        spots = [Spot(path=at.path, lines=at.lines) for at in then]
        places = await _follow(repository, spots, old=sent, new=now)
        for comment, spot, at in zip(rest, spots, places, strict=True):
            answers[comment.id] = _answer(spot, at)
    return answers


async def _follow(
    repository: Repository, spots: Sequence[Spot], *, old: str, new: str
) -> tuple[Place, ...]:
    """Follow as `follow` does; where git has the old state no more, stay."""
    try:
        return await follow(repository, spots, old=old, new=new)
    except GitFailed:
        return tuple(
            Place(path=spot.path, lines=spot.lines, intact=False) for spot in spots
        )


async def _with_hunks(
    repository: Repository, answers: Mapping[int, Answer], *, base: CommitId, now: str
) -> Mapping[int, Answer]:
    """Name the hunks by which a client marks and takes what answers the comments."""
    paths = {
        answer.path
        for answer in answers.values()
        if answer.how is not Answered.UNTOUCHED
    }
    if not paths:
        return answers
    files = await changed_files(repository, base, now)
    hunks = await hunks_of(repository, [one for one in files if one.path in paths])

    def hunk(answer: Answer) -> HunkId | None:
        there = hunks.get(answer.path, ()) if answer.path in paths else ()
        return next((one.id for one in there if _is_at(one, answer.lines)), None)

    return {
        name: attrs.evolve(answer, hunk=hunk(answer))
        for name, answer in answers.items()
    }


def _is_at(hunk: Hunk, lines: Lines | None) -> bool:
    if lines is None:
        return True
    first = max(hunk.new_start, 1)
    last = hunk.new_start + max(hunk.new_lines, 1) - 1
    return hunk.kind is HunkKind.LINES and first <= lines.last and last >= lines.first


def _answer(spot: Spot, at: Place) -> Answer:
    if not at.edits:
        # Nothing of it is left, or nothing of it was changed.
        gone = at.lines is None and not at.intact
        how = Answered.TOUCHED if gone else Answered.UNTOUCHED
        return Answer(how=how, path=at.path, lines=at.lines)
    lines = spot.lines
    if lines is None:
        return _by(at, at.edits[0], Answered.TOUCHED)
    nearest = min(at.edits, key=lambda edit: _distance(edit, lines))
    touched = not _distance(nearest, lines)
    return _by(at, nearest, Answered.TOUCHED if touched else Answered.NEAR)


def _by(at: Place, edit: Edit, how: Answered) -> Answer:
    first = max(edit.new_start, 1)
    last = first + max(edit.new_count, 1) - 1
    return Answer(how=how, path=at.path, lines=Lines(first=first, last=last))


def _distance(edit: Edit, lines: Lines) -> int:
    """Count the lines between an edit and the lines; 0 where they touch."""
    first = edit.old_start
    last = first + edit.old_count - 1
    if not edit.old_count:  # between two lines: it touches both
        first, last = edit.old_start, edit.old_start + 1
    return max(first - lines.last, lines.first - last, 0)


def _spots(comments: Sequence[Comment]) -> list[Spot]:
    return [
        Spot(
            path=comment.path,
            lines=Lines(first=comment.first, last=comment.last or comment.first)
            if comment.first
            else None,
        )
        for comment in comments
    ]


def _groups(
    comments: Iterable[Comment], *, by: Callable[[Comment], K]
) -> Mapping[K, list[Comment]]:
    groups: defaultdict[K, list[Comment]] = defaultdict(list)
    for comment in comments:
        groups[by(comment)].append(comment)
    return groups
