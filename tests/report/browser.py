"""A headless chromium driven through its DevTools protocol: real keys, any width, light or dark, screenshots.

The protocol's messages go through two pipes (`--remote-debugging-pipe`): no port, no further package.
"""

import base64
import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--allow-file-access-from-files", "--remote-debugging-pipe",
]  # fmt: skip
KEYS = {
    "Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "Escape": (27, ""), "End": (35, ""), "Home": (36, ""),
    "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""), "PageDown": (34, ""),
}  # fmt: skip
SHIFT = 8


class Browser:
    """One tab. Everything that a page says wrong is in `errors`."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = os.fdopen(to_browser, "wb", buffering=0), os.fdopen(from_browser, "rb")
        self._ids = itertools.count(1)
        self._session = ""
        self._left = b""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask, and wait for the answer; events that come meanwhile are kept."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while (told := self._read()).get("id") != number:
            self.events.append(told)
        assert "error" not in told, f"{method}: {told['error']}"
        return told["result"]

    def open(self, page: Path, *, width: int = 1400, height: int = 900, is_dark: bool = False) -> None:
        """Show a page; returns once it is loaded."""
        self.resize(width, height, is_dark=is_dark)
        self.events.clear()
        self.send("Page.navigate", url=page.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def resize(self, width: int, height: int = 900, *, is_dark: bool = False) -> None:
        """Another width, and light or dark."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.send("Emulation.setEmulatedMedia", features=[scheme, still])

    @property
    def errors(self) -> list[str]:
        """Exceptions, and what was logged as a warning or an error, since the page was opened."""
        told: list[str] = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                told.append(parameters["exceptionDetails"]["text"])
            if event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                told.append(str([each.get("value") for each in parameters["args"]]))
            if event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                told.append(parameters["entry"]["text"])
        return told

    def run(self, script: str) -> Any:
        """What an expression is on the page, as JSON; a promise is waited for."""
        told = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def press(self, key: str, times: int = 1, *, shift: bool = False) -> None:
        """A key as a person presses it: one of KEYS, or a letter."""
        code, text = KEYS.get(key, (ord(key.upper()[0]), key))
        about = {
            "key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code,
            "modifiers": SHIFT if shift else 0,
        }  # fmt: skip
        for _ in range(times):
            self.send("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
            self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        """Letters into what has the focus."""
        self.send("Input.insertText", text=text)

    def screenshot(self, to: Path) -> None:
        """What is in the window, as a PNG."""
        to.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            part = self._in.read1(1 << 20)
            assert part, "chromium ended"
            self._left += part
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A chromium that ends with the block. It reads its messages at descriptor 3 and writes them at 4."""
    reads, to_browser = os.pipe()
    from_browser, writes = os.pipe()
    line = f'exec "$@" 3<&{reads} 4>&{writes}'
    command = ["bash", "-c", line, "bash", "chromium", *OPTIONS, f"--user-data-dir={profile}"]
    with subprocess.Popen(command, pass_fds=(reads, writes), stderr=subprocess.DEVNULL) as process:
        os.close(reads), os.close(writes)
        try:
            yield Browser(to_browser, from_browser)
        finally:
            process.terminate()
