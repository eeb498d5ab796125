"""What a repository may run: the user's decisions, asked for and kept."""

import logging
from collections.abc import Collection, Mapping, Sequence

import attrs

from agentls import trust
from agentls.config import Config, ConfigError, LoadedConfig, load_config
from agentls.errors import Untrusted
from agentls.git.filters import repository_filters
from agentls.git.hooks import HOOK_NAMES, Hook, find_hooks
from agentls.git.repository import Repository
from agentls.git.signing import signing_programs
from agentls.paths import Paths
from agentls.store import trust as table
from agentls.store.database import Database
from agentls.tasks.book import now
from agentls.threads import in_thread
from agentls.trust import TrustItem

__all__ = ["Policy", "Trusting"]

_LOG = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Policy:
    """What holds for a repository: the config that may be used, what may run."""

    repository: Repository
    """With the texts that the user trusts."""
    config: Config


class Trusting:
    """Reads configs and filters, and knows what of them the user trusted."""

    def __init__(self, *, paths: Paths, database: Database) -> None:
        self._paths = paths
        self._database = database

    async def user_config(self) -> Config:
        """Give the config where no repository is meant."""
        loaded = await in_thread(
            load_config, user_file=self._paths.user_config, repository=None
        )
        return trust.effective_config(loaded, {})

    async def config_at_start(self) -> Config:
        """Give the user's config, or the defaults while it can't be read.

        A daemon must come up all the same: what is wrong is told when a task is
        created, and by `agentls doctor`.
        """
        try:
            return await self.user_config()
        except ConfigError as error:
            _LOG.warning("%s", error.message)
            return Config()

    async def policy(self, repository: Repository) -> Policy:
        """Give what holds; raise `Untrusted` while a text is undecided."""
        loaded, items, decisions = await self._read(repository)
        undecided = tuple(item for item in items if item.digest not in decisions)
        if undecided:
            raise Untrusted(
                f"{repository.root} would run what you haven't trusted yet:\n"
                f"{trust.describe(undecided)}\nNothing was run.",
                hint="`agentls trust` allows exactly this, `agentls trust --deny` goes"
                " on without it.",
            )
        return Policy(
            config=trust.effective_config(loaded, decisions),
            repository=repository.trusting(_allowed(items, decisions)),
        )

    async def decided_config(self, repository: Repository) -> Config:
        """Give the config without what is denied or undecided."""
        loaded, items, decisions = await self._read(repository)
        left_out: dict[str, table.Decision] = {item.digest: "denied" for item in items}
        return trust.effective_config(loaded, left_out | dict(decisions))

    async def config_of_work(self, repository: Repository) -> Config:
        """Give what is decided; the user's own file alone where the config is wrong.

        A mistake in the repository's file holds no work back.
        """
        try:
            return await self.decided_config(repository)
        except ConfigError as error:
            _LOG.warning("%s", error.message)
            return await self.config_at_start()

    async def trusted(self, repository: Repository) -> Repository:
        """Give the repository with the filters that the user allowed, and no others.

        For what reads, keeps and brings back work: it runs nothing of the config, so
        neither a wrong one nor an undecided one stands in its way.
        """
        decisions = await self._decisions(repository)
        items = (*await self._filters(repository), *await self._signing(repository))
        return repository.trusting(_allowed(items, decisions))

    async def hooks(
        self, repository: Repository, names: Sequence[str]
    ) -> tuple[Hook, ...]:
        """Give the hooks that are there and may run; those denied are left out.

        Raises `Untrusted` while one is undecided.
        """
        found = await find_hooks(repository, names)
        if not found:
            return ()
        decisions = await self._decisions(repository)
        items = {
            hook.name: _hook_item(repository, hook)
            for hook in found
            if not hook.of_the_user
        }
        undecided = tuple(
            item for item in items.values() if item.digest not in decisions
        )
        if undecided:
            raise Untrusted(
                f"A merge would run hooks that you haven't trusted yet:\n"
                f"{trust.describe(undecided)}\nNothing was run or merged.",
                hint="`agentls trust` allows exactly this, `agentls trust --deny` goes"
                " on without; `--skip-hooks` does so for once.",
            )
        return tuple(
            hook
            for hook in found
            if hook.of_the_user or decisions[items[hook.name].digest] == "allowed"
        )

    async def decisions(
        self, repository: Repository
    ) -> tuple[tuple[TrustItem, str], ...]:
        """Give every text that the repository would run, with its decision.

        What only a merge would run, hooks and signing programs, is among it.
        """
        _, required, decisions = await self._read(repository)
        items = (*required, *await self._of_merges(repository))
        return tuple((item, decisions.get(item.digest, "undecided")) for item in items)

    async def decide(
        self,
        repository: Repository,
        decision: table.Decision,
        *,
        digests: Collection[str] | None,
    ) -> None:
        """Keep a decision about the repository's texts, or about those named."""
        _, required, _ = await self._read(repository)
        for item in (*required, *await self._of_merges(repository)):
            if digests is None or item.digest in digests:
                await self._keep(item, decision)

    async def _keep(self, item: TrustItem, decision: table.Decision) -> None:
        await self._database.transaction(
            lambda db: table.decide(
                db,
                item.repository,
                kind=item.kind,
                name=item.name,
                text=item.text,
                digest=item.digest,
                decision=decision,
                now=now(),
            )
        )

    async def _read(
        self, repository: Repository
    ) -> tuple[LoadedConfig, tuple[TrustItem, ...], Mapping[str, table.Decision]]:
        root = repository.root
        loaded = await in_thread(
            load_config, user_file=self._paths.user_config, repository=root
        )
        items = (*trust.required(loaded), *await self._filters(repository))
        return loaded, items, await self._decisions(repository)

    async def _filters(self, repository: Repository) -> tuple[TrustItem, ...]:
        return tuple(
            TrustItem.of_git(
                "filter", repository.root, name=found.name, text=found.text
            )
            for found in await repository_filters(repository)
        )

    async def _signing(self, repository: Repository) -> tuple[TrustItem, ...]:
        return tuple(
            TrustItem.of_git(
                "signing", repository.root, name=found.key, text=found.text
            )
            for found in await signing_programs(repository)
        )

    async def _of_merges(self, repository: Repository) -> tuple[TrustItem, ...]:
        hooks = await find_hooks(repository, HOOK_NAMES)
        return (
            *(_hook_item(repository, hook) for hook in hooks if not hook.of_the_user),
            *await self._signing(repository),
        )

    async def _decisions(self, repository: Repository) -> Mapping[str, table.Decision]:
        root = repository.root
        return await self._database.read(lambda db: table.load_decisions(db, root))


def _hook_item(repository: Repository, hook: Hook) -> TrustItem:
    return TrustItem.of_git("hook", repository.root, name=hook.name, text=hook.text)


def _allowed(
    items: Collection[TrustItem], decisions: Mapping[str, table.Decision]
) -> frozenset[str]:
    return frozenset(
        item.text for item in items if decisions.get(item.digest) == "allowed"
    )
