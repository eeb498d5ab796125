import json

import pytest

from agentls.agents.trusted import TrustedFolders, is_trusted

FOLDERS = TrustedFolders(file="{home}/.prog/folders.json", values=("YES",))


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / ".prog").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def say(home):
    """Write what the person has told the agent."""

    def write(said) -> None:
        (home / ".prog" / "folders.json").write_text(json.dumps(said))

    return write


def test_the_nearest_folder_above_decides(home, say, tmp_path):
    code = tmp_path / "code"
    repository = code / "one"
    repository.mkdir(parents=True)
    assert not is_trusted(FOLDERS, repository, home=home)
    say({str(code): "YES", str(code / "other"): "NO"})
    assert is_trusted(FOLDERS, repository, home=home)
    assert not is_trusted(FOLDERS, code / "other", home=home)
    assert not is_trusted(FOLDERS, tmp_path, home=home)
    say({str(code): "YES", str(repository): "PERHAPS"})
    assert not is_trusted(FOLDERS, repository, home=home)


def test_a_folder_is_the_same_by_another_name(home, say, tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "code")
    say({str(tmp_path / "link"): "YES"})
    assert is_trusted(FOLDERS, tmp_path / "code", home=home)


@pytest.mark.parametrize("text", ["", "{", "[]", '"YES"', "[" * 100_000])
def test_what_cannot_be_read_trusts_nothing(home, tmp_path, text):
    (home / ".prog" / "folders.json").write_text(text)
    assert not is_trusted(FOLDERS, tmp_path, home=home)
