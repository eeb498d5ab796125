"""Hints in the user's own files, in an editor without a plugin."""

import asyncio

import pytest
from lsprotocol import types

LINES = "".join(f"{n}\n" for n in range(1, 9))


@pytest.fixture
def file(repository, git):
    path = repository / "plain.txt"
    path.write_text(LINES)
    git(repository, "commit", "-qam", "lines")
    return path


class Document:
    """A file that is open in an editor."""

    def __init__(self, editor, file) -> None:
        self.editor, self.file = editor, file
        self.uri = file.as_uri()
        self.version = 1

    def open(self) -> None:
        self.editor.client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(
                    uri=self.uri,
                    language_id="text",
                    version=1,
                    text=self.file.read_text(),
                )
            )
        )

    def save(self, text: str) -> None:
        self.version += 1
        self.editor.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(
                    uri=self.uri, version=self.version
                ),
                [types.TextDocumentContentChangeWholeDocument(text=text)],
            )
        )
        self.file.write_text(text)
        self.editor.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(self.uri))
        )

    async def until(self, *wanted: tuple[int, str]) -> None:
        """Wait for hints: the first line (from 0) and the kind of each."""

        def there():
            found = self.editor.client.diagnostics.get(self.uri, ())
            return [(one.range.start.line, one.code) for one in found] == list(wanted)

        async with asyncio.timeout(20):
            while not there():
                await self.editor.client.wait_for_notification(
                    "textDocument/publishDiagnostics"
                )


async def test_lines_that_tasks_change_are_hinted_and_follow_the_file(
    open_editor, repository, file
):
    editor = await open_editor(repository)
    created = await editor.execute(
        "createTask", prompt="sed -i 's/^5$/five/' plain.txt", agent="shell"
    )
    task = created.task.id
    await editor.until_state(task, "review")
    document = Document(editor, file)
    document.open()
    await document.until((4, "changes"))
    (hint,) = editor.client.diagnostics[document.uri]
    assert hint.severity is types.DiagnosticSeverity.Hint
    assert hint.source == "agentls"
    assert hint.message == (
        f"Task {task} changes these lines too: sed -i 's/^5$/five/' plain.txt"
    )
    document.save(LINES.replace("2\n", "2\nnew\n"))
    await document.until((5, "changes"))
    document.save(LINES.replace("5\n", "cinq\n"))
    await document.until((4, "clashes"))
    await editor.execute("sendPrompt", task=task, text="sed -i 's/^1$/one/' plain.txt")
    await document.until((0, "changes"), (4, "clashes"))
    await editor.execute("discardTask", task=task)
    await document.until()
