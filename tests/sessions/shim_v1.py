"""A stand-in for a shim of protocol 1, as docs/shim.md described it then.

Usage: shim_v1.py FOLDER SCRIPT, with the file `address` in the folder. It has the
files, the frames and the order of events that a daemon relies on, and nothing else.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import socket
import struct
import sys
import termios
import time
from pathlib import Path

HEADER = struct.Struct("<BI")


class Shim:
    """One terminal, its log, and the clients that are connected."""

    def __init__(self, agent: int, terminal: int) -> None:
        self.agent, self.terminal = agent, terminal
        self.log = Path(f"log.{0:020d}").open("ab", buffering=0)  # noqa: SIM115
        self.armed: dict[socket.socket, int | None] = {}

    def serve(self, listener: socket.socket) -> int:
        """Serve until the program has ended; give its status."""
        while True:
            ready, _, _ = select.select([self.terminal, listener, *self.armed], [], [])
            if self.terminal in ready:
                try:
                    self.log.write(os.read(self.terminal, 4096))
                except OSError:
                    return os.waitpid(self.agent, 0)[1]
            if listener in ready:
                client, _ = listener.accept()
                self.armed[client] = None
                self.tell(client, "h", struct.pack("<HHHQ", 1, 24, 80, self.log.tell()))
            for client in [one for one in self.armed if one in ready]:
                self.hear(client)
            for client, size in self.armed.items():
                if size is not None and self.log.tell() > size:
                    self.tell(client, "n", struct.pack("<Q", self.log.tell()))
                    self.armed[client] = None

    def hear(self, client: socket.socket) -> None:
        header = client.recv(HEADER.size, socket.MSG_WAITALL)
        if not header:
            del self.armed[client]
            return
        kind, length = HEADER.unpack(header)
        payload = client.recv(length, socket.MSG_WAITALL) if length else b""
        match chr(kind):
            case "i":
                os.write(self.terminal, payload)
                self.tell(client, "t", struct.pack("<I", length))
            case "r":
                resize(self.terminal, *struct.unpack("<HH", payload))
                self.tell(client, "g", payload)
            case "s":
                (signum,) = struct.unpack("<I", payload)
                os.killpg(os.tcgetpgrp(self.terminal), signum)
            case "a":
                (self.armed[client],) = struct.unpack("<Q", payload)
            case "k":
                os.killpg(self.agent, signal.SIGTERM)
            case other:
                sys.exit(f"version 1 doesn't have {other!r}")

    def tell(self, client: socket.socket, kind: str, payload: bytes) -> None:
        with contextlib.suppress(OSError):
            client.sendall(HEADER.pack(ord(kind), len(payload)) + payload)


def main(folder: Path, script: str) -> None:
    os.chdir(folder)
    Path("claim").touch()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(Path("address").read_text().strip())
    listener.listen()
    agent, terminal = pty.fork()
    if not agent:
        os.execv("/bin/sh", ["/bin/sh", "-c", script])  # noqa: S606 - no shell but this
    resize(terminal, 24, 80)
    _keep_meta(agent)
    shim = Shim(agent, terminal)
    status = shim.serve(listener)
    code = os.waitstatus_to_exitcode(status)
    code, by = (-1, -code) if code < 0 else (code, 0)
    size = shim.log.tell()
    lines = ("version 1", f"status {code}", f"signal {by}", f"size {size}")
    Path("exit.room").write_text("\n".join((*lines, f"ended {time.time()}", "end\n")))
    Path("exit.room").rename("exit")
    for client in shim.armed:
        shim.tell(client, "x", struct.pack("<iIQ", code, by, size))


def _keep_meta(agent: int) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    shim = f"shim {os.getpid()} {_start(os.getpid())}"
    lines = ("version 1", f"boot {boot}", shim, f"agent {agent} {_start(agent)}", "end")
    Path("meta.room").write_text("\n".join(lines) + "\n")
    Path("meta.room").rename("meta")


def _start(pid: int) -> str:
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2 :].split()[19]


def resize(terminal: int, rows: int, cols: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("<HHHH", rows, cols, 0, 0))
    with Path("grids").open("a") as grids:
        grids.write(f"0 {rows} {cols}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
