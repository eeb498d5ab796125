"""What agents leave of their runs."""

import json

import pytest

from agentls.agents.reports import entries_of, told_by
from agentls.config import ConfigError
from agentls.model import Usage


@pytest.fixture
def report(agents):
    """Read one report of a definition."""

    def read(text):
        table = f"[agents.m]\ncommand = ['x']\n[[agents.m.reports]]\n{text}"
        return agents(table).get("m").reports[0]

    return read


LINES = "\n".join(
    [
        "not JSON",
        json.dumps({"type": "user", "usage": {"in": 999}}),
        *(
            json.dumps(
                {
                    "type": "assistant",
                    "id": name,
                    "usage": {"in": read, "cache": 10, "out": wrote},
                    "text": text,
                }
            )
            for name, read, wrote, text in (
                ("m1", 5, 1, "first"),
                ("m1", 5, 7, "more"),
                ("m2", 20, 3, "last"),
            )
        ),
        '{"torn',
    ]
)
KEYS = """
source = "output"
when = { type = "assistant" }
input = ["usage.in", "usage.cache"]
cached = "usage.cache"
output = "usage.out"
message = "text"
session = "id"
"""


def test_entries_are_added_up_and_the_last_words_count(report):
    one = report(KEYS + 'once = "id"')
    told = told_by(one, entries_of(one, LINES))
    assert told.usage == Usage(input=45, output=10, cached=20)
    assert (told.message, told.session) == ("last", "m2")


def test_of_sums_the_last_counts(report):
    one = report(KEYS + "total = true")
    assert told_by(one, entries_of(one, LINES)).usage == Usage(
        input=30, output=3, cached=10
    )


def test_a_text_is_read_by_its_groups(report):
    one = report(r"""
        source = "output"
        format = "text"
        match = 'Tokens: (?P<in>\S+) sent, (?P<out>\S+) received. Cost: (?P<c>\S+)'
        input = "in"
        output = "out"
        cost = "c"
        """)
    text = (
        "Tokens: 12.5k sent, 1,200 received. Cost: $0.02\nTokens: 1 sent, 2 received."
        " Cost: $1"
    )
    assert told_by(one, entries_of(one, text)).usage == Usage(
        input=12501, output=1202, cost=1.02
    )


@pytest.mark.parametrize("number", ["many", True, None, -3, [], {}, 1e999])
def test_what_is_no_number_is_no_usage(report, number):
    one = report('source = "event"\ninput = "n"')
    assert told_by(one, [{"n": number}]).usage is None


def test_a_report_that_finds_nothing_tells_nothing(report):
    one = report(KEYS)
    told = told_by(one, entries_of(one, ""))
    assert (told.usage, told.session, told.message) == (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "source = 'file'",
        "source = 'output'\nfile = '/x'",
        "source = 'output'\nformat = 'text'",
        "source = 'output'\nmatch = 'x'",
        "source = 'output'\nformat = 'text'\nmatch = '('",
        "source = 'screen'",
    ],
)
def test_a_report_that_could_tell_nothing_is_a_fault(report, text):
    with pytest.raises(ConfigError, match=r"reports\[0\]"):
        report(text)
