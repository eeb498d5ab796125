import os
from pathlib import Path
from typing import Any

import pytest

from agentls.git.changes import Status, changed_files, changed_paths, patch, read_blob

ODD = [
    b"with space",
    b"\xc3\xbcml",
    b"new\nline",
    b"-dash",
    b"\xff\xfe",
    b'"q"\t\\',
    b":x",
]


async def test_tells_what_happened_to_each_file(sandbox: Any):
    sandbox.write("moved", "".join(f"line {n}\n" for n in range(20)))
    sandbox.write("gone", "bye\n")
    sandbox.write("bin", b"\0one")
    sandbox.write("type", "file\n")
    base = sandbox.commit()
    (sandbox.root / "moved").rename(sandbox.root / "to where")
    (sandbox.root / "gone").unlink()
    sandbox.write("bin", b"\0two")
    (sandbox.root / "type").unlink()
    (sandbox.root / "type").symlink_to("readme")
    (sandbox.root / "readme").chmod(0o755)
    sandbox.write("src/code.py", "one\n2\nthree\nfour\n")
    tip = sandbox.commit()
    repo = await sandbox.repository()
    found = {file.display: file for file in await changed_files(repo, base, tip)}
    assert {name: file.status for name, file in found.items()} == {
        "bin": Status.MODIFIED,
        "gone": Status.DELETED,
        "readme": Status.MODIFIED,
        "src/code.py": Status.MODIFIED,
        "to where": Status.RENAMED,
        "type": Status.TYPE_CHANGED,
    }
    assert found["to where"].old_path == b"moved"
    assert found["bin"].binary
    assert not found["gone"].binary
    assert (found["src/code.py"].added, found["src/code.py"].deleted) == (2, 1)
    assert (found["gone"].added, found["gone"].deleted) == (0, 1)
    assert found["readme"].executable
    assert found["type"].symlink
    assert {file.status for file in await changed_paths(repo, base, tip)} <= set("AMDT")


@pytest.mark.parametrize("name", ODD)
async def test_odd_names_come_through_as_bytes(sandbox: Any, name: Any):
    base = sandbox.tip()
    (sandbox.root / os.fsdecode(name)).write_text("content\n")
    tip = sandbox.commit()
    repo = await sandbox.repository()
    (found,) = await changed_files(repo, base, tip)
    assert found.path == name
    assert found.display.isprintable() or name == b"new\nline" or b"\t" in name
    assert await read_blob(repo, tip, name) == b"content\n"
    assert await read_blob(repo, base, name) is None
    assert b"+content" in await patch(repo, base, tip, paths=(name,))


async def test_the_patch_can_be_applied(sandbox: Any):
    base = sandbox.tip()
    sandbox.write("bin", bytes(range(256)) * 9)
    sandbox.write("readme", "no newline at the end")
    tip = sandbox.commit()
    repo = await sandbox.repository()
    text = await patch(repo, base, tip)
    sandbox.git("reset", "-q", "--hard", base)
    sandbox.write("../the.patch", text)
    sandbox.git("apply", "--index", "../the.patch")
    assert sandbox.git("write-tree").strip() == sandbox.tip(f"{tip}^{{tree}}")


async def test_a_submodule_is_told_apart(sandbox: Any):
    base = sandbox.tip()
    info = f"160000,{base},sub"
    sandbox.git("update-index", "--add", "--cacheinfo", info)
    sandbox.git("commit", "-q", "-m", "sub")
    repo = await sandbox.repository()
    (found,) = await changed_files(repo, base, sandbox.tip())
    assert found.submodule
    assert await read_blob(repo, sandbox.tip(), b"sub") is None
    assert await read_blob(repo, sandbox.tip(), b"src") is None


async def test_nothing_hostile_runs_and_the_users_settings_do_not_bend_it(
    sandbox: Any, hostile: Any, home: Path
):
    base = sandbox.tip()
    sandbox.write(".gitattributes", "* diff=evil filter=evil\n")
    sandbox.write("readme", "hello\nmore\n")
    tip = sandbox.commit()
    hostile(sandbox)
    with (home / ".gitconfig").open("a") as config:
        config.write("[diff]\n\tnoprefix = true\n\trenames = false\n")
        config.write("[color]\n\tui = always\n[core]\n\tabbrev = 5\n")
    repo = await sandbox.repository()
    found = await changed_files(repo, base, tip)
    assert [file.path for file in found] == [b".gitattributes", b"readme"]
    assert len(found[0].new_blob) == 40
    assert b"+++ b/readme\n" in await patch(repo, base, tip)


async def test_sha256_repositories_are_read(make_sandbox: Any):
    sandbox = make_sandbox("new", "--object-format=sha256")
    base = sandbox.commit()
    sandbox.write("a", "a\n")
    tip = sandbox.commit()
    (found,) = await changed_files(await sandbox.repository(), base, tip)
    assert len(found.new_blob) == 64
