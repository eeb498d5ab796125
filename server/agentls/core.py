"""The core: the one shared state behind every connection, and what runs for it.

It knows nothing of LSP. `assembly.py` puts the parts together; the layers below
don't know each other.
"""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import attrs

from agentls.background import Background
from agentls.doctor import Finding, examine
from agentls.errors import InvalidParams
from agentls.git.repository import find_repository
from agentls.paths import Paths
from agentls.report.reports import Reports
from agentls.sessions.controllers import Controllers
from agentls.sessions.load import LoadMeter
from agentls.sessions.screens import Screens
from agentls.sessions.searches import Found, find_in_logs
from agentls.sessions.sessions import Sessions
from agentls.tasks.accepting import Accepting
from agentls.tasks.accounting import Accounting
from agentls.tasks.adopting import Adopting
from agentls.tasks.agency import Agency
from agentls.tasks.batches import Batching
from agentls.tasks.book import TaskBook
from agentls.tasks.briefing import Briefings
from agentls.tasks.checking import Checking
from agentls.tasks.checkpointing import Checkpointing
from agentls.tasks.commenting import Commenting
from agentls.tasks.creating import Creating
from agentls.tasks.delegating import Delegating
from agentls.tasks.discarding import Discarding
from agentls.tasks.disk import DiskWatch
from agentls.tasks.editors import Editors
from agentls.tasks.forecasting import Forecasting
from agentls.tasks.housekeeping import Housekeeper
from agentls.tasks.merging import Merging
from agentls.tasks.orchestrator import Orchestrator
from agentls.tasks.ordering import Ordering
from agentls.tasks.origins import Origins
from agentls.tasks.pool import Pool
from agentls.tasks.publishing import Publishing
from agentls.tasks.queueing import Queueing
from agentls.tasks.races import Races
from agentls.tasks.records import Records
from agentls.tasks.refusing import Refusing
from agentls.tasks.repairing import Repairing
from agentls.tasks.responding import Responding
from agentls.tasks.reviewing import Reviewing
from agentls.tasks.rewinding import Rewinding
from agentls.tasks.scripts import Scripts
from agentls.tasks.sending import ReviewSending
from agentls.tasks.stacking import Stacking
from agentls.tasks.states import HOLDS_A_PLACE
from agentls.tasks.tearing_down import TearingDown
from agentls.tasks.telling import Teller
from agentls.tasks.trains import Trains
from agentls.tasks.trusting import Trusting
from agentls.tasks.trying import Trying
from agentls.tasks.undoing import Undoing
from agentls.tasks.updating import Updating

__all__ = ["Core"]

_HITS_MAX = 1000
_TOLD_DAYS = 7.0
"""Days in which the doctor tells of a teardown that failed."""

R = TypeVar("R")


@attrs.frozen(kw_only=True)
class Core:
    """What the connections share; it outlives them all."""

    paths: Paths
    book: TaskBook
    tasks: Orchestrator
    creating: Creating
    delegating: Delegating
    batching: Batching
    races: Races
    accepting: Accepting
    commenting: Commenting
    checkpointing: Checkpointing
    adopting: Adopting
    review_sending: ReviewSending
    checking: Checking
    briefings: Briefings
    discarding: Discarding
    editors: Editors
    forecasting: Forecasting
    merging: Merging
    undoing: Undoing
    ordering: Ordering
    publishing: Publishing
    queueing: Queueing
    origins: Origins
    pool: Pool
    refusing: Refusing
    responding: Responding
    stacking: Stacking
    trains: Trains
    trying: Trying
    reviewing: Reviewing
    repairing: Repairing
    rewinding: Rewinding
    updating: Updating
    sessions: Sessions
    screens: Screens
    scripts: Scripts
    tearing_down: TearingDown
    controllers: Controllers
    load: LoadMeter
    trusting: Trusting
    agency: Agency
    accounting: Accounting
    records: Records
    reports: Reports
    housekeeper: Housekeeper
    disk_watch: DiskWatch
    background: Background
    teller: Teller
    idle_exit: float
    """Seconds without work and clients after which the daemon ends; 0 for never."""

    @property
    def idle(self) -> bool:
        """Tell whether nothing runs: no task has a place, no session lives."""
        return not any(
            task.state in HOLDS_A_PLACE
            or any(session.live for session in self.book.sessions(task.id))
            for task in self.book.tasks(discarded=True)
        )

    def spawn(
        self, work: Coroutine[Any, Any, R], *, name: str
    ) -> asyncio.Task[R | None]:
        """Run work that belongs to the core, not to the connection that asked."""
        return self.background.spawn(work, name=name)

    async def repository_root(self, folder: Path) -> Path:
        """Give the top folder of the checkout whose repository holds the folder."""
        return (await find_repository(folder)).root

    async def search_logs(
        self,
        pattern: str,
        *,
        fixed: bool,
        ignore_case: bool,
        tasks: tuple[str, ...] | None,
        limit: int,
        more: str | None,
    ) -> Found:
        """Search the output of the tasks' sessions, or of all, one page at a time."""
        if not 1 <= limit <= _HITS_MAX:
            raise InvalidParams(f"The limit is {limit}; it goes from 1 to {_HITS_MAX}.")
        named = tasks and tuple(self.book.get(task).id for task in tasks)
        return await find_in_logs(
            self.paths.sessions,
            pattern,
            fixed=fixed,
            ignore_case=ignore_case,
            tasks=named,
            limit=limit,
            more=more,
        )

    async def doctor(
        self, folder: Path | None, *, repair: bool = False
    ) -> tuple[Finding, ...]:
        """Look for what is wrong with this machine, the daemon, tasks, a repository.

        `repair` mends what can safely be mended.
        """
        repairing = self.repairing
        return await examine(
            self.paths,
            self.trusting,
            self.agency,
            folder=folder,
            notify_problem=self.teller.problem,
            troubles=await (repairing.mend(folder) if repair else repairing.look()),
            kept_ready=await self.housekeeper.kept_ready(),
            not_torn_down=self.tearing_down.failed(days=_TOLD_DAYS),
        )
