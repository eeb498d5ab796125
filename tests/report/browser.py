"""A real browser without a window, spoken to over a pipe."""

import base64
import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

_SECONDS = 60.0


class Browser:
    """Chromium with one page."""

    def __init__(self, *, to: int, answers: int) -> None:
        self._to = to
        self._answers = answers
        self._last = 0
        self._data = b""
        self._messages: list[dict[str, Any]] = []
        self.asked: list[str] = []
        """The addresses that the page wanted anything from."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network"):
            self.page(f"{domain}.enable")

    def page(self, method: str, **params: Any) -> Any:
        return self._call(method, session=True, **params)

    def open(self, path: Path) -> None:
        self.page("Page.navigate", url=path.as_uri())
        self._wait(lambda one: one.get("method") == "Page.loadEventFired")

    def look(self, *, width: int, height: int, scheme: str, media: str = "") -> None:
        """Show the page on a screen of that size, in light or dark, or as on paper."""
        self.page(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.page(
            "Emulation.setEmulatedMedia",
            media=media,
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )

    def evaluate(self, script: str) -> Any:
        answer = self.page("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        shot = self.page(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True
        )
        path.write_bytes(base64.b64decode(shot["data"]))

    def _call(self, method: str, *, session: bool = False, **params: Any) -> Any:
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": params}
        message |= self._session if session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        answer = self._wait(lambda one: one.get("id") == number)
        assert "error" not in answer, answer
        return answer["result"]

    def _wait(self, wanted: Any) -> dict[str, Any]:
        deadline = time.monotonic() + _SECONDS
        while True:
            for message in self._messages:
                if message.get("method") == "Network.requestWillBeSent":
                    self.asked.append(message["params"]["request"]["url"])
            found = next((one for one in self._messages if wanted(one)), None)
            self._messages.clear()
            if found is not None:
                return found
            left = deadline - time.monotonic()
            assert left > 0, "the browser doesn't answer"
            if select.select([self._answers], [], [], left)[0]:
                data = os.read(self._answers, 1 << 20)
                assert data, "the browser ended"
                *whole, self._data = (self._data + data).split(b"\0")
                self._messages.extend(map(json.loads, whole))


@contextlib.contextmanager
def open_browser(profile: Path) -> Generator[Browser]:
    """Start a browser with an empty profile; it is gone afterwards."""
    to_it, ours_to = os.pipe()
    ours_from, from_it = os.pipe()
    # The browser reads from its descriptor 3 and writes to 4.
    process = subprocess.Popen(
        [
            *("bash", "-c", f'exec "$@" 3<&{to_it} 4>&{from_it}', "bash"),
            *("chromium", "--headless=new", "--remote-debugging-pipe", "--no-sandbox"),
            *("--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}"),
            *("--no-first-run", "--disable-background-networking", "about:blank"),
        ],
        pass_fds=(to_it, from_it),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"HOME": str(profile), "PATH": os.environ["PATH"]},
    )
    os.close(to_it)
    os.close(from_it)
    try:
        yield Browser(to=ours_to, answers=ours_from)
    finally:
        os.close(ours_to)  # its end
        os.close(ours_from)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
