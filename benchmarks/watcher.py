"""A second editor for `echo.py`: watches the named sessions until its input closes.

It runs as a process of its own, as an editor does, so that what it costs is not in
the way of the client that measures.
"""

import os
import select
import sys
import tempfile
from pathlib import Path

from stage import Editor

_WINDOW = 1 << 20


def main() -> None:
    """Watch and acknowledge everything."""
    with tempfile.TemporaryDirectory() as folder:
        editor = Editor(os.environ, root=Path(folder))
        for session in sys.argv[1:]:
            editor.attach_at_end(session, window=_WINDOW)
        print("watching", flush=True)
        for method, params in editor.notifications():
            if method == "agentls/output":
                acknowledged = {"session": params["session"], "end": params["end"]}
                editor.tell("agentls/ack", acknowledged)
            if select.select([sys.stdin], [], [], 0)[0]:
                return


if __name__ == "__main__":
    main()
