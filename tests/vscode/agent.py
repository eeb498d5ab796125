"""A stand-in for an agent: it does what its prompt says, and ends.

`write PATH TEXT` appends a line, `print N` prints so many lines, `hold` waits until
the file `go` lies beside this one; `;` stands between them. All else is only kept, as
what was heard.
"""

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
        match line.split(maxsplit=2):
            case ["write", path, text]:
                with Path(path).open("a") as file:
                    file.write(f"{text}\n")
                print(f"\x1b[32m✓\x1b[0m wrote {path}", flush=True)
            case ["print", count]:
                for number in range(int(count)):
                    print(f"line {number} of {count}", flush=True)
            case ["hold"]:
                while not (STAGE / "go").exists():
                    time.sleep(0.05)
            case _:
                pass
    print("agent is done", flush=True)


if __name__ == "__main__":
    main()
