"""A real terminal emulator: libghostty-vt, the library inside the package pyghostty.

This module alone knows the library and its C interface. It is called through
ctypes and not through pyghostty's own binding, whose import parses 3,500 lines
of C declarations (0.26 s); only the few functions that are used stand here.
The library is pinned to one version, since the form of its snapshots
(snapshot.py) may change with every one.

The calls release the interpreter's lock: an emulator may be fed in a thread
while the event loop goes on. One emulator must not be used by two at once.
"""

import ctypes
import functools
import importlib.util
from pathlib import Path
from typing import Any

import attrs

from agentls.errors import AgentlsError

__all__ = ["Colors", "Emulator", "EmulatorMissing", "Unfinished"]

_SCROLLBACK_LINES = 1 << 40
_SCROLLBACK_BYTES = 1 << 20
"""What bounds the history: 1,600 lines of 80 columns. A bound of lines would be looked
after at every line, which makes the library ten times slower with short ones."""
_UNFINISHED_BYTES = 1 << 20
"""A sequence under way that is longer can't be kept in a snapshot."""
_STRING_BYTES = 1 << 16
_STATUS_QUERY = b"7501;?"
_STATUS_ANSWER = b"\x1b]7501;?\x1b\\"
_CELL_WIDTH, _CELL_HEIGHT = 8, 16

_OK = 0
_WRITE_PTY, _SIZE, _COLOR_SCHEME, _ATTRIBUTES = 1, 6, 7, 8
_FOREGROUND, _BACKGROUND = 11, 12
_IMAGE_BYTES, _APC_BYTES = 15, 19
_MAX_BYTES, _MAX_LINES, _CONTINUATION = 27, 28, 31
_UNKNOWN, _UNKNOWN_BYTES = 35, 36
_OSC = 1
_COLS, _ROWS = 1, 2


class EmulatorMissing(AgentlsError):
    """There is no terminal emulator on this machine."""


class Unfinished(AgentlsError):
    """The output stands inside a sequence that is too long to be kept."""


@attrs.frozen(kw_only=True)
class Colors:
    """What a program is told about the terminal's colours when it asks."""

    foreground: tuple[int, int, int] = (0xD4, 0xD4, 0xD4)
    background: tuple[int, int, int] = (0x1E, 0x1E, 0x1E)

    @property
    def dark(self) -> bool:
        """Whether the background is the darker one."""
        return sum(self.background) < sum(self.foreground)


class Emulator:
    """One terminal: fed with a program's output, it gives its state and answers."""

    def __init__(self, *, rows: int, cols: int, colors: Colors | None = None) -> None:
        self._library = _library()
        self._terminal = ctypes.c_void_p()
        self._answers = bytearray()
        self._colors = colors or Colors()
        self._callbacks: list[Any] = []
        self._check(
            self._library.ghostty_terminal_new(
                None, ctypes.byref(self._terminal), cols, rows
            ),
            "open",
        )
        self._set_up()

    @classmethod
    def restored(cls, snapshot: bytes, *, colors: Colors | None = None) -> "Emulator":
        """Make an emulator whose state is a snapshot's."""
        made = cls(rows=1, cols=1, colors=colors)
        library = made._library
        decoder, terminal = ctypes.c_void_p(), ctypes.c_void_p()
        buffer = ctypes.create_string_buffer(snapshot, len(snapshot))
        made._check(
            library.ghostty_snapshot_decoder_new_buf(
                None, ctypes.byref(decoder), buffer, len(snapshot)
            ),
            "read a snapshot",
        )
        try:
            limit = ctypes.c_size_t(_UNFINISHED_BYTES)
            retain = ctypes.c_bool(True)
            for option, value in ((0, limit), (1, retain)):
                made._check(
                    library.ghostty_snapshot_decoder_set(
                        decoder, option, ctypes.byref(value)
                    ),
                    "read a snapshot",
                )
            made._check(
                library.ghostty_snapshot_decoder_decode(
                    decoder, ctypes.byref(terminal)
                ),
                "read a snapshot",
            )
        finally:
            library.ghostty_snapshot_decoder_free(decoder)
        made.close()
        made._terminal = terminal
        made._set_up()
        return made

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Free the terminal; it can't be used any more."""
        terminal = getattr(self, "_terminal", None)
        if terminal:
            self._library.ghostty_terminal_free(terminal)
            self._terminal = ctypes.c_void_p()

    def feed(self, data: bytes) -> None:
        """Take the program's output; what it asks is answered in `answers`."""
        self._library.ghostty_terminal_vt_write(self._terminal, data, len(data))

    def resize(self, *, rows: int, cols: int) -> None:
        """Take another size; the primary screen's lines flow anew."""
        self._check(
            self._library.ghostty_terminal_resize(
                self._terminal, cols, rows, _CELL_WIDTH, _CELL_HEIGHT
            ),
            "resize",
        )

    def answers(self) -> bytes:
        """Give what the terminal answered since the last call, in order, once."""
        taken = bytes(self._answers)
        self._answers.clear()
        return taken

    def snapshot(self) -> bytes:
        """Give the whole state; raises `Unfinished` inside a very long sequence."""
        data = ctypes.POINTER(ctypes.c_uint8)()
        size = ctypes.c_size_t()
        result = self._library.ghostty_snapshot_encode_alloc(
            self._terminal, None, ctypes.byref(data), ctypes.byref(size)
        )
        if result != _OK:
            raise Unfinished(
                "The screen can't be kept just now: the output stands inside a very"
                " long escape sequence.",
                hint="Try again when more output has come.",
            )
        try:
            return ctypes.string_at(data, size.value)
        finally:
            self._library.ghostty_free(None, data, size)

    def _set_up(self) -> None:
        """Set what isn't part of a snapshot: limits and what is answered."""
        for option, value in (
            (_MAX_LINES, ctypes.c_size_t(_SCROLLBACK_LINES)),
            (_MAX_BYTES, ctypes.c_size_t(_SCROLLBACK_BYTES)),
            (_CONTINUATION, ctypes.c_size_t(_UNFINISHED_BYTES)),
            (_APC_BYTES, ctypes.c_size_t(_STRING_BYTES)),
            (_IMAGE_BYTES, ctypes.c_uint64(0)),  # images are nothing to repaint
            (_UNKNOWN_BYTES, ctypes.c_size_t(_STRING_BYTES)),
            (_FOREGROUND, (ctypes.c_uint8 * 3)(*self._colors.foreground)),
            (_BACKGROUND, (ctypes.c_uint8 * 3)(*self._colors.background)),
        ):
            self._set(option, ctypes.byref(value))
        # Referenced as long as the terminal may call them.
        self._callbacks = [
            _WriteFn(self._on_answer),
            _AttributesFn(_on_attributes),
            _UnknownFn(self._on_unknown),
            _SchemeFn(self._on_scheme),
            _SizeFn(self._on_size),
        ]
        for option, callback in zip(
            (_WRITE_PTY, _ATTRIBUTES, _UNKNOWN, _COLOR_SCHEME, _SIZE),
            self._callbacks,
            strict=True,
        ):
            self._set(option, ctypes.cast(callback, ctypes.c_void_p))

    def _set(self, option: int, value: Any) -> None:
        self._check(
            self._library.ghostty_terminal_set(self._terminal, option, value),
            f"set option {option} of",
        )

    def _check(self, result: int, doing: str) -> None:
        if result != _OK:
            raise AgentlsError(f"The terminal emulator failed to {doing}: {result}.")

    def _on_answer(self, _terminal: Any, _data: Any, data: Any, size: int) -> None:
        self._answers += ctypes.string_at(data, size)

    def _on_unknown(self, _terminal: Any, _data: Any, sequence: Any) -> None:
        found = sequence.contents
        content = ctypes.string_at(found.text.content, found.text.size)
        if found.tag == _OSC and content.startswith(_STATUS_QUERY):
            self._answers += _STATUS_ANSWER

    def _on_scheme(self, _terminal: Any, _data: Any, scheme: Any) -> bool:
        scheme[0] = int(self._colors.dark)
        return True

    def _on_size(self, _terminal: Any, _data: Any, size: Any) -> bool:
        found = size.contents
        found.rows, found.cols = self._grid()
        found.cell_width, found.cell_height = _CELL_WIDTH, _CELL_HEIGHT
        return True

    def _grid(self) -> tuple[int, int]:
        values: list[int] = []
        for what in (_ROWS, _COLS):
            value = ctypes.c_uint16()
            self._check(
                self._library.ghostty_terminal_get(
                    self._terminal, what, ctypes.byref(value)
                ),
                "tell its size",
            )
            values.append(value.value)
        return values[0], values[1]


class _Attributes(ctypes.Structure):
    """GhosttyDeviceAttributes."""

    _fields_ = (
        ("level", ctypes.c_uint16),
        ("features", ctypes.c_uint16 * 64),
        ("feature_count", ctypes.c_size_t),
        ("device", ctypes.c_uint16),
        ("firmware", ctypes.c_uint16),
        ("cartridge", ctypes.c_uint16),
        ("unit", ctypes.c_uint32),
    )


class _UnknownText(ctypes.Structure):
    """The part that every kind of an unknown sequence begins with."""

    _fields_ = (
        ("truncated", ctypes.c_bool),
        ("content", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


class _Unknown(ctypes.Structure):
    """GhosttyTerminalUnknownSequence."""

    _fields_ = (("tag", ctypes.c_int), ("text", _UnknownText))


class _Size(ctypes.Structure):
    """GhosttySizeReportSize."""

    _fields_ = (
        ("rows", ctypes.c_uint16),
        ("cols", ctypes.c_uint16),
        ("cell_width", ctypes.c_uint32),
        ("cell_height", ctypes.c_uint32),
    )


_WriteFn = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)
_AttributesFn = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_Attributes)
)
_UnknownFn = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_Unknown)
)
_SizeFn = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_Size)
)
_SchemeFn = ctypes.CFUNCTYPE(
    ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)
)


def _on_attributes(_terminal: Any, _data: Any, attributes: Any) -> bool:
    """Answer as a VT220 with colours, which is what xterm's like say."""
    found = attributes.contents
    found.level = 62
    found.features[0] = 22
    found.feature_count = 1
    found.device, found.firmware, found.cartridge, found.unit = 1, 10, 0, 0
    return True


@functools.cache
def _library() -> Any:
    """Load the library; raises `EmulatorMissing`."""
    spec = importlib.util.find_spec("pyghostty")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise EmulatorMissing(
            "The terminal emulator isn't installed: there is no package pyghostty.",
            hint="Install agentls again, with what it depends on.",
        )
    folder = Path(folders[0], "_lib")
    for name in ("libghostty-vt.so", "libghostty-vt.dylib"):
        if (folder / name).exists():
            try:
                library = ctypes.CDLL(str(folder / name))
            except OSError as error:
                raise EmulatorMissing(
                    f"The terminal emulator can't be loaded: {error}",
                    hint="Install agentls again, for this kind of machine.",
                ) from error
            return _declared(library)
    raise EmulatorMissing(
        f"The terminal emulator isn't in {folder}.",
        hint="Install agentls again, for this kind of machine.",
    )


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, size, u16, u32 = (
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_uint16,
        ctypes.c_uint32,
    )
    for name, result, arguments in (
        ("ghostty_terminal_new", ctypes.c_int, (pointer, pointer, u16, u16)),
        ("ghostty_terminal_free", None, (pointer,)),
        ("ghostty_terminal_set", ctypes.c_int, (pointer, ctypes.c_int, pointer)),
        ("ghostty_terminal_get", ctypes.c_int, (pointer, ctypes.c_int, pointer)),
        ("ghostty_terminal_resize", ctypes.c_int, (pointer, u16, u16, u32, u32)),
        ("ghostty_terminal_vt_write", None, (pointer, ctypes.c_char_p, size)),
        (
            "ghostty_snapshot_encode_alloc",
            ctypes.c_int,
            (pointer, pointer, pointer, pointer),
        ),
        (
            "ghostty_snapshot_decoder_new_buf",
            ctypes.c_int,
            (pointer, pointer, pointer, size),
        ),
        (
            "ghostty_snapshot_decoder_set",
            ctypes.c_int,
            (pointer, ctypes.c_int, pointer),
        ),
        ("ghostty_snapshot_decoder_decode", ctypes.c_int, (pointer, pointer)),
        ("ghostty_snapshot_decoder_free", None, (pointer,)),
        ("ghostty_free", None, (pointer, pointer, size)),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
