"""docs/architecture.md says what is really there."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PAGE = (_ROOT / "docs" / "architecture.md").read_text()


def test_the_map_of_tasks_names_each_module_once():
    section = _PAGE.partition("### Tasks by subject\n")[2].partition("\n### ")[0]
    folder = _ROOT / "server" / "agentls" / "tasks"
    there = {module.name for module in folder.glob("*.py")} - {"__init__.py"}
    assert sorted(re.findall(r"`(\w+\.py)`", section)) == sorted(there)


def test_modules_that_are_named_are_there():
    modules = {
        path.name for top in ("server", "tests") for path in (_ROOT / top).rglob("*.py")
    }
    assert set(re.findall(r"`(?:\w+/)*(\w+\.py)`", _PAGE)) <= modules
