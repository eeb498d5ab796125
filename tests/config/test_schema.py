import json

from agentls.agents.definition import DEFINITION
from agentls.config import config_schema


def test_the_schema_names_every_key_and_refuses_others():
    schema = config_schema(agent=DEFINITION.schema())
    assert json.loads(json.dumps(schema)) == schema
    assert schema["additionalProperties"] is False
    assert schema["properties"]["limits"]["properties"]["max_parallel"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "How many agents may run at once; more tasks wait in the queue.",
    }
    assert "documents" not in schema["properties"]
    agent = schema["properties"]["agents"]["additionalProperties"]
    assert agent["properties"]["events"]["items"]["required"] == ["status"]
    assert "name" not in agent["properties"]


def test_every_key_says_what_it_is():
    for schema in (config_schema(), DEFINITION.schema()):
        assert all(one["description"] for one in schema["properties"].values())
