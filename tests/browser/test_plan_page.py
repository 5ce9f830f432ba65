"""Planning a flight on the map: draw it, see what is in its way, take an alternative, file it, look ahead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from comity.model.released import ReleasedItem
from tests.browser.fake_exchange import FakeExchange
from tests.browser.map_page import MapPage

Opener = Callable[..., MapPage]

ROUTE = ((46.15, 9.05), (46.47, 9.62), (46.85, 10.1))
"""Through the reserved cells between Como and Chur."""
RESERVED = "r5s6t7u2v3w4x5y6z7a2b3c4d5"
CLOSED_ROUTE = ((46.6, 8.3), (46.95, 7.7))
OWN = "5f0c2f6e-6a52-4a0b-9a25-0a1c7a6a8d01"


@pytest.fixture(scope="module")
def tab(fake: FakeExchange, sign_in: Opener) -> MapPage:
    opened = sign_in(fake.url, "good.token.one", width=1440, height=900)
    opened.until_drawn()
    return opened


@pytest.fixture
def page(fake: FakeExchange, tab: MapPage) -> Iterator[MapPage]:
    """The shared tab, live, with the sky as it was and no plan."""
    fake.reset()
    fake.show()
    tab.page.keyboard.press("0")
    tab.reset()
    tab.errors.clear()
    yield tab
    if tab.page.locator(".plan-panel").count():
        again = tab.page.locator("#plan-clear, #plan-next")
        if again.first.is_enabled():
            again.first.click()
        tab.page.select_option("#plan-measure", "ft_msl")
        tab.page.locator(".plan-panel header button").click()
    tab.page.keyboard.press("0")


def pixel(page: MapPage, lat: float, lon: float) -> tuple[float, float]:
    """Where a place is in the window: Web Mercator round the map's middle."""
    camera = page.debug("camera")
    box = page.page.locator(".map").bounding_box()
    assert box is not None
    world = 512 * 2 ** camera["zoom"]

    def northing(at: float) -> float:
        return math.log(math.tan(math.pi / 4 + math.radians(at) / 2)) / (2 * math.pi)

    x = box["x"] + box["width"] / 2 + (lon - camera["lon"]) / 360 * world
    return x, box["y"] + box["height"] / 2 - (northing(lat) - northing(camera["lat"])) * world


def click(page: MapPage, lat: float, lon: float) -> None:
    page.page.mouse.click(*pixel(page, lat, lon))


def fill(page: MapPage, departs: datetime, level: str = "5000") -> None:
    page.page.select_option("#plan-measure", "ft_msl")
    page.page.fill("#plan-level", level)
    page.page.fill("#plan-speed", "110")
    page.page.fill("#plan-departs", departs.strftime("%Y-%m-%d %H:%M"))


def draw(fake: FakeExchange, page: MapPage, route: tuple[tuple[float, float], ...] = ROUTE) -> None:
    """In the middle of the slot of the reserved cells."""
    page.until_still()
    page.page.keyboard.press("P")
    page.page.wait_for_selector(".plan-panel")
    for place in route:
        click(page, *place)
    fill(page, fake.now() + timedelta(minutes=10))
    page.until(lambda: page.debug("plan")["conflicts"] is not None, "it is checked")


def asked(fake: FakeExchange, path: str) -> list[tuple[Any, str | None]]:
    return [(body, key) for known, body, key in fake.plans.asked if known == path]


def titles(page: MapPage) -> list[str]:
    """First lines of the labels on the map."""
    return [lines[0] for lines in page.debug("texts").values()]


def filed(fake: FakeExchange) -> list[ReleasedItem]:
    before = {item.ref for item in fake.plans.at_first}
    return [item for item in fake.items if item.ref not in before]


def test_a_route_is_drawn_by_clicks_and_its_volumes_show(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    body, key = asked(fake, "/v1/plans/volumes")[-1]
    assert key is None, "a read"
    assert [(p["lat"], p["lon"]) for p in body["waypoints"]] == [
        (pytest.approx(lat, abs=0.02), pytest.approx(lon, abs=0.02)) for lat, lon in ROUTE
    ]
    assert body["levels"] == [{"value_m": 1524.0, "datum": "MSL"}]
    assert body["speed_mps"] == pytest.approx(56.59, abs=0.01)
    assert body["half_width_m"] == 1852.0
    assert body["half_height_m"] == pytest.approx(152.4)
    plan = page.debug("plan")
    assert plan["waypoints"] == 3
    assert plan["volumes"] > 4
    assert plan["drawn"]["plan"] + plan["drawn"]["hit"] == plan["volumes"]
    assert f"{plan['volumes']} volumes" in page.text(".plan-summary")
    page.until(lambda: "PLAN, not filed" in titles(page), "and says what it is")
    assert page.errors == []


def test_what_is_in_the_way_is_listed_and_marked_as_released(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    page.until_settled()
    page.screenshot("plan-conflict")
    told = page.text(".plan-conflicts")
    assert "1 conflict with what is released to you" in told
    assert "reserved: a participant" in told
    assert "Contact: through the exchange" in told
    assert "WGS84" in told
    drawn = page.debug("plan")["drawn"]
    assert drawn["way"] == 1
    assert drawn["hit"] >= 1
    page.until(lambda: "CONFLICT 1: reserved cells" in titles(page), "named on the map")
    assert page.page.locator("#plan-file").is_disabled()
    assert "Tick each conflict" in page.text("#plan-why")


def test_an_alternative_is_shown_taken_and_filed_as_an_own_intent(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    page.page.click("#plan-find")
    page.until(lambda: page.debug("plan")["alternatives"] > 0, "alternatives are offered")
    first = page.page.locator(".plan-alternative").first
    assert "40 minutes later" in first.inner_text()
    first.hover()
    page.until(lambda: page.debug("plan")["drawn"]["other"] > 4, "it shows on the map")
    page.until(lambda: "ALTERNATIVE 1" in titles(page), "and says so")
    page.until_settled()
    page.screenshot("plan-alternative")
    before = page.page.input_value("#plan-departs")
    first.click()
    page.until(lambda: page.debug("plan")["conflicts"] == 0, "nothing is in its way")
    after = page.page.input_value("#plan-departs")
    passed = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    assert passed == timedelta(minutes=40), "the form says the same"
    assert "Taken: 40 minutes later" in page.text(".plan-taken")
    assert "No conflict with what is released to you" in page.text(".plan-clearance")
    volumes = asked(fake, "/v1/plans/check")[-1][0]["volumes"]
    page.page.click("#plan-file")
    page.page.wait_for_selector(".plan-filed")
    assert "Accepted" in page.text(".plan-filed")
    (item,) = filed(fake)
    body, key = asked(fake, "/v1/intents")[-1]
    assert key is not None
    assert body["volumes"] == volumes, "what was checked is what is filed"
    assert body["accept_conflicts"] == []
    assert (body["category"], body["crewed"]) == ("aeroplane", True)
    assert "priority" not in body
    page.until(lambda: page.page.locator(".details-panel").count() == 1, "it is selected")
    assert "own Accepted intent" in page.text(".details-panel").replace("Own", "own")
    page.page.keyboard.press("b")
    page.until(lambda: any(item.ref[:6] in row and "OWN" in row for row in page.rows()), "and in the list")
    page.until_settled()
    page.screenshot("plan-filed")
    assert page.errors == []


def test_conflicts_are_accepted_one_by_one_and_closed_ones_cannot_be(
    fake: FakeExchange, page: MapPage
) -> None:
    draw(fake, page)
    page.page.get_by_label("File over conflict 1 on purpose").check()
    assert "over 1 conflict on purpose" in page.text("#plan-why")
    page.page.click("#plan-file")
    page.page.wait_for_selector(".plan-filed")
    assert asked(fake, "/v1/intents")[-1][0]["accept_conflicts"] == [RESERVED]
    page.page.click("#plan-next")
    for place in CLOSED_ROUTE:
        click(page, *place)
    fill(page, fake.now() + timedelta(minutes=10))
    page.until(lambda: page.debug("plan")["conflicts"] == 1, "the closed constraint")
    assert "cannot be filed over" in page.text(".plan-conflicts")
    assert page.page.get_by_label("File over conflict 1 on purpose").count() == 0
    assert page.page.locator("#plan-file").is_disabled()
    assert "Conflict 1 cannot be filed over" in page.text("#plan-why")


def test_a_lost_answer_files_once(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    page.page.get_by_label("File over conflict 1 on purpose").check()
    fake.plans.lost = 3
    page.page.click("#plan-file")
    page.until(lambda: "It is not known whether it was filed" in page.text(".plan-foot"), "it says so")
    page.until(lambda: page.debug("plan")["conflicts"] == 2, "what was filed is there, and in its own way")
    page.screenshot("plan-unknown")
    page.page.click("#plan-file")
    page.page.wait_for_selector(".plan-filed")
    keys = [key for _, key in asked(fake, "/v1/intents")]
    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert len(filed(fake)) == 1
    page.errors.clear()


def test_a_refusal_says_what_is_in_the_way_and_a_new_try_is_a_new_write(
    fake: FakeExchange, page: MapPage
) -> None:
    draw(fake, page)
    page.page.get_by_label("File over conflict 1 on purpose").check()
    route = next(item for item in fake.items if item.ref == OWN)
    way = [{"item": route, "blocking": False, "volumes": [0]}]
    message = "conflicts with 1 of the items released to you"
    refusal = {"code": "strategic_conflict", "message": message, "detail": {"conflicts": way}}
    fake.plans.refusal = refusal
    page.page.click("#plan-file")
    page.until(lambda: "Refused." in page.text(".plan-foot"), "it says so")
    assert message in page.text(".plan-foot")
    page.until(lambda: "Intent 5f0c2f" in page.text(".plan-conflicts"), "what is in the way is listed")
    assert filed(fake) == []
    asked_before = len(asked(fake, "/v1/plans/check"))
    fake.change((OWN, msgspec.structs.replace(route, version=9)))
    page.until(
        lambda: len(asked(fake, "/v1/plans/check")) > asked_before, "checked anew as the picture changes"
    )
    assert "Refused." in page.text(".plan-foot")
    assert page.debug("plan")["conflicts"] == 2, "what only the filing knows of stays"
    assert "Tick each conflict" in page.text("#plan-why")
    page.page.get_by_label("File over conflict 2 on purpose").check()
    page.page.click("#plan-file")
    page.page.wait_for_selector(".plan-filed")
    (first, key), (second, again) = asked(fake, "/v1/intents")
    assert key != again
    assert first["accept_conflicts"] == [RESERVED]
    assert second["accept_conflicts"] == sorted([RESERVED, OWN])
    page.errors.clear()


def test_what_could_not_be_checked_is_said_and_asked_again(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    fake.plans.down = True
    page.page.select_option("#plan-category", "rotorcraft")
    page.until(lambda: "Not checked: not just now" in page.text(".plan-conflicts"), "it says so")
    assert page.page.locator("#plan-file").is_disabled()
    assert "cannot be filed unseen" in page.text("#plan-why")
    assert page.debug("plan")["drawn"]["way"] == 0, "an old check is not shown as this one's"
    fake.plans.down = False
    page.until(lambda: page.debug("plan")["conflicts"] == 1, "and asks again by itself")
    page.page.select_option("#plan-category", "aeroplane")
    page.errors.clear()


def test_waypoints_are_pulled_typed_and_taken_away(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    mouse = page.page.mouse
    mouse.move(*pixel(page, *ROUTE[2]))
    mouse.down()
    mouse.move(*pixel(page, 46.6, 10.4), steps=5)
    mouse.up()
    page.until(
        lambda: abs(asked(fake, "/v1/plans/volumes")[-1][0]["waypoints"][2]["lat"] - 46.6) < 0.02, "pulled"
    )
    assert page.debug("plan")["waypoints"] == 3
    middle = [(a + b) / 2 for a, b in zip(ROUTE[0], ROUTE[1], strict=True)]
    mouse.move(*pixel(page, *middle))
    mouse.down()
    mouse.move(*pixel(page, 46.5, 9.2), steps=5)
    mouse.up()
    page.until(lambda: page.debug("plan")["waypoints"] == 4, "the middle of a leg makes a new one")
    page.page.fill("#plan-place", "46.4 9.1")
    page.page.keyboard.press("Enter")
    page.until(
        lambda: asked(fake, "/v1/plans/volumes")[-1][0]["waypoints"][1] == {"lat": 46.4, "lon": 9.1}, "typed"
    )
    page.page.fill("#plan-place-level", "7000")
    page.until(lambda: len(asked(fake, "/v1/plans/volumes")[-1][0]["levels"]) == 4, "a level each")
    levels = [level["value_m"] for level in asked(fake, "/v1/plans/volumes")[-1][0]["levels"]]
    assert levels == pytest.approx([1524.0, 2133.6, 1524.0, 1524.0])
    page.page.get_by_role("button", name="Delete waypoint 2").click()
    page.until(lambda: page.debug("plan")["waypoints"] == 3, "taken away")


def test_what_cannot_be_read_is_said_beside_its_field(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    page.page.fill("#plan-speed", "fast")
    assert "a speed in knots" in page.text("#plan-speed-wrong")
    page.until(lambda: page.debug("plan")["volumes"] == 0, "nothing is guessed")
    assert "Still to be given: speed" in page.text("#plan-why")
    page.page.fill("#plan-speed", "110")
    page.page.select_option("#plan-measure", "FL")
    page.page.fill("#plan-level", "FL95")
    page.until(
        lambda: (
            asked(fake, "/v1/plans/volumes")[-1][0]["levels"] == [{"value_m": 2895.6, "datum": "PRESSURE"}]
        ),
        "a flight level is pressure",
    )
    page.page.fill("#plan-level", "9500")
    page.until(
        lambda: "value_m must be" in page.text("#plan-level-wrong"), "the exchange's word, at its field"
    )
    page.errors.clear()


def test_the_plan_is_worked_by_keys_alone(fake: FakeExchange, page: MapPage) -> None:
    """From opening to filing and activating, without the mouse."""
    keys = page.page.keyboard
    page.until_still()
    keys.press("P")
    page.page.wait_for_selector(".plan-panel")

    def has(waypoints: int) -> None:
        page.until(lambda: page.debug("plan")["waypoints"] == waypoints, f"it has {waypoints}")

    for number, place in enumerate(("47.9 9.0", "48.3 9.6"), 1):
        keys.press("Enter")
        has(number)
        page.page.wait_for_selector("#plan-place")
        page.until_settled()
        tab_to(page, "plan-place")
        keys.press("ControlOrMeta+a")
        keys.type(place)
        keys.press("Enter")
        page.page.evaluate("() => document.activeElement.blur()")
    assert page.debug("plan")["waypoints"] == 2
    keys.press("Enter")
    assert page.debug("plan")["waypoints"] == 3, "at the cross in the middle of the map"
    keys.press("Delete")
    assert page.debug("plan")["waypoints"] == 2
    keys.press("z")
    chosen = page.page.locator("#plan-waypoints [aria-selected=true]")
    assert chosen.inner_text().startswith("1")
    tab_to(page, "plan-level")
    keys.type("4000")
    tab_to(page, "plan-measure")
    keys.press("Home")
    keys.press("ArrowDown")
    assert page.page.input_value("#plan-measure") == "ft_msl"
    tab_to(page, "plan-speed")
    keys.type("90")
    page.until(lambda: page.debug("plan")["conflicts"] == 0, "it is checked")
    tab_to(page, "plan-file")
    keys.press("Enter")
    page.page.wait_for_selector(".plan-filed")
    (item,) = filed(fake)
    page.page.wait_for_selector(".conduct")
    tab_to(page, "[data-state=Activated]")
    keys.press("Enter")
    page.until(lambda: filed(fake)[0].state == "Activated", "activated")
    page.until(lambda: page.page.locator("[data-state=Nonconforming]").count() == 1, "the page follows")
    assert item.ref in page.text(".details-panel")
    assert page.errors == []


def tab_to(page: MapPage, name: str) -> None:
    """By the Tab key, as far as it takes."""
    selector = name if name.startswith("[") else f"#{name}"
    for _ in range(80):
        if page.page.evaluate("s => document.activeElement?.matches(s) ?? false", selector):
            return
        page.page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached by Tab")


def test_an_own_intent_is_activated_contingent_and_ended(fake: FakeExchange, page: MapPage) -> None:
    page.page.get_by_role("option").filter(has_text="Intent b1d6a9").click()
    page.page.get_by_role("button", name="Activate").click()
    page.until(lambda: own(fake, "b1d6a9").state == "Activated", "activated")
    page.page.locator("[data-state=Contingent]").click()
    assert "can only be ended" in page.text(".conduct-sure")
    page.screenshot("plan-conduct")
    assert own(fake, "b1d6a9").state == "Activated", "asked for twice"
    page.page.get_by_role("button", name="Yes, contingent").click()
    page.until(lambda: own(fake, "b1d6a9").state == "Contingent", "contingent")
    page.page.locator("[data-state=Ended]").click()
    page.page.get_by_role("button", name="Yes, end").click()
    page.until(lambda: own(fake, "b1d6a9").state == "Ended", "ended")
    assert page.errors == []


def own(fake: FakeExchange, start: str) -> ReleasedItem:
    return next(item for item in fake.items if item.ref.startswith(start))


def test_a_plan_may_take_the_place_of_an_own_intent(fake: FakeExchange, page: MapPage) -> None:
    draw(fake, page)
    page.page.select_option("#plan-replaces", OWN)
    page.until(lambda: asked(fake, "/v1/plans/check")[-1][0].get("id") == OWN, "it is left out of the check")
    page.page.get_by_label("File over conflict 1 on purpose").check()
    page.page.click("#plan-file")
    page.page.wait_for_selector(".plan-filed")
    body, _ = asked(fake, f"/v1/intents/{OWN}")[-1]
    assert body.keys() == {"ovn", "volumes", "accept_conflicts", "priority", "alternatives_ms"}
    assert filed(fake) == []


def test_look_ahead_shows_what_is_in_use_then_and_where_the_plan_would_be(
    fake: FakeExchange, page: MapPage
) -> None:
    draw(fake, page)
    page.page.get_by_role("button", name="Look ahead to conflict 1").click()
    page.page.wait_for_selector("#time-banner")
    assert "LOOKING AHEAD, NOT LIVE" in page.text("#time-banner")
    told = page.text(".active-panel")
    assert "Yours" in told
    assert "Reserved cells 1" in " ".join(told.split())
    assert "Your plan, not filed" in told
    assert "in use" in told
    page.page.keyboard.press(">")
    page.until(lambda: "Between waypoints" in page.text(".active-panel"), "on its way")
    drawn = page.debug("plan")["drawn"]
    assert 0 < drawn["faint"] < drawn["plan"] + drawn["hit"] + drawn["way"], "one part is in use then"
    page.until(lambda: "the plan, at that time" in titles(page), "marked")
    page.until_settled()
    page.screenshot("plan-look-ahead")
    at = page.debug("viewTime")["ms"]
    page.page.keyboard.press("<")
    page.until(lambda: page.debug("viewTime")["ms"] == at - 60_000, "a minute earlier, held")
    page.page.wait_for_timeout(1_500)
    assert page.debug("viewTime")["ms"] == at - 60_000
    page.page.keyboard.press("0")
    page.until(lambda: page.debug("viewTime")["mode"] == "live", "one key back")
    assert page.page.locator(".active-panel").count() == 0
    assert page.errors == []


def test_a_uss_of_another_network_is_named(fake: FakeExchange, page: MapPage) -> None:
    reserved = next(item for item in fake.items if item.ref == RESERVED)
    fake.change((RESERVED, msgspec.structs.replace(reserved, contact="USS skyways.example")))
    row = page.page.get_by_role("option").filter(has_text="reserved: USS skyways.example")
    page.until(lambda: row.count() == 1, "in the list")
    row.click()
    told = page.text(".details-panel")
    assert "ask USS skyways.example" in told
    page.until(
        lambda: any("reserved: USS skyways.example" in lines for lines in page.debug("texts").values()),
        "and on the map",
    )
    draw(fake, page)
    assert "Contact: USS skyways.example" in page.text(".plan-conflicts")


def test_a_plan_that_came_to_conflict_with_another_usss_says_so_and_leads_there(
    fake: FakeExchange, page: MapPage
) -> None:
    own = next(item for item in fake.items if item.level == "own" and item.kind == "intent")
    fake.change((own.ref, msgspec.structs.replace(own, priority=3, peer_conflicts=(RESERVED,))))
    page.page.get_by_role("option").filter(has_text=own.ref[:6]).first.click()
    page.until(lambda: "Conflicts with a plan of other USSs" in page.text(".details-panel"), "it is told")
    assert re.search(r"Priority\s+3", page.text(".details-panel"))
    page.page.locator(".details-panel [role=alert] button").click()
    page.until(lambda: "grid cells" in page.text(".details-panel"), "the other is shown")
    fake.change((own.ref, own))
    assert page.errors == []


def test_keys_and_legend_name_it(page: MapPage) -> None:
    page.page.keyboard.press("?")
    page.page.wait_for_selector(".help-panel")
    told = page.text(".help-panel")
    assert "plan a flight: open, close" in told
    assert "look-ahead: a minute later" in told
    assert "a plan of yours, not filed" in told
    page.screenshot("plan-help")
    page.page.keyboard.press("Escape")


def test_it_fits_a_small_window(fake: FakeExchange, page: MapPage) -> None:
    page.page.set_viewport_size({"width": 1000, "height": 640})
    try:
        draw(fake, page, ((46.4, 9.35), (46.55, 9.6)))
        page.until_settled()
        page.screenshot("plan-small")
        overflow = "() => document.documentElement.scrollWidth > innerWidth"
        assert page.page.evaluate(overflow) is False
        box = page.page.locator("#plan-file").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 640, "the button is in sight"
    finally:
        page.page.set_viewport_size({"width": 1440, "height": 900})
