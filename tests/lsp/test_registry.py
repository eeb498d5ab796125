"""What the registry of commands says of them."""

import attrs

from agentls.config import Right
from agentls.lsp import commands
from agentls.lsp.registry import COMMANDS

assert commands


def test_a_right_to_a_task_is_one_to_the_task_that_is_named():
    for name, command in COMMANDS.items():
        if command.right not in {None, Right.LIST, Right.CREATE}:
            assert attrs.fields_dict(command.params)["task"].type is str, name


def test_rights_are_few_and_none_is_without_use():
    used = {command.right for command in COMMANDS.values()}
    assert used == {None, *Right}
