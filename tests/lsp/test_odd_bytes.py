import json
import os

from hypothesis import given
from hypothesis import strategies as st

from agentls.lsp import odd_bytes


@given(st.binary())
def test_any_name_is_readable_as_json_and_comes_back(name: bytes):
    value = {"files": [{"path": os.fsdecode(name)}], "count": 1}
    told = json.dumps(odd_bytes.readable(value), ensure_ascii=False).encode()
    assert odd_bytes.restored(json.loads(told)) == value


@given(st.text(st.characters(exclude_categories=["Cs", "Co"])))
def test_ordinary_text_stays_as_it_is(text: str):
    assert odd_bytes.readable(text) == text
    assert odd_bytes.restored(text) == text
