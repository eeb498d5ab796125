"""Whether a person has told an agent that it may trust a repository.

Some agents keep that by folders, and a task's worktree is a new folder each time: what
the person said of their own checkout holds for it too. It is only read.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from agentls.config.shapes import Text, TextList, TextTable, key

__all__ = ["TrustedFolders", "is_trusted"]

_SIZE_MAX = 1 << 20


@attrs.frozen(kw_only=True)
class TrustedFolders:
    """Where an agent keeps which folders it may trust, and how it is told of one."""

    file: str | None = key(
        Text(),
        about="Its file: a JSON object of folders; {home} is put in. Absent: it knows"
        " by itself that a worktree belongs to a repository.",
    )
    values: tuple[str, ...] = key(
        TextList(or_one=True, least=1),
        default=(),
        about="The values of a folder that it, and what is in it, may be trusted.",
    )
    args: tuple[str, ...] = key(
        TextList(), default=(), about="Put in at {trusted}, for a trusted repository."
    )
    env: Mapping[str, str] = key(
        TextTable(), default=attrs.Factory(dict[str, str]), about="Variables, likewise."
    )


def is_trusted(folders: TrustedFolders, root: Path, *, home: Path) -> bool:
    """Tell whether a person has said so of a folder: the nearest one above decides.

    False where nothing can be read: then the agent asks. Blocking.
    """
    if folders.file is None:
        return False
    said = _read(Path(folders.file.replace("{home}", str(home))))
    of = {Path(name).resolve(): value for name, value in said.items()}
    resolved = root.resolve()
    for folder in (resolved, *resolved.parents):
        if folder in of:
            return of[folder] in folders.values
    return False


def _read(file: Path) -> Mapping[str, object]:
    try:
        if file.stat().st_size > _SIZE_MAX:
            return {}
        found: Any = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
