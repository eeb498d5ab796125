"""The code lens of a checklist, from a real editor's connection."""

from pathlib import Path

from lsprotocol import types


async def test_a_checklist_offers_its_open_items_until_they_are_tasks(
    open_editor, repository: Path
):
    editor = await open_editor(repository)
    uri = (repository / "TODO.md").as_uri()
    (repository / "TODO.md").write_text("Saved long ago.\n")
    text = "# To do\n\n- [ ] true\n- [x] done\n- [ ] echo x > x\n"
    editor.client.text_document_did_open(
        types.DidOpenTextDocumentParams(
            text_document=types.TextDocumentItem(
                uri=uri, language_id="markdown", version=1, text=text
            )
        )
    )
    params = types.CodeLensParams(text_document=types.TextDocumentIdentifier(uri=uri))
    (lens,) = await editor.client.text_document_code_lens_async(params)
    assert lens.range.start.line == 2
    assert lens.command.title == "Run 2 open items as tasks"
    (argument,) = lens.command.arguments
    made = await editor.execute("createTasks", agent="shell", **argument)
    assert [item.made for item in made.items] == [True, True]
    for item in made.items:
        await editor.until_state(item.task.id, "review")
    assert not await editor.client.text_document_code_lens_async(params)
