"""Browser fixtures: a Chromium for the session, the built map, a fake exchange for each test that wants one.

Chromium is Debian's; where it is missing and we are root it is installed, otherwise the tests are skipped and
say so. Everything runs on loopback.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from comity.http.pages import STATIC

pytest.importorskip("playwright", reason="playwright is not installed (requirements for tests)")

from playwright.sync_api import Browser, sync_playwright

from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import CHROMIUM_FLAGS, MapPage, open_map


def _installed() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _chromium() -> str:
    found = _installed()
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("no Chromium here, and not root to install it: apt-get install chromium")
    command = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=240, check=False)
    found = _installed()
    if not found:
        pytest.skip(f"Chromium could not be installed: {done.stderr.decode(errors='replace')[-200:]}")
    return found


@pytest.fixture(scope="session")
def built_map() -> None:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the map is not built: npm ci && npm run build in web/")


@pytest.fixture(scope="module")
def browser(built_map: None) -> Iterator[Browser]:
    """For one file: while playwright runs, its event loop is the thread's, and no other test can run one."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=_chromium(), headless=True, args=list(CHROMIUM_FLAGS)
        )
        yield launched
        launched.close()


Opener = Callable[..., MapPage]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeExchange]:
    exchange = FakeExchange()
    yield exchange
    exchange.close()


@pytest.fixture(scope="module")
def sign_in(browser: Browser) -> Iterator[Opener]:
    """``sign_in(url, token)`` -> MapPage, on any exchange; tabs are closed at the module's end. Opening one
    costs seconds of software drawing, so tests share a tab where they can."""
    opened: list[MapPage] = []

    def opener(url: str, token: str, **options: Any) -> MapPage:
        opened.append(open_map(browser, url, token, **options))
        return opened[-1]

    yield opener
    for tab in opened:
        tab.page.context.close()
