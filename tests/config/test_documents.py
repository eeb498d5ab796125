from pathlib import Path

import pytest

from agentls.config import ConfigError, parse_document

TEXT = '''\
# a comment
agent = "x"

copy = [
  "a",  # first
  "b",
]
text = """
[limits]
agent = "not this one"
"""
[limits]
# another
max_parallel = 3

[[agents.mine.events]]
status = "done"

[[agents.mine.events]]
reason = "r"
status = "waiting"
[agents.other]
command = ["x"]
'''


@pytest.mark.parametrize(
    ("at", "line"),
    [
        (("agent",), 2),
        (("copy",), 4),
        (("copy", 1), 4),
        (("text",), 8),
        (("limits",), 12),
        (("limits", "max_parallel"), 14),
        (("limits", "missing"), 12),
        (("agents", "mine", "events", 0, "status"), 17),
        (("agents", "mine", "events", 1), 19),
        (("agents", "mine", "events", 1, "status"), 21),
        (("agents", "other", "command", 0), 23),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_the_line_of_a_key_is_found(at, line):
    document = parse_document(TEXT, file=Path("x"))
    assert document.line_of(at) == line


def test_a_line_is_found_among_thousands():
    text = "".join(f"key{n} = {n}\n" for n in range(4000))
    document = parse_document(text, file=Path("x"))
    assert document.line_of(("key2718",)) == 2719


def test_a_hostile_file_takes_no_minutes_to_look_through():
    text = "a = '''\n" + "x\n" * 20000 + "'''\nb = 1\n"
    document = parse_document(text, file=Path("x"))
    assert 1 <= document.line_of(("b",)) <= 20003


def test_a_broken_file_names_its_line():
    with pytest.raises(ConfigError) as caught:
        parse_document("a = 1\n\nb ! 2\n", file=Path("x.toml"))
    assert caught.value.problems[0].line == 3
