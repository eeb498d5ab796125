"""Progress of one request, reported under the token that its client gave."""

import asyncio
from types import TracebackType
from typing import Any, Self

from lsprotocol import types
from pygls.progress import Progress

__all__ = ["RequestProgress"]


class RequestProgress:
    """Reports until the context ends; a client that cancels it cancels the request."""

    def __init__(self, progress: Progress, token: types.ProgressToken | None) -> None:
        self._progress = progress
        # pygls takes any JSON as a token; an odd one must not end the work.
        self._token = token if isinstance(token, int | str) else None
        self._begun = False
        self._request: asyncio.Task[Any] | None = None

    def __call__(self, message: str) -> None:
        """Say what is being done now."""
        if self._token is None:
            return
        if self._begun:
            self._progress.report(
                self._token, types.WorkDoneProgressReport(message=message)
            )
            return
        self._begun = True
        self._progress.begin(
            self._token,
            types.WorkDoneProgressBegin(
                title="Agent task", message=message, cancellable=True
            ),
        )

        def cancelled(future: Any) -> None:
            if future.cancelled() and self._request is not None:
                self._request.cancel()

        self._progress.tokens[self._token].add_done_callback(cancelled)

    def __enter__(self) -> Self:
        """Begin; nothing is sent before there is something to say."""
        self._request = asyncio.current_task()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell the end, if there was a beginning."""
        if self._begun and self._token is not None:
            self._progress.tokens.pop(self._token, None)
            self._progress.end(
                self._token, types.WorkDoneProgressEnd(message=None if kind else "done")
            )
