"""Commands about the queue, and about what a queued task is asked to do."""

from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.queueing import (
    EditPromptParams,
    QueueResult,
    RenameTaskParams,
    SetAfterParams,
    SetPriorityParams,
)
from agentls.lsp.protocol.tasks import Empty, TaskParams, TaskResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import State, Task


@command("agentls.renameTask")
async def rename_task(
    ls: Server, params: RenameTaskParams, _: RequestProgress
) -> TaskResult:
    """Give a task another title; its branch keeps its name."""
    return _result(ls, await ls.core.queueing.rename(params.task, params.title))


@command("agentls.editPrompt")
async def edit_prompt(
    ls: Server, params: EditPromptParams, _: RequestProgress
) -> TaskResult:
    """Give a queued or failed task another prompt.

    What failed takes it with `retryTask`. The title stays.
    """
    return _result(ls, await ls.core.queueing.edit_prompt(params.task, params.prompt))


@command("agentls.setPriority")
async def set_priority(
    ls: Server, params: SetPriorityParams, _: RequestProgress
) -> TaskResult:
    """Say how early a queued task begins: the greater the earlier."""
    task = await ls.core.queueing.set_priority(params.task, params.priority)
    return _result(ls, task)


@command("agentls.setAfter")
async def set_after(
    ls: Server, params: SetAfterParams, _: RequestProgress
) -> TaskResult:
    """Say which tasks must be merged before a queued one begins.

    Refused when it would wait for itself.
    """
    return _result(ls, await ls.core.queueing.set_after(params.task, params.after))


@command("agentls.startTask")
async def start_task(
    ls: Server, params: TaskParams, progress: RequestProgress
) -> TaskResult:
    """Begin a queued task now: past the queue, its limits and what it waits for."""
    task = await ls.core.queueing.start(params.task, progress=progress)
    return _result(ls, task)


@command("agentls.pauseQueue")
async def pause_queue(
    ls: Server,
    params: Empty,  # noqa: ARG001 - the registry reads its type
    _: RequestProgress,
) -> QueueResult:
    """Begin nothing more that is queued; what runs goes on. Kept over restarts."""
    await ls.core.queueing.pause()
    return _queue(ls)


@command("agentls.resumeQueue")
async def resume_queue(
    ls: Server,
    params: Empty,  # noqa: ARG001 - the registry reads its type
    _: RequestProgress,
) -> QueueResult:
    """Go on with a queue that was paused."""
    await ls.core.queueing.resume()
    return _queue(ls)


def _queue(ls: Server) -> QueueResult:
    book = ls.core.book
    queued = sum(task.state is State.QUEUED for task in book.tasks())
    return QueueResult(paused=book.paused, queued=queued)


def _result(ls: Server, task: Task) -> TaskResult:
    return TaskResult(task=ls.task_info(task), prompt=task.prompt)
