"""What a definition makes of an agent's terminal."""

import pytest

from agentls.agents.status import Status
from agentls.agents.terminal import answer_keys, named_groups, shown_dialog
from agentls.config import ConfigError
from agentls.model import AskedKind, StatusSource

MINE = """
[agents.mine]
command = ["x"]
done = "event"
[[agents.mine.signals]]
source = "osc"
code = 9
status = "waiting"
[[agents.mine.signals]]
source = "title"
match = "Ready"
status = "done"
[agents.mine.dialogs.run]
match = ['Run (?P<command>.+)\\?$', '1\\. Yes']
kind = "permission"
tool = "shell"
reason = "It wants to run {command}"
choices.allow = { keys = "1" }
choices.deny = { keys = "\\u001b", status = "done" }
text = { keys = "3{text}\\r" }
[agents.mine.dialogs.trust]
match = "Trust this folder"
kind = "trust"
"""


def test_a_dialog_is_shown_when_the_screen_has_all_its_patterns(agents):
    dialogs = agents(MINE).get("mine").dialogs
    asked = shown_dialog(dialogs, "text\n  Run make all?\n> 1. Yes\n  2. No")
    assert asked is not None
    assert (asked.kind, asked.tool) == (AskedKind.PERMISSION, "shell")
    assert asked.text == "It wants to run make all"
    assert (asked.dialog, asked.choices, asked.takes_text) == (
        "run",
        ("allow", "deny"),
        True,
    )
    assert shown_dialog(dialogs, "Run make all?\n") is None
    trust = shown_dialog(dialogs, "Trust this folder")
    assert trust is not None
    assert (trust.kind, trust.choices) == (AskedKind.TRUST, ())


def test_a_text_that_answers_can_press_no_key(agents):
    answer = agents(MINE).get("mine").dialogs["run"].text
    assert answer is not None
    assert answer_keys(answer, text=" no,\r\n\x1b[Arather\x03 this ") == (
        b"3no, [Arather this\r",
    )


@pytest.mark.parametrize("given", ["choices.yes = { keys = '1' }", "text.keys = '1'"])
def test_a_trust_dialog_can_have_no_answer(agents, given):
    text = f"{MINE}\n{given}"  # the last table is the trust dialog's
    with pytest.raises(ConfigError, match="only a person answers that"):
        agents(text)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("source = 'osc'\nstatus = 'done'", "lacks the key 'code'"),
        ("source = 'silence'\nstatus = 'done'", "lacks the key 'seconds'"),
        ("source = 'screen'\nstatus = 'done'", "lacks the key 'match'"),
        ("source = 'event'\nstatus = 'done'", "is none of"),
        ("source = 'title'\nmatch = '('\nstatus = 'done'", "no regular expression"),
    ],
)
def test_a_signal_that_could_not_be_found_is_a_fault(agents, given, said):
    with pytest.raises(ConfigError, match=said) as caught:
        agents(f"{MINE}\n[[agents.mine.signals]]\n{given}")
    assert caught.value.problems[0].line is not None
    assert "signals[2]" in str(caught.value.problems[0].key)


def test_a_source_counts_where_no_more_certain_one_tells_the_same(agents):
    mine = agents(MINE).get("mine")
    assert mine.hears(Status.WAITING, StatusSource.OSC, also=False)
    assert not mine.hears(Status.WAITING, StatusSource.SCREEN, also=False)
    assert mine.hears(Status.WAITING, StatusSource.SCREEN, also=True)
    assert mine.hears(Status.WORKING, StatusSource.SCREEN, also=False)
    assert mine.hears(Status.DONE, StatusSource.TITLE, also=False)
    claude = agents().get("claude")
    assert not claude.hears(Status.DONE, StatusSource.OSC, also=False)


def test_what_exits_decides_is_told_by_no_signal(agents):
    one_shot = agents(MINE.replace('done = "event"', "")).get("mine")
    assert not one_shot.hears(Status.DONE, StatusSource.TITLE, also=False)


def test_a_dialog_about_trust_always_counts(agents):
    mine = agents(MINE).get("mine")
    assert mine.hears_dialog(mine.dialogs["trust"])
    assert not mine.hears_dialog(mine.dialogs["run"])


def test_what_was_found_can_be_decoded():
    assert named_groups({"a": "b", "msg_base64": "YXBwcm92ZQ", "x_base64": "%"}) == {
        "a": "b",
        "msg": "approve",
        "x": "",
    }
