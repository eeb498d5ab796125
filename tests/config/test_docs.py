"""The pages say what the types say."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from agentls.agents.catalogue import load_agents
from agentls.agents.definition import DEFINITION
from agentls.config import config_schema, load_config
from agentls.config.settings import CONFIG

DOCS = Path(__file__).parents[2] / "docs"
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


def test_the_schema_is_the_one_of_the_types():
    """`python docs/generate.py` writes it."""
    written = (DOCS / "config.schema.json").read_text("utf-8")
    assert json.loads(written) == config_schema(agent=DEFINITION.schema())


@pytest.mark.parametrize(
    ("page", "record"), [("config.md", CONFIG), ("agents.md", DEFINITION)]
)
def test_every_key_is_described(page, record):
    text = (DOCS / page).read_text("utf-8")
    keys = [*record.schema()["properties"], *record.later]
    assert [key for key in keys if not re.search(rf"`{key}[`.\"]", text)] == []


def test_the_defaults_are_described():
    text = (DOCS / "config.md").read_text("utf-8")
    assert "| `setup_timeout` | seconds, 1 to 86400 | `900` |" in text
    assert "| `limits.max_parallel` | 1 to 1000 | `4` |" in text
    assert "| `idle_exit` | seconds | `600` |" in text


def test_every_example_is_without_faults(tmp_path):
    examples = [
        example
        for page in ("config.md", "agents.md")
        for example in TOML.findall((DOCS / page).read_text("utf-8"))
    ]
    assert len(examples) == 21
    for example in examples:
        table = tomllib.loads(example)
        if "payload" in table:  # a piece of a definition
            table["agents"]["mine"] |= {"payload": table.pop("payload")}
            assert not list(
                DEFINITION.check(table["agents"]["mine"] | {"command": ["x"]}, ())
            )
            continue
        own = {"notify", "pool", "review"} & set(table)
        name = "user.toml" if own else ".agentls.toml"
        (tmp_path / name).write_text(example)
        loaded = load_config(user_file=tmp_path / "user.toml", repository=tmp_path)
        (tmp_path / name).unlink()
        load_agents(loaded.config())
