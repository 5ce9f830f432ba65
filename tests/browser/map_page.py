"""Signing in to the map with a real browser, and asking it what it shows. For the fake exchange and the real.

``open_map(browser, url, token)`` works against any exchange that serves the built page. Waiting is by polling
``evaluate`` from here: the page's content security policy forbids the string form of ``wait_for_function``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

ARTIFACTS: Final = Path(__file__).resolve().parents[2] / "test-artifacts"
"""Screenshots, for people to look at; ignored by git."""

CHROMIUM_FLAGS: Final = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WAIT_S: Final = 30.0
"""Generous: software drawing on a busy machine is slow. Nothing waits longer than it must."""


class MapPage:
    """One signed-in tab. ``errors`` collects what the browser complained of: script errors, refused loads and
    breaches of the content security policy."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error":
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.url, self.url.replace("http", "ws", 1), "blob:", "data:", "about:")):
            self.foreign.append(url)

    def sign_in(self, token: str, query: str = "") -> None:
        """By link, in a fresh page: in the map's own the link changes only the fragment."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/{query}#token={token}")

    def debug(self, name: str) -> Any:
        """A value of ``window.__comity`` (web/src/state/debug.ts)."""
        return self.page.evaluate("name => window.__comity[name]", name)

    def until(self, what: Callable[[], object], why: str, seconds: float = WAIT_S) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {why}; the browser said {self.errors}")
            self.page.wait_for_timeout(50)

    def until_live(self, seconds: float = WAIT_S) -> None:
        self.until(lambda: self.debug("connection")["live"], "the page is live", seconds)

    def until_drawn(self, seconds: float = WAIT_S) -> None:
        """Live, the map is there, and it has drawn what is in view."""
        self.until_live(seconds)
        self.until(lambda: (self.debug("drawing") or {}).get("frames", 0) > 2, "the map has drawn", seconds)

    def until_settled(self, seconds: float = WAIT_S) -> None:
        """Drawn to the last tile: before a screenshot."""
        self.until_drawn(seconds)
        self.until(lambda: (self.debug("drawing") or {}).get("settled"), "every tile is drawn", seconds)

    def until_still(self, seconds: float = WAIT_S) -> None:
        """The camera has come to rest, and every tile is drawn."""

        def rests() -> bool:
            before = self.debug("camera")
            self.page.wait_for_timeout(250)
            return bool(before == self.debug("camera"))

        self.until(rests, "the camera rests", seconds)
        self.until_settled(seconds)

    def reset(self) -> None:
        """Back to how the page was when it was opened, as a person would do it."""
        for _ in range(4):
            self.page.keyboard.press("Escape")
        if not self.text("#as-of").endswith("Z"):
            self.page.keyboard.press("l")
        self.page.get_by_role("radio", name="Next 6 h").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("f")

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def rows(self) -> list[str]:
        """The list's rows in sight."""
        return self.page.locator("#list [role=option]").all_inner_texts()

    def screenshot(self, name: str) -> Path:
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


def open_map(
    browser: Browser, url: str, token: str, *, width: int = 1280, height: int = 800, query: str = ""
) -> MapPage:
    """A tab of its own storage, signed in by link; ``query`` goes before the link's fragment."""
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Europe/Zurich")
    context.set_default_timeout(WAIT_S * 1000)
    opened = MapPage(context.new_page(), url)
    opened.sign_in(token, query)
    return opened
