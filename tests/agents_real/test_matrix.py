import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def matrix():
    file = Path(__file__).with_name("matrix.py")
    spec = importlib.util.spec_from_file_location("agents_matrix", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def document(matrix):
    return f"before\n\n{matrix.BEGIN}\n\n{matrix.END}\n\nafter\n"


TABLE = {"edits": {"a": True, "b": False}, "merged": {"a": True, "b": True}}


def test_what_is_written_is_read_again(matrix, document):
    written = matrix.write(document, TABLE, versions={"a": "1.2", "b": "3.4"})
    assert matrix.read(document) == {}
    assert matrix.read(written) == TABLE
    assert "| | a 1.2 | b 3.4 |" in written.replace("|  |", "| |")
    assert written.startswith("before\n")
    assert written.endswith("\nafter\n")
    assert matrix.write(written, TABLE, versions={"a": "1.2", "b": "3.4"}) == written


def test_what_was_seen_and_is_not_any_more_is_lost(matrix):
    now = {"edits": {"a": False, "b": True}, "merged": {"a": True}}
    assert matrix.lost(TABLE, now) == ("a: edits",)
    assert matrix.lost(TABLE, TABLE) == ()


def test_a_document_without_its_marks_is_refused(matrix):
    with pytest.raises(ValueError, match="has no"):
        matrix.read("| a | b |")
