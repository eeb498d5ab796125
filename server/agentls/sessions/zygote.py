"""The process that forks shims, so that a hundred of them share their memory.

Started as `python -S -E -I zygote.py serve|once SERVER_DIR LIBRARY_DIR`, with a
socket as standard input. `serve`: each byte on it brings a descriptor, a
request; a shim of its own session is forked for it. It ends when the daemon's
end closes; shims don't depend on it. `once`: the socket itself is the one
request; that is the way around a zygote that can't be had.
"""

import array
import gc
import os
import sys
from _socket import CMSG_SPACE, SCM_RIGHTS, SOL_SOCKET, socket
from collections.abc import Callable

__all__: list[str] = []

_FD_BYTES = array.array("i").itemsize
_MOST_FDS = 4096


def _serve(run: Callable[[int], None]) -> None:
    control = socket(fileno=0)
    control.setblocking(True)
    gc.collect()
    gc.freeze()  # what is here now is shared with every shim, and never looked at
    gc.disable()
    while True:
        data, ancillary, _, _ = control.recvmsg(1, CMSG_SPACE(_FD_BYTES))
        if not data:
            return
        for level, kind, rights in ancillary:
            if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
                for request in array.array("i", rights[:_FD_BYTES]):
                    _fork_shim(request, run=run)
                    os.close(request)


def _fork_shim(request: int, *, run: Callable[[int], None]) -> None:
    """Fork twice: the shim is nobody's child here and leads no session."""
    middle = os.fork()
    if middle:
        os.waitpid(middle, 0)
        return
    status = 1
    try:
        os.setsid()
        if os.fork() == 0:
            run(_detach(keep=request))
        status = 0
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        raise
    finally:
        os._exit(status)


def _detach(*, keep: int) -> int:
    """Leave nothing of the zygote's open but the request; give its new number."""
    request = os.dup(keep)  # above 2, whatever `keep` was
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.closerange(3, request)
    os.closerange(request + 1, _MOST_FDS)
    return request


def main() -> None:
    """Import what shims need, once, and do what is asked."""
    mode, *folders = sys.argv[1:]
    sys.path += folders  # last: the standard library's names win
    from agentls.sessions.shim import run  # noqa: PLC0415 - its path is known only now

    if mode == "serve":
        _serve(run)
    else:
        _fork_shim(0, run=run)


if __name__ == "__main__":
    main()
