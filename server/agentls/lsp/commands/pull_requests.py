"""Commands about pull requests."""

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.pull_requests import (
    CreatePullRequestParams,
    CreatePullRequestResult,
)
from agentls.lsp.protocol.tasks import TaskParams, TaskResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server
from agentls.tasks.publishing import RequestWish


@command("agentls.createPullRequest")
async def create_pull_request(
    ls: Server, params: CreatePullRequestParams, progress: RequestProgress
) -> CreatePullRequestResult:
    """Push a task's branch and make a pull request of it, instead of a merge.

    Pushed are the agent's commits, with what it didn't commit as one on top; called
    again, what is new. What others pushed to that branch is never overwritten. The
    request is made by `gh` or `glab`, as the remote's host and the user's PATH say.
    """
    done = await ls.core.publishing.create(
        params.task,
        RequestWish(title=params.title, body=params.body, draft=params.draft),
        stop=params.stop,
        progress=progress,
    )
    return CreatePullRequestResult(
        task=ls.task_info(done.task),
        program=done.program,
        offer=done.offer,
        skipped_hook=done.hook and present.uri_of(done.hook),
    )


@command("agentls.refreshPullRequest")
async def refresh_pull_request(
    ls: Server, params: TaskParams, _: RequestProgress
) -> TaskResult:
    """Ask how a task's pull request stands."""
    task = await ls.core.publishing.refresh(params.task)
    return TaskResult(task=ls.task_info(task), prompt=task.prompt)
