"""Checklists: what is an item, what belongs to it, and what ticking changes."""

import pytest

from agentls.review.checklist import noted, read_checklist, ticked

LIST = """# Plan

- [ ] One
  more about one
  - [ ] nested
- [x] done
- Section
  * [ ] two <!-- agentls: b2c3 -->
1. [ ] three

```
- [ ] in a block of code
```

> - [ ] quoted
- [] no box
"""


def test_items_are_told_with_what_is_nested_in_them():
    assert [
        (item.line, item.text, item.nested, item.done) for item in read_checklist(LIST)
    ] == [
        (2, "One", "more about one\n- [ ] nested", False),
        (5, "done", "", True),
        (7, "two", "", False),
        (8, "three", "", False),
    ]
    assert read_checklist(LIST)[0].prompt == "One\nmore about one\n- [ ] nested"


def test_only_the_first_open_item_of_that_text_is_ticked():
    text = "- [x] a\n- [ ] a\n- [ ] a\n"
    assert ticked(text, "a") == "- [x] a\n- [x] a\n- [ ] a\n"
    assert ticked("- [x] a\n", "a") is None
    assert ticked(LIST, "nested") is None
    assert ticked(LIST, "in a block of code") is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_else_in_the_file_stays_as_it_is(end: str):
    text = end.join(["- [ ] a\x0b\x85", "  \t", "- [ ] ünï  ", "last without an end"])
    assert ticked(text, "ünï") == text.replace("[ ] ü", "[x] ü")
    assert noted(text, {"ünï": "b2c3"}) == text.replace(
        "ünï  ", "ünï   <!-- agentls: b2c3 -->"
    )


def test_an_id_is_written_once_and_is_no_part_of_the_text():
    once = noted("- [ ] a\n", {"a": "b2c3"})
    assert once == "- [ ] a <!-- agentls: b2c3 -->\n"
    assert noted(once, {"a": "d4f5"}) == "- [ ] a <!-- agentls: d4f5 -->\n"
    assert [item.text for item in read_checklist(once)] == ["a"]
    assert ticked(once, "a") == once.replace("[ ]", "[x]")
