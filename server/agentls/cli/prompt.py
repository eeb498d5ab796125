"""The text of a new task: from the arguments, standard input or an editor.

What was typed into an editor or came through a pipe exists nowhere else, so it is
kept in a file until the daemon has it.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import attrs
import click

from agentls.cli.visible import visible
from agentls.errors import AgentlsError, InvalidParams
from agentls.paths import Paths

__all__ = ["NOTHING", "Prompt", "kept", "read_prompt"]

_GIT_TIMEOUT = 5.0


@attrs.frozen(kw_only=True)
class Prompt:
    """What is asked for, and the file that holds it already, if one does."""

    text: str
    file: Path | None = None
    typed_again: bool = False
    """The shell's history has it, so it needs no keeping."""


NOTHING = Prompt(text="", typed_again=True)
"""Where the text comes from elsewhere."""


def read_prompt(given: str | None, *, paths: Paths) -> Prompt:
    """Read the prompt: `-` is standard input, none on a terminal opens an editor.

    Raises `InvalidParams` when there is no text.
    """
    if given is None and not sys.stdin.isatty():
        raise InvalidParams(
            "No prompt was given.",
            hint='Write it as an argument, or give "-" to read standard input.',
        )
    if given is None:
        return _edited(paths)
    if given != "-":
        return Prompt(text=_not_empty(given), typed_again=True)
    data = sys.stdin.buffer.read()
    return Prompt(text=_not_empty(data.decode("utf-8", "surrogateescape")))


@contextlib.contextmanager
def kept(prompt: Prompt, *, paths: Paths) -> Generator[None]:
    """Keep the text in a file, and say where, unless the context ends well."""
    done = False
    try:
        yield
        done = True
    finally:
        if done:
            if prompt.file is not None:
                prompt.file.unlink(missing_ok=True)
        elif not prompt.typed_again:
            _tell_where(prompt, paths=paths)


def _tell_where(prompt: Prompt, *, paths: Paths) -> None:
    """Keep the text in a file and name it; where none can be written, show the text."""
    try:
        file = prompt.file or _write(prompt.text, paths)
    except OSError as error:
        click.echo(
            f"The prompt can't be kept in a file ({error.strerror}). This is it:\n\n"
            f"{visible(prompt.text)}",
            err=True,
        )
        return
    click.echo(
        f"The prompt is kept: {visible(str(file))}\n"
        f"Use it again with: agentls run - < {visible(shlex.quote(str(file)))}",
        err=True,
    )


def _edited(paths: Paths) -> Prompt:
    try:
        file = _write("", paths)
    except OSError as error:
        raise AgentlsError(
            f"No file can be made for your editor below {paths.state}:"
            f" {error.strerror}. Nothing was created.",
            hint="Give the prompt as an argument, or - to read standard input.",
        ) from error
    editor = _editor()
    # A person writes: there is no time limit.
    done = subprocess.run(
        ["/bin/sh", "-c", f'{editor} "$@"', editor, str(file)], check=False
    )
    try:
        text = file.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        text = ""
    if not text.strip():
        file.unlink(missing_ok=True)
    if done.returncode:
        where = f" Your text is in {file}." if text.strip() else ""
        raise AgentlsError(
            f"The editor ({editor}) ended with status {done.returncode};"
            f" nothing was created.{where}",
            hint="Set EDITOR to the editor that you want.",
        )
    return Prompt(text=_not_empty(text), file=file)


def _editor() -> str:
    """Name the editor that git would use, asked outside any repository."""
    try:
        found = subprocess.run(
            ["git", "var", "GIT_EDITOR"],
            cwd="/",
            capture_output=True,
            timeout=_GIT_TIMEOUT,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    return found.stdout.strip() or "vi"


def _write(text: str, paths: Paths) -> Path:
    paths.make_private()
    folder = paths.state / "prompts"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="prompt-", suffix=".md", dir=folder)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(text.encode("utf-8", "surrogateescape"))
    return Path(name)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise InvalidParams(
            "The prompt is empty; nothing was created.", hint="Say what is wanted."
        )
    return text
