"""A task made of a template, from the command line."""

import json

import pytest

CONFIG = """\
[templates.say]
prompt = "echo {what} > said"
agent = "shell"
"""


@pytest.fixture(autouse=True)
def _configured(home) -> None:
    (home.path / "config").mkdir()
    (home.path / "config" / "config.toml").write_text(CONFIG)


def test_fields_are_given_as_options(home, repository):
    done = home.agentls(
        *("run", "--template", "say", "--field", "what=a=b", "--wait", "--json"),
        cwd=repository,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["prompt"] == "echo a=b > said"


def test_what_is_missing_is_named_where_nobody_can_be_asked(home, repository):
    done = home.agentls("run", "--template", "say", cwd=repository)
    assert done.returncode == 1
    assert "lacks a value for what" in done.stderr
    wrong = home.agentls("run", "--field", "what=x", "true", cwd=repository)
    assert wrong.returncode == 2
