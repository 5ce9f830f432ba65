"""The demonstration's guide: there where the link asks, by the second of the cycle, closed by a key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import MapPage

Opener = Callable[..., MapPage]

STEPS = Path(__file__).resolve().parents[2] / "web" / "data" / "demo_guide.json"


def open_guided(fake: FakeExchange, tab: MapPage, second: float) -> None:
    """At so many seconds of the cycle, as the demonstration's link gives it."""
    cycle = round(fake.now().timestamp() - second)
    tab.page.goto("about:blank")
    tab.page.goto(f"{fake.url}/#token=good.token.one&guide=demo&cycle={cycle}")
    tab.until_drawn()


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    opened = sign_in(fake.url, "good.token.one", width=1280, height=760)
    opened.until_drawn()
    return opened


def steps() -> list[dict[str, Any]]:
    """As the map was built with."""
    if not STEPS.is_file():
        pytest.skip("the demonstration's guide is not written: web/data/demo_guide.json")
    found: list[dict[str, Any]] = msgspec.json.decode(STEPS.read_bytes())
    return found


def test_there_is_no_guide_unless_the_link_asks(tab: MapPage) -> None:
    assert tab.page.locator(".guide-panel").count() == 0
    tab.page.keyboard.press("d")
    assert tab.page.locator(".guide-panel").count() == 0


def test_the_guide_is_closed_and_opened_and_outlives_a_reload(fake: FakeExchange, tab: MapPage) -> None:
    open_guided(fake, tab, 30)
    tab.page.wait_for_selector(".guide-panel")
    assert tab.page.url == f"{fake.url}/", "neither token nor guide stays in the address"
    assert " of 2:00" in tab.text(".guide-second")
    assert tab.text(".guide-second").startswith("0:")
    tab.until_settled()
    tab.screenshot("guide")
    tab.page.keyboard.press("d")
    tab.until(lambda: tab.page.locator(".guide-panel").count() == 0, "closed")
    tab.page.keyboard.press("d")
    tab.page.wait_for_selector(".guide-panel")
    tab.page.reload()
    tab.page.wait_for_selector(".guide-panel")
    assert tab.errors == []


def test_it_tells_what_to_look_at_in_this_second(fake: FakeExchange, tab: MapPage) -> None:
    mine = [step for step in steps() if not step["who"] or "relief" in step["who"]]
    if not mine:
        pytest.skip("no step of the guide is for everybody")
    step = max(mine, key=lambda one: one["until_s"] - one["at_s"])
    open_guided(fake, tab, step["at_s"] + 0.5)
    tab.until(lambda: step["title"] in tab.text(".guide-body"), "its title")
    assert step["text"] in tab.text(".guide-body")
