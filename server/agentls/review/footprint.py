"""Which changes could conflict at all, told from their paths alone.

Invariant: two changes that never meet here merge cleanly, as git merges them
(tests/review/test_forecast.py, against all pairs). They meet in

- a path that both changed; a renamed file counts under both names;
- a file of one where the other has a folder;
- a folder that one may have renamed, since it lost files and files were added
  elsewhere, when the other put something into it: git moves that along.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import attrs

from agentls.git.changes import ChangedFile, Status
from agentls.git.trees import folders_above
from agentls.model import TaskId

__all__ = ["Footprint", "Meetings", "footprint"]


@attrs.frozen(kw_only=True)
class Footprint:
    """Where a change was."""

    files: Mapping[bytes, ChangedFile]
    """By path, renames as a file deleted and one added."""
    parents: frozenset[bytes]
    """The folders above the files, the top one left out."""
    left: frozenset[bytes]
    """The folders that may have been renamed."""
    entered: frozenset[bytes]
    """The folders that something was put into."""

    def meets_in_files_only(self, other: "Footprint") -> bool:
        """Tell whether the two don't meet in folders."""
        return (
            self.parents.isdisjoint(other.files)
            and other.parents.isdisjoint(self.files)
            and self.left.isdisjoint(other.entered)
            and other.left.isdisjoint(self.entered)
        )


def footprint(files: Iterable[ChangedFile]) -> Footprint:
    """Give the footprint of a change, listed without renames."""
    by_path = {file.path: file for file in files}
    added = [file.path for file in by_path.values() if file.status is Status.ADDED]
    deleted = [file.path for file in by_path.values() if file.status is Status.DELETED]
    return Footprint(
        files=by_path,
        parents=folders_above(by_path),
        left=folders_above(deleted) if added else frozenset(),
        entered=folders_above(added),
    )


class Meetings:
    """Finds who could conflict with whom, however many there are."""

    def __init__(self) -> None:
        self._by_path: defaultdict[bytes, set[TaskId]] = defaultdict(set)
        self._by_parent: defaultdict[bytes, set[TaskId]] = defaultdict(set)
        self._by_left: defaultdict[bytes, set[TaskId]] = defaultdict(set)
        self._by_entered: defaultdict[bytes, set[TaskId]] = defaultdict(set)

    def add(self, task: TaskId, its: Footprint) -> None:
        """Take up a task's footprint."""
        for table, keys in self._places(its):
            for key in keys:
                table[key].add(task)

    def remove(self, task: TaskId, its: Footprint) -> None:
        """Forget it again."""
        for table, keys in self._places(its):
            for key in keys:
                table[key].discard(task)
                if not table[key]:
                    del table[key]

    def near(self, mine: Footprint) -> frozenset[TaskId]:
        """Give all whose footprints meet this one."""
        found: set[TaskId] = set()
        for table, keys in (
            (self._by_path, mine.files),
            (self._by_path, mine.parents),
            (self._by_parent, mine.files),
            (self._by_left, mine.entered),
            (self._by_entered, mine.left),
        ):
            for key in keys:
                found |= table.get(key, set())
        return frozenset(found)

    def _places(
        self, one: Footprint
    ) -> tuple[tuple[defaultdict[bytes, set[TaskId]], Collection[bytes]], ...]:
        return (
            (self._by_path, one.files),
            (self._by_parent, one.parents),
            (self._by_left, one.left),
            (self._by_entered, one.entered),
        )
