"""Tasks' changes and the user's own, made ready to be merged with each other."""

from collections.abc import Sequence

import attrs

from agentls.git.history import first_parent
from agentls.git.merging import hidden_commit
from agentls.git.pairs import paths_between, try_pairs
from agentls.git.place import Place
from agentls.git.repository import Head, Repository
from agentls.git.trees import leave_out
from agentls.model import CommitId, TaskId
from agentls.review.footprint import Footprint, footprint
from agentls.review.trials import Question

__all__ = [
    "Side",
    "Subject",
    "UserState",
    "against",
    "between",
    "between_user",
    "make_sides",
]

_NOTHING = footprint(())


@attrs.frozen(kw_only=True)
class Subject:
    """An open task, as far as a forecast needs to know it."""

    task: TaskId
    tip: CommitId
    """Its last checkpoint."""
    base: CommitId
    prepared: CommitId | None
    wip: bool
    """Whether the base is a commit of what the user hadn't committed."""
    target: str


@attrs.frozen(kw_only=True)
class UserState:
    """What the user's checkout holds."""

    head: Head
    commit: CommitId
    """The state as a commit on the head; nobody but the forecast has it."""
    its: Footprint
    """Against the head: what is uncommitted."""


@attrs.frozen(kw_only=True)
class Side:
    """A task's change, ready to be merged with others'."""

    subject: Subject
    clean_tip: CommitId
    """The checkpoint without what the setup made."""
    commit: CommitId
    """The change as it would stand on what was committed where it began."""
    its: Footprint


async def make_sides(
    repository: Repository, subjects: Sequence[Subject], *, at: Place
) -> tuple[Side, ...]:
    """Make the subjects' changes ready; what that takes is written where `at` says."""
    tips = [await _clean_tip(repository, one, at=at) for one in subjects]
    changes = await paths_between(
        [(one.base, tip) for one, tip in zip(subjects, tips, strict=True)], at=at
    )
    sides: list[Side] = []
    for subject, tip, files in zip(subjects, tips, changes, strict=True):
        commit = tip
        if subject.wip:
            commit = await _transplant(repository, subject, tip, at=at)
        sides.append(
            Side(subject=subject, clean_tip=tip, commit=commit, its=footprint(files))
        )
    return tuple(sides)


async def against(side: Side, target: CommitId, *, at: Place) -> Question:
    """Ask what a merge of the task into its target will ask."""
    ours, theirs = target, side.clean_tip
    if side.subject.wip:
        base = side.subject.base
        ours = await hidden_commit(target, parent=base, at=at)
        theirs = await hidden_commit(side.clean_tip, parent=base, at=at)
    return Question(
        ours=ours,
        theirs=theirs,
        our=_NOTHING,
        their=side.its,
        by_edits=False,
        common_only=False,
    )


def between(one: Side, other: Side) -> Question:
    """Ask about two tasks, seen from the first."""
    return Question(
        ours=one.commit,
        theirs=other.commit,
        our=one.its,
        their=other.its,
        by_edits=True,
        common_only=one.subject.base != other.subject.base,
    )


def between_user(side: Side, user: UserState) -> Question:
    """Ask about a task, seen from it, and what is uncommitted."""
    return Question(
        ours=side.commit,
        theirs=user.commit,
        our=side.its,
        their=user.its,
        by_edits=True,
        common_only=True,
    )


async def _clean_tip(
    repository: Repository, subject: Subject, *, at: Place
) -> CommitId:
    if subject.prepared is None:
        return subject.tip
    tree = await leave_out(
        repository, subject.tip, base=subject.base, made=subject.prepared, at=at
    )
    return await hidden_commit(tree, parent=subject.tip, at=at)


async def _transplant(
    repository: Repository, subject: Subject, tip: CommitId, *, at: Place
) -> CommitId:
    """Give the change alone, upon what was committed where it began.

    Where it depends on what the user hadn't committed, that comes with it.
    """
    head = await first_parent(repository, subject.base) or subject.base
    (trial,) = await try_pairs(
        [
            (
                await hidden_commit(head, parent=subject.base, at=at),
                await hidden_commit(tip, parent=subject.base, at=at),
            )
        ],
        at=at,
    )
    tree = trial.tree if trial is not None and trial.clean else tip
    return await hidden_commit(tree, parent=head, at=at)
