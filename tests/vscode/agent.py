"""A stand-in for an agent: it does what its prompt says, and ends.

`write PATH TEXT` appends a line, variables in it replaced, `print N` prints so many
lines, `flood N` so many megabytes, `ask COMMAND` shows a dialog and tells its answer,
`play NAME` does what that file beside this one says, `hold` waits until the file `go`
lies there and `wait NAME` for that one, `read` tells each line that is typed until an
empty one, `fail NAME` ends with an error unless that file is there; `;` stands between
them. All else is only kept, as what was heard.
"""

import os
import sys
import termios
import time
import tty
from pathlib import Path

STAGE = Path(__file__).parent


def main() -> None:
    (prompt,) = sys.argv[1:]
    with (STAGE / "heard").open("a") as heard:
        heard.write(f"{prompt}\n--\n")
    print("\x1b[1;36magent\x1b[0m begins", flush=True)
    for line in prompt.replace(";", "\n").splitlines():
        act(line)
    print("agent is done", flush=True)


def act(line: str) -> None:
    """Do what one part of a prompt says."""
    match line.split(maxsplit=2):
        case ["write", path, text]:
            with Path(path).open("a") as file:
                file.write(f"{os.path.expandvars(text)}\n")
            print(f"\x1b[32m✓\x1b[0m wrote {path}", flush=True)
        case [verb, *rest] if verb in VERBS:
            VERBS[verb](" ".join(rest))
        case ["print", count]:
            for number in range(int(count)):
                print(f"line {number} of {count}", flush=True)
        case ["hold"]:
            wait_for("go")
        case ["read"]:
            read()
        case ["fail", name] if not (STAGE / name).exists():
            sys.exit("agent fails")
        case _:
            pass


def play(name: str) -> None:
    for line in (STAGE / name).read_text().splitlines():
        act(line)


def flood(megabytes: str) -> None:
    for number in range(int(megabytes) * 10_000):
        print(f"{number:08} {'x' * 90}")
    print("the flood is over", flush=True)


def read() -> None:
    while typed := input("say> "):
        print(f"heard {typed} in {os.get_terminal_size().lines} lines")


def ask(command: str) -> None:
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    print(f"Run {command}?\n1. Yes  2. No  3. Say what to do instead", flush=True)
    answer = os.read(0, 1).decode()
    if answer == "3":
        while not answer.endswith("\n"):
            answer += os.read(0, 1).decode()
    termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
    print(f"\x1b[H\x1b[2Janswered {answer}", flush=True)
    with (STAGE / "heard").open("a") as heard:
        heard.write(f"answered {answer}\n--\n")


def wait_for(name: str) -> None:
    while not (STAGE / name).exists():
        time.sleep(0.05)


VERBS = {"ask": ask, "flood": flood, "play": play, "wait": wait_for}


if __name__ == "__main__":
    main()
