"""The keys that end an attach, found in what is typed.

As in tmux: a prefix and a key, and the prefix typed twice reaches the agent once.
Programs may switch the terminal to other encodings of the same keys (kitty's, and
xterm's modifyOtherKeys), so a key is known in all of them.
"""

import re
from collections.abc import Mapping

import attrs

from agentls.errors import InvalidParams

__all__ = ["DEFAULT", "VARIABLE", "DetachKeys", "Typed", "leaving"]

DEFAULT = "ctrl-b d"
VARIABLE = "AGENTLS_DETACH_KEYS"

_TOKEN = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|.", re.DOTALL)
_RELEASE = re.compile(rb"\x1b\[[0-9:]+;[0-9]+:3(?:;[0-9:]*)?u")
_CONTROL = re.compile(r"(?:ctrl-|c-|\^)(.)", re.IGNORECASE)


def leaving(environ: Mapping[str, str]) -> str:
    """Say which keys leave, before they are needed; nothing where none do.

    tmux takes its own prefix for itself, unless it is typed twice.
    """
    keys = environ.get(VARIABLE) or DEFAULT
    if keys.strip().lower() == "none":
        return ""
    if keys == DEFAULT and "TMUX" in environ:
        return f"{keys} leaves; in tmux ctrl-b ctrl-b d"
    return f"{keys} leaves"


@attrs.frozen(kw_only=True)
class Typed:
    """What was typed: what is for the agent, and whether to detach after it."""

    data: bytes
    detach: bool


@attrs.frozen(kw_only=True)
class _Key:
    shown: bytes
    """As a plain terminal sends it."""
    pattern: re.Pattern[bytes]


class DetachKeys:
    """Looks for the keys in a stream of typed bytes; `none` is never found."""

    def __init__(self, spec: str = DEFAULT) -> None:
        words = [] if spec.strip().lower() == "none" else spec.split()
        if not words and spec.strip().lower() != "none":
            raise _unreadable(spec)
        self._keys = tuple(_key(word, spec=spec) for word in words)
        self._held: list[bytes] = []

    def feed(self, data: bytes) -> Typed:
        """Give what is for the agent; after the keys nothing more is."""
        passed: list[bytes] = []
        for token in _TOKEN.findall(data):
            if not self._keys:
                passed.append(token)
            elif self._held and _RELEASE.fullmatch(token):
                self._held.append(token)
            elif self._step(token, passed):
                return Typed(data=b"".join(passed), detach=True)
        return Typed(data=b"".join(passed), detach=False)

    def _step(self, token: bytes, passed: list[bytes]) -> bool:
        at = sum(1 for held in self._held if not _RELEASE.fullmatch(held))
        if self._keys[at].pattern.fullmatch(token):
            self._held.append(token)
            if at + 1 == len(self._keys):
                self._held.clear()
                return True
            return False
        if self._held and self._keys[0].pattern.fullmatch(token):
            passed.append(token)  # the prefix twice: one of them goes through
            self._held.clear()
            return False
        passed += [*self._held, token]
        self._held.clear()
        return False


def _key(word: str, *, spec: str) -> _Key:
    if found := _CONTROL.fullmatch(word):
        letter = found[1].lower()
        code = ord(letter.upper()) ^ 0x40
        if not 0 <= code < 0x20:  # noqa: PLR2004 - the control characters
            raise _unreadable(spec)
        return _made(bytes([code]), number=ord(letter), modifier=b"5")
    if len(word) == 1 and word.isprintable():
        return _made(word.encode(), number=ord(word), modifier=b"1")
    raise _unreadable(spec)


def _made(shown: bytes, *, number: int, modifier: bytes) -> _Key:
    code = str(number).encode()
    optional = b"?" if modifier == b"1" else b""
    return _Key(
        shown=shown,
        pattern=re.compile(
            re.escape(shown)
            + rb"|\x1b\[" + code + rb"(?::[0-9:]*)?(?:;" + modifier
            + rb"(?::[12])?(?:;[0-9:]*)?)" + optional + rb"u"
            + rb"|\x1b\[27;" + modifier + rb";" + code + rb"~",
            re.DOTALL,
        ),
    )  # fmt: skip


def _unreadable(spec: str) -> InvalidParams:
    return InvalidParams(
        f"{spec!r} names no keys to detach with.",
        hint=f'Write them like "{DEFAULT}" or "ctrl-\\", or "none".',
    )
