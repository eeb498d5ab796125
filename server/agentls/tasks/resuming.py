"""Going on with an agent's conversation whose session is over."""

from agentls.errors import InvalidState
from agentls.model import SessionKind, Task
from agentls.tasks.book import TaskBook
from agentls.tasks.starting import Starter
from agentls.threads import in_thread

__all__ = ["GO_ON", "require_worktree", "resume"]

GO_ON = "You were interrupted. Look at what is done already, then go on."
"""What an agent is told when nobody says with what to go on."""


async def resume(
    task: Task, *, text: str | None, book: TaskBook, starter: Starter
) -> Task:
    """Start the task's agent in its conversation; the caller holds the task's lock.

    Raises `InvalidState` when the agent never ran, can't go on with a conversation,
    or didn't say which one it had: nothing is begun anew instead.
    """
    if all(one.kind is not SessionKind.AGENT for one in book.sessions(task.id)):
        raise InvalidState(
            f"The agent of task {task.id} never ran: there is nothing to resume.",
            hint=f"`agentls retry {task.id}` begins it.",
        )
    if starter.runner.living(task, SessionKind.AGENT):
        raise InvalidState(
            f"The session of task {task.id} still runs: there is nothing to resume.",
            hint=f'Tell it there: `agentls send {task.id} "…"`.',
        )
    await require_worktree(task, to="resume")
    policy = await starter.policy(task)
    await starter.agency.require_conversation(task, policy.config)
    return await starter.start_agent(task, policy, prompt=text or GO_ON, resume=True)


async def require_worktree(task: Task, *, to: str) -> None:
    """Refuse an operation on a task whose worktree isn't there."""
    if not await in_thread(task.worktree.exists):
        raise InvalidState(
            f"Task {task.id} has no worktree, so there is nothing to {to}.",
            hint=f"`agentls retry {task.id}` prepares it again.",
        )
