"""Put the server and what it needs into the folder `server`, for one platform's VSIX.

`python bundle.py TARGET`: `portable` has pure Python only (a viewer that attaches
late then gets the log instead of the screen); `linux-x64`, `linux-arm64` and
`darwin-arm64` have the terminal emulator too. What is pure comes from the
environment that runs this, the emulator from its locked wheel.
"""

import hashlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OUT = HERE / "server"

PLATFORMS = {
    "linux-x64": "manylinux_2_27_x86_64",
    "linux-arm64": "manylinux_2_27_aarch64",
    "darwin-arm64": "macosx_13_0_arm64",
}

# pyghostty: the emulator is called through ctypes, its own binding isn't loaded.
# pygments: rich colours source with it; the command line doesn't.
LEFT_OUT = {"pyghostty", "cffi", "pycparser", "pygments"}
NATIVE = {".so", ".pyd", ".dylib"}


def main() -> None:
    """Make the folder anew."""
    (target,) = sys.argv[1:]
    shutil.rmtree(OUT, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "server/agentls", OUT / "agentls", ignore=ignored)
    for needed in _needed("agentls"):
        _copy(distribution(needed))
    if target != "portable":
        _add_emulator(PLATFORMS[target])
    (OUT / "LABEL").write_text(f"{distribution('agentls').version}+{_digest()}\n")


def _needed(name: str) -> set[str]:
    """Give the names of the distributions that this one needs, and they."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for requirement in distribution(waiting.pop()).requires or ():
            matched = re.match(r"[\w.-]+", requirement)
            assert matched
            known = matched[0].lower().replace("_", "-")
            if "extra ==" in requirement or known in found | LEFT_OUT:
                continue
            if "python_version" in requirement or "python_full_version" in requirement:
                continue  # for Pythons older than ours
            found.add(known)
            waiting.append(known)
    return found


def _copy(package: Distribution) -> None:
    for file in package.files or ():
        path = Path(file)
        kept = path.suffix in {".py", ".typed"} or path.name.startswith("LICEN")
        if not kept or ".." in path.parts or path.suffix in NATIVE:
            continue
        destination = OUT / path
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(package.locate_file(file)), destination)


def _add_emulator(platform: str) -> None:
    """Unpack the library from its wheel, which the lock file's hashes prove."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    matched = re.search(r"^pyghostty==(?:.*\\\n)+.*\n", lock, re.MULTILINE)
    assert matched, "requirements.lock names no pyghostty"
    line = re.sub(r" ;.*?\\\n", " \\\n", matched[0], count=1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "lock").write_text(line)
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--require-hashes", "--only-binary", ":all:", "--platform", platform),
                *("--python-version", "3.11", "--dest", folder, "-r", folder / "lock"),
            ],
            check=True,
        )
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith("/"):
                    continue
                inside = name.startswith("pyghostty/_lib/") or "licenses/" in name
                if inside or name == "pyghostty/__init__.py":
                    made = Path(archive.extract(name, OUT))
                    if made.suffix in NATIVE:
                        made.write_bytes(_stripped(made.read_bytes()))


def _stripped(program: bytes) -> bytes:
    """Leave out of an ELF library what is not loaded: symbols and debug sections.

    All that a program loader reads is named by the program headers; what stands behind
    the last of these parts is for debuggers. Works for any machine, on any machine.
    """
    if program[:6] != b"\x7fELF\x02\x01":  # 64 bit, little-endian
        return program
    headers, size, count = (
        _at("<Q", program, 0x20),
        *struct.unpack_from("<HH", program, 0x36),
    )
    parts = [headers + at * size for at in range(count)]
    ends = [
        _at("<Q", program, part + 8) + _at("<Q", program, part + 32) for part in parts
    ]
    kept = bytearray(program[: max(ends)])
    struct.pack_into("<Q", kept, 0x28, 0)  # no section headers:
    struct.pack_into("<HHH", kept, 0x3A, 64, 0, 0)  # their size, how many, their names
    return bytes(kept)


def _at(form: str, data: bytes, offset: int) -> int:
    (value,) = struct.unpack_from(form, data, offset)
    return value


def _digest() -> str:
    """Tell one build of a version from another, by all that is in it."""
    made = hashlib.sha256()
    for path in sorted(OUT.rglob("*")):
        if path.is_file():
            made.update(f"{path.relative_to(OUT)}\0".encode() + path.read_bytes())
    return made.hexdigest()[:8]


if __name__ == "__main__":
    main()
