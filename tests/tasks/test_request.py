import pytest

from agentls.errors import InvalidParams
from agentls.tasks.request import (
    PROMPT_MAX,
    TaskRequest,
    check_prompt,
    check_request,
    title_of,
)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [("", "empty"), (" \n", "empty"), ("a\0b", "NUL"), ("x" * (1 << 20), "1,048,576")],
)
def test_a_prompt_that_no_agent_could_take_is_refused(prompt, said):
    with pytest.raises(InvalidParams, match=said) as caught:
        check_prompt(prompt)
    assert caught.value.hint


def test_the_longest_prompt_is_counted_in_bytes():
    check_prompt("x" * PROMPT_MAX)
    with pytest.raises(InvalidParams):
        check_prompt("ü" * (PROMPT_MAX // 2 + 1))


def test_the_title_is_the_first_line_that_says_something():
    assert title_of("\n  Fix it \nplease") == "Fix it"
    assert title_of("word " * 30).endswith("…")


@pytest.mark.parametrize(
    "label", ["", " ", "a,b", " a", "a\nb", "a\x1b[m", "a\0", "x" * 51]
)
def test_what_lists_could_not_show_is_no_label(tmp_path, label):
    request = TaskRequest(prompt="true", folder=tmp_path, labels=("good", label))
    with pytest.raises(InvalidParams, match="label") as caught:
        check_request(request)
    assert caught.value.hint


def test_labels_are_few(tmp_path):
    some = tuple(f"label {number}" for number in range(20))
    check_request(TaskRequest(prompt="true", folder=tmp_path, labels=some))
    many = TaskRequest(prompt="true", folder=tmp_path, labels=(*some, "one more"))
    with pytest.raises(InvalidParams, match="at most 20"):
        check_request(many)


@pytest.mark.parametrize("name", ["title", "agent", "base", "target", "branch"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_no_program_takes_is_refused_by_name(tmp_path, name, text):
    request = TaskRequest(prompt="true", folder=tmp_path, **{name: text})
    with pytest.raises(InvalidParams, match=f"The {name} holds"):
        check_request(request)
