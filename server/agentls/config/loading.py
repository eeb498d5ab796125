"""Loading the configuration: its files, checked, laid over each other."""

import copy
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from agentls.config.documents import ConfigError, Document, Problem, read_document
from agentls.config.settings import CONFIG, USER_ONLY, Config
from agentls.config.shapes import Fault, KeyPath

__all__ = ["REPOSITORY_FILES", "LoadedConfig", "load_config", "merge_tables"]

REPOSITORY_FILES = (".agentls.toml", ".agentls.local.toml")
"""The files at a repository's root; the later one is nearer."""

_PROBLEMS_MAX = 20


@attrs.frozen(kw_only=True)
class LoadedConfig:
    """The files of the configuration, each without faults, the nearest last."""

    repository: Path | None
    documents: tuple[Document, ...]

    def repository_table(self) -> Mapping[str, Any]:
        """Give what the repository's files say, all together."""
        return merge_tables(
            *(document.table for document in self.documents if document.of_repository)
        )

    def config(self, *, without: Collection[KeyPath] = ()) -> Config:
        """Lay the files over each other; `without` is dropped from a repository's."""
        documents = tuple(
            attrs.evolve(document, table=_without(document.table, without))
            if document.of_repository
            else document
            for document in self.documents
        )
        merged = merge_tables(*(document.table for document in documents))
        return attrs.evolve(CONFIG.build(dict(merged)), documents=documents)


def load_config(*, user_file: Path, repository: Path | None) -> LoadedConfig:
    """Read the user's file and those at the repository's root; any may be missing.

    Raises `ConfigError` with all that is wrong in all files. Blocking.
    """
    files = [(user_file, False)]
    if repository is not None:
        files += [(repository / name, True) for name in REPOSITORY_FILES]
    documents: list[Document] = []
    problems: list[Problem] = []
    for file, of_repository in files:
        try:
            document = read_document(file, of_repository=of_repository)
        except ConfigError as error:
            problems += error.problems
            continue
        if document is not None:
            documents.append(document)
            problems += _problems(document, user_file=user_file)
    if problems:
        raise ConfigError(tuple(problems))
    return LoadedConfig(repository=repository, documents=tuple(documents))


def merge_tables(*tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lay tables over each other, the nearest last: key by key, tables within too."""
    merged: dict[str, Any] = {}
    for table in tables:
        for name, value in table.items():
            below = merged.get(name)
            if isinstance(below, dict) and isinstance(value, dict):
                merged[name] = merge_tables(
                    cast("dict[str, Any]", below), cast("dict[str, Any]", value)
                )
            else:
                merged[name] = copy.deepcopy(value)
    return merged


def _problems(document: Document, *, user_file: Path) -> Iterator[Problem]:
    faults = [*CONFIG.check(document.table, ()), *_agents_faults(document.table)]
    if document.of_repository:
        faults += _user_only_faults(document, user_file=user_file)
    problems = [document.problem(fault) for fault in faults[:_PROBLEMS_MAX]]
    yield from sorted(problems, key=lambda problem: problem.line or 0)
    if more := len(faults) - len(problems):
        yield Problem(file=document.file, line=None, key="", message=f"and {more} more")


def _agents_faults(table: Mapping[str, Any]) -> Iterator[Fault]:
    """Look at the names only: what a definition may say stands in `agents/`."""
    agents = table.get("agents")
    if not isinstance(agents, dict):
        return
    for name, value in cast("dict[str, object]", agents).items():
        if not name.strip() or not name.isprintable() or "/" in name:
            yield Fault(at=("agents", name), message="is no name for an agent")
        elif not isinstance(value, dict):
            yield Fault(at=("agents", name), message="must be a table")


def _user_only_faults(document: Document, *, user_file: Path) -> Iterator[Fault]:
    for pattern, decides in USER_ONLY.items():
        for at in _matching(document.table, pattern):
            yield Fault(
                at=at,
                message=f"decides {decides}, so a repository's file can't set it;"
                f" put it into {user_file}",
            )


def _matching(table: object, pattern: tuple[str, ...]) -> Iterator[KeyPath]:
    if not pattern:
        yield ()
    elif isinstance(table, dict):
        for name, value in cast("dict[str, object]", table).items():
            if pattern[0] in {"*", name}:
                for rest in _matching(value, pattern[1:]):
                    yield (name, *rest)


def _without(table: Mapping[str, Any], dropped: Collection[KeyPath]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in table.items():
        if (name,) in dropped:
            continue
        inner = {at[1:] for at in dropped if at[0] == name and len(at) > 1}
        kept[name] = _without(value, inner) if inner else value
    return kept
