import pytest

from agentls.errors import InvalidParams
from agentls.tasks.request import PROMPT_MAX, check_prompt, title_of


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
