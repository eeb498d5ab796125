"""The box of a checklist's item, ticked as part of the merge of its task."""

import attrs

from agentls.git.advance import checkout_of
from agentls.git.changes import read_blob
from agentls.git.obstacles import find_obstacles
from agentls.git.pairs import store_blob
from agentls.git.repository import Repository
from agentls.git.trees import read_entry, with_entries
from agentls.model import CommitId, Task
from agentls.review.checklist import ticked

__all__ = ["with_box_ticked"]

_REGULAR = 0o100000
_TYPE = 0o170000


async def with_box_ticked(
    repository: Repository, task: Task, tree: str, *, target: CommitId
) -> str:
    """Give what the target would get with the box of the task's item ticked.

    As it is where there is none: the item is gone or done, or the target's checkout
    has changes of the user's in that file, which a merge never touches.
    """
    if task.item is None:
        return tree
    path = task.item.path.encode()
    entry = await read_entry(repository, tree, path)
    content = await read_blob(repository, tree, path)
    if entry is None or entry.mode & _TYPE != _REGULAR or content is None:
        return tree
    text = ticked(content.decode("utf-8", "surrogateescape"), task.item.text)
    if text is None:
        return tree
    blob = await store_blob(text.encode("utf-8", "surrogateescape"), at=repository.main)
    new = await with_entries(repository, tree, {path: attrs.evolve(entry, blob=blob)})
    if await _would_be_refused(repository, task, path, old=target, new=new):
        return tree
    return new


async def _would_be_refused(
    repository: Repository, task: Task, path: bytes, *, old: CommitId, new: str
) -> bool:
    checkout = await checkout_of(repository, task.target)
    if checkout is None:
        return False
    found = await find_obstacles(repository, checkout, old=old, new=new)
    return path in found.files
