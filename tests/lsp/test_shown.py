"""What is shown of tasks is kept, and is always what the converter would write."""

import asyncio
import json
import socket

import attrs
import pytest

from agentls.frames import read_frame_async
from agentls.lsp import connection, wire
from agentls.lsp.protocol.tasks import ListTasksResult, TaskChangedParams
from agentls.lsp.server import Server
from agentls.lsp.shown import ShownTasks, shown_tasks
from agentls.tasks.request import TaskRequest
from agentls.tasks.starting import silent


def shown(value: object) -> object:
    return wire.converter().unstructure(value)


async def test_a_task_is_shown_again_when_something_of_it_changed(core, session):
    tasks = ShownTasks()
    task = core.book.get(session.task)
    first = tasks.info(task, core)
    assert tasks.info(task, core) is first

    await core.book.change(task.id, title="another")
    assert tasks.info(core.book.get(task.id), core).title == "another"

    assert tasks.info(core.book.get(task.id), core).sessions[0].live
    await core.book.end_session(session.id, None)
    assert not tasks.info(core.book.get(task.id), core).sessions[0].live


async def test_a_list_is_written_as_the_converter_would(core, session):
    tasks = shown_tasks(core)
    assert shown_tasks(core) is tasks
    request = TaskRequest(
        prompt='echo "tasks": []', folder=core.book.tasks()[0].repository, agent="shell"
    )
    await core.creating.create(request, progress=silent)
    infos = tuple(tasks.info(task, core) for task in core.book.tasks())
    for found in (infos, infos[:1], ()):
        result = ListTasksResult(rev=7, tasks=found, paused=True)
        assert json.loads(tasks.list_text(result)) == shown(result)

    # What isn't the last that was shown is written as it is.
    old = infos[0]
    await core.book.change(session.task, title="another")
    tasks.info(core.book.get(session.task), core)
    changed = TaskChangedParams(task=old)
    assert json.loads(tasks.changed_text(changed)) == shown(changed)


@pytest.mark.parametrize(
    ("private", "told"), [(False, "a\udcff"), (True, "a\U0010feff")]
)
async def test_odd_bytes_are_told_as_the_client_can_read_them(
    core, session, private, told
):
    """Nothing in the store has such text now; a client would lose the message."""
    info = shown_tasks(core).info(core.book.get(session.task), core)
    odd = attrs.evolve(info, title="a\udcff")
    ours, theirs = socket.socketpair()
    reader, other = await asyncio.open_unix_connection(sock=ours)
    _, writer = await asyncio.open_unix_connection(sock=theirs)
    server = Server(core, writer, protocol_cls=connection._Protocol)
    server.odd_bytes_private = private
    try:
        server.send("agentls/taskChanged", TaskChangedParams(task=odd))
        async with asyncio.timeout(30):
            news = json.loads(await read_frame_async(reader) or b"")
        assert news["method"] == "agentls/taskChanged"
        assert news["params"]["task"]["title"] == told

        listed = server.answer_list(1, ListTasksResult(rev=1, tasks=(odd,)))
        assert listed is not private
    finally:
        await server.close()
        other.close()
