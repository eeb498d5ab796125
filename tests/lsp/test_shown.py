"""What is shown of tasks is kept, and is always what the converter would write."""

import json

from agentls.lsp import wire
from agentls.lsp.protocol.tasks import ListTasksResult, TaskChangedParams
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
