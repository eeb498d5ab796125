"""Making a task's worktree ready: checkout, submodules, copied files, setup."""

import asyncio
from collections.abc import Callable, Mapping

from agentls.config import Config
from agentls.errors import AgentlsError
from agentls.git.branches import delete_branch
from agentls.git.refs import branch_ref, delete_ref, read_ref, task_ref
from agentls.git.repository import Repository, resolve_commit
from agentls.git.submodules import init_submodules
from agentls.git.worktrees import add_worktree, remove_half_made
from agentls.model import Base, BaseKind, Session, SessionKind, Task
from agentls.store.tasks import JournalEntry
from agentls.tasks.copying import copy_files
from agentls.tasks.running import Runner, of_commands
from agentls.tasks.trusting import Policy
from agentls.threads import in_thread

__all__ = [
    "base_at_target",
    "copy_into",
    "make_worktree",
    "run_setup",
    "unmake_task",
    "unmake_worktree",
    "wait_for_setup",
]

_STOP_GRACE = 5.0  # seconds that a setup past its time has to clean up


async def base_at_target(repository: Repository, task: Task) -> Base:
    """Give the present tip of a task's target as what it begins from."""
    tip = await resolve_commit(repository, branch_ref(task.target))
    return Base(kind=BaseKind.REF, name=task.target, commit=tip)


async def make_worktree(
    task: Task,
    *,
    policy: Policy,
    say: Callable[[str], None],
) -> None:
    """Make the worktree with its branch and its submodules.

    What an earlier run left has to be removed first, by `unmake_worktree`.
    """
    repository = policy.repository
    say("Checking out the worktree")
    await add_worktree(
        repository,
        path=task.worktree,
        branch=task.branch,
        start=task.base.commit,
        new_branch=task.base.own_branch,
    )
    say("Initialising submodules")
    await init_submodules(repository, task.worktree)


async def copy_into(task: Task, *, policy: Policy, say: Callable[[str], None]) -> None:
    """Copy what the config names from the checkout into the worktree."""
    if policy.config.copy:
        say("Copying files")
        await in_thread(
            copy_files,
            policy.config.copy,
            root=policy.repository.root,
            worktree=task.worktree,
        )


async def unmake_worktree(repository: Repository, task: Task) -> None:
    """Remove what `make_worktree` made, as long as no agent has worked there.

    The branch goes only if it is the task's own and still where the task began.
    """
    if task.base.kind is BaseKind.ADOPTED:
        return  # it isn't ours to remove
    await remove_half_made(repository, path=task.worktree)
    start = task.base.commit
    untouched = await read_ref(repository, branch_ref(task.branch)) == start
    if untouched and task.base.own_branch:
        await delete_branch(repository, task.branch, expected=start)


async def unmake_task(repository: Repository, task: Task) -> None:
    """Remove all that was made for a task which is no more."""
    await unmake_worktree(repository, task)
    if kept := await read_ref(repository, task_ref(task.id)):
        await delete_ref(repository, task_ref(task.id), expected=kept)


async def run_setup(
    runner: Runner,
    task: Task,
    *,
    config: Config,
    environment: Mapping[str, str],
    journal: JournalEntry,
) -> None:
    """Run the config's setup in a session that can be watched, and wait for it.

    Raises `AgentlsError` when it fails or takes longer than `setup_timeout`.
    """
    session = await runner.start(
        task,
        of_commands(config.setup, title="setup", environment=environment),
        kind=SessionKind.SETUP,
        journal=journal,
    )
    await wait_for_setup(runner, task, session, within=config.setup_timeout)


async def wait_for_setup(
    runner: Runner, task: Task, session: Session, *, within: float
) -> None:
    """Wait for a setup that runs; raise when it doesn't end well."""
    try:
        async with asyncio.timeout(within):
            session = await runner.wait(session.id)
    except TimeoutError as error:
        await runner.stop(task, grace=_STOP_GRACE)
        raise AgentlsError(
            f"The setup took longer than {within:.0f} s and was stopped.",
            hint=f"`agentls logs {task.id}` shows it; `setup_timeout` sets the limit.",
        ) from error
    if session.exit is None or not session.exit.ok:
        how = session.exit.describe() if session.exit else "no trace of its end"
        raise AgentlsError(
            f"The setup ended with {how}.",
            hint=f"`agentls logs {task.id}` shows its output; mend it and retry.",
        )
