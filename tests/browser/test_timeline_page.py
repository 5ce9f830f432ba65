"""Replay and look-ahead: what is shown is never taken for the present, and the present is one key away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.browser.alert_sky import WARNING, alert_tracks, warning
from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import MapPage

Opener = Callable[..., MapPage]

BANNER = "#time-banner"


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    opened = sign_in(fake.url, "good.token.one", width=1280, height=760)
    opened.until_drawn()
    return opened


@pytest.fixture
def page(fake: FakeExchange, tab: MapPage) -> Iterator[MapPage]:
    """The shared tab, live, with the aircraft of the alerts. Afterwards live again by the one key."""
    fake.reset()
    fake.tracks = alert_tracks()
    fake.show()
    tab.until(lambda: tab.debug("alerts")["warning"] == 0, "no alerts")
    tab.reset()
    tab.errors.clear()
    yield tab
    tab.page.keyboard.press("0")
    tab.until(lambda: mode(tab) == "live", "0 leads back")


def mode(page: MapPage) -> str:
    return str(page.debug("viewTime")["mode"])


def behind_s(page: MapPage) -> float:
    """How far before the stream's last frame the moment shown lies."""
    now = datetime.fromisoformat(str(page.debug("asOf"))).timestamp()
    return now - float(page.debug("viewTime")["ms"]) / 1000


def replay(page: MapPage, *, playing: bool) -> None:
    page.page.keyboard.press("t")
    page.until(lambda: mode(page) == "replay", "the replay shows")
    if not playing:
        page.page.keyboard.press(" ")
        page.until(lambda: "standing still" in page.text(BANNER), "it stands still")


def test_replay_says_not_live_with_its_time_and_moves(fake: FakeExchange, page: MapPage) -> None:
    page.page.keyboard.press("t")
    page.until(lambda: mode(page) == "replay", "the replay shows")
    told = page.text(BANNER)
    assert "NOT LIVE — REPLAY" in told
    assert "ago, ▶ ×1" in told
    assert "Back to live" in told
    page.until(lambda: page.page.title().startswith("NOT LIVE"), "the title says so too")
    assert page.page.locator(".app-replay").count() == 1
    assert 40 < behind_s(page) < 90, "a minute, on a busy machine too"
    before = page.debug("viewTime")["ms"]
    page.until(lambda: page.debug("viewTime")["ms"] > before + 1_500, "its time runs on")
    page.until_settled()
    page.screenshot("replay")
    page.page.keyboard.press("0")
    page.until(lambda: mode(page) == "live", "one key back")
    assert page.page.locator(BANNER).count() == 0
    assert page.errors == []


def test_replay_is_worked_by_keys(fake: FakeExchange, page: MapPage) -> None:
    keys = page.page.keyboard
    replay(page, playing=False)
    before = page.debug("viewTime")["ms"]
    page.page.wait_for_timeout(1_300)
    assert page.debug("viewTime")["ms"] == before, "standing still"
    keys.press(",")
    page.until(lambda: page.debug("viewTime")["ms"] == before - 10_000, "ten seconds earlier")
    keys.press(".")
    page.until(lambda: page.debug("viewTime")["ms"] == before, "and later")
    keys.press("4")
    page.until(lambda: "▶ ×4" in page.text(BANNER), "at four times")
    page.until(lambda: page.debug("viewTime")["ms"] > before + 8_000, "it runs", 10)
    keys.press("1")
    page.until(lambda: "▶ ×1" in page.text(BANNER), "as fast as it was")
    keys.press("t")
    page.until(lambda: mode(page) == "live", "t leads back too")


def test_aircraft_are_where_they_were(fake: FakeExchange, page: MapPage) -> None:
    page.page.keyboard.press("f")
    page.until_settled()
    now = page.debug("places")["ae01d1"]
    replay(page, playing=False)
    page.until(lambda: page.debug("places")["ae01d1"]["lon"] < now["lon"] - 0.02, "a minute to the west")


def test_the_past_cannot_be_acknowledged(fake: FakeExchange, page: MapPage) -> None:
    then = warning(fake.now())

    def past(at: datetime) -> dict[str, Any]:
        return {"as_of": at, "items": fake.items, "tracks": fake.tracks, "alerts": [then], "gap": None}

    fake.past = past
    fake.acknowledged.clear()
    replay(page, playing=False)
    page.until(lambda: page.page.locator(f".alert[data-ref={WARNING}]").count() == 1, "the alert of then")
    assert page.page.locator(".alert-acknowledge").is_disabled()
    assert "only when live" in page.text(".alert-acknowledge")
    page.page.keyboard.press("n")
    page.page.keyboard.press("k")
    page.page.wait_for_timeout(300)
    assert fake.acknowledged == []
    page.screenshot("replay-alert")


def test_live_warnings_are_counted_while_one_looks_elsewhere(fake: FakeExchange, page: MapPage) -> None:
    fake.past = lambda at: {
        "as_of": at,
        "items": fake.items,
        "tracks": fake.tracks,
        "alerts": [],
        "gap": None,
    }
    replay(page, playing=True)
    fake.alerts = [warning(fake.now())]
    page.until(lambda: page.page.locator("#alerts-missed").count() == 1, "it is counted")
    assert page.text("#alerts-missed") == "1 new warning live"
    assert page.text("#alerts-spoken").startswith("Live: warning: predicted conflict")
    assert page.text("#alerts-badge") == "1", "the bar is about the present"
    assert page.page.locator(f".alert[data-ref={WARNING}]").count() == 0, "the list is about then"
    page.screenshot("replay-new-warning")
    page.page.keyboard.press("0")
    page.until(lambda: page.page.locator(f".alert[data-ref={WARNING}]").count() == 1, "back, it is listed")
    assert page.page.locator("#alerts-missed").count() == 0


def test_a_gap_in_the_recording_is_not_an_empty_sky(fake: FakeExchange, page: MapPage) -> None:
    gap = "the exchange was not running"
    fake.past = lambda at: {"as_of": at, "items": [], "tracks": [], "alerts": [], "gap": gap}
    replay(page, playing=False)
    assert "NOT RECORDED: the exchange was not running" in page.text(BANNER)
    page.screenshot("replay-gap")


def test_what_cannot_be_read_is_said_and_never_shown(fake: FakeExchange, page: MapPage) -> None:
    fake.past = lambda at: {"as_of": "then", "items": [], "tracks": [], "alerts": []}
    page.page.keyboard.press("t")
    page.until(lambda: page.page.locator(".timeline-trouble").count() == 1, "it says so")
    assert "as_of must be a time" in page.text(".timeline-trouble")
    assert mode(page) == "live", "the present stays"


def test_the_slider_goes_anywhere_in_the_recording(fake: FakeExchange, page: MapPage) -> None:
    replay(page, playing=False)
    wanted = round((fake.began - timedelta(minutes=40)).timestamp()) * 1000
    slider = page.page.locator("#past-slider")
    low = int(str(slider.get_attribute("min")))
    slider.fill(str(low + (wanted - low) // 1000 * 1000))
    page.until(lambda: abs(page.debug("viewTime")["ms"] - wanted) <= 1_000, "forty minutes ago")
    assert "40 min" in page.text(BANNER)


def test_look_ahead_shows_what_is_planned_and_predicts_no_aircraft(fake: FakeExchange, page: MapPage) -> None:
    page.page.get_by_role("radio", name="Now").click()
    page.until(lambda: page.debug("volumes")["dashed"] == 0, "what is in use now")
    page.page.keyboard.press("y")
    page.until(lambda: mode(page) == "ahead", "an hour ahead")
    told = page.text(BANNER)
    assert "LOOKING AHEAD, NOT LIVE" in told
    assert "in 1 h 00 min" in told
    assert "Aircraft: not predicted" in told
    assert page.page.locator(".app-ahead").count() == 1
    ahead = page.debug("volumes")
    assert ahead["solid"] == 3, "two constraints in force then, and one reserved slot"
    assert ahead["dashed"] >= 2, "the planned intent and the show are not active yet, but planned for then"
    page.until_settled()
    page.screenshot("look-ahead")
    page.page.locator("#ahead-slider").focus()
    page.page.keyboard.press("ArrowRight")
    page.until(lambda: "in 1 h 05 min" in page.text(BANNER), "by arrow")
    page.page.keyboard.press(".")
    page.until(lambda: "in 1 h 20 min" in page.text(BANNER), "by key")
    page.page.locator("#ahead-slider").fill(str(24 * 3_600_000))
    page.until(lambda: "in 24 h 00 min" in page.text(BANNER), "as far as a day")
    assert page.errors == []


def test_the_timeline_fits_a_small_window(fake: FakeExchange, page: MapPage) -> None:
    page.page.set_viewport_size({"width": 900, "height": 600})
    try:
        replay(page, playing=True)
        page.page.wait_for_timeout(400)
        page.screenshot("replay-small")
        overflow = "() => document.documentElement.scrollWidth > innerWidth"
        assert page.page.evaluate(overflow) is False
    finally:
        page.page.set_viewport_size({"width": 1280, "height": 760})
