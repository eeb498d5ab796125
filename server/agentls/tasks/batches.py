"""Batches: many tasks at once, from a checklist, from lines, or from JSON.

The same file given twice makes nothing twice: an item that has a task already, unless
that was discarded, is only named.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs
import cattrs

from agentls.errors import AgentlsError, InvalidParams
from agentls.git.repository import Repository, find_repository
from agentls.model import GroupKind, Item, Task
from agentls.review.checklist import noted, read_checklist
from agentls.tasks.creating import Creating
from agentls.tasks.operations import Operations
from agentls.tasks.request import TaskRequest, title_of
from agentls.threads import in_thread

__all__ = ["BatchItem", "BatchSource", "Batching"]

_FILE_MAX = 4 << 20
"""Bytes of a file with a batch."""


@attrs.frozen(kw_only=True)
class BatchSource:
    """Where a batch comes from."""

    format: str
    """`markdown` (the open items of checklists), `lines` or `json`."""
    text: str | None = None
    """The file's content if absent."""
    path: Path | None = None
    """The file, by which its items are known again."""
    lines: Collection[int] = ()
    """Only those that stand on these lines, from 1; all if there is none."""


@attrs.frozen(kw_only=True)
class BatchItem:
    """One entry of a batch."""

    line: int | None
    """Where it stands, from 1."""
    title: str
    prompt: str
    task: Task | None = None
    """The one that it was made into, now or before; None in a dry run."""
    made: bool = False


@attrs.frozen(kw_only=True)
class _Entry:
    request: TaskRequest
    line: int | None = None
    waits: tuple[str, ...] = ()
    """The keys of other entries, or ids of tasks, that are to be merged first."""
    key: str | None = None


class Batching:
    """Makes tasks of what a person wrote down."""

    def __init__(self, operations: Operations, *, creating: Creating) -> None:
        self._on = operations
        self._creating = creating

    async def run(
        self, source: BatchSource, request: TaskRequest, *, dry: bool, note_ids: bool
    ) -> tuple[BatchItem, ...]:
        """Make a task of each entry that has none yet: all of them, or none.

        `request` holds what all have in common. `dry`: only say what would be made.
        `note_ids` writes the tasks' ids behind the items of the file.
        """
        if note_ids and (source.path is None or source.format != "markdown"):
            raise InvalidParams(
                "Only a Markdown file can take the tasks' ids; nothing was made.",
                hint="Name the file, or leave `ids` out.",
            )
        repository = await find_repository(request.folder)
        text = source.text
        if text is None:
            text = await in_thread(_read, source.path)
        entries = _parse(source.format, text, request)
        if source.lines:
            entries = [entry for entry in entries if entry.line in source.lines]
        if source.path is not None:
            inside = _inside(repository, source.path)
            entries = [_with_item(entry, inside) for entry in entries]
        tasks = self._of_items(repository)
        known = [
            tasks.get(entry.request.item) if entry.request.item else None
            for entry in entries
        ]
        new = [
            entry for entry, task in zip(entries, known, strict=True) if task is None
        ]
        made: tuple[Task, ...] = ()
        if not dry:
            requests, waits = _resolve(new, entries, known)
            made = await self._creating.create_all(
                requests, kind=GroupKind.BATCH, waits=waits
            )
        items = _items(entries, known, made)
        if note_ids and made and source.path is not None:
            ids = {one.title: one.task.id for one in items if one.task}
            await in_thread(_note, source.path, ids)
        return tuple(items)

    def _of_items(self, repository: Repository) -> dict[Item, Task]:
        """Give the tasks that items of checklists became, the oldest of each."""
        of: dict[Item, Task] = {}
        for task in self._on.book.tasks(repository=repository.root):
            if task.item is not None:
                of.setdefault(task.item, task)
        return of


def _items(
    entries: Sequence[_Entry], known: Sequence[Task | None], made: Sequence[Task]
) -> list[BatchItem]:
    left = list(made)
    items: list[BatchItem] = []
    for entry, task in zip(entries, known, strict=True):
        new = task is None and bool(left)
        items.append(
            BatchItem(
                line=entry.line,
                title=entry.request.title or title_of(entry.request.prompt),
                prompt=entry.request.prompt,
                task=left.pop(0) if new else task,
                made=new,
            )
        )
    return items


def _resolve(
    new: Sequence[_Entry], entries: Sequence[_Entry], known: Sequence[Task | None]
) -> tuple[list[TaskRequest], list[tuple[int, ...]]]:
    """Find what each waits for: entries made with it, by place, and tasks there are."""
    places = {entry.key: place for place, entry in enumerate(new) if entry.key}
    there = {
        entry.key: task.id
        for entry, task in zip(entries, known, strict=True)
        if entry.key and task and task.merged_commit is None
    }
    merged = {
        entry.key
        for entry, task in zip(entries, known, strict=True)
        if task and task.merged_commit is not None
    }
    requests: list[TaskRequest] = []
    waits: list[tuple[int, ...]] = []
    for entry in new:
        waits.append(tuple(places[key] for key in entry.waits if key in places))
        others = tuple(
            there.get(key, key)
            for key in entry.waits
            if key not in places and key not in merged
        )
        after = entry.request.after + others
        requests.append(attrs.evolve(entry.request, after=after))
    return requests, waits


def _with_item(entry: _Entry, path: str) -> _Entry:
    text = entry.key or entry.request.title or title_of(entry.request.prompt)
    item = Item(path=path, text=text)
    return attrs.evolve(entry, request=attrs.evolve(entry.request, item=item))


def _inside(repository: Repository, path: Path) -> str:
    """Give a file's path from the repository's root, else its whole path."""
    path = path.resolve()
    if path.is_relative_to(repository.root):
        path = path.relative_to(repository.root)
    return path.as_posix()


def _parse(format_: str, text: str, request: TaskRequest) -> list[_Entry]:
    readers: dict[str, Callable[[str, TaskRequest], list[_Entry]]] = {
        "markdown": _markdown,
        "lines": _lines,
        "json": _json,
    }
    if format_ not in readers:
        raise InvalidParams(
            f"A batch has no format {format_!r}.",
            hint=f"There are {', '.join(readers)}.",
        )
    entries = readers[format_](text, request)
    seen: dict[str, _Entry] = {}
    for entry in entries:  # the same item twice is one task, as in a second run
        seen.setdefault(entry.key or entry.request.prompt, entry)
    return list(seen.values())


def _markdown(text: str, request: TaskRequest) -> list[_Entry]:
    return [
        _Entry(
            request=attrs.evolve(request, prompt=item.prompt, title=item.text),
            line=item.line + 1,
        )
        for item in read_checklist(text)
        if not item.done
    ]


def _lines(text: str, request: TaskRequest) -> list[_Entry]:
    return [
        _Entry(request=attrs.evolve(request, prompt=line.strip()), line=number)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]


@attrs.frozen(kw_only=True)
class _Given:
    """An entry of a JSON batch; what is absent is as for all."""

    prompt: str
    title: str | None = None
    agent: str | None = None
    base: str | None = None
    target: str | None = None
    labels: tuple[str, ...] = ()
    key: str | None = None
    after: tuple[str, ...] = ()


def _text(value: Any, _: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(value: Any, _: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no array")
    return tuple(_text(one, str) for one in cast("list[Any]", value))


_JSON = cattrs.Converter(forbid_extra_keys=True)
_JSON.register_structure_hook(str, _text)
_JSON.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)


def _json(text: str, request: TaskRequest) -> list[_Entry]:
    try:
        given = _JSON.structure(_in_full(json.loads(text)), list[_Given])
    except ValueError as error:  # no JSON, or not UTF-8
        raise InvalidParams(
            f"The batch is no JSON: {error}. Nothing was made."
        ) from error
    except cattrs.BaseValidationError as error:
        raise InvalidParams(
            f"The batch is wrong: {'; '.join(cattrs.transform_error(error))}. Nothing"
            " was made.",
            hint='[{"prompt": "…"}, …], each with title, agent, base, target, labels,'
            " key and after (an array of other entries' keys, or of tasks' ids) as"
            " wanted.",
        ) from error
    return [_from_json(one, request) for one in given]


def _in_full(entries: Any) -> list[Any]:
    """Make objects of mere texts, which are prompts; refuse what is neither."""
    wanted = "an array of texts and objects"
    if not isinstance(entries, list):
        raise InvalidParams(f"The batch is not {wanted}; nothing was made.")
    full = [
        {"prompt": one} if isinstance(one, str) else one
        for one in cast("list[Any]", entries)
    ]
    if not all(isinstance(one, dict) for one in full):
        raise InvalidParams(f"The batch is not {wanted}; nothing was made.")
    return full


def _from_json(given: _Given, request: TaskRequest) -> _Entry:
    own = attrs.asdict(given, filter=lambda _, value: value is not None)
    key, waits = own.pop("key", None), own.pop("after")
    own["labels"] = request.labels + given.labels
    return _Entry(request=attrs.evolve(request, **own), waits=tuple(waits), key=key)


def _read(path: Path | None) -> str:
    if path is None:
        raise InvalidParams("A batch needs a text or a file.")
    try:
        if path.stat().st_size > _FILE_MAX:
            raise InvalidParams(f"{path} is larger than {_FILE_MAX >> 20} MB.")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InvalidParams(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidParams(f"{path} is no UTF-8 text.") from error


def _note(path: Path, ids: Mapping[str, str]) -> None:
    """Write the ids into the file as it is now."""
    before = path.read_bytes().decode("utf-8")
    after = noted(before, ids)
    if after == before:
        return
    try:
        path.write_bytes(after.encode("utf-8"))
    except OSError as error:
        raise AgentlsError(
            f"The tasks were made, but {path} can't be written: {error.strerror}."
        ) from error
