"""The real thing: the demonstration's exchange, its map in a real browser, two participants, two pictures.

What the page shows of each is compared with what the native API answers the same person, so a picture that
is merely different is not enough.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from comity import Client
from comity.model.alert import Alert
from tests.browser.map_page import MapPage

pytest.importorskip("playwright", reason="playwright is not installed (requirements for tests)")

CAST = {"Alpine Air Navigation Service": "ans", "Air Force South": "south"}
"""Headings of the printed sign-in links."""

SEEN_MUST_DIFFER_AFTER = "activates its patrol"
"""By then reserved, exact and own intents and tracks by rule are all there."""

ENCOUNTERS_S = 130.0
"""The demonstration's encounters come anew every two minutes; some are there in all but a few seconds."""


class Demo(NamedTuple):
    url: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def demo(built_map: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    directory = tmp_path_factory.mktemp("demo")
    arguments = ["demo", "--directory", str(directory), "--port", "0", "--seconds", "240"]
    with subprocess.Popen(
        [sys.executable, "-c", "from comity.cli.main import main; main()", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "2000"},
    ) as process:
        try:
            yield _read(process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def _read(process: subprocess.Popen[str]) -> Demo:
    assert process.stdout is not None
    url, heading, tokens, said = "", "", {}, []
    for line in process.stdout:
        said.append(line)
        link = re.match(r"(http://\S+)/#token=([^\s&]+)", line.strip())
        if link:
            url = link[1]
            tokens[heading] = link[2]
        elif line.strip():
            heading = line.strip()
        if SEEN_MUST_DIFFER_AFTER in line:
            return Demo(url, tokens)
    raise AssertionError("the demonstration ended early: " + "".join(said)[-2_000:])


def _levels(demo: Demo, who: str) -> tuple[Counter[str], set[str]]:
    with Client(demo.url, demo.tokens[who]) as client:
        items = client.airspace().items
        return Counter(item.level for item in items), {item.ref for item in items}


def _shown(tab: MapPage) -> Counter[str]:
    return Counter({level: count for level, count in tab.debug("items").items() if count})


def test_two_participants_sign_in_and_see_two_different_pictures(demo: Demo, sign_in: object) -> None:
    assert callable(sign_in)
    shown: dict[str, Counter[str]] = {}
    refs: dict[str, set[str]] = {}
    for who, short in CAST.items():
        tab: MapPage = sign_in(demo.url, demo.tokens[who])
        tab.until_drawn()
        assert tab.debug("participant")["name"] == who
        assert who in tab.text("body")

        def agrees(tab: MapPage = tab, who: str = who) -> bool:
            refs[who] = _levels(demo, who)[1]
            return _shown(tab) == _levels(demo, who)[0]

        tab.until(agrees, f"the page of {who} shows what the API releases to it")
        shown[who] = _shown(tab)
        tracks = tab.debug("tracks")
        assert tracks["broadcast"] > 100
        tab.until_settled()
        tab.screenshot(f"demo-{short}")
        assert tab.errors == []
        assert tab.foreign == []
    ans, south = CAST
    assert shown[ans] != shown[south]
    assert shown[ans]["own"]
    assert shown[south]["own"]
    with Client(demo.url, demo.tokens[ans]) as client:
        hidden = [item for item in client.airspace().items if item.level == "reserved"]
    assert all(item.contact.startswith("USS ") for item in hidden), (
        "everybody releases volumes to the navigation service, but for USSs that are no members"
    )
    assert shown[south]["reserved"] > 0, "the other air force shows it cells alone"
    assert refs[ans].isdisjoint(refs[south]), "what both may see bears another reference for each"


def test_the_page_lists_the_alerts_of_the_api_and_a_person_acknowledges_one(
    demo: Demo, sign_in: object
) -> None:
    assert callable(sign_in)
    who = "Air Force South"
    tab: MapPage = sign_in(demo.url, demo.tokens[who], width=1000, height=640)
    tab.until_drawn()
    mine = tab.page.locator(".alert:not(.alert-cleared)", has_text="yours")
    unknown = mine.filter(has=tab.page.locator(".alert-acknowledge"))

    def told() -> dict[str, Alert]:
        with Client(demo.url, demo.tokens[who]) as client:
            return {alert.ref: alert for alert in client.alerts().alerts}

    def shown() -> set[str]:
        rows = (
            "() => [...document.querySelectorAll('.alert:not(.alert-cleared)')].map(row => row.dataset.ref)"
        )
        return set(tab.page.evaluate(rows))

    def known() -> bool:
        """Presses the button of the most urgent that nobody knows yet; one may clear at any moment."""
        if unknown.count() == 0:
            return False
        ref = str(unknown.first.get_attribute("data-ref"))
        # Sent to the button itself: the list moves under a pointer each second, as alerts become more urgent.
        button = tab.page.locator(f".alert[data-ref='{ref}'] .alert-acknowledge")
        if button.count() == 0:
            return False
        button.dispatch_event("click", timeout=10_000)
        tab.until(lambda: tab.page.locator(f".alert[data-ref='{ref}'] .alert-acknowledge").count() == 0, ref)
        alert = told().get(ref)
        if alert is None or alert.acknowledged_by is None:
            return False
        row = tab.text(f".alert[data-ref='{ref}']")
        return f"Acknowledged by {alert.acknowledged_by}" in row

    tab.until(lambda: told().keys() == shown() != set(), "the page lists what the API tells", ENCOUNTERS_S)
    tab.until(known, "one about its own aircraft is acknowledged by name", ENCOUNTERS_S)
    tab.screenshot("demo-alerts")
    assert tab.errors == []
