"""Start switches of the standards' interfaces: base URLs without TLS, numbers of notices, addresses."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.http.standards.standing import (
    INTENTS,
    SC,
    SETTINGS,
    SUBSCRIPTIONS,
    Standing,
    intent,
    new_id,
    place,
    standing,
    subscription,
)

PLAIN = {"uss_base_url": "http://localhost:8071/mock"}


def test_base_urls_without_tls_are_refused_unless_they_are_allowed(tmp_path: Path) -> None:
    with standing(tmp_path) as here:
        assert here.call("PUT", f"{INTENTS}/{new_id()}", intent(more=PLAIN)).status_code == 400
        assert here.call("PUT", f"{SUBSCRIPTIONS}/{new_id()}", subscription(more=PLAIN)).status_code == 400


def test_base_urls_without_tls_where_they_are_allowed(tmp_path: Path) -> None:
    with standing(tmp_path, "allow_http = true\n") as here:
        made = here.file_intent(more=PLAIN | {"new_subscription": PLAIN})
        assert made["uss_base_url"] == PLAIN["uss_base_url"]


@pytest.mark.parametrize(("setting", "indexes"), [("counting", [1, 2]), ("time", [28_800_000, 28_803_500])])
def test_how_notifications_are_numbered(tmp_path: Path, setting: str, indexes: list[int]) -> None:
    with standing(tmp_path, f'notification_index = "{setting}"\n') as here:
        spot = place()
        watch = here.subscribe(spot=spot)
        found = []
        for _ in range(2):
            answer = here.call(
                "PUT", f"{INTENTS}/{new_id()}", intent(spot, state="Accepted", more=keys(here, spot))
            )
            (subscriber,) = answer.json()["subscribers"]
            (told,) = subscriber["subscriptions"]
            found.append(told["notification_index"])
            assert told["subscription_id"] == watch["id"]
            here.served.clock.advance(3.5)
        assert found == indexes
        held = here.call("GET", f"{SUBSCRIPTIONS}/{watch['id']}").json()["subscription"]
        assert held["notification_index"] == indexes[-1]


def keys(here: Standing, spot: tuple[float, float]) -> dict[str, list[str]]:
    found = here.call("POST", f"{INTENTS}/query", {"area_of_interest": intent(spot)["extents"][0]}).json()
    return {"key": [one["ovn"] for one in found["operational_intent_references"]]}


def test_every_write_is_visible_at_once_through_each_address(tmp_path: Path) -> None:
    more = '[server]\nmore = ["127.0.0.1:0", "localhost:0"]\n'
    with standing(tmp_path, settings=SETTINGS + more) as here:
        urls = here.served.server.urls
        assert len(urls) == 3
        bearer = here.bearer("uss1", SC)
        spot = place()
        id, ovn, key = new_id(), "", list[str]()
        for version in range(1, 7):
            at = urls[version % 3]
            path = f"{at}{INTENTS}/{id}" + (f"/{ovn}" if ovn else "")
            made = httpx.put(path, json=intent(spot, more={"key": key}), headers=bearer)
            assert made.status_code == (200 if ovn else 201)
            ovn = made.json()["operational_intent_reference"]["ovn"]
            for url in urls:
                seen = httpx.get(f"{url}{INTENTS}/{id}", headers=bearer).json()[
                    "operational_intent_reference"
                ]
                assert (seen["version"], seen["ovn"]) == (version, ovn)
