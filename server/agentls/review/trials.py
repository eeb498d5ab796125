"""Merges that are only tried, many at once, and what comes of each.

They run in the shadow repository, on objects that are thrown away at the end.
A merge whose outcome follows from the edits alone is never computed.
"""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from agentls.git.changes import ChangedFile, Status
from agentls.git.drivers import merge_drivers_in
from agentls.git.filters import attributes
from agentls.git.merging import laid_out_attributes
from agentls.git.pairs import Clash, Trial, line_edits, try_pairs
from agentls.git.patches import Block
from agentls.git.place import Place
from agentls.git.repository import Repository
from agentls.git.runner import load_settings
from agentls.git.shadow import shadow_of
from agentls.model import CommitId
from agentls.review.footprint import Footprint
from agentls.review.outlook import (
    CLEAN,
    UNKNOWN,
    ConflictFile,
    Outcome,
    Outlook,
    meet,
    meeting_lines,
)
from agentls.threads import in_thread

__all__ = ["Edits", "Question", "Trials", "keeping", "throwaway"]

Blobs = tuple[str, str]
Edits = dict[Blobs, tuple[Block, ...] | None]
"""What leads from one blob to another, as far as it was asked; None: it is no text."""

_EDITS_KEPT = 50_000
_REGULAR = {0o100644, 0o100755}
_DECIDES = (b"merge", b"binary")
"""What stands in an attributes file that may make a merge go otherwise."""


@attrs.frozen(kw_only=True)
class Question:
    """Two commits to merge, and what each side changed."""

    ours: CommitId
    theirs: CommitId
    our: Footprint
    their: Footprint
    by_edits: bool
    """Whether the footprints are all that led here since the two parted: then no merge
    is needed where their edits don't meet."""
    common_only: bool
    """Whether only files that both changed count: the one that began later brings
    along what the target got meanwhile."""


@attrs.frozen(kw_only=True)
class Trials:
    """A repository in which to try merges, and where their objects go."""

    repository: Repository
    kept: Path
    """A folder of objects that the commits need and the repository hasn't."""
    edits: Edits

    async def ask(
        self, questions: Sequence[Question], *, attributes_of: CommitId
    ) -> tuple[Outlook, ...]:
        """Give what is to be expected of each pair.

        `attributes_of` names whose `.gitattributes` say how files are merged.
        """
        if not questions:
            return ()
        drivers = await self._drivers()
        if self.repository.partial and drivers:
            return tuple(UNKNOWN for _ in questions)
        async with self._bench(attributes_of) as (place, plain):
            if len(self.edits) > _EDITS_KEPT:
                self.edits.clear()
            left = list(range(len(questions)))
            if plain:
                left = await self._not_told_by_edits(questions, at=place)
            asked = [questions[number] for number in left]
            pairs = [(one.ours, one.theirs) for one in asked]
            trials = await try_pairs(pairs, at=place)
            await self._read_edits(
                [blobs for trial in trials for blobs in _blobs_of(trial)], at=place
            )
        found = [CLEAN] * len(questions)
        for number, question, trial in zip(left, asked, trials, strict=True):
            found[number] = self._outlook(question, trial)
        if drivers:
            await self._doubt(questions, found, drivers, tree=attributes_of)
        return tuple(found)

    async def read_edits(self, blobs: Sequence[Blobs]) -> None:
        """Look up the edits between these blobs, so that `edits` has them."""
        if any(pair not in self.edits for pair in blobs):
            async with throwaway() as objects:
                place = await keeping(self.repository, objects, also=self.kept)
                await self._read_edits(blobs, at=place)

    @asynccontextmanager
    async def _bench(self, commit: CommitId) -> AsyncGenerator[tuple[Place, bool]]:
        """Give where to merge, and whether every text is merged by its lines there."""
        async with (
            throwaway() as objects,
            laid_out_attributes(self.repository, commit) as work_tree,
        ):
            place = await keeping(self.repository, objects, also=self.kept)
            info = self.repository.git_dir / "info" / "attributes"
            plain = await in_thread(_is_plain, work_tree, info)
            yield attrs.evolve(place, work_tree=work_tree), plain

    async def _drivers(self) -> frozenset[str]:
        settings = await load_settings(self.repository.main)
        return frozenset(one.name for one in merge_drivers_in(settings))

    async def _not_told_by_edits(
        self, questions: Sequence[Question], *, at: Place
    ) -> list[int]:
        """Give the questions that only a merge answers."""
        near = {
            number: found
            for number, one in enumerate(questions)
            if one.by_edits and (found := _edited_on_both(one)) is not None
        }
        await self._read_edits(
            [blobs for found in near.values() for both in found for blobs in both],
            at=at,
        )
        return [
            number
            for number in range(len(questions))
            if number not in near or any(self._meet(*both) for both in near[number])
        ]

    def _meet(self, ours: Blobs, theirs: Blobs) -> bool:
        mine, others = self.edits[ours], self.edits[theirs]
        return mine is None or others is None or meet(mine, others)

    async def _read_edits(self, blobs: Sequence[Blobs], *, at: Place) -> None:
        new = [pair for pair in dict.fromkeys(blobs) if pair not in self.edits]
        # No work tree: its attributes are about other names than ours.
        found = await line_edits(new, at=attrs.evolve(at, work_tree=None))
        self.edits.update(zip(new, found, strict=True))

    def _outlook(self, question: Question, trial: Trial | None) -> Outlook:
        if trial is None:
            return UNKNOWN
        if trial.clean:
            return CLEAN
        files = tuple(
            self._file(clash)
            for clash in trial.clashes
            if not question.common_only or _is_between(clash.path, question)
        )
        if not files and trial.clashes:
            return CLEAN
        return Outlook(outcome=Outcome.CONFLICTS, files=files)

    def _file(self, clash: Clash) -> ConflictFile:
        pairs = _pairs_of(clash)
        edits = [self.edits.get(pair) for pair in pairs]
        lines, their_lines = (), ()
        if len(edits) == 2 and edits[0] and edits[1]:  # noqa: PLR2004 - both sides
            lines, their_lines = meeting_lines(edits[0], edits[1])
        return ConflictFile(path=clash.path, lines=lines, their_lines=their_lines)

    async def _doubt(
        self,
        questions: Sequence[Question],
        found: list[Outlook],
        drivers: frozenset[str],
        *,
        tree: CommitId,
    ) -> None:
        """Take back what a merge driver, which isn't run here, would decide."""
        both = [one.our.files.keys() & one.their.files.keys() for one in questions]
        paths = {path for paths in both for path in paths}
        values = await attributes(self.repository, "merge", tree=tree, paths=paths)
        driven = {path for path, name in values.items() if name in drivers}
        for number, common in enumerate(both):
            doubtful = sorted(common & driven)
            certain = tuple(f for f in found[number].files if f.path not in driven)
            if doubtful and not certain:
                files = tuple(ConflictFile(path=path) for path in doubtful)
                found[number] = Outlook(outcome=Outcome.UNKNOWN, files=files)


async def keeping(repository: Repository, objects: Path, *, also: Path) -> Place:
    """Give a place that reads the repository's objects, and writes none into it."""
    theirs = repository.git_dir / "objects"
    if repository.partial:  # only there git knows that objects may be missing
        return attrs.evolve(
            repository.main,
            objects=objects,
            alternates=(theirs, also),
            network=False,
        )
    place = await shadow_of(repository, objects=objects, work_tree=objects)
    return attrs.evolve(place, work_tree=None, alternates=(theirs, also))


@asynccontextmanager
async def throwaway() -> AsyncGenerator[Path]:
    """Give a folder for objects that nobody needs afterwards."""
    folder = Path(await in_thread(tempfile.mkdtemp, prefix="agentls-objects-"))
    try:
        yield folder
    finally:
        await in_thread(shutil.rmtree, folder)


def _is_plain(work_tree: Path, info: Path) -> bool:
    files = [*work_tree.rglob(".gitattributes"), info]
    texts = [file.read_bytes() for file in files if file.is_file()]
    return not any(word in text for text in texts for word in _DECIDES)


def _edited_on_both(question: Question) -> list[tuple[Blobs, Blobs]] | None:
    """Give the blobs whose edits decide; None if more than edits has a say."""
    if not question.our.meets_in_files_only(question.their):
        return None
    found: list[tuple[Blobs, Blobs]] = []
    for path in question.our.files.keys() & question.their.files.keys():
        mine, others = question.our.files[path], question.their.files[path]
        # A file deleted or added on both sides may have been renamed on one.
        if not (_edits_text(mine) and _edits_text(others)):
            return None
        if mine.new_blob == others.new_blob:
            continue
        if mine.old_blob != others.old_blob:
            return None
        found.append(
            ((mine.old_blob, mine.new_blob), (others.old_blob, others.new_blob))
        )
    return found


def _edits_text(file: ChangedFile) -> bool:
    return file.status is Status.MODIFIED and (
        file.old_mode == file.new_mode and file.new_mode in _REGULAR
    )


def _is_between(path: bytes, question: Question) -> bool:
    """Tell whether a clash is between what the two changed, not older history."""
    sides = [
        one.files[path] for one in (question.our, question.their) if path in one.files
    ]
    # One side alone: where a file was renamed to, or something about folders.
    return len(sides) != 1 or sides[0].status is Status.ADDED


def _pairs_of(clash: Clash) -> tuple[Blobs, ...]:
    if clash.base is None or clash.ours is None or clash.theirs is None:
        return ()
    return (clash.base, clash.ours), (clash.base, clash.theirs)


def _blobs_of(trial: Trial | None) -> list[Blobs]:
    clashes = trial.clashes if trial else ()
    return [pair for clash in clashes for pair in _pairs_of(clash)]
