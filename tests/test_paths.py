import os
import shutil
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path

import platformdirs
import pytest

from agentls.errors import AgentlsError
from agentls.paths import SOCKET_PATH_MAX, Paths

UID = os.getuid()


@pytest.fixture
def short() -> Generator[Path]:
    """Give a folder whose path leaves room for a socket's, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="agentls-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def of(**environ: str) -> Paths:
    return Paths.from_environ(environ, uid=UID)


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": "/home/x"},
        {"HOME": "/home/x", "XDG_STATE_HOME": "/s", "XDG_DATA_HOME": "/d"},
        {"HOME": "/home/x", "XDG_CONFIG_HOME": "/c"},
    ],
)
def test_the_folders_are_those_that_platformdirs_names(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    for name in list(os.environ):
        if name.startswith(("XDG_", "AGENTLS_")):
            monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    expected = platformdirs.PlatformDirs("agentls", appauthor=False)
    paths = Paths.of_this_process()
    assert paths.state == expected.user_state_path
    assert paths.data == expected.user_data_path
    assert paths.config == expected.user_config_path


def test_each_folder_can_be_set():
    paths = of(
        HOME="/h",
        AGENTLS_STATE_DIR="/1",
        AGENTLS_DATA_DIR="/2",
        AGENTLS_CONFIG_DIR="/3",
    )
    assert (paths.state, paths.data, paths.config) == (
        Path("/1"),
        Path("/2"),
        Path("/3"),
    )


def test_a_relative_xdg_folder_is_ignored_as_its_standard_says():
    paths = of(HOME="/h", XDG_STATE_HOME="relative")
    assert paths.state == Path("/h/.local/state/agentls")


def test_macos_keeps_all_in_application_support(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "darwin")
    paths = of(HOME="/Users/x")
    expected = Path("/Users/x/Library/Application Support/agentls")
    assert (paths.state, paths.data, paths.config) == (expected,) * 3


def test_folders_are_private(tmp_path: Path):
    paths = of(HOME=str(tmp_path))
    paths.make_private()
    for folder in (paths.state, paths.data, paths.sessions):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_socket_folder_is_private_and_short(short: Path):
    paths = of(HOME="/h/" + "x" * 200, AGENTLS_RUNTIME_DIR=str(short / "r"))
    folder = paths.make_socket_dir()
    assert folder.parent == short / "r"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(os.fsencode(folder)) < SOCKET_PATH_MAX
    assert paths.make_socket_dir() == folder


def test_two_state_folders_never_share_a_socket(short: Path):
    runtime = str(short)
    one = of(HOME="/one", AGENTLS_RUNTIME_DIR=runtime).make_socket_dir()
    two = of(HOME="/two", AGENTLS_RUNTIME_DIR=runtime).make_socket_dir()
    assert one != two


def test_a_runtime_folder_that_cannot_be_used_is_passed_over(short: Path):
    (short / "file").touch()
    (short / "link").symlink_to(short)
    for bad in ("file", "link", "missing/deep", "x" * 120):
        paths = of(HOME="/h", AGENTLS_RUNTIME_DIR=str(short / bad), TMPDIR=str(short))
        folder = paths.make_socket_dir()
        assert folder.parent == short / f"agentls-{UID}"
    assert not (short / "file").is_dir()


def test_a_folder_open_to_others_is_closed(short: Path):
    runtime = short / "r"
    runtime.mkdir(mode=0o777)
    runtime.chmod(0o777)
    of(HOME="/h", AGENTLS_RUNTIME_DIR=str(runtime)).make_socket_dir()
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700


def test_no_usable_folder_at_all_is_told_with_each_reason(tmp_path: Path):
    paths = Paths(
        state=Path("/s"),
        data=Path("/d"),
        config=Path("/c"),
        runtime=(tmp_path / ("x" * 120), tmp_path / "a" / "b"),
    )
    with pytest.raises(AgentlsError, match="too long") as caught:
        paths.make_socket_dir()
    assert "AGENTLS_RUNTIME_DIR" in caught.value.hint
    assert str(tmp_path / "a" / "b") in caught.value.message
