"""What a client is told while it waits."""

import asyncio
import os
from pathlib import Path

from lsprotocol import types


async def _create(editor, token: str, **arguments):
    editor.client.progress_reports[token] = []  # it knows those that it was asked for
    return await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(
            command="agentls.createTask",
            arguments=[{"prompt": "true", "agent": "shell"} | arguments],
            work_done_token=token,
        )
    )


async def test_a_create_reports_its_progress_from_begin_to_end(
    open_editor, repository: Path
):
    (repository / ".agentls.toml").write_text('setup = ["true"]\n')
    editor = await open_editor(repository)
    await editor.execute("trust", decision="allow")
    await _create(editor, "token-1")
    reports = editor.client.progress_reports["token-1"]
    assert isinstance(reports[0], types.WorkDoneProgressBegin)
    assert reports[0].cancellable
    assert isinstance(reports[-1], types.WorkDoneProgressEnd)
    said = [report.message for report in reports[:-1]]
    assert said == [
        "Checking out the worktree",
        "Initialising submodules",
        "Running the setup",
        "Starting the agent",
    ]


async def test_nothing_is_reported_where_nobody_asked(open_editor, repository: Path):
    editor = await open_editor(repository)
    await editor.execute("createTask", prompt="true", agent="shell")
    assert not editor.client.progress_reports


async def test_cancelling_the_progress_undoes_the_create(
    open_editor, repository: Path, git, home
):
    os.mkfifo(home.path / "never")
    (repository / ".agentls.toml").write_text(
        f"setup = [\"cat '{home.path}/never'\"]\n"
    )
    editor = await open_editor(repository)
    await editor.execute("trust", decision="allow")
    request = asyncio.gather(_create(editor, "token-2"), return_exceptions=True)
    await editor.until(
        lambda: any(t.sessions for t in editor.tasks.values()), "the setup's session"
    )
    (task,) = editor.tasks
    editor.client.protocol.notify(
        types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
        types.WorkDoneProgressCancelParams(token="token-2"),  # noqa: S106 - no password
    )
    await editor.until(lambda: task in editor.removed, "the task's removal")
    (answer,) = await request
    assert "Cancelled" in str(answer)
    assert git(repository, "branch", "--list", "agentls/*") == ""
