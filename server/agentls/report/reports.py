"""Reports that are kept as files, for a browser."""

from datetime import UTC, datetime, tzinfo
from pathlib import Path

from agentls.report.figures import figures_of
from agentls.report.page import page
from agentls.tasks.history import Histories, History
from agentls.threads import in_thread

__all__ = ["Reports"]

_KEPT = 30
"""How many stay: each can be made again."""


class Reports:
    """Writes reports into a folder of the user's own."""

    def __init__(self, *, history: History, folder: Path) -> None:
        self.history = history
        self._folder = folder

    async def write(
        self,
        *,
        since: datetime | None,
        until: datetime | None,
        repository: Path | None,
    ) -> Path:
        """Make the report of a time and give its file, in place of an earlier one.

        Times are shown in the zone of `since`; in that of the machine if it is absent.
        """
        found = await self.history.read(since=since, until=until, repository=repository)
        zone = (since and since.tzinfo) or datetime.now().astimezone().tzinfo or UTC
        return await in_thread(self._write, found, zone, repository)

    def _write(self, found: Histories, zone: tzinfo, repository: Path | None) -> Path:
        where = repository.name if repository else ""
        text = page(figures_of(found), zone=zone, where=where)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        kept = sorted(self._folder.glob("*.html"), key=lambda one: one.stat().st_mtime)
        for old in kept[: -_KEPT + 1]:
            old.unlink()
        begin, end = found.since.astimezone(zone), found.until.astimezone(zone)
        name = f"{begin:%Y-%m-%d}-{end:%Y-%m-%d}{where and f'-{where}'}"
        path = self._folder / f"{name}.html"
        new = self._folder / f"{name}.new"
        new.write_text(text, "utf-8", "replace")
        new.chmod(0o600)
        new.replace(path)
        return path
