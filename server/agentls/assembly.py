"""Puts the core together: who needs whom, what is taken up, what goes on by itself."""

import contextlib
from collections.abc import AsyncGenerator
from datetime import timedelta

from agentls.background import Background
from agentls.core import Core
from agentls.paths import Paths
from agentls.report.reports import Reports
from agentls.review.checkpoint import Checkpointer
from agentls.sessions.controllers import Controllers
from agentls.sessions.load import LoadMeter
from agentls.sessions.screens import Screens
from agentls.sessions.sessions import Sessions
from agentls.store.database import Database
from agentls.store.history import load_reviewed
from agentls.tasks.accepting import Accepting
from agentls.tasks.accounting import Accounting
from agentls.tasks.adopting import Adopting
from agentls.tasks.agency import Agency
from agentls.tasks.batches import Batching
from agentls.tasks.book import TaskBook, now
from agentls.tasks.briefing import Briefings
from agentls.tasks.checking import Checking
from agentls.tasks.checkpointing import Checkpointing
from agentls.tasks.clearing import Clearing
from agentls.tasks.commenting import Commenting
from agentls.tasks.creating import Creating
from agentls.tasks.deciding import Deciding
from agentls.tasks.delegating import Delegating
from agentls.tasks.discarding import Discarding
from agentls.tasks.disk import DiskUse, DiskWatch
from agentls.tasks.editors import Editors
from agentls.tasks.forecasting import Forecasting
from agentls.tasks.history import History
from agentls.tasks.housekeeping import Housekeeper
from agentls.tasks.merging import Merging
from agentls.tasks.operations import Operations
from agentls.tasks.orchestrator import Orchestrator
from agentls.tasks.ordering import Ordering
from agentls.tasks.origins import Origins
from agentls.tasks.pace import WINDOW
from agentls.tasks.pool import Pool
from agentls.tasks.ports import PortBlocks
from agentls.tasks.publishing import Publishing
from agentls.tasks.queueing import Queueing
from agentls.tasks.races import Races
from agentls.tasks.records import Records
from agentls.tasks.recovery import recover
from agentls.tasks.refusing import Refusing
from agentls.tasks.repairing import Repairing
from agentls.tasks.responding import Responding
from agentls.tasks.resuming import Resuming
from agentls.tasks.reviewer import Reviewer
from agentls.tasks.reviewing import Reviewing
from agentls.tasks.rewinding import Rewinding
from agentls.tasks.routing import Routing
from agentls.tasks.scripts import Scripts
from agentls.tasks.sending import ReviewSending
from agentls.tasks.setup_cache import SetupCache
from agentls.tasks.stacking import Stacking
from agentls.tasks.starting import Starter
from agentls.tasks.tearing_down import TearingDown
from agentls.tasks.telling import Teller
from agentls.tasks.trains import Trains
from agentls.tasks.trusting import Trusting
from agentls.tasks.trying import Trying
from agentls.tasks.undoing import Undoing
from agentls.tasks.updating import Updating

__all__ = ["open_core"]


@contextlib.asynccontextmanager
async def open_core(paths: Paths) -> AsyncGenerator[Core]:
    """Open the store, take up what lives, and close again in the right order.

    When the context ends, operations under way are cancelled; the journal lets the
    next daemon go on with them. Sessions live on in their shims.
    """
    paths.make_private()
    controllers = Controllers()
    async with (
        Database(paths.database) as database,
        Screens(paths.sessions) as screens,
        Sessions(
            paths=paths,
            linked=screens.follow,
            over=screens.forget,
            resized=controllers.resized,
        ) as sessions,
        Background() as background,
    ):
        book = TaskBook(database)
        unfinished = await book.load()
        trusting = Trusting(paths=paths, database=database)
        config = await trusting.config_at_start()
        agency = Agency(paths=paths, ports=PortBlocks(book))
        accounting = Accounting(paths=paths, book=book, database=database)
        checkpoints = Checkpointer(
            indexes=paths.state / "indexes",
            database=database,
            sized=lambda task, size: book.keep_size(
                task, files=size.files, added=size.added, deleted=size.deleted
            ),
        )
        pool = Pool(
            paths=paths,
            book=book,
            database=database,
            trusting=trusting,
            spawn=background.spawn,
        )
        await pool.load()
        setup_cache = SetupCache(paths=paths, spawn=background.spawn)
        starter = Starter(
            book=book,
            sessions=sessions,
            trusting=trusting,
            agency=agency,
            accounting=accounting,
            screens=screens,
            checkpoints=checkpoints,
            database=database,
            pool=pool,
            setup_cache=setup_cache,
            spawn=background.spawn,
        )
        teller = Teller(
            book=book, trusting=trusting, agency=agency, spawn=background.spawn
        )
        operations = Operations(
            paths=paths,
            book=book,
            starter=starter,
            checkpoints=checkpoints,
            background=background,
        )
        deciding = Deciding(
            book=book,
            database=database,
            checkpoints=checkpoints,
            turns=starter.turns,
        )
        records = Records(book=book, database=database)
        routing = Routing(agency=agency, records=records)
        tasks = Orchestrator(
            operations,
            trusting=trusting,
            agency=agency,
            deciding=deciding,
            routing=routing,
        )
        merging = Merging(operations, trusting=trusting)
        forecasting = Forecasting(operations)
        reviewing = Reviewing(operations, database=database, deciding=deciding)
        commenting = Commenting(operations, database=database)
        checking = Checking(
            operations,
            database=database,
            reviewer=Reviewer(operations, commenting=commenting),
        )
        starter.turns.after = checking
        rewinding = Rewinding(operations, database=database)
        updating = Updating(
            operations, database=database, tasks=tasks, rewinding=rewinding
        )
        tearing_down = TearingDown(operations, trusting=trusting)
        discarding = Discarding(
            operations,
            trusting=trusting,
            ports=agency.ports,
            tearing_down=tearing_down,
        )
        briefings = Briefings(
            operations,
            reviewing=reviewing,
            commenting=commenting,
            screens=screens,
            forecasting=forecasting,
            accounting=accounting,
        )
        responding = Responding(operations, agency=agency, screens=screens)
        creating = Creating(
            operations,
            trusting=trusting,
            routing=routing,
            delegating=Delegating(book=book, trusting=trusting, agency=agency),
        )
        ordering = Ordering(operations, trusting=trusting, forecasting=forecasting)
        core = Core(
            paths=paths,
            book=book,
            tasks=tasks,
            creating=creating,
            delegating=creating.delegating,
            batching=Batching(operations, creating=creating),
            races=Races(operations, creating=creating, discarding=discarding),
            accepting=Accepting(
                operations, deciding=deciding, merging=merging, updating=updating
            ),
            checkpointing=Checkpointing(operations),
            adopting=Adopting(
                operations, trusting=trusting, routing=routing, tasks=tasks
            ),
            commenting=commenting,
            review_sending=ReviewSending(
                operations, commenting=commenting, tasks=tasks
            ),
            checking=checking,
            briefings=briefings,
            discarding=discarding,
            merging=merging,
            undoing=Undoing(operations, discarding=discarding),
            forecasting=forecasting,
            ordering=ordering,
            stacking=Stacking(operations, updating=updating),
            trains=Trains(
                operations,
                merging=merging,
                ordering=ordering,
                forecasting=forecasting,
                pool=pool,
                setup_cache=setup_cache,
            ),
            origins=Origins(operations, database=database),
            pool=pool,
            refusing=Refusing(operations, deciding=deciding),
            responding=responding,
            trying=Trying(
                operations,
                creating=creating,
                tasks=tasks,
                responding=responding,
                accounting=accounting,
                agency=agency,
                trusting=trusting,
            ),
            reviewing=reviewing,
            publishing=Publishing(
                operations,
                trusting=trusting,
                agency=agency,
                merging=merging,
                briefings=briefings,
            ),
            editors=Editors(),
            queueing=Queueing(operations),
            rewinding=rewinding,
            updating=updating,
            repairing=Repairing(operations, discarding=discarding),
            sessions=sessions,
            screens=screens,
            scripts=Scripts(operations),
            tearing_down=tearing_down,
            controllers=controllers,
            load=LoadMeter(sessions=sessions, folder=paths.sessions),
            trusting=trusting,
            agency=agency,
            accounting=accounting,
            records=records,
            reports=Reports(
                history=History(book=book, database=database),
                folder=paths.state / "reports",
            ),
            housekeeper=Housekeeper(
                paths=paths,
                book=book,
                trusting=trusting,
                clearing=Clearing(operations),
                pool=pool,
                setup_cache=setup_cache,
                disk=DiskUse(
                    operations, trusting=trusting, pool=pool, setup_cache=setup_cache
                ),
            ),
            disk_watch=DiskWatch(
                paths=paths, book=book, starter=starter, trusting=trusting
            ),
            background=background,
            teller=teller,
            idle_exit=config.idle_exit,
        )
        resuming = Resuming(
            wanted=config.resume_on_start,
            book=book,
            starter=starter,
            sessions=paths.sessions,
            spawn=background.spawn,
        )
        starter.places.limits = config.limits
        begun = now()
        starter.places.pace.load(
            book.tasks(discarded=True),
            await database.read(
                lambda db: load_reviewed(db, since=begun - timedelta(seconds=WINDOW))
            ),
            now=begun,
        )
        checkpoints.file_max = config.checkpoint.max_file
        await recover(
            unfinished,
            book=book,
            starter=starter,
            finishers={
                "merge": core.merging.finish_merge,
                "train": core.trains.finish_train,
                "take": core.accepting.finish_take,
                "refuse": core.refusing.finish_refuse,
                "undo": core.undoing.finish_undo,
                "discard": core.discarding.finish_discard,
                "restore": core.discarding.finish_restore,
                "bring back": core.discarding.finish_bring_back,
                "rewind": core.rewinding.finish_rewind,
                "update": core.updating.finish_update,
            },
            resuming=resuming,
            spawn=background.spawn,
        )
        # Only now: while sessions are adopted no place is free yet, and nobody needs
        # to be told of what goes on by itself.
        with book.listening(resuming.hear), book.listening(starter.places.hear):
            async with _going_on(core):
                try:
                    yield core
                finally:
                    starter.closing = starter.places.closing = pool.closing = True


@contextlib.asynccontextmanager
async def _going_on(core: Core) -> AsyncGenerator[None]:
    """Let go on by itself what no client asks for, as long as the context lasts."""
    hears = (
        *(core.forecasting.hear, core.races.hear, core.stacking.hear, core.pool.hear),
        core.tearing_down.hear,
    )
    core.spawn(core.repairing.look_at_start(), name="look for damage")
    core.spawn(core.housekeeper.keep_going(), name="housekeeping")
    core.spawn(core.forecasting.keep_going(), name="forecasting")
    with contextlib.ExitStack() as listening:
        for hear in hears:
            listening.enter_context(core.book.listening(hear))
        core.tearing_down.take_up()
        core.spawn(core.races.keep_going(), name="races")
        core.spawn(core.stacking.keep_going(), name="stacks")
        core.spawn(core.disk_watch.keep_going(), name="disk")
        async with core.teller:
            with core.book.listening(core.teller.hear):
                yield
