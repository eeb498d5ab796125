"""Templates: prompts of the configuration with fields."""

from collections.abc import Callable

import pytest

from agentls.config import ConfigError
from agentls.errors import InvalidParams, Untrusted

FIX = """\
[templates.fix]
prompt = "echo {issue} in {file} and {{literal}}"
title = "Fix {issue}"
agent = "shell"

[templates.fix.fields]
issue = { ask = "Which issue?" }
file = { default = "all files" }
"""


@pytest.fixture
def configure(paths) -> Callable[[str], None]:
    """Write the user's own config."""

    def write(text: str) -> None:
        paths.config.mkdir(exist_ok=True)
        paths.user_config.write_text(text)

    return write


async def test_fields_are_filled_in_once_and_defaults_hold(daemon, configure):
    configure(FIX)
    task = await daemon.done(
        "echo more", template="fix", fields={"issue": "{file}"}, agent=None
    )
    assert task.prompt == "echo {file} in all files and {literal}\n\necho more"
    assert (task.title, task.agent) == ("Fix {file}", "shell")


async def test_a_field_without_a_value_is_asked_for(daemon, configure):
    configure(FIX)
    with pytest.raises(InvalidParams, match="lacks a value for issue") as caught:
        await daemon.create("", template="fix")
    assert "--field issue=" in caught.value.hint
    with pytest.raises(InvalidParams, match="has no field 'isue'; it has: issue, file"):
        await daemon.create("", template="fix", fields={"isue": "1"})
    with pytest.raises(InvalidParams, match="no template 'fx'; there are: fix"):
        await daemon.create("", template="fx")
    assert daemon.core.book.tasks() == ()


async def test_a_template_of_a_repository_is_only_text(daemon):
    (daemon.root / ".agentls.toml").write_text(
        '[templates.plan]\nprompt = "Plan {what}"\n'
    )
    found = await daemon.core.creating.templates(daemon.root)
    assert found["plan"].names == ("what",)
    assert await daemon.core.creating.templates(None) == {}
    with pytest.raises(InvalidParams, match="isn't meant as a script"):
        await daemon.create("", template="plan", fields={"what": "x"}, agent="shell")


async def test_one_of_a_repository_that_is_a_script_is_trusted_first(daemon):
    (daemon.root / ".agentls.toml").write_text(
        '[templates.plan]\nprompt = "touch planned"\nagent = "shell"\n'
    )
    assert await daemon.core.creating.templates(daemon.root) == {}
    with pytest.raises(Untrusted, match="touch planned"):
        await daemon.create("", template="plan", agent=None)
    await daemon.trust()
    task = await daemon.done("", template="plan", agent=None)
    assert (task.worktree / "planned").exists()


async def test_a_field_that_the_prompt_lacks_is_a_fault_on_its_line(daemon, configure):
    configure(FIX + 'flie = { ask = "Which file?" }\n')
    with pytest.raises(ConfigError, match=r":9: templates\.fix\.fields\.flie: stands"):
        await daemon.create("", template="fix")
