"""An editor searches what all sessions wrote."""

from pathlib import Path


async def test_output_is_found_in_pages(open_editor, repository: Path):
    editor = await open_editor(repository)
    created = await editor.execute(
        "createTask",
        prompt=r"printf '\033[31mne\033[medle \360\237\230\272 needle\nneedle\n'",
        agent="shell",
    )
    task = created.task.id
    await editor.until_state(task, "review")
    found = await editor.execute("searchLogs", pattern="NEEDLE", ignoreCase=True)
    first, second = found.hits
    assert found.more is None
    assert (first.task, first.session, first.line) == (task, f"{task}-1", 1)
    assert first.text == "needle 😺 needle"
    assert [(span.begin, span.end) for span in first.spans] == [(0, 6), (10, 16)]
    assert second.line == 2
    page = await editor.execute("searchLogs", pattern="needle", limit=1, tasks=[task])
    rest = await editor.execute(
        "searchLogs", pattern="needle", limit=1, tasks=[task], more=page.more
    )
    assert [hit.line for hit in (*page.hits, *rest.hits)] == [1, 2]
    assert rest.more is None
    refused = await editor.refused("searchLogs", pattern="needle", limit=0)
    assert refused["kind"] == "invalidParams"
    refused = await editor.refused("searchLogs", pattern="needle", tasks=["zz"])
    assert refused["kind"] == "unknownTask"
