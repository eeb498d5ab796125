"""Commands about many tasks at once: batches and races."""

import os

from agentls.lsp.commands.changes import shown_changes
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.many import (
    BatchItemInfo,
    CompareTasksParams,
    CompareTasksResult,
    CreateTasksParams,
    CreateTasksResult,
    RaceParams,
    RaceResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server, path_of
from agentls.tasks.batches import BatchSource
from agentls.tasks.request import TaskRequest
from agentls.tasks.reviewing import Asked


@command("agentls.createTasks")
async def create_tasks(
    ls: Server, params: CreateTasksParams, _: RequestProgress
) -> CreateTasksResult:
    """Make a task of each entry of a batch: of all of them, or of none.

    Answers when they are kept; they begin as there are places. The same file given
    twice makes nothing twice.
    """
    items = await ls.core.batching.run(
        BatchSource(
            format=params.format,
            text=params.text,
            path=(params.file and path_of(params.file)) or None,
            lines=frozenset(params.lines),
        ),
        TaskRequest(
            prompt="",
            folder=ls.folder(params.uri or params.file),
            agent=params.agent,
            base=params.base,
            target=params.target,
            after=params.after,
            labels=params.labels,
            environment=ls.client_environment,
        ),
        dry=params.dry_run,
        note_ids=params.ids,
    )
    return CreateTasksResult(
        items=tuple(
            BatchItemInfo(
                line=item.line,
                title=item.title,
                prompt=item.prompt,
                task=item.task and ls.task_info(item.task),
                made=item.made,
            )
            for item in items
        )
    )


@command("agentls.race")
async def race(ls: Server, params: RaceParams, _: RequestProgress) -> RaceResult:
    """Give one prompt to several agents; merging one of the tasks discards the rest.

    An undo of that merge brings them back.
    """
    tasks = await ls.core.races.race(
        TaskRequest(
            prompt=params.prompt,
            folder=ls.folder(params.uri),
            title=params.title,
            base=params.base,
            target=params.target,
            after=params.after,
            labels=params.labels,
            environment=ls.client_environment,
        ),
        agents=params.agents,
        tries=params.tries,
    )
    return RaceResult(tasks=tuple(ls.task_info(task) for task in tasks))


@command("agentls.compareTasks")
async def compare_tasks(
    ls: Server, params: CompareTasksParams, _: RequestProgress
) -> CompareTasksResult:
    """Put two tasks side by side, and say what leads from one's work to the other's."""
    first = ls.core.book.get(params.task)
    shown = await shown_changes(
        ls,
        params.other,
        Asked(
            old=f"task:{first.id}",
            paths=tuple(map(os.fsencode, params.paths)),
            hunks=params.hunks,
            patch=params.patch,
            limit=params.limit,
            more=params.more,
        ),
    )
    return CompareTasksResult(
        task=ls.task_info(ls.core.book.get(first.id)),
        other=ls.task_info(ls.core.book.get(params.other)),
        changes=shown,
    )
