"""Every call of git goes through here: hardened, bounded, in a known language.

What a repository's config could make git run is off: hooks, the file system
monitor, filters that nobody trusted, external diffs, the network (a missing
object of a partial clone makes git fetch, with commands from the config).
Merge drivers can't be switched off here; `merging.py` keeps them out.
"""

import os
import re
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import attrs

from agentls.errors import AgentlsError, GitFailed, StorageFull, Untrusted
from agentls.git.config_files import Known, files_behind, key_of, read_at_rest
from agentls.git.drivers import blank, filters_in
from agentls.git.place import Place
from agentls.git.process import OUTPUT_MAX, Finished, run_process
from agentls.git.settings import Setting, parse_with_files
from agentls.threads import in_thread

__all__ = [
    "TIMEOUT",
    "failure",
    "git",
    "git_version",
    "load_settings",
    "run_git",
    "user_environ",
]

TIMEOUT = 120.0
"""Seconds after which a call is given up, unless the caller knows better."""

# Each value is one that the repository's config can't override.
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.filesRefLockTimeout": "3000",
    "core.packedRefsTimeout": "5000",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "commit.gpgSign": "false",
    "i18n.commitEncoding": "UTF-8",
    "protocol.ext.allow": "never",
    "advice.detachedHead": "false",
}

# Variables of git that say how the user's git reaches config and network.
_KEPT_VARIABLES = {
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
}

# Commands that read and write objects and refs only, so that no filter can run.
# Not those that write an index: they look again at files as new as the index.
_WITHOUT_FILTERS = {
    "cat-file",
    "check-attr",
    "check-ref-format",
    "commit-tree",
    "config",
    "diff-tree",
    "fetch",
    "for-each-ref",
    "init",
    "ls-files",
    "ls-tree",
    "merge-base",
    "merge-tree",
    "mktree",
    "rev-list",
    "rev-parse",
    "show-ref",
    "symbolic-ref",
    "update-ref",
    "var",
}

# With these options some of them do.
_FILTERING_OPTIONS = {"--filters", "--textconv", "-m", "-u", "--path"}

# How git and the C library say that a disk or quota is full.
_FULL = ("No space left on device", "Disk quota exceeded")

# Commands that a repository's own config can put into a fetch or push.
_NETWORK_KEYS = {
    ("core", "sshcommand"),
    ("core", "gitproxy"),
    ("core", "askpass"),
    ("core", "alternaterefscommand"),
    ("credential", "helper"),
    ("remote", "receivepack"),
    ("remote", "uploadpack"),
    ("remote", "vcs"),
}


_KNOWN_MAX = 200
_KNOWN: dict[tuple[object, ...], Known] = {}
"""The configs that were read last, by their places."""


async def git(
    *args: str | bytes,
    at: Place,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    within: float = TIMEOUT,
    output_max: int = OUTPUT_MAX,
    ok: Collection[int] = (0,),
    inherit: tuple[int, ...] = (),
) -> bytes:
    """Run git and give its output; raise `GitFailed` for another status than `ok`.

    `settings` are config values for this call. `stdin` None means no input.
    """
    finished = await run_git(
        *args,
        at=at,
        stdin=stdin,
        env=env,
        settings=settings,
        within=within,
        output_max=output_max,
        inherit=inherit,
    )
    if finished.status not in ok:
        raise failure(args, finished)
    return finished.stdout


async def run_git(
    *args: str | bytes,
    at: Place,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    within: float = TIMEOUT,
    output_max: int = OUTPUT_MAX,
    inherit: tuple[int, ...] = (),
) -> Finished:
    """Run git and give all that it left, whatever its exit status."""
    extra = dict(settings or {})
    if not at.isolated and (_may_filter(args) or at.network):
        found = await load_settings(at)
        extra |= blank(one for one in filters_in(found) if not one.may_run(at.trusted))
        if at.network:
            _refuse_network_commands(found, trusted=at.trusted)
    return await run_process(
        ("git", "--literal-pathspecs", "--no-pager", *args),
        cwd=at.cwd,
        environ=_environ(at, settings=_SETTINGS | extra) | dict(env or {}),
        stdin=stdin,
        within=within,
        output_max=output_max,
        inherit=inherit,
    )


async def load_settings(at: Place) -> tuple[Setting, ...]:
    """Read the whole config that holds at a place, with the scope of each line.

    What was read a moment ago is given again if its files are still the same.
    """
    key = key_of(at)
    known = _KNOWN.get(key)
    if known is not None and await in_thread(known.holds):
        return known.settings
    _KNOWN.pop(key, None)
    begun, read = time.time_ns(), time.monotonic()
    rows = parse_with_files(
        await git(
            *("config", "--list", "-z", "--show-scope", "--show-origin"),
            at=attrs.evolve(at, network=False),
        )
    )
    settings = tuple(setting for setting, _ in rows)
    files = files_behind(rows, at=at)
    if files is None:
        return settings
    stamps = await in_thread(read_at_rest, files, begun_ns=begun)
    if stamps is not None:
        while len(_KNOWN) >= _KNOWN_MAX:
            del _KNOWN[next(iter(_KNOWN))]
        _KNOWN[key] = Known(settings=settings, stamps=stamps, read=read)
    return settings


async def git_version() -> tuple[int, ...]:
    """Give the version of the git on the PATH, such as (2, 39, 5)."""
    finished = await run_process(
        ("git", "version"), cwd=Path("/"), environ=user_environ(), within=10
    )
    found = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", finished.stdout)
    if finished.status or found is None:
        raise GitFailed(
            "The git on the PATH doesn't tell its version.",
            hint="Install git 2.38 or newer.",
        )
    return tuple(int(part) for part in found.groups() if part is not None)


def failure(args: tuple[str | bytes, ...], finished: Finished) -> AgentlsError:
    """Make the error that says why git failed, in git's own last words."""
    text = finished.stderr.decode("utf-8", "replace").strip()
    command = os.fsdecode(args[0])
    last = "\n".join(text.splitlines()[-6:])
    if any(mark in text for mark in _FULL):
        return StorageFull(
            f"The disk is full: git {command} could not write.",
            hint="Free some space and try again; nothing was lost.",
        )
    if ".lock': File exists" in text:
        return GitFailed(
            f"Another git process holds a lock: {last}",
            hint="Try again when it is done; remove the lock file if none runs.",
        )
    if "from promisor remote" in text:
        return GitFailed(
            f"git {command} lacks a file: this is a partial clone, and the remote that"
            f" has the rest can't be reached ({text.splitlines()[0]}).",
            hint="Try again when `git fetch` works there; nothing was lost.",
        )
    return GitFailed(f"git {command} ended with {finished.status}: {last}")


def _may_filter(args: tuple[str | bytes, ...]) -> bool:
    """Tell whether this command may put files through filters."""
    return args[0] not in _WITHOUT_FILTERS or not _FILTERING_OPTIONS.isdisjoint(args)


def user_environ() -> dict[str, str]:
    """Give this process's environment without what would bend git's calls."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key in _KEPT_VARIABLES
    }


def _environ(at: Place, *, settings: Mapping[str, str]) -> dict[str, str]:
    if at.isolated:
        environ = {"PATH": os.environ.get("PATH", os.defpath)}
        environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    else:
        environ = user_environ()
    environ |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ADVICE": "0",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": ":",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_DIR": str(at.git_dir),
        # Explicit as well: a planted `commondir` file would lead to another config.
        "GIT_COMMON_DIR": str(at.common_dir or at.git_dir),
    }
    if not at.network:
        environ["GIT_ALLOW_PROTOCOL"] = "none"
        environ["GIT_NO_LAZY_FETCH"] = "1"
    if at.work_tree is not None:
        environ["GIT_WORK_TREE"] = str(at.work_tree)
    if at.index is not None:
        environ["GIT_INDEX_FILE"] = str(at.index)
    if at.objects is not None:
        environ["GIT_OBJECT_DIRECTORY"] = str(at.objects)
    if at.alternates:
        environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(
            _quoted(path) for path in at.alternates
        )
    # By variables and not by -c, which would cut a name that holds a "=".
    environ["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings.items()):
        environ[f"GIT_CONFIG_KEY_{number}"] = key
        environ[f"GIT_CONFIG_VALUE_{number}"] = value
    return environ


def _quoted(path: Path) -> str:
    """Quote a path of that list as git reads it: a colon parts, a `"` quotes."""
    text = str(path)
    if ":" not in text and not text.startswith('"'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _refuse_network_commands(
    found: tuple[Setting, ...], *, trusted: frozenset[str]
) -> None:
    for one in found:
        if one.scope.of_the_user or (one.section, one.name) not in _NETWORK_KEYS:
            continue
        middle = f".{one.subsection}." if one.subsection is not None else "."
        text = f"{one.section}{middle}{one.name} = {one.value}"
        if one.value and text not in trusted:
            raise Untrusted(
                f"The repository's own config wants to run: {text}",
                hint="Trust it, or move the setting into your own git config.",
            )
