"""A pull request instead of a merge: the branch pushed, the request made and watched.

Each step can be done again: what was pushed already is known by the remote, and of
a request that is there already its page is taken.
"""

from collections.abc import Mapping
from pathlib import Path

import attrs

from agentls.errors import GitFailed, InvalidState
from agentls.git.commits import read_commit, tree_of
from agentls.git.pushing import push_branch, push_hook
from agentls.git.remotes import remote_for, remote_url
from agentls.git.repository import Repository
from agentls.model import CommitId, PullRequest, PullState, Task
from agentls.review.forge import Draft, Forge, forge_of
from agentls.review.pull_request import tip_to_push, title_of
from agentls.review.updating import check_resolved
from agentls.tasks.agency import Agency
from agentls.tasks.briefing import Briefings
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations
from agentls.tasks.request import check_text
from agentls.tasks.starting import Say
from agentls.tasks.trusting import Trusting

__all__ = ["Published", "Publishing", "RequestWish"]

_KEPT_FROM_GIT = ("GIT_", "LC_", "LANG")
"""Variables that would bend git's calls or its words."""


@attrs.frozen(kw_only=True)
class RequestWish:
    """What a person wants of a request."""

    title: str | None = None
    body: str | None = None
    draft: bool = False


@attrs.frozen(kw_only=True)
class Published:
    """What was pushed, and what became of it."""

    task: Task
    program: str | None
    """`gh` or `glab`; None where none fits the remote, so no request was made."""
    offer: str | None
    """The page that the remote names for making a request by hand."""
    hook: Path | None
    """A `pre-push` hook that wasn't run."""


class Publishing:
    """Makes pull requests of tasks."""

    def __init__(
        self,
        operations: Operations,
        *,
        trusting: Trusting,
        agency: Agency,
        merging: Merging,
        briefings: Briefings,
    ) -> None:
        self._on = operations
        self._briefings = briefings
        self._trusting = trusting
        self._agency = agency
        self._merging = merging

    async def create(
        self, name: str, wish: RequestWish, *, stop: bool, progress: Say
    ) -> Published:
        """Push a task's branch and make a request of it, or bring both up to date.

        The task stays in `review`. When the request can't be made, the branch is
        pushed all the same, and the error says so.
        """
        check_text(wish.title or "", what="title")
        check_text(wish.body or "", what="body")
        task_id = self._on.book.get(name).id
        async with self._on.lock(task_id):
            task = await self._on.to_review(task_id, stop=stop, to="propose")
            repository = await self._on.repository(task)
            await check_resolved(repository, task)
            progress("Saving a checkpoint")
            saved = await self._on.checkpoints.take(
                repository, task, reason="Before the pull request"
            )
            merge_wish = await self._merging.wish(
                repository, task, message=None, skip_hooks=True
            )
            tip, files = await tip_to_push(
                repository, task, saved=saved, wish=merge_wish
            )
            tip = await _same_as_pushed(repository, task, tip)
            known = task.pull_request
            remote = (
                known.remote if known else await remote_for(repository, task.target)
            )
            environ = await self._environ(task)
            progress(f"Pushing to {remote}")
            pushed = await push_branch(
                repository,
                task.branch,
                to=remote,
                tip=tip,
                pushed=known.pushed if known else None,
                env=environ,
            )
            request = PullRequest(
                remote=remote,
                branch=task.branch,
                pushed=tip,
                url=known.url if known else None,
                state=known.state if known else PullState.NONE,
            )
            task = await self._keep(task, request)
            forge = await forge_of(
                await remote_url(repository, remote), environ=environ
            )
            if forge is not None:
                progress("Making the request")
                body = wish.body
                if body is None:
                    body = await self._briefings.for_others(task, files)
                draft = Draft(
                    branch=task.branch,
                    target=task.target,
                    title=wish.title or title_of(task),
                    body=body,
                    draft=wish.draft,
                )
                task = await self._request(task, request, draft, forge)
            return Published(
                task=task,
                program=forge.program.name if forge else None,
                offer=pushed.offer,
                hook=await push_hook(repository),
            )

    async def refresh(self, name: str) -> Task:
        """Ask how a task's request stands, and keep the answer."""
        task = self._on.book.get(name)
        request = task.pull_request
        if request is None or request.url is None:
            raise InvalidState(
                f"Task {task.id} has no pull request.", hint=f"agentls pr {task.id}"
            )
        repository = await self._on.repository(task)
        environ = await self._environ(task)
        url = await remote_url(repository, request.remote)
        forge = await forge_of(url, environ=environ)
        if forge is None:
            raise InvalidState(
                f"Neither gh nor glab, as {request.url} needs it, is installed.",
                hint="Install it, or look at the page.",
            )
        state = await forge.state(request.url)
        async with self._on.lock(task.id):
            return await self._keep(task, attrs.evolve(request, state=state))

    async def _request(
        self, task: Task, request: PullRequest, draft: Draft, forge: Forge
    ) -> Task:
        """Make the request, or, of one that is open, see how it stands."""
        try:
            made = request.url is None or request.state is PullState.CLOSED
            url = await forge.create(draft) if made else request.url
            assert url is not None  # noqa: S101 - for the type checker
            state = await forge.state(url)
        except GitFailed as error:
            raise GitFailed(
                f"The branch {draft.branch} was pushed to {request.remote}, but"
                f" {error.message}",
                hint=f"{error.hint} Then try again; nothing is pushed twice.",
            ) from error
        return await self._keep(task, attrs.evolve(request, url=url, state=state))

    async def _keep(self, task: Task, request: PullRequest) -> Task:
        if self._on.book.get(task.id).pull_request == request:
            return self._on.book.get(task.id)
        return await self._on.book.change(task.id, quietly=True, pull_request=request)

    async def _environ(self, task: Task) -> Mapping[str, str]:
        """Give what a new terminal of the user's has: logins, agents, programs."""
        config = await self._trusting.user_config()
        environ = await self._agency.environment(task, config)
        return {
            name: value
            for name, value in environ.items()
            if not name.startswith(_KEPT_FROM_GIT)
        }


async def _same_as_pushed(
    repository: Repository, task: Task, tip: CommitId
) -> CommitId:
    """Give the commit that was pushed already, if it holds the same on the same."""
    pushed = task.pull_request.pushed if task.pull_request else None
    if pushed is None or pushed == tip:
        return tip
    old, new = await read_commit(repository, pushed), await read_commit(repository, tip)
    same = old.parents == new.parents and old.message == new.message
    same = same and await tree_of(repository, pushed) == new.tree
    return pushed if same else tip
