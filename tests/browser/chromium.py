"""A browser to look at pages with: Debian's Chromium, spoken to over a pipe."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip


def find() -> str | None:
    """Return the browser's program, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One browser with one page; what the page asks for and complains of is kept."""

    def __init__(self, profile: Path) -> None:
        to_browser, from_us = os.pipe()
        to_us, from_browser = os.pipe()

        def attach() -> None:
            # Chromium reads from descriptor 3 and writes to 4.
            os.dup2(to_browser, 13)
            os.dup2(from_browser, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self._process = subprocess.Popen(
            [str(find()), *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=attach,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._out, self._in = from_us, to_us
        self._left = b""
        self._number = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._loaded = False
        self._session = ""
        target = next(
            one["targetId"]
            for one in self.call("Target.getTargets")["targetInfos"]
            if one["type"] == "page"
        )
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable", timeDomain="threadTicks")
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source="window.shifts = 0; new PerformanceObserver(list => { for (const one of "
            "list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value; })"
            ".observe({type: 'layout-shift', buffered: true});",
        )

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(timeout=30)
        os.close(self._out)
        os.close(self._in)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the answer to a command, what happens meanwhile noted."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return dict(answer["result"])
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        """Return the next message of the browser."""
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._in], [], [], 60)
            assert ready, "the browser has not answered for a minute"
            read = os.read(self._in, 1 << 16)
            assert read, "the browser has ended"
            self._left += read
        message, _, self._left = self._left.partition(b"\0")
        return dict(json.loads(message))

    def _note(self, event: dict[str, Any]) -> None:
        """Keep what a test may ask about an event."""
        method, params = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(str(params["args"]))
        elif method == "Page.loadEventFired":
            self._loaded = True

    def open(
        self, page: Path, *, width: int, height: int = 800, dark: bool = False, anchor: str = ""
    ) -> None:
        """Show a page of a site in a window of this width."""
        # To a place of the page that is open a browser only scrolls.
        self._go("about:blank")
        self.requests, self.complaints = [], []
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        self._go(page.as_uri() + anchor)
        self.settle()

    def _go(self, address: str) -> None:
        """Load an address."""
        with self._leaving():
            self.call("Page.navigate", url=address)

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        """Wait until another page has loaded."""
        self._loaded = False
        yield
        while not self._loaded:
            self._note(self._next())

    @contextmanager
    def led_elsewhere(self) -> Iterator[None]:
        """Wait until what is done leads to another page, and that is at rest."""
        with self._leaving():
            yield
        self.settle()

    def click(self, selector: str) -> None:
        """Click on an element and wait until the page that it leads to, or this one, is at rest."""
        element = f"document.querySelector({json.dumps(selector)})"
        leads = self.ask(
            f"(() => {{ const link = {element}.closest('a[href]');"
            "return !!link && link.href.split('#')[0] !== location.href.split('#')[0]; })()"
        )
        with self.led_elsewhere() if leads else nullcontext():
            self.ask(f"{element}.click()")
        self.settle()

    def settle(self) -> None:
        """Wait until the page has its fonts, and nothing on it has moved for ten frames."""
        self.ask(
            "document.fonts.ready.then(async () => {"
            "const place = () => [scrollX, scrollY, document.documentElement.scrollHeight,"
            " document.documentElement.scrollWidth, window.shifts].join();"
            "for (let before = place(), still = 0; still < 10;) {"
            " await new Promise(requestAnimationFrame);"
            " const now = place(); still = now === before ? still + 1 : 0; before = now; } })"
        )

    def busy_seconds(self) -> float:
        """Return for how long the page has kept a processor, whatever else the machine does."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    def ask(self, expression: str) -> Any:
        """Return what an expression gives on the page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        """Save what the window shows."""
        taken = self.call("Page.captureScreenshot", format="png")["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(taken))

    def press(self, key: str, number: int, text: str = "") -> None:
        """Press a key, named by its name and its number, which writes a text."""
        for kind, written in (("keyDown", text), ("keyUp", "")):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=key, windowsVirtualKeyCode=number, text=written,
            )  # fmt: skip
