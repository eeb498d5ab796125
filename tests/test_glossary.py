"""The glossary's table of states is the code's."""

import re
from pathlib import Path

from agentls.model import State
from agentls.tasks.states import TRANSITIONS

_GLOSSARY = Path(__file__).parents[1] / "docs" / "glossary.md"


def test_the_glossary_has_the_states_and_where_they_lead():
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| ([^|]+) \|$", _GLOSSARY.read_text(), re.MULTILINE
    )
    told = {
        State(name): set(re.sub(r" \(.*?\)", "", leads).split(", "))
        for name, leads in rows
    }
    assert told == {state: set(leads) for state, leads in TRANSITIONS.items()}
