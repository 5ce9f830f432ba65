"""Aircraft on the map in a real browser: packed frames, places reckoned by the shader, data blocks, vectors,
filters, range and bearing, clocks and lateness; each worked by keyboard. 200 aircraft in a small window:
Chromium draws in software here."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest

from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import MapPage
from tests.browser.sky import alerts, crowd

ONE = "good.token.one"
TRAFFIC = 188
"""With the twelve of the plain sky: 200."""

Opener = Callable[..., MapPage]


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    fake.tracks = fake.tracks + crowd(TRAFFIC)
    opened = sign_in(fake.url, ONE, width=900, height=600)
    opened.until_drawn()
    return opened


@pytest.fixture
def page(fake: FakeExchange, tab: MapPage) -> MapPage:
    """The shared tab: 200 aircraft, no filter, nothing measured, neither column of panels in the way."""
    fake.reset()
    fake.tracks = fake.tracks + crowd(TRAFFIC)
    tab.until_live()
    fake.show()
    tab.reset()
    tab.page.keyboard.press("G")
    tab.until(lambda: tab.debug("tracks")["broadcast"] > 100, "the traffic is there")
    tab.errors.clear()
    return tab


def _visible(page: MapPage) -> int:
    return int(page.debug("drawing")["visible"])


def _detail_is(page: MapPage, detail: int) -> bool:
    return bool(page.debug("drawing")["detail"] == detail)


def _bar_says(page: MapPage, words: str) -> bool:
    return page.text("#vectors") == words


def _blocks(page: MapPage) -> list[list[str]]:
    return [lines for key, lines in page.debug("texts").items() if key.startswith("t:")]


def test_asks_for_packed_frames_and_shows_what_they_carry(fake: FakeExchange, page: MapPage) -> None:
    assert fake.binary_asked[-1] is True
    assert sum(page.debug("tracks")[level] for level in ("own", "broadcast", "position", "identity")) == 200
    page.until_settled()
    page.screenshot("aircraft")
    assert page.errors == []


def test_the_shader_and_the_processor_put_every_aircraft_at_the_same_place(page: MapPage) -> None:
    for _ in range(4):
        assert page.debug("twinError") < 0.05
        page.page.keyboard.press("+")
        page.page.wait_for_timeout(250)
    assert _visible(page) > 0


def test_between_reports_aircraft_fly_on_without_being_sent_again(fake: FakeExchange, page: MapPage) -> None:
    fake.ticking = False
    page.page.wait_for_timeout(300)
    before = page.debug("drawing")
    page.page.keyboard.press("+")
    page.until(lambda: page.debug("drawing")["frames"] > before["frames"] + 3, "frames are drawn")
    assert page.debug("drawing")["uploads"] == before["uploads"]


def test_data_blocks_have_one_two_or_three_lines_and_do_not_overlap_each_other(page: MapPage) -> None:
    lengths = set()
    for lines in (1, 2, 3):
        page.page.keyboard.press("m")
        page.until(partial(_detail_is, page, lines), f"detail {lines} was chosen")
        plain = [b for b in _blocks(page) if b[0].startswith("TST") and "STALE" not in " ".join(b)]
        assert plain
        assert {len(block) for block in plain} == {lines}
        lengths.add(len(_blocks(page)))
    assert len(lengths) > 1, "larger blocks leave room for fewer"
    three = next(b for b in _blocks(page) if b[0].startswith("TST") and "STALE" not in " ".join(b))
    assert re.fullmatch(r"FL\d{3}( [↑↓])?", three[1])
    assert re.fullmatch(r"\d+ kt · \d+ s", three[2])
    page.screenshot("blocks-three-lines")
    page.page.keyboard.press("m")
    page.until(lambda: page.debug("drawing")["detail"] < 3, "by zoom and density again")


def test_a_rounded_position_says_how_far_it_may_be_off(fake: FakeExchange, page: MapPage) -> None:
    fake.tracks = [view for view in fake.tracks if view.id == "~w4t7m2xq5"]
    fake.show()
    page.page.keyboard.press("/")
    page.page.keyboard.type("w4t7")
    page.until(lambda: len(page.rows()) == 1, "it is the only one left")
    page.page.keyboard.press("Enter")
    page.until(lambda: len(page.debug("texts").get("t:~w4t7m2xq5", ())) == 3, "it has a whole block")
    assert re.fullmatch(r"117 kt · ±460 m · \d+ s", page.debug("texts")["t:~w4t7m2xq5"][2])
    page.page.evaluate("() => document.activeElement.blur()")
    for _ in range(3):
        page.page.keyboard.press("+")
        page.page.wait_for_timeout(250)
    page.until_settled()
    page.screenshot("rounded-position")


def test_vectors_cycle_and_are_said_in_the_bar(page: MapPage) -> None:
    page.until_still()
    page.page.keyboard.press("+")
    page.until_still()
    inked = {}
    for words in ("1 min", "2 min", "5 min", "off"):
        page.page.keyboard.press("v")
        page.until(partial(_bar_says, page, f"Vectors {words}"), f"vectors {words}")
        inked[words] = page.debug("inked")
        if words == "5 min":
            page.page.wait_for_timeout(150)
            page.screenshot("vectors")
    assert inked["off"] < inked["1 min"] < inked["2 min"]
    assert inked["2 min"] + 500 < inked["5 min"]


def test_filters_say_how_many_are_shown_and_keep_what_is_warned_of(fake: FakeExchange, page: MapPage) -> None:
    everything = _visible(page)
    page.page.keyboard.press("g")
    page.until(
        lambda: page.page.evaluate("() => document.activeElement.id") == "filter-lower",
        "the first field has it",
    )
    page.page.keyboard.type("200")
    page.page.keyboard.press("Tab")
    page.page.keyboard.type("280")
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Tab")
    page.until(lambda: page.page.locator("#filter-state").count() == 1, "the strip says so")
    told = page.text("#filter-state")
    shown = int(re.match(r"(\d+) of 200 aircraft shown", told).group(1))  # type: ignore[union-attr]  # None fails
    assert "FL200 – FL280" in told
    assert 5 < shown < 60
    page.until(lambda: _visible(page) < everything, "fewer are drawn")
    assert f"{shown} of 200" in page.text("#counts")
    assert "4b43f1" in page.debug("shown"), "in distress"
    assert "440172" not in page.debug("shown")
    fake.alerts = alerts(fake.now())
    page.until(lambda: "440172" in page.debug("shown"), "an alert's aircraft is back")
    assert "kept: alert, distress or selected" in page.text("#filter-state")
    page.page.keyboard.press("Escape")
    page.screenshot("filtered")
    page.page.get_by_label("broadcast (ADS-B").uncheck()
    page.until(lambda: "without broadcast" in page.text("#filter-state"), "said in words")
    page.page.evaluate("() => document.activeElement.blur()")
    page.page.keyboard.press("G")
    page.until(lambda: page.page.locator("#filter-state").count() == 0, "all are shown again")
    page.page.keyboard.press("g")


def test_range_and_bearing_by_keyboard_between_two_aircraft(page: MapPage) -> None:
    keys = page.page.keyboard
    _select(page, "SWR4TK")
    keys.press("r")
    _select(page, "DLH9LF")
    keys.press("Enter")
    page.until(lambda: page.page.locator(".ruler-figures").count() == 1, "the figures are there")
    told = page.text("#ruler")
    assert "SWR4TK → DLH9LF" in told
    assert re.search(
        r"1[01]\d\.\d NM · \d+\.\d km · 0[67]\d° true, back 2[45]\d° · \d+ min \d\d s at 447 kt", told
    )
    page.until(lambda: "l:ruler:range" in page.debug("texts"), "they stand on the map")
    page.screenshot("range-and-bearing")
    keys.press("Escape")
    page.until(lambda: page.page.locator("#ruler").count() == 0, "it is put away")


def test_range_and_bearing_by_mouse_between_two_places(page: MapPage) -> None:
    page.page.keyboard.press("r")
    page.page.mouse.click(380, 520)
    page.until(lambda: "Pick the other end" in page.text("#ruler"), "one end is picked")
    page.page.mouse.click(480, 470)
    page.until(lambda: "→" in page.text("#ruler"), "both ends are picked")
    told = page.text("#ruler")
    assert re.search(r"[\d.]+ NM · [\d.]+ km · \d{3}° true, back \d{3}°", told)
    page.page.keyboard.press("r")
    page.until(lambda: page.page.locator("#ruler").count() == 0, "it is put away")


def test_says_by_how_much_the_search_is_late(fake: FakeExchange, page: MapPage) -> None:
    assert page.page.locator("#late").count() == 0
    fake.late_s = 1.9
    page.page.wait_for_timeout(1_200)
    assert page.page.locator("#late").count() == 0, "two seconds are in time"
    fake.late_s = 3.4
    page.until(lambda: page.page.locator("#late").count() == 1, "the banner shows")
    assert "PICTURE LATE by 4 s" in page.text("#late")
    page.screenshot("picture-late")
    fake.late_s = 0.0
    page.until(lambda: page.page.locator("#late").count() == 0, "the banner goes")


def test_both_clocks_are_shown(page: MapPage) -> None:
    utc, local = page.text("#as-of"), page.text("#as-of-other")
    assert re.fullmatch(r"\d\d:\d\d:\d\dZ", utc)
    assert re.match(r"\d\d:\d\d:\d\d\+0[12]:00 · \d{4}-\d\d-\d\d", local)
    assert utc[2:5] == local[2:5]


def test_whatever_has_the_focus_shows_it(page: MapPage) -> None:
    page.page.evaluate("() => document.activeElement.blur()")
    names = []
    for _ in range(14):
        page.page.keyboard.press("Tab")
        style = page.page.evaluate(
            """() => {
                const e = document.activeElement;
                const s = getComputedStyle(e);
                const ringed = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
                return {name: e.id || e.textContent || e.getAttribute('aria-label'), ringed,
                        list: e.id === 'list', map: e.tagName === 'CANVAS'};
            }"""
        )
        names.append(style["name"])
        assert style["ringed"] or style["list"] or style["map"], style
    assert len(set(names)) > 8


def _select(page: MapPage, name: str) -> None:
    """Through the search field, as one would by keyboard, without centring the map."""
    keys = page.page.keyboard
    keys.press("/")
    page.until(lambda: page.page.evaluate("() => document.activeElement.id") == "search", "search has it")
    keys.type(name)
    page.until(lambda: len(page.rows()) == 1, f"{name} alone is listed")
    keys.press("ArrowDown")
    page.until(lambda: page.page.locator(".details-panel").count() == 1, "it is selected")
    page.page.fill("#search", "")
    page.page.evaluate("() => document.activeElement.blur()")
