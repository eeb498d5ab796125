"""A task's branch on a remote, and the pull or merge request made of it."""

import attrs

from agentls.lsp.protocol.tasks import TaskInfo

__all__ = ["CreatePullRequestParams", "CreatePullRequestResult"]


@attrs.frozen(kw_only=True)
class CreatePullRequestParams:
    """Of what to make a request."""

    task: str
    title: str | None = None
    """The task's title if absent."""
    body: str | None = None
    """The prompt and the changed files if absent."""
    draft: bool = False
    """Not to be reviewed yet."""
    stop: bool = False
    """Stop an agent that still works, instead of refusing."""


@attrs.frozen(kw_only=True)
class CreatePullRequestResult:
    """What was pushed and made; the task's `pullRequest` has its page and state."""

    task: TaskInfo
    program: str | None = None
    """`gh` or `glab`; absent where none is installed that fits the remote: then the
    branch was pushed and no request made."""
    offer: str | None = None
    """The page that the remote names for making a request by hand."""
    skipped_hook: str | None = None
    """The URI of a `pre-push` hook, which is never run by agentls."""
