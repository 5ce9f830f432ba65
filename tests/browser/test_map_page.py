"""The map in a real browser against a conducted exchange: what it shows, what it refuses to show as live, and
that it can be worked by keyboard alone. Geometry, folding and formatting are tested in ``web/tests``."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from comity.model.intent import IntentState
from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import MapPage
from tests.browser.sky import route

ONE, TWO = "good.token.one", "good.token.two"
OWN_INTENT = "5f0c2f6e-6a52-4a0b-9a25-0a1c7a6a8d01"

Opener = Callable[..., MapPage]


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    opened = sign_in(fake.url, ONE, width=1000, height=640)
    opened.until_drawn()
    return opened


@pytest.fixture
def page(fake: FakeExchange, tab: MapPage) -> MapPage:
    """The shared tab, signed in, live and as it was at first; the sky too."""
    fake.reset()
    if (tab.debug("participant") or {}).get("id") != "relief":
        tab.sign_in(ONE)
        tab.until(lambda: (tab.debug("participant") or {}).get("id") == "relief", "signed in again")
    tab.until_live()
    fake.show()
    tab.reset()
    tab.errors.clear()
    return tab


def test_shows_what_the_snapshot_released_and_who_one_is(page: MapPage) -> None:
    assert page.debug("items") == {"own": 3, "volume": 5, "reserved": 2}
    tracks = {"own": 2, "broadcast": 8, "position": 1, "identity": 1, "stale": 1, "emergency": 1}
    assert page.debug("tracks") == tracks
    assert page.debug("participant") == {"id": "relief", "name": "Alpine Relief"}
    assert page.text("#participant") == "Alpine Relief"
    assert page.text("#exchange") == "alps"
    assert page.text("#as-of").endswith("Z")
    assert "Live" in page.text("#connection")
    assert page.debug("volumes") == {"solid": 7, "dashed": 5, "hatched": 6, "own": 5}
    page.until_settled()
    page.screenshot("map")
    assert page.errors == []
    assert page.foreign == []


def test_keeps_the_token_out_of_the_address_and_the_window(page: MapPage) -> None:
    assert page.page.url == f"{page.url}/"
    assert page.page.evaluate("() => sessionStorage.length") == 1
    assert page.page.evaluate("() => localStorage.length") == 0


def test_draws_pixels_for_volumes_and_aircraft(page: MapPage) -> None:
    """A render smoke test: the overlay canvas is not blank, and the map's own has more than one colour."""
    drawn = page.page.evaluate(
        """() => {
            const label = document.querySelector('.overlay-labels');
            const bytes = label.getContext('2d').getImageData(0, 0, label.width, label.height).data;
            let inked = 0;
            for (let i = 3; i < bytes.length; i += 4) if (bytes[i] > 0) inked++;
            return {inked, visible: window.__comity.drawing.visible};
        }"""
    )
    assert drawn["inked"] > 5_000
    page.until(lambda: page.debug("drawing")["shapes"] >= 9, "the volumes are on the screen")
    assert drawn["visible"] >= 8


def test_aircraft_move_between_ticks(fake: FakeExchange, page: MapPage) -> None:
    """Dead reckoning: with the exchange silent for less than the banner's time, the frames go on."""
    fake.ticking = False
    page.page.wait_for_timeout(300)
    heard, before = page.debug("asOf"), page.debug("places")["ae01c6"]
    page.until(
        lambda: page.debug("places")["ae01c6"]["lat"] < before["lat"], "it has flown on to the south-east"
    )
    assert page.debug("asOf") == heard
    assert page.debug("places")["39ac45"] == pytest.approx({"lat": 46.7, "lon": 6.6}, abs=0.05)


def test_says_not_live_after_three_seconds_of_silence_and_recovers(fake: FakeExchange, page: MapPage) -> None:
    assert page.page.locator("#not-live").count() == 0
    fake.ticking = False
    page.until(lambda: page.page.locator("#not-live").count() == 1, "the banner shows")
    frozen = page.text("#as-of")
    assert f"NOT LIVE — as of {frozen}" in page.text("#not-live")
    assert page.page.locator(".app-not-live").count() == 1
    page.until(lambda: page.page.title().startswith("NOT LIVE"), "the title says so too")
    page.page.wait_for_timeout(400)
    page.screenshot("not-live")
    fake.ticking = True
    page.until(lambda: page.page.locator("#not-live").count() == 0, "the banner goes")


def test_resumes_with_its_cursor_after_a_cut(fake: FakeExchange, page: MapPage) -> None:
    before = len(fake.cursors)
    fake.drop()
    page.until(lambda: len(fake.cursors) > before, "it comes back")
    page.until_live()
    assert fake.cursors[-1] is not None
    assert sum(page.debug("items").values()) == 10
    assert page.debug("tracks")["broadcast"] == 8


def test_keeps_trying_while_the_exchange_is_away(fake: FakeExchange, page: MapPage) -> None:
    fake.accepting = False
    fake.drop()
    page.until(lambda: page.debug("connection")["attempt"] >= 2, "two attempts")
    assert "NOT LIVE" in page.text("#not-live")
    fake.accepting = True
    page.until_live()


def test_changes_and_what_is_gone(fake: FakeExchange, page: MapPage) -> None:
    own = next(item for item in fake.items if item.ref == OWN_INTENT)
    planned = msgspec.structs.replace(own, state=IntentState.ACCEPTED, volumes=route(fake.now()))
    solid = page.debug("volumes")["solid"]
    fake.change((OWN_INTENT, planned), ("g2h3i4j5k6l7m2n3o4p5q6r7s2", None))
    page.until(lambda: page.debug("items")["reserved"] == 1, "the reserved one is gone")
    assert page.debug("volumes")["solid"] == solid - 1
    fake.tracks = [view for view in fake.tracks if view.id != "4b1801"]
    fake.send({"type": "tick", "as_of": fake.now(), "cursor": "g", "gone": ["4b1801"]})
    page.until(lambda: page.debug("tracks")["broadcast"] == 7, "the track is gone")


def test_a_selected_thing_that_is_withdrawn_says_so(fake: FakeExchange, page: MapPage) -> None:
    page.page.get_by_role("option").filter(has_text="Intent k3vq7m").click()
    fake.change(("k3vq7m2xw5t4hhd6ay5qgk2zna", None))
    page.until(lambda: page.page.locator(".note-gone").count() == 1, "the panel says it is gone")
    assert "No longer in what is released to you" in page.text(".note-gone")


def test_a_frame_that_cannot_be_read_is_never_half_applied(fake: FakeExchange, page: MapPage) -> None:
    before = len(fake.cursors)
    fake.send('{"type":"tick","as_of":"soon","cursor":"x"}')
    page.until(lambda: len(fake.cursors) > before, "it starts anew from its last good cursor")
    assert fake.cursors[-1] != "x"
    page.until_live()
    assert sum(page.debug("items").values()) == 10


def test_a_revoked_token_leads_to_the_sign_in_page_which_says_why(fake: FakeExchange, page: MapPage) -> None:
    fake.revoke(ONE, "the token was revoked")
    page.page.wait_for_selector("#signed-out")
    assert "the token was revoked" in page.text("#signed-out")
    assert page.page.evaluate("() => sessionStorage.length") == 0
    assert page.debug("items") == {"own": 0, "volume": 0, "reserved": 0}
    page.screenshot("signed-out")
    page.page.fill("#token", "this is no token")
    page.page.keyboard.press("Enter")
    assert "neither a token" in page.text("#token-wrong")
    fake.refused.clear()
    page.page.fill("#token", f"{page.url}/#token={ONE}")
    page.page.keyboard.press("Enter")
    page.until_live()
    assert page.text("#participant") == "Alpine Relief"


def test_a_wrong_token_is_told_at_once(fake: FakeExchange, sign_in: Opener) -> None:
    page = sign_in(fake.url, "bad.token.here")
    page.page.wait_for_selector("#signed-out")
    assert "the token is not valid" in page.text("#signed-out")


def test_search_and_the_list_by_keyboard(page: MapPage) -> None:
    keys = page.page.keyboard
    keys.press("/")
    page.until(
        lambda: page.page.evaluate("() => document.activeElement.id") == "search", "search has the focus"
    )
    keys.type("swr4")
    page.until(lambda: len(page.rows()) == 1, "one row is left")
    assert "SWR4TK" in page.rows()[0]
    zoom = page.debug("camera")["zoom"]
    keys.press("Enter")
    page.until(lambda: page.debug("camera")["zoom"] > zoom + 0.5, "the map centres")
    assert "4b1801" in page.text(".details-panel")
    keys.press("Escape")
    page.until(lambda: page.page.locator(".details-panel").count() == 0, "the panel closes")
    keys.press("Escape")
    page.until(lambda: len(page.rows()) > 10, "the search is cleared")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert page.page.locator("[role=option][aria-selected=true]").inner_text().startswith("Intent c8n3yy")
    keys.press("ArrowUp")
    assert "Nonconforming" in page.text(".details-panel")


def test_reserved_is_told_as_what_it_is(page: MapPage) -> None:
    page.page.get_by_role("option").filter(has_text="reserved: a participant").first.click()
    told = page.text(".details-panel")
    assert "2 grid cells" in told
    assert "3,000 – 12,000 ft WGS84" in told
    assert "withheld" in told
    assert "through the exchange" in told


def test_the_time_shown_filters_the_list_and_the_map(page: MapPage) -> None:
    page.page.get_by_role("radio", name="Now").click()
    page.until(lambda: page.debug("volumes")["dashed"] == 0, "only what is in use is drawn")
    assert not any("Zürich show" in row for row in page.rows())
    page.page.keyboard.press("h")
    page.until(lambda: page.debug("volumes")["dashed"] > 0, "the next hour is drawn")


def test_local_time_help_and_panels(fake: FakeExchange, page: MapPage) -> None:
    keys = page.page.keyboard
    keys.press("l")
    page.until(lambda: "+0" in page.text("#as-of"), "local time shows its offset")
    keys.press("?")
    page.page.wait_for_selector(".help-panel")
    page.screenshot("help")
    keys.press("Escape")
    page.until(lambda: page.page.locator(".help-panel").count() == 0, "help closes")
    keys.press("w")
    page.page.wait_for_selector(".seen-panel table")
    table = page.text(".seen-panel table")
    assert "north-air" in table
    assert "charter floor" in table
    assert "all your own tracks" in table
    page.page.fill("#seen-at", "yesterday")
    page.page.get_by_role("button", name="Ask").click()
    assert "A time like" in page.text("#seen-wrong")
    page.page.fill("#seen-at", "2026-05-01 14:00")
    page.page.get_by_role("button", name="Ask").click()
    page.until(lambda: "2026-05-01T14:00:00.000Z" in fake.seen_queries, "the earlier time was asked for")
    page.screenshot("what-others-see")


def test_emergencies_are_marked_with_text(page: MapPage) -> None:
    row = page.page.get_by_role("option").filter(has_text="HBZRW")
    assert "7700 EMERGENCY" in row.inner_text()
    row.click()
    assert page.text(".note-emergency") == "7700 EMERGENCY"


def test_two_participants_side_by_side_one_by_packed_frames_and_one_by_json(
    fake: FakeExchange, page: MapPage, sign_in: Opener
) -> None:
    assert fake.binary_asked[-1] is True
    other = sign_in(fake.url, TWO, width=1000, height=640, query="?frames=json")
    other.until_drawn()
    assert fake.binary_asked[-1] is False
    assert other.text("#participant") == "Alpine Centre"
    assert page.text("#participant") == "Alpine Relief"
    assert other.debug("tracks") == page.debug("tracks")
    other.until_still()
    packed, plain = page.debug("places"), other.debug("places")
    both = set(packed) & set(plain)
    assert len(both) >= 8
    for ident in both:
        assert packed[ident] == pytest.approx(plain[ident], abs=0.02), ident
