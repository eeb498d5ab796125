"""The programs that a config names for files' content: filters, merge drivers.

Which of them may run: those of the user's own config, git-lfs by its exact
commands, and those whose exact text the user trusted.
"""

from collections.abc import Iterable, Mapping

import attrs

from agentls.git.settings import Setting

__all__ = ["Filter", "MergeDriver", "blank", "filters_in", "merge_drivers_in"]

_COMMANDS = ("clean", "smudge", "process")

# What `git lfs install` writes, with and without --skip-smudge.
_LFS = {
    "clean": {"git-lfs clean -- %f"},
    "smudge": {"git-lfs smudge -- %f", "git-lfs smudge --skip -- %f"},
    "process": {"git-lfs filter-process", "git-lfs filter-process --skip"},
}


@attrs.frozen(kw_only=True)
class Filter:
    """A filter that a config defines, as it would run."""

    name: str
    commands: tuple[tuple[str, str], ...]
    """What runs for clean, smudge and process, in this order, where set."""
    of_the_user: bool
    """Whether every command of it stands in the user's own config."""

    @property
    def text(self) -> str:
        """The exact text that a person trusts."""
        lines = [
            f"filter.{self.name}.{key} = {command}" for key, command in self.commands
        ]
        return "\n".join(lines)

    @property
    def is_lfs(self) -> bool:
        """Tell whether it is git-lfs, with nothing but its standard commands."""
        return bool(self.commands) and all(
            command in _LFS[key] for key, command in self.commands
        )

    def may_run(self, trusted: frozenset[str]) -> bool:
        """Tell whether it runs without a further question."""
        return self.of_the_user or self.is_lfs or self.text in trusted


@attrs.frozen(kw_only=True)
class MergeDriver:
    """A merge driver that a config defines."""

    name: str
    command: str
    of_the_user: bool

    @property
    def text(self) -> str:
        """The exact text that a person trusts."""
        return f"merge.{self.name}.driver = {self.command}"


def filters_in(settings: Iterable[Setting]) -> tuple[Filter, ...]:
    """Give the filters that run something, by name; the last setting wins."""
    found: dict[str, dict[str, Setting]] = {}
    for setting in settings:
        if (
            setting.section == "filter"
            and setting.subsection is not None
            and setting.name in _COMMANDS
        ):
            found.setdefault(setting.subsection, {})[setting.name] = setting
    filters: list[Filter] = []
    for name, by_key in sorted(found.items()):
        used = {key: by_key[key] for key in _COMMANDS if key in by_key}
        commands = tuple((key, one.value) for key, one in used.items() if one.value)
        if commands:
            own = all(one.scope.of_the_user for one in used.values())
            filters.append(Filter(name=name, commands=commands, of_the_user=own))
    return tuple(filters)


def merge_drivers_in(settings: Iterable[Setting]) -> tuple[MergeDriver, ...]:
    """Give the merge drivers, by name; the last setting wins."""
    found = {
        setting.subsection: setting
        for setting in settings
        if setting.section == "merge"
        and setting.name == "driver"
        and setting.subsection is not None
    }
    return tuple(
        MergeDriver(name=name, command=one.value, of_the_user=one.scope.of_the_user)
        for name, one in sorted(found.items())
        if one.value
    )


def blank(filters: Iterable[Filter]) -> Mapping[str, str]:
    """Give the settings that keep these filters from running."""
    return {
        f"filter.{one.name}.{key}": value
        for one in filters
        for key, value in (
            ("clean", ""),
            ("smudge", ""),
            ("process", ""),
            ("required", "false"),
        )
    }
