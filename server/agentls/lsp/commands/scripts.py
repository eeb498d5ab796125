"""Commands about scripts: what a person has run in a task's worktree."""

from agentls.lsp import present
from agentls.lsp.progress import RequestProgress
from agentls.lsp.protocol.scripts import (
    ListScriptsResult,
    RunScriptResult,
    ScriptInfo,
    ScriptParams,
)
from agentls.lsp.protocol.tasks import TaskParams, TaskResult
from agentls.lsp.registry import command
from agentls.lsp.server import Server


@command("agentls.listScripts")
async def list_scripts(
    ls: Server, params: TaskParams, _: RequestProgress
) -> ListScriptsResult:
    """List the scripts of the configuration, and how they stand with a task."""
    return ListScriptsResult(
        scripts=tuple(
            ScriptInfo(
                name=one.name,
                commands=one.commands,
                session=one.session and present.session_info(one.session),
            )
            for one in await ls.core.scripts.list(params.task)
        )
    )


@command("agentls.runScript")
async def run_script(
    ls: Server, params: ScriptParams, _: RequestProgress
) -> RunScriptResult:
    """Run a script of the configuration in a task's worktree, in a session of its own.

    Where it runs already, that session is given. It ends with the task: when that is
    stopped, merged or discarded.
    """
    task, session = await ls.core.scripts.run(params.task, params.name)
    return RunScriptResult(
        task=ls.task_info(task), session=present.session_info(session)
    )


@command("agentls.stopScript")
async def stop_script(
    ls: Server, params: ScriptParams, _: RequestProgress
) -> TaskResult:
    """End a script that runs for a task, or all of them; its agent goes on."""
    task = await ls.core.scripts.stop(params.task, params.name)
    return TaskResult(task=ls.task_info(task), prompt=task.prompt)
