import json

import pytest

from fakemodel.exchange import Call, Question, Text, Tool
from fakemodel.script import read_script

SCRIPT = r"""
[[answers]]
got = 'not yet'
text = "Again."

[[answers]]
result = true
text = "It is done."

[[answers]]
says = 'WHERE'
knows = 'folder: (?P<folder>\S+)'
text = "In {folder}."

[[answers]]
says = 'WRITE (?P<file>\S+)'
hold = "write"
use = "write"

[[answers]]
says = 'WRITE (?P<file>\S+)'
system = 'SEARCH/REPLACE'
text = "{file}: {other}"

[[answers]]
text = "Yes."

[tools.write.Write]
file_path = "{file}"
content = "written\n"

[tools.write.shell]
command = ["sh", "-c", "echo >{file}"]
"""


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "script.toml"
    file.write_text(SCRIPT)
    return read_script(file)


def question(said, **values):
    tools = tuple(Tool(name=name) for name in values.pop("tools", ()))
    known = {"model": "m", "system": "", "result": None} | values
    return Question(heard=("before", said), tools=tools, **known)


def test_the_first_rule_that_fits_answers(script):
    assert script.reply(question("hello")).answer == Text(text="Yes.")
    assert script.reply(question("x", result="ok")).answer == Text(text="It is done.")


def test_a_rule_may_look_at_what_a_tool_gave(script):
    reply = script.reply(question("x", result="It is not yet there."))
    assert reply.answer == Text(text="Again.")
    assert script.reply(question("not yet")).answer == Text(text="Yes.")


def test_a_tool_is_used_by_the_scripts_order_and_only_if_it_is_offered(script):
    both = script.reply(question("WRITE a.txt", tools=["shell", "Write"]))
    assert both.hold == "write"
    arguments = {"file_path": "a.txt", "content": "written\n"}
    assert both.answer == Call(tool="Write", arguments=arguments)
    one = script.reply(question("WRITE a.txt", tools=["other", "shell"]))
    assert one.answer == Call(
        tool="shell", arguments={"command": ["sh", "-c", "echo >a.txt"]}
    )
    assert script.reply(question("WRITE a.txt", tools=["other"])).hold is None


def test_a_rule_may_look_at_the_clients_own_instructions(script):
    reply = script.reply(question("WRITE a.txt", system="Use SEARCH/REPLACE blocks"))
    assert reply.answer == Text(text="a.txt: {other}")


def test_a_rule_may_know_what_was_said_before(script):
    knows = script.reply(question("WHERE?", system="The folder: /a"))
    assert knows.answer == Text(text="In /a.")
    assert script.reply(question("WHERE?")).answer == Text(text="Yes.")


def test_what_must_be_json_of_a_schema_is_so(script):
    schema = {
        "type": "OBJECT",
        "properties": {
            "speaker": {"type": "string", "enum": ["user", "model"]},
            "level": {"type": "integer"},
            "why": {"type": "string"},
            "parts": {"type": "array"},
        },
    }
    answer = script.reply(question("x", schema=schema)).answer
    assert json.loads(answer.text) == {
        "speaker": "user",
        "level": 1,
        "why": "x",
        "parts": [],
    }


def test_a_key_that_no_rule_has_is_an_error(tmp_path):
    file = tmp_path / "script.toml"
    file.write_text("[[answers]]\nsay = 'x'\n")
    with pytest.raises(TypeError, match="say"):
        read_script(file)
