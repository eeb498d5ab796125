import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentls import bridge
from agentls.errors import InvalidParams
from agentls.frames import FrameSplitter
from agentls.lsp import connection, wire
from agentls.lsp.protocol.agents import TrustParams
from agentls.lsp.protocol.changes import FileInfo, FileStatus
from agentls.lsp.protocol.sessions import AttachParams, OutputParams
from agentls.lsp.protocol.tasks import BaseInfo
from agentls.lsp.registry import COMMANDS, FROM_CLIENT, TO_CLIENT

assert connection.serve  # importing it fills the registry


def test_names_are_camel_case_and_absent_fields_are_left_out():
    told = wire.converter().unstructure(
        FileInfo(path="a", status=FileStatus.ADDED, new_mode="1")
    )
    assert told == {
        "path": "a",
        "status": "added",
        "binary": False,
        "newMode": "1",
        "viewed": False,
        "viewedHunks": 0,
    }


def test_a_list_of_objects_is_written_and_read():
    task = BaseInfo(kind="ref", name="main", commit="c")
    assert wire.converter().unstructure(task) == {
        "kind": "ref",
        "name": "main",
        "commit": "c",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": "b2c3", "windows": 1}, "windows"),
        ({"task": 1}, "a string expected"),
        ({"window": "1"}, "an integer expected"),
        ({"window": True}, "an integer expected"),
        ({"control": 1}, "true or false expected"),
        ([], "one JSON object"),
        ("text", "one JSON object"),
        (None, "one JSON object"),
    ],
)
def test_what_a_client_sends_is_not_guessed(given, said):
    with pytest.raises(InvalidParams, match=said) as caught:
        wire.structure(given, AttachParams, what="agentls.attach")
    assert caught.value.hint


def test_an_enumeration_names_what_it_does_not_know():
    with pytest.raises(InvalidParams, match="maybe"):
        wire.structure({"decision": "maybe"}, TrustParams, what="agentls.trust")


@given(
    st.builds(
        OutputParams,
        session=st.text(),
        offset=st.integers(0, 1 << 50),
        end=st.integers(0, 1 << 50),
        text=st.none() | st.text(),
        base64=st.none() | st.text(),
        gap=st.none() | st.text(),
        repaint=st.none() | st.text(),
        rows=st.none() | st.integers(1, 2000),
        cols=st.none() | st.integers(1, 2000),
    )
)
def test_output_is_written_as_the_converter_writes_it(output):
    made = wire.message_type("agentls/output")
    assert made is not None
    message = made(params=output, method="agentls/output", jsonrpc="2.0")

    (frame,) = FrameSplitter().feed(wire.output_frame(output))
    assert json.loads(frame.body) == wire.converter().unstructure(message)


def test_every_command_and_notification_is_documented_and_typed():
    for command in COMMANDS.values():
        assert command.name.startswith("agentls.")
        assert command.doc.endswith(".")
        assert _is_listed(command.params)
        assert _is_listed(command.result)
    for known in (*FROM_CLIENT.values(), *TO_CLIENT.values()):
        assert known.method.startswith("agentls/")
        assert _is_listed(known.params)


def test_the_converter_is_made_once():
    assert wire.converter() is wire.converter()


def _is_listed(cls):
    return cls.__name__ in sys.modules[cls.__module__].__all__


@pytest.mark.parametrize(
    ("body", "passed"),
    [
        (b'{"id": 7, "jsonrpc": "2.0", "result": {"rev": 1}}', True),
        (b'{"id": 7, "jsonrpc": "2.0", "error": {"result": 1}}', False),
        (b'{"id": "7", "jsonrpc": "2.0", "result": null}', False),
        (b'{"jsonrpc": "2.0", "id": 7, "method": "m", "params": {}}', False),
    ],
)
def test_an_answer_is_one_that_the_bridge_passes_on_unread(body, passed):
    """What pygls writes itself begins alike; the rest is read first."""
    frame = wire.answer_frame(7, '{"rev": 1}')
    assert frame.endswith(b'\r\n\r\n{"id": 7, "jsonrpc": "2.0", "result": {"rev": 1}}')
    assert bool(bridge._ANSWER.match(body)) is passed
