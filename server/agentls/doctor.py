"""The doctor: looks at this machine, the daemon and a repository, and advises."""

import os
import shutil
from pathlib import Path

import attrs

from agentls.config import Config
from agentls.errors import AgentlsError
from agentls.git.repository import find_repository, head
from agentls.git.runner import git_version
from agentls.logout import LogoutRisk, find_logout_risk
from agentls.model import Task
from agentls.paths import Paths
from agentls.tasks.agency import Agency
from agentls.tasks.repairing import Trouble
from agentls.tasks.trusting import Trusting
from agentls.threads import in_thread

__all__ = ["Finding", "examine"]

_GIT_MIN = (2, 38)  # merge-tree --write-tree


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str
    hint: str = ""


async def examine(
    paths: Paths,
    trusting: Trusting,
    agency: Agency,
    *,
    folder: Path | None,
    notify_problem: str,
    troubles: tuple[Trouble, ...],
    kept_ready: str,
    not_torn_down: tuple[Task, ...],
) -> tuple[Finding, ...]:
    """Look at everything; nothing is changed.

    `notify_problem` is what was wrong when the user's command was run last, `troubles`
    what is wrong with tasks, `kept_ready` what is there beforehand,
    `not_torn_down` those whose teardown failed.
    """
    findings = [await _git(), await _room(paths, trusting, kept_ready)]
    if (risk := await find_logout_risk(os.environ)) is not None:
        findings.append(_logout(risk))
    try:
        config = await trusting.user_config()
    except AgentlsError as error:
        findings.append(_problem("config", error))
    else:
        findings += await _agents_and_environment(agency, config=config)
        if config.notify:
            findings.append(await _notify(agency, config, problem=notify_problem))
    if folder is not None:
        findings.append(await _repository(trusting, folder))
    return (*findings, *map(_task, troubles), *map(_left, not_torn_down))


def _task(trouble: Trouble) -> Finding:
    return Finding(
        name=f"task {trouble.task.id}",
        ok=trouble.harmless,
        message=f"mended: {trouble.kind.value}" if trouble.mended else trouble.kind,
        hint=trouble.hint,
    )


def _left(task: Task) -> Finding:
    return Finding(
        name=f"task {task.id}",
        ok=False,
        message=task.why or "Its teardown failed.",
        hint=f"What it should have ended may still run; its worktree: {task.worktree}",
    )


async def _git() -> Finding:
    try:
        version = await git_version()
    except AgentlsError as error:
        return _problem("git", error)
    return Finding(
        name="git",
        ok=version >= _GIT_MIN,
        message="git " + ".".join(map(str, version)),
        hint="" if version >= _GIT_MIN else "agentls needs git 2.38 or newer.",
    )


async def _room(paths: Paths, trusting: Trusting, kept_ready: str) -> Finding:
    config = await trusting.config_at_start()
    folder = config.worktrees or paths.data
    folder = folder if folder.exists() else paths.data
    free, reserve = shutil.disk_usage(folder).free, config.disk.reserve
    return Finding(
        name="disk",
        ok=free >= reserve,
        message=f"{free / (1 << 30):.1f} GiB free for worktrees in {folder}"
        + kept_ready,
        hint=""
        if free >= reserve
        else "`agentls gc` shows what may go; discard old tasks, or set `worktrees`.",
    )


def _logout(risk: LogoutRisk) -> Finding:
    return Finding(
        name="logout", ok=not risk.ends_agents, message=risk.message, hint=risk.hint
    )


async def _agents_and_environment(agency: Agency, *, config: Config) -> list[Finding]:
    environment = await agency.user_environment()
    shell = environment.values.get("SHELL", "your shell")
    findings = [
        Finding(
            name="environment",
            ok=environment.problem is None,
            message=environment.problem
            or f"{len(environment.values)} variables from {shell}",
            hint="Look into your shell's rc files." if environment.problem else "",
        )
    ]
    agents = await agency.roster.listed(config)
    real = [one for one in agents if one.path and one.name != "shell"]
    findings.append(
        Finding(
            name="agents",
            ok=bool(real),
            message=", ".join(f"{one.name} {one.version or ''}".strip() for one in real)
            or "no coding agent is installed",
            hint="" if real else "`agentls agents` says how to install one.",
        )
    )
    return findings


async def _notify(agency: Agency, config: Config, *, problem: str) -> Finding:
    program = config.notify[0]
    path = (await agency.user_environment()).values.get("PATH")
    if await in_thread(shutil.which, program, path=path) is None:
        problem = f"there is no program {program}"
    return Finding(
        name="notify",
        ok=not problem,
        message=problem or f"{program} tells you when a task needs you",
        hint="Mend `notify` in your own config.toml; `agentls daemon logs` has each"
        " failure."
        if problem
        else "",
    )


async def _repository(trusting: Trusting, folder: Path) -> Finding:
    try:
        repository = await find_repository(folder)
        await head(repository)
        await trusting.policy(repository)
    except AgentlsError as error:
        return _problem("repository", error)
    return Finding(name="repository", ok=True, message=str(repository.root))


def _problem(name: str, error: AgentlsError) -> Finding:
    return Finding(name=name, ok=False, message=error.message, hint=error.hint)
