"""What others see of me, on the map: one recipient's view of one's own things, labelled as such."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from tests.browser.alert_sky import alert_tracks, cells
from tests.browser.fake_exchange import SEEN, FakeExchange
from tests.browser.map_page import MapPage
from tests.browser.sky import route
from tests.browser.test_map_page import OWN_INTENT

Opener = Callable[..., MapPage]


def seen(fake: FakeExchange) -> list[dict[str, Any]]:
    """North air: cells of one intent, one raised track. The centre: the intent exactly, all tracks."""
    now = fake.now()
    about = {"kind": "intent", "reason": "your rule", "rule": "rule-7", "ref": OWN_INTENT}
    form = {"ref": "x1", "kind": "intent", "contact": "through the exchange"}
    exact = form | {"level": "volume", "state": "Activated", "volumes": route(now)}
    coarse = form | {"level": "reserved", "reserved": [cells(now)]}
    raised = {"kind": "own_track", "level": "position", "reason": "predicted conflict", "ref": "ae01c6"}
    return [
        about | {"recipient": "north-air", "level": "reserved", "item": coarse},
        raised | {"recipient": "north-air"},
        about | {"recipient": "centre", "level": "volume", "item": exact},
        {"recipient": "centre", "kind": "own_track", "level": "identity", "reason": "your rule", "rule": "r"},
    ]


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    opened = sign_in(fake.url, "good.token.one", width=1280, height=760)
    opened.until_drawn()
    return opened


@pytest.fixture
def page(fake: FakeExchange, tab: MapPage) -> Iterator[MapPage]:
    fake.reset()
    fake.tracks = alert_tracks()
    fake.seen = msgspec.to_builtins(seen(fake))
    fake.show()
    tab.reset()
    tab.errors.clear()
    yield tab
    if tab.page.locator("#seen-banner").count():
        tab.page.keyboard.press("o")
    fake.seen = SEEN


def test_the_map_as_a_recipient_has_it(fake: FakeExchange, page: MapPage) -> None:
    page.page.keyboard.press("o")
    page.page.wait_for_selector("#seen-recipient")
    page.page.select_option("#seen-recipient", "north-air")
    assert "RELIEF21, raised" in page.text(".seen-panel table")
    page.screenshot("what-others-see-choose")
    page.page.get_by_role("button", name="Show", exact=True).click()
    page.until(
        lambda: "1 item of yours, 2 not shown" in page.text("#seen-banner"), "the label says what they have"
    )
    told = page.text("#seen-banner")
    assert "AS NORTH-AIR HAS IT" in told
    assert "your aircraft: none" in told
    assert "1 raised" in told
    assert page.debug("seen") == {"recipient": "north-air", "areas": 1, "none": 2, "position": 1}
    page.until_settled()
    page.page.wait_for_timeout(700)
    page.screenshot("seen-as-north-air")
    page.page.locator("#seen-banner select").select_option("centre")
    page.until(
        lambda: page.debug("seen") == {"recipient": "centre", "areas": 3, "identity": 3}, "the other's"
    )
    page.page.wait_for_timeout(700)
    page.screenshot("seen-as-centre")
    page.page.keyboard.press("o")
    page.until(lambda: page.page.locator("#seen-banner").count() == 0, "one's own view again")
    assert page.debug("seen") is None
    page.page.keyboard.press("o")
    page.until(lambda: "AS CENTRE HAS IT" in page.text("#seen-banner"), "the last one again, by key")
    assert page.errors == []


def test_it_is_asked_anew_and_is_not_drawn_over_the_past(fake: FakeExchange, page: MapPage) -> None:
    page.page.keyboard.press("o")
    page.until(lambda: page.page.locator("#seen-banner").count() == 1, "the last recipient's view")
    page.until(lambda: (page.debug("seen") or {}).get("areas") == 3, "the intent's three volumes")
    fake.seen = []
    page.until(
        lambda: "0 items of yours, 3 not shown" in page.text("#seen-banner"),
        "a withdrawal shows within seconds",
        12,
    )
    assert page.debug("seen") == {"recipient": "centre", "areas": 0, "none": 3}
    page.page.keyboard.press("y")
    page.until(lambda: "Only over the present" in page.text("#seen-banner"), "not over another time")
    assert page.debug("seen") is None
    page.page.keyboard.press("0")
