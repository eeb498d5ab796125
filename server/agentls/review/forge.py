"""Pull and merge requests, made and looked up by the forge's own program.

`gh` and `glab` are run outside of the repository and told which one is meant, so
that nothing in it can make them run anything.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from agentls.errors import GitFailed
from agentls.git.process import Finished, run_process
from agentls.model import PullState
from agentls.threads import in_thread

__all__ = ["Draft", "Forge", "forge_of"]

_WITHIN = 120.0
_SCP = re.compile(r"(?:[^@/:]+@)?([^/:\[\]]+|\[[^\]]+\]):(?!//)(.+)")
_URL = re.compile(r"https?://\S+")
_QUIET = {
    "GH_PROMPT_DISABLED": "1",
    "GH_NO_UPDATE_NOTIFIER": "1",
    "GLAB_CHECK_UPDATE": "false",
    "GIT_TERMINAL_PROMPT": "0",
    "NO_COLOR": "1",
    "NO_PROMPT": "1",
    "CLICOLOR_FORCE": "0",
}
_STATES = {
    "open": PullState.OPEN,
    "opened": PullState.OPEN,
    "locked": PullState.OPEN,
    "merged": PullState.MERGED,
    "closed": PullState.CLOSED,
}


@attrs.frozen(kw_only=True)
class Draft:
    """A request to be made."""

    branch: str
    target: str
    title: str
    body: str
    draft: bool
    """Not to be reviewed yet."""


@attrs.frozen(kw_only=True)
class Forge:
    """Where a repository lies, and the program that speaks to it."""

    program: Path
    gitlab: bool
    host: str
    name: str
    """Owner and name, `/` between."""
    environ: Mapping[str, str]

    async def create(self, draft: Draft) -> str:
        """Make a request and give its page; of one that is there already, too."""
        if self.gitlab:
            args = (
                *("mr", "create", "--repo", f"https://{self.host}/{self.name}"),
                *("--source-branch", draft.branch, "--target-branch", draft.target),
                *("--title", draft.title, "--description", draft.body, "--yes"),
                *(("--draft",) if draft.draft else ()),
            )
        else:
            args = (
                *("pr", "create", "--repo", f"{self.host}/{self.name}"),
                *("--head", draft.branch, "--base", draft.target),
                *("--title", draft.title, "--body", draft.body),
                *(("--draft",) if draft.draft else ()),
            )
        done = await self._run(args)
        said = done.stdout.decode("utf-8", "replace")
        complaint = done.stderr.decode("utf-8", "replace")
        if done.status and "already exists" in complaint:
            said = complaint
        elif done.status:
            raise self._failed(done)
        urls = _URL.findall(said) or _URL.findall(complaint)
        if not urls:
            raise self._failed(done)
        return urls[-1]

    async def state(self, url: str) -> PullState:
        """Ask how a request stands."""
        if self.gitlab:
            repo = f"https://{self.host}/{self.name}"
            number = url.rstrip("/").rpartition("/")[2]
            args = ("mr", "view", number, "--repo", repo, "--output", "json")
        else:
            args = ("pr", "view", url, "--json", "state,isDraft")
        done = await self._run(args)
        if done.status:
            raise self._failed(done)
        try:
            told = json.loads(done.stdout)
            state = _STATES[told["state"].lower()]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._failed(done) from error
        draft = told.get("isDraft") or told.get("draft")
        return PullState.DRAFT if draft and state is PullState.OPEN else state

    async def _run(self, args: Sequence[str]) -> Finished:
        return await run_process(
            (str(self.program), *args),
            cwd=Path(self.environ.get("HOME") or "/"),
            environ={**self.environ, **_QUIET},
            within=_WITHIN,
        )

    def _failed(self, done: Finished) -> GitFailed:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        last = "\n".join(said.splitlines()[-4:])
        return GitFailed(
            f"{self.program.name} ended with {done.status}: {last}",
            hint=f"{self.program.name} auth status tells whether it is logged in.",
        )


async def forge_of(url: str, *, environ: Mapping[str, str]) -> Forge | None:
    """Give the forge that a remote's URL leads to.

    None for a URL that names no host, and where its program isn't installed.
    """
    place = _place_of(url)
    if place is None:
        return None
    host, name = place
    wanted = ("glab",) if "gitlab" in host else ("gh",)
    if "gitlab" not in host and "github" not in host:
        wanted = ("gh", "glab")
    for program in wanted:
        found = await in_thread(shutil.which, program, path=environ.get("PATH"))
        if found:
            return Forge(
                program=Path(found),
                gitlab=program == "glab",
                host=host,
                name=name,
                environ=environ,
            )
    return None


def _place_of(url: str) -> tuple[str, str] | None:
    """Give host and name of a repository: `https:`, `ssh:`, or `user@host:path`."""
    if found := _SCP.fullmatch(url):
        host, path = found.groups()
    else:
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if parts.scheme not in {"https", "http", "ssh", "git"} or not parts.hostname:
            return None
        host, path = parts.hostname, parts.path
    name = path.strip("/").removesuffix(".git")
    return (host, name) if "/" in name else None
