"""A stand-in for an agent: it does what its prompt says, and ends.

`write PATH TEXT` appends a line, `print N` prints so many lines, `flood N` so many
megabytes, `hold` waits until the file `go` lies beside this one and `wait NAME` for
that one, `read` tells each line that is typed until an empty one, `fail NAME` ends
with an error unless that file is there; `;` stands between them. All else is only
kept, as what was heard.
"""

import os
import sys
import time
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
                file.write(f"{text}\n")
            print(f"\x1b[32m✓\x1b[0m wrote {path}", flush=True)
        case ["print", count]:
            for number in range(int(count)):
                print(f"line {number} of {count}", flush=True)
        case ["flood", megabytes]:
            flood(int(megabytes))
        case ["hold"]:
            wait_for("go")
        case ["wait", name]:
            wait_for(name)
        case ["read"]:
            read()
        case ["fail", name] if not (STAGE / name).exists():
            sys.exit("agent fails")
        case _:
            pass


def flood(megabytes: int) -> None:
    for number in range(megabytes * 10_000):
        print(f"{number:08} {'x' * 90}")
    print("the flood is over", flush=True)


def read() -> None:
    while typed := input("say> "):
        print(f"heard {typed} in {os.get_terminal_size().lines} lines")


def wait_for(name: str) -> None:
    while not (STAGE / name).exists():
        time.sleep(0.05)


if __name__ == "__main__":
    main()
