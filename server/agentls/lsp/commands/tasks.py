"""Commands about tasks as a whole: create, list, stop, discard, restore."""

# pygls reads these hints at run time: no TYPE_CHECKING imports in this package.
import attrs

from agentls.config import Right
from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.agents import RespondParams
from agentls.lsp.protocol.tasks import (
    AdoptParams,
    CreateTaskParams,
    DiscardTaskParams,
    ListTasksParams,
    ListTasksResult,
    ResumeTaskParams,
    SendPromptParams,
    TaskParams,
    TaskResult,
)
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.model import Task
from agentls.tasks.adopting import Adoption
from agentls.tasks.request import TaskRequest


@command("agentls.createTask", agents=Right.CREATE)
async def create_task(
    ls: Server, params: CreateTaskParams, progress: RequestProgress
) -> TaskResult:
    """Create a task: a worktree, a branch, and an agent that begins with the prompt.

    Answers when the agent runs, when the task must wait for a place (`queued`), or
    when its preparation failed (`failed`; the prompt is kept). Cancelling undoes it.
    """
    task = await ls.core.creating.create(
        TaskRequest(
            prompt=params.prompt,
            template=params.template,
            fields=params.fields or {},
            folder=ls.folder(params.uri),
            agent=params.agent,
            title=params.title,
            base=params.base,
            target=params.target,
            branch=params.branch,
            after=params.after,
            priority=params.priority,
            labels=params.labels,
            parent=params.parent,
            delegate=ls.delegate,
            environment=ls.client_environment,
        ),
        progress=progress,
        wait=params.wait,
    )
    return _result(ls, task)


@command("agentls.adopt")
async def adopt(ls: Server, params: AdoptParams, _: RequestProgress) -> TaskResult:
    """Make a task of a worktree that is there already; it stays its owner's.

    A discard lets go of it and leaves folder and branch where they are.
    """
    task = await ls.core.adopting.adopt(
        Adoption(
            path=ls.folder(params.uri),
            title=params.title,
            prompt=params.prompt,
            agent=params.agent,
            target=params.target,
            environment=ls.client_environment,
        )
    )
    return _result(ls, task)


@command("agentls.listTasks", agents=Right.LIST)
async def list_tasks(
    ls: Server, params: ListTasksParams, _: RequestProgress
) -> ListTasksResult:
    """List the user's tasks, over all repositories unless one is named."""
    root = params.uri and await ls.core.repository_root(ls.folder(params.uri))
    wanted = set(params.labels)
    tasks = ls.core.delegating.visible(
        ls.delegate,
        ls.core.book.tasks(repository=root or None, discarded=params.discarded),
    )
    return ListTasksResult(
        rev=ls.core.book.rev,
        tasks=tuple(ls.task_info(task) for task in tasks if wanted <= {*task.labels}),
        paused=ls.core.book.paused,
    )


@command("agentls.getTask", agents=Right.SHOW)
async def get_task(ls: Server, params: TaskParams, _: RequestProgress) -> TaskResult:
    """Give one task, with its prompt, and what it took so far."""
    task = ls.core.book.get(params.task)
    spent = await ls.core.accounting.of(task)
    return attrs.evolve(_result(ls, task), usage=present.usage_info(spent))


@command("agentls.sendPrompt", agents=Right.SEND)
async def send_prompt(
    ls: Server, params: SendPromptParams, _: RequestProgress
) -> TaskResult:
    """Tell the agent something: typed into its session, else it is resumed with it."""
    return _result(ls, await ls.core.tasks.send_prompt(params.task, params.text))


@command("agentls.respond")
async def respond(ls: Server, params: RespondParams, _: RequestProgress) -> TaskResult:
    """Answer what a task's agent asks, by typing the keys of the dialog it shows.

    Refused when its screen shows that dialog no more: nothing is typed then.
    """
    task = await ls.core.responding.respond(
        params.task, choice=params.choice, text=params.text
    )
    return _result(ls, task)


@command("agentls.stopTask", agents=Right.STOP)
async def stop_task(ls: Server, params: TaskParams, _: RequestProgress) -> TaskResult:
    """Stop the agent, its children too, or the checks that follow it.

    The work stays and is ready for review.
    """
    return _result(ls, await ls.core.tasks.stop(params.task))


@command("agentls.retryTask", agents=Right.SEND)
async def retry_task(
    ls: Server, params: TaskParams, progress: RequestProgress
) -> TaskResult:
    """Prepare and start a failed or interrupted task again, in its worktree."""
    return _result(ls, await ls.core.tasks.retry(params.task, progress=progress))


@command("agentls.resumeTask", agents=Right.SEND)
async def resume_task(
    ls: Server, params: ResumeTaskParams, _: RequestProgress
) -> TaskResult:
    """Go on with the agent's conversation after its session is over.

    Refused when the agent can't, or its conversation isn't known: nothing is begun
    anew then, which is what `retryTask` and `sendPrompt` do.
    """
    return _result(ls, await ls.core.tasks.resume(params.task, text=params.text))


@command("agentls.discardTask", agents=Right.DISCARD)
async def discard_task(
    ls: Server, params: DiscardTaskParams, _: RequestProgress
) -> TaskResult:
    """Put a task out of sight: worktree and branch go, and all of it is kept."""
    return _result(ls, await ls.core.discarding.discard(params.task))


@command("agentls.restoreTask", agents=Right.DISCARD)
async def restore_task(
    ls: Server, params: TaskParams, _: RequestProgress
) -> TaskResult:
    """Bring a discarded task back as it was, at the same path."""
    return _result(ls, await ls.core.discarding.restore(params.task))


def _result(ls: Server, task: Task) -> TaskResult:
    return TaskResult(
        task=ls.task_info(task),
        prompt=task.prompt,
    )
