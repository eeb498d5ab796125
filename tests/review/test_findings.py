"""A reviewing agent's answer is read, whatever stands around it."""

import pytest

from agentls.model import Lines
from agentls.review.findings import Finding, read_findings, reviewer_prompt


def test_findings_are_read_line_by_line():
    answer = (
        "I looked at it.\n<<<FINDINGS\n"
        '{"path": "./a.py", "line": 3, "endLine": 5, "text": "Wrong."}\r\n'
        '{"path": "b", "line": "7", "text": " Slow. "},\n'
        '{"text": "No tests."}\n'
        "FINDINGS>>>\nThat is all."
    )
    assert read_findings(answer) == (
        Finding(path="a.py", lines=Lines(first=3, last=5), text="Wrong."),
        Finding(path="b", lines=Lines(first=7, last=7), text="Slow."),
        Finding(text="No tests."),
    )


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        "{}",
        '{"text": ""}',
        '{"text": 3}',
        '{"path": 3, "text": "x"}',
        "[" * 100_000,
    ],
)
def test_what_is_in_no_form_becomes_one_finding(line):
    answer = f'<<<FINDINGS\n{{"text": "good"}}\n{line}\nbad\nFINDINGS>>>'
    good, odd = read_findings(answer)
    assert good == Finding(text="good")
    assert odd.text == f"{line}\nbad"[:10_000]


@pytest.mark.parametrize("line", ["-1", "0", "true", "1.5", '"x"', "null"])
def test_an_odd_line_makes_it_one_on_the_file(line):
    answer = f'<<<FINDINGS\n{{"path": "a", "line": {line}, "text": "x"}}\nFINDINGS>>>'
    assert read_findings(answer) == (Finding(path="a", text="x"),)


def test_an_answer_without_marks_is_one_finding():
    assert read_findings("  I like it.\n\n") == (Finding(text="I like it."),)
    assert read_findings(" \n") == ()


def test_nothing_found_is_no_finding():
    assert read_findings("<<<FINDINGS\nFINDINGS>>>\n") == ()
    assert read_findings("<<<FINDINGS\n```json\n```\nFINDINGS>>>\n") == ()


def test_the_last_block_counts_and_the_question_is_none():
    """A terminal may show the question too."""
    question = reviewer_prompt(["Do it"], patch=b"+x\n", base="abc")
    assert read_findings(question) == (Finding(text=question.strip()[-10_000:]),)
    answer = '<<<FINDINGS\n{"text": "x"}\nFINDINGS>>>\n'
    assert read_findings(question + "\n" + answer) == (Finding(text="x"),)
    assert read_findings(answer + answer) == (Finding(text="x"),)


def test_a_long_diff_is_cut_and_says_where_the_rest_is():
    asked = reviewer_prompt(["Do it"], patch=b"+\xff" * 50_000, base="abc")
    assert "git diff abc" in asked
    assert len(asked.encode()) < 100_000
