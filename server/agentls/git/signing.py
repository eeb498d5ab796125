"""Whether and by which program commits are signed, as the user's git is set.

The key and the format may stand in any config. The programs are code: those of the
repository's own config run only when the user trusts their text.
"""

from collections.abc import Mapping, Sequence

import attrs

from agentls.errors import Untrusted
from agentls.git.repository import Repository
from agentls.git.runner import load_settings
from agentls.git.settings import Setting

__all__ = ["SigningProgram", "signing_of", "signing_programs", "signs_commits"]

_PROGRAMS = (
    *((None, "program"), ("openpgp", "program"), ("x509", "program")),
    *(("ssh", "program"), ("ssh", "defaultkeycommand")),
)


@attrs.frozen(kw_only=True)
class SigningProgram:
    """A program that git would run to sign, of the repository's own config."""

    key: str
    command: str

    @property
    def text(self) -> str:
        """The exact text that a person trusts."""
        return f"{self.key} = {self.command}"


async def signing_programs(repo: Repository) -> tuple[SigningProgram, ...]:
    """Give those that are a matter of trust, decided or not, if commits are signed."""
    found = await load_settings(repo.main)
    return _own_programs(found) if _signs(found) else ()


async def signs_commits(repo: Repository) -> bool:
    """Tell whether the user's git, or the repository's config, signs each commit."""
    return _signs(await load_settings(repo.main))


async def signing_of(
    repo: Repository, *, environ: Mapping[str, str]
) -> Mapping[str, str]:
    """Give the variables for the program that signs, of the user's own.

    Raises `Untrusted` for a program that the repository alone names.
    """
    for program in _own_programs(await load_settings(repo.main)):
        if program.text not in repo.trusted:
            raise Untrusted(
                f"To sign, the repository's own config wants to run: {program.text}."
                " Nothing was merged.",
                hint="`agentls trust` allows exactly this; `agentls merge --no-sign`"
                " merges without a signature.",
            )
    return {key: value for key, value in environ.items() if not key.startswith("GIT_")}


def _signs(settings: Sequence[Setting]) -> bool:
    value: str | None = "false"
    for one in settings:
        if (one.section, one.subsection, one.name) == ("commit", None, "gpgsign"):
            value = one.value
    return value is None or value.lower() in {"true", "yes", "on", "1"}


def _own_programs(settings: Sequence[Setting]) -> tuple[SigningProgram, ...]:
    last: dict[tuple[str | None, str], Setting] = {}
    for one in settings:
        if one.section == "gpg" and (one.subsection, one.name) in _PROGRAMS:
            last[one.subsection, one.name] = one
    return tuple(
        SigningProgram(
            key=".".join(filter(None, ("gpg", subsection, name))), command=one.value
        )
        for (subsection, name), one in last.items()
        if one.value and not one.scope.of_the_user
    )
