"""The tools: each asks the daemon for one operation, or waits for what it tells."""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from agentls.errors import AgentlsError
from agentls.mcp_server.daemon import Daemon
from agentls.mcp_server.views import (
    Change,
    Patch,
    Rights,
    Task,
    Tasks,
    Waited,
    change_view,
    task_view,
    tasks_view,
)

__all__ = ["Tools", "told"]

_GOING_ON = frozenset({"queued", "preparing", "working", "checking"})
_WAIT_SECONDS = 45.0
"""Shorter than the time that most agents give a tool by themselves (60 s)."""
_WAIT_MOST = 3600.0
_FILES = 200
_DIFF_PIECE = 30_000
"""Characters of a diff in one answer."""

P = ParamSpec("P")
R = TypeVar("R")

Name = Annotated[
    str, Field(description="A task's id, or a beginning that no other shares.")
]
Since = Annotated[
    Literal["base", "turn"],
    Field(description="`base`: all that it changed; `turn`: since its last prompt."),
]


def told(
    tool: Callable[P, Awaitable[R]],
) -> Callable[P, Awaitable[R]]:
    """Give an error's message and hint to the agent, to act upon."""

    @functools.wraps(tool)
    async def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except AgentlsError as error:
            said = f"{error.kind}: {error.message}"
            hint = f"\nhint: {error.hint}" if error.hint else ""
            raise ToolError(said + hint) from error

    return call


class Tools:
    """The tools of one agent. Each docstring is what it reads of the tool."""

    def __init__(self, daemon: Daemon, *, folder: str) -> None:
        self._daemon = daemon
        self._folder = folder

    async def rights(self) -> Rights:
        """Say which agents you may hand tasks to, how many tasks, and what else."""
        answer = await self._daemon.read("delegation", uri=self._folder)
        left = answer["maxOpen"] - answer["open"]
        deep = answer["depth"] <= answer["maxDepth"]
        shown = Rights(
            allowed=answer["allow"],
            agents=answer["agents"],
            approval=answer["approval"],
            may_hand_out=max(0, left) if deep else 0,
        )
        if task := answer.get("task"):
            shown["task"] = task
        return shown

    async def create_task(
        self,
        prompt: Annotated[
            str,
            Field(
                description="What is wanted, whole: the other agent knows nothing of"
                " your conversation. Say which files matter and how to tell that it"
                " is done."
            ),
        ],
        *,
        title: Annotated[
            str | None, Field(description="A few words; else the prompt's first line.")
        ] = None,
        agent: Annotated[
            str | None,
            Field(description="One of those that `rights` names; else the user's own."),
        ] = None,
        base: Annotated[
            str | None,
            Field(
                description="Where it begins: any git ref, `task:ID` (what that task's"
                " work is now, uncommitted files too: give your own task's id to have"
                " yours built upon), or `wip` (the user's checkout with what is"
                " uncommitted there). The user's HEAD if left out."
            ),
        ] = None,
        target: Annotated[
            str | None, Field(description="The branch it merges into; else the user's.")
        ] = None,
        after: Annotated[
            list[str] | None,
            Field(description="Ids of tasks that must be merged before it begins."),
        ] = None,
    ) -> Task:
        """Hand out a task to another agent, in a git worktree and branch of its own.

        It runs beside you and is given back at once: call this once for each task,
        then `wait_tasks`. When it is done, a person reviews and merges it; read what
        it did with `changes` and `diff`. It may have to wait in the queue.
        """
        answer = await self._daemon.do(
            "createTask",
            uri=self._folder,
            prompt=prompt,
            title=title,
            agent=agent,
            base=base,
            target=target,
            after=after,
            wait=False,
        )
        return task_view(answer["task"], whole=True)

    async def list_tasks(
        self,
        *,
        everything: Annotated[
            bool, Field(description="Those of others too, and merged ones.")
        ] = False,
    ) -> Tasks:
        """List the tasks that you handed out and that aren't merged."""
        tasks = (await self._daemon.read("listTasks"))["tasks"]
        if not everything:
            own = (await self._daemon.read("delegation")).get("task")
            tasks = [task for task in tasks if _is_handed_out(task, by=own)]
        return Tasks(tasks=[task_view(task) for task in tasks])

    async def get_task(self, task: Name) -> Task:
        """Show a task: state, prompt, what its agent asks, checks, size, places."""
        answer = await self._daemon.read("getTask", task=task)
        return task_view(answer["task"], whole=True) | Task(prompt=answer["prompt"])

    async def wait_tasks(
        self,
        tasks: Annotated[list[str], Field(min_length=1, max_length=100)],
        *,
        context: Context,
        until: Annotated[
            Literal["all", "any"], Field(description="All of them, or the first.")
        ] = "all",
        seconds: Annotated[
            float,
            Field(
                gt=0,
                le=_WAIT_MOST,
                description="Give up then; longer than your own limit for a tool is of"
                " no use.",
            ),
        ] = _WAIT_SECONDS,
    ) -> Waited:
        """Wait until tasks are at rest: in `review` (done), `waiting`, `failed`, ….

        `reached` is false when the time was over: call it again, rather than to ask
        for their states now and then. One that is `waiting` needs a person to answer
        what its agent asks.
        """

        def reached(known: Mapping[str, Any]) -> bool:
            resting = [one["state"] not in _GOING_ON for one in known.values()]
            return any(resting) if until == "any" else all(resting)

        async def changed(known: Mapping[str, Any]) -> None:
            done = sum(one["state"] not in _GOING_ON for one in known.values())
            states = ", ".join(f"{one['id']} {one['state']}" for one in known.values())
            await context.report_progress(done, len(known), states)

        known, came = await self._daemon.follow(
            tasks, until=reached, changed=changed, seconds=seconds
        )
        return Waited(reached=came, tasks=tasks_view(known))

    async def send_prompt(
        self, task: Name, *, text: Annotated[str, Field(description="What to say.")]
    ) -> Task:
        """Tell the agent of a task that you handed out something more.

        It goes on in its conversation, also after it was done, stopped or failed.
        """
        answer = await self._daemon.do("sendPrompt", task=task, text=text)
        return task_view(answer["task"])

    async def stop_task(self, task: Name) -> Task:
        """Stop the agent of a task that you handed out; its work stays."""
        return task_view((await self._daemon.do("stopTask", task=task))["task"])

    async def changes(self, task: Name, *, since: Since = "base") -> Change:
        """List the files that a task changed, committed or not."""
        answer = await self._daemon.read(
            "changes", task=task, **{"from": since}, limit=_FILES
        )
        return change_view(answer)

    async def diff(
        self,
        task: Name,
        *,
        paths: Annotated[
            list[str] | None, Field(description="Only these files or folders.")
        ] = None,
        since: Since = "base",
        offset: Annotated[
            int, Field(ge=0, description="The `next` of the answer before.")
        ] = 0,
    ) -> Patch:
        """Read what a task changed as a unified diff, in pieces of 30,000 characters.

        See `changes` first, and name paths where there is much.
        """
        answer = await self._daemon.read(
            "changes",
            task=task,
            **{"from": since},
            paths=paths,
            patch=True,
            limit=1,
        )
        whole = answer.get("patch", "")
        piece = whole[offset : offset + _DIFF_PIECE]
        shown = Patch(diff=piece, size=len(whole))
        if offset + len(piece) < len(whole):
            shown["next"] = offset + len(piece)
        return shown

    async def briefing(self, task: Name) -> str:
        """Read about a task: what was asked, what its agent said last, what came of it.

        Its checks with the end of their output, and comments.
        """
        return (await self._daemon.read("briefing", task=task))["text"]

    async def comment(
        self,
        task: Name,
        *,
        text: str,
        path: Annotated[
            str | None, Field(description="A file as `changes` names it; else of all.")
        ] = None,
        line: Annotated[
            int | None, Field(ge=1, description="Of the file as it is now.")
        ] = None,
        end_line: Annotated[int | None, Field(ge=1)] = None,
    ) -> str:
        """Write a comment on the change of a task that you handed out.

        Its agent is told by `send_review`, all comments at once.
        """
        answer = await self._daemon.do(
            "addComment", task=task, text=text, path=path, line=line, endLine=end_line
        )
        return f"Comment {answer['comment']['id']} is written; `send_review` tells it."

    async def send_review(
        self,
        task: Name,
        *,
        text: Annotated[
            str | None, Field(description="What to say besides the comments.")
        ] = None,
    ) -> Task:
        """Send the open comments on a task to its agent, as one prompt."""
        answer = await self._daemon.do("sendReview", task=task, text=text)
        return task_view(answer["task"])

    async def merge_task(
        self,
        task: Name,
        *,
        message: Annotated[
            str | None, Field(description="The commit's; else made from the title.")
        ] = None,
    ) -> Task:
        """Merge a task that you handed out into its target, wholly or not at all."""
        answer = await self._daemon.do("mergeTask", task=task, message=message)
        return task_view(answer["task"])

    async def discard_task(self, task: Name) -> Task:
        """Put a task that you handed out out of sight; all of it is kept."""
        return task_view((await self._daemon.do("discardTask", task=task))["task"])


def _is_handed_out(task: Mapping[str, Any], *, by: str | None) -> bool:
    """Tell whether the agent of a task, or one from outside, handed out this one."""
    return (
        task.get("approval") is not None
        and task.get("parent") == by
        and task["state"] != "merged"
    )
