"""Alerts on the page: told in words and in shapes, acknowledged by button and key, drawn on the map, spoken.

What an alert says is the exchange's; here is tested that the page tells it whole and that nobody misses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest

from comity.model.alert import Alert, AlertState
from tests.browser.alert_sky import (
    ADVISORY,
    CORRECTIVE,
    INCURSION,
    WARNING,
    advisory,
    alert_tracks,
    all_alerts,
    corrective,
    incursion,
    warning,
)
from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import MapPage

Opener = Callable[..., MapPage]


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    opened = sign_in(fake.url, "good.token.one", width=1280, height=760)
    opened.until_drawn()
    return opened


@pytest.fixture
def page(fake: FakeExchange, tab: MapPage) -> MapPage:
    """The shared tab with the aircraft of the alerts and nothing to warn of."""
    fake.reset()
    fake.tracks = alert_tracks()
    fake.show()
    tab.until(lambda: tab.debug("alerts")["warning"] == 0, "no alerts")
    tab.reset()
    if tab.page.locator(".alerts-panel").count() == 0:
        tab.page.keyboard.press("a")
    if tab.page.get_by_role("button", name="Mine", exact=True).count():
        tab.page.keyboard.press("i")
    tab.errors.clear()
    return tab


def warn(fake: FakeExchange, page: MapPage, *alerts: Alert) -> None:
    fake.alerts = list(alerts) or all_alerts(fake.now())
    fake.show()
    page.until(lambda: len(shown(page)) == len(fake.alerts), "the alerts are listed")


def shown(page: MapPage) -> list[str]:
    """References of the alerts that are on, as listed."""
    rows = "() => [...document.querySelectorAll('.alert:not(.alert-cleared)')].map(row => row.dataset.ref)"
    return [str(ref) for ref in page.page.evaluate(rows)]


def row(page: MapPage, ref: str) -> str:
    return page.text(f".alert[data-ref={ref}]")


def test_lists_the_most_urgent_first_and_tells_each_in_words(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page)
    assert shown(page) == [WARNING, INCURSION, CORRECTIVE, ADVISORY]
    told = row(page, WARNING)
    for words in ("WARNING", "Predicted conflict", "RELIEF21 (yours)", "SWR4TK", "0.8 NM · 300 ft"):
        assert words in told
    assert "minima 5.0 NM · 1,000 ft" in told
    assert "position of SWR4TK 2 s old" in told
    assert "predicted in 0:5" in told, "it enters in 52 s"
    assert "closest in 1:" in told
    assert "height not known" in row(page, CORRECTIVE)
    assert "OTHERS'" in row(page, CORRECTIVE)
    assert "into constraint LS-R8 Emmental" in row(page, INCURSION)
    unreleased = row(page, ADVISORY)
    assert "a participant (position not released)" in unreleased
    assert "ADVISORY" in unreleased
    assert "never too seldom" in unreleased
    assert page.text("#alerts-badge").split() == ["1", "2", "1"]
    assert "1 warning, 2 corrective, 1 preventive" in str(
        page.page.locator("#alerts-badge").get_attribute("aria-label")
    )


def test_draws_lines_cells_and_the_entered_volume(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page)
    page.page.keyboard.press("f")
    page.until_settled()
    page.page.wait_for_timeout(700)
    page.screenshot("alerts-map")
    areas = page.debug("alertAreas")
    assert areas == {"cells": 1, "entered": 1}
    greyscale = page.page.context.new_cdp_session(page.page)
    greyscale.send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    page.screenshot("alerts-without-colour")
    greyscale.send("Emulation.setEmulatedVisionDeficiency", {"type": "none"})
    assert page.errors == []


def test_keys_go_from_alert_to_alert_and_fly_there(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page)
    keys = page.page.keyboard
    keys.press("n")
    page.until(lambda: chosen(page, WARNING), "the first")
    page.until(lambda: near(page, 47.35, 9.6), "the map flew to the two aircraft")
    page.until_settled()
    page.page.wait_for_timeout(600)
    page.screenshot("alert-conflict")
    keys.press("n")
    page.until(lambda: near(page, 46.75, 7.45), "and to the next")
    page.until_settled()
    page.page.wait_for_timeout(600)
    page.screenshot("alert-incursion")
    keys.press("p")
    keys.press("p")
    page.until(lambda: near(page, 46.3, 10.45), "backwards round to the last")
    page.until_settled()
    page.page.wait_for_timeout(600)
    page.screenshot("alert-advisory")
    assert chosen(page, ADVISORY)
    keys.press("Escape")
    page.until(lambda: page.page.locator(".alert[aria-current]").count() == 0, "escape deselects")


def chosen(page: MapPage, ref: str) -> bool:
    return page.page.locator(f".alert[data-ref={ref}][aria-current]").count() == 1


def near(page: MapPage, lat: float, lon: float) -> bool:
    """In the middle of what the panels leave free, within 15 NM."""
    camera = page.debug("camera")
    return bool(abs(camera["lat"] - lat) < 0.25 and abs(camera["lon"] - lon) < 0.5 and camera["zoom"] > 7)


def on_screen(page: MapPage, lat: float, lon: float) -> tuple[float, float]:
    """Where a place is in the window: Web Mercator round the camera, which looks straight down, north up."""
    camera = page.debug("camera")
    box = page.page.locator(".map").bounding_box()
    assert box is not None
    world = 512 * 2 ** camera["zoom"]

    def y_of(latitude: float) -> float:
        return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)) / (2 * math.pi)

    dx = (lon - camera["lon"]) / 360 * world
    dy = (y_of(camera["lat"]) - y_of(lat)) * world
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


def test_acknowledges_by_button_and_by_key(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page)
    fake.acknowledged.clear()
    page.page.locator(f".alert[data-ref={CORRECTIVE}] .alert-acknowledge").click()
    page.until(lambda: "Acknowledged by A. Keller at " in row(page, CORRECTIVE), "it says who and when")
    assert page.page.locator(f".alert[data-ref={CORRECTIVE}] .alert-acknowledge").count() == 0
    page.page.keyboard.press("k")
    page.page.wait_for_timeout(200)
    assert [ref for ref, _ in fake.acknowledged] == [CORRECTIVE], "nothing is selected, so nothing is meant"
    page.page.keyboard.press("n")
    page.page.keyboard.press("k")
    page.until(lambda: "Acknowledged by A. Keller at " in row(page, WARNING), "by key")
    keys = [key for _, key in fake.acknowledged]
    assert len(keys) == 2
    assert len(set(keys)) == 2
    assert all(key is not None and 8 <= len(key) <= 64 for key in keys)


def test_says_that_the_other_party_knows(fake: FakeExchange, page: MapPage) -> None:
    now = fake.now()
    warn(fake, page, warning(now, other_party_acknowledged_at=now))
    assert "The other party acknowledged at " in row(page, WARNING)
    assert page.page.locator(".alert-acknowledge").count() == 1, "which is not one's own word"


def test_a_refused_acknowledgement_says_why(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page, warning(fake.now()))
    fake.ticking = False
    fake.alerts = []
    page.page.locator(".alert-acknowledge").click()
    page.until(lambda: "no such alert" in row(page, WARNING), "the exchange's own words")


def test_what_cleared_stays_for_a_while_in_grey(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page, warning(fake.now()))
    fake.alerts = []
    fake.show()
    page.until(
        lambda: page.page.locator(f".alert-cleared[data-ref={WARNING}]").count() == 1, "it stays, greyed"
    )
    assert "cleared" in row(page, WARNING)
    assert page.text("#alerts-badge") == "No alerts"
    assert page.page.locator(".alert-acknowledge").count() == 0


def test_the_filter_leaves_those_with_own_aircraft_and_says_that_others_are_hidden(
    fake: FakeExchange, page: MapPage
) -> None:
    warn(fake, page)
    page.page.keyboard.press("i")
    page.until(lambda: CORRECTIVE not in shown(page), "others' are gone")
    assert shown(page) == [WARNING, INCURSION, ADVISORY]
    assert "1 without aircraft of yours not shown" in page.text(".alerts-panel")


def test_a_new_warning_is_spoken_flashed_and_sounded_where_that_is_on(
    fake: FakeExchange, page: MapPage
) -> None:
    page.page.evaluate(
        """() => {
            window.tones = 0;
            const make = AudioContext.prototype.createOscillator;
            AudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this); };
        }"""
    )
    now = fake.now()
    warn(fake, page, msgspec.structs.replace(warning(now), ref="silent"))
    page.until(lambda: page.page.locator(".alert-flash").count() == 1, "the flash")
    page.screenshot("alert-flash")
    spoken = page.text("#alerts-spoken")
    assert "warning: predicted conflict, predicted in" in spoken
    assert "RELIEF21 and SWR4TK; 0.8 NM, 300 ft" in spoken
    assert page.page.evaluate("() => window.tones") == 0, "sound is off until it is asked for"
    page.until(lambda: page.page.locator(".alert-flash").count() == 0, "the flash ends")
    page.page.keyboard.press("s")
    page.until(lambda: page.page.evaluate("() => window.tones") == 2, "switching on sounds once")
    warn(fake, page, corrective(now))
    assert page.page.evaluate("() => window.tones") == 2, "a corrective alert does not"
    warn(fake, page, corrective(now), msgspec.structs.replace(warning(now), ref="loud"))
    page.until(lambda: page.page.evaluate("() => window.tones") == 4, "a new warning does")
    page.page.keyboard.press("s")


def test_with_reduced_motion_the_flash_stands_still(fake: FakeExchange, page: MapPage) -> None:
    page.page.emulate_media(reduced_motion="reduce")
    try:
        warn(fake, page, msgspec.structs.replace(warning(fake.now()), ref="calm"))
        page.until(lambda: page.page.locator(".alert-flash").count() == 1, "the frame")
        moving = "() => getComputedStyle(document.querySelector('.alert-flash')).animationName"
        assert page.page.evaluate(moving) == "none"
    finally:
        page.page.emulate_media(reduced_motion="no-preference")


def test_a_line_is_chosen_on_the_map_and_alerts_are_in_the_help(fake: FakeExchange, page: MapPage) -> None:
    warn(fake, page, incursion(fake.now()))
    page.page.keyboard.press("n")
    page.until(lambda: near(page, 46.75, 7.45), "at the line")
    page.page.keyboard.press("Escape")
    page.until(lambda: page.page.locator(".alert[aria-current]").count() == 0, "nothing is selected")
    page.until_settled()
    page.page.wait_for_timeout(300)
    at = page.debug("places")["ae01d0"]
    x, y = on_screen(page, (at["lat"] + 46.78) / 2, (at["lon"] + 7.5) / 2)
    page.page.mouse.click(x, y)
    page.until(lambda: chosen(page, INCURSION), "chosen")
    page.page.keyboard.press("?")
    told = page.text(".help-panel")
    page.screenshot("help-alerts")
    for words in (
        "next alert, and fly to it",
        "acknowledge the selected alert",
        "back to live",
        "look-ahead",
    ):
        assert words in told


def test_acknowledged_ones_come_after_those_that_nobody_knows(fake: FakeExchange, page: MapPage) -> None:
    now = fake.now()
    known = msgspec.structs.replace(
        warning(now),
        ref="known",
        state=AlertState.ACKNOWLEDGED,
        acknowledged_by="B. Meier",
        acknowledged_at=now,
    )
    warn(fake, page, known, warning(now), advisory(now))
    assert shown(page) == [WARNING, "known", ADVISORY]
    assert "B. Meier" in row(page, "known")


def test_a_long_list_says_how_many_are_not_drawn(fake: FakeExchange, page: MapPage) -> None:
    now = fake.now()
    many = [msgspec.structs.replace(corrective(now), ref=f"c-{i:03}") for i in range(75)]
    fake.alerts = [*many, warning(now)]
    fake.show()
    page.until(lambda: len(shown(page)) == 60, "the most urgent sixty")
    assert shown(page)[0] == WARNING
    page.page.get_by_role("button", name="16 less urgent: show all").click()
    page.until(lambda: len(shown(page)) == 76, "all of them")
