"""Law 2 towards USSs: who releases nothing to the group ``f3548`` leaves no trace on any answer to one.

Two exchanges get the same requests from a peer at the same times. In one of them a participant whom peers do
not get files, activates, loses control of and ends a plan, and publishes a closure, all in the same place.
The peer's answers are the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from comity.ids import EntityId, Ovn
from comity.model import command as c
from comity.model.constraint import ConstraintKind
from comity.model.intent import IntentState
from comity.model.released import ReleasedItem
from comity.model.rule import Level, ToParticipant
from tests.hosting import new_id, to_peers
from tests.http.standards.standing import (
    AA,
    AVAILABILITY,
    CM,
    CONSTRAINTS,
    CP,
    INTENTS,
    REPORTS,
    SA,
    SC,
    SUBSCRIPTIONS,
    Standing,
    standing,
)
from tests.peer import wire
from tests.uss_peers.two import ALLOW
from tests.world import CENTRE, NORTH, SOUTH, World, intent, levels, volume

URL = "https://uss1.example/f3548"
Answers = list[tuple[str, int, bytes]]


class Told:
    """A peer's requests, and what came of each."""

    def __init__(self, dss: Standing) -> None:
        self._dss = dss
        self.answers: Answers = []

    def ask(self, method: str, path: str, body: Any = None, *scopes: str) -> Any:
        headers = self._dss.bearer("uss1", *(scopes or (SC,)))
        content = None if body is None else json.dumps(body).encode()
        answer = self._dss.http.request(method, path, content=content, headers=headers)
        self.answers.append((f"{method} {path}", answer.status_code, answer.content))
        return answer.json() if answer.content else None


def test_who_releases_nothing_to_peers_leaves_no_trace(tmp_path: Path) -> None:
    quiet = played(tmp_path / "quiet", lambda w, part: idle())
    busy = played(tmp_path / "busy", flying)
    assert [one[:2] for one in busy] == [one[:2] for one in quiet]
    assert busy == quiet
    assert {status for _, status, _ in quiet} >= {200, 201, 204, 404, 409}


def test_a_release_to_peers_would_be_seen(tmp_path: Path) -> None:
    async def released(w: World, part: int) -> None:
        if part == 0:
            await to_peers(w, Level.RESERVED, Level.RESERVED, owner=SOUTH)
        await flying(w, part)

    quiet = played(tmp_path / "quiet", lambda w, part: idle())
    open_ = played(tmp_path / "open", released)
    changed = [one[0] for one, other in zip(quiet, open_, strict=True) if one != other]
    assert any("/query" in name for name in changed)
    assert any("/uss/v1/operational_intents/" in name for name in changed)


def played(directory: Path, meanwhile: Callable[[World, int], Any]) -> Answers:
    """The peer's answers, with something of south's between each two parts of what it asks."""
    directory.mkdir()
    with standing(directory, ALLOW) as dss:
        w, told = dss.served.world, Told(dss)
        dss.served.run(to_peers(w))
        dss.served.run(w.file(NORTH, volume(lower_m=4_000.0, upper_m=4_100.0)))
        for number, part in enumerate((subscribing, planning, reading, asking_for_hidden, going)):
            dss.served.run(meanwhile(w, number))
            part(told, w)
            dss.served.advance(10.0)
        return told.answers


async def idle() -> None:
    """Nothing happens."""


async def flying(w: World, part: int) -> None:
    """What south does, whom peers do not get; north and the centre do."""
    if part == 0:
        for to in (NORTH, CENTRE):
            await w.do(SOUTH, c.SetRule(ToParticipant(to), levels(Level.VOLUME, Level.VOLUME)))
        await w.do(SOUTH, intent(volume(), accept=()), "request-south-plan")
        await w.do(SOUTH, c.PublishConstraint(ConstraintKind.CLOSED, "S1", (volume(),)), "request-closure")
    held = own(w)
    if part == 1:
        await change(w, held, state=IntentState.ACTIVATED)
    if part == 2:
        await change(w, held, state=IntentState.NONCONFORMING, volumes=(volume(radius_m=3_000.0),))
    if part == 4:
        await w.do(SOUTH, c.EndIntent(EntityId(held.ref), Ovn(str(held.ovn))))


async def change(w: World, held: ReleasedItem, **fields: Any) -> None:
    conflicts = [one.ref for one in w.exchange.airspace(SOUTH) if one.level != "own"]
    command = c.ChangeIntent(
        EntityId(held.ref),
        Ovn(str(held.ovn)),
        accept_conflicts=tuple(conflicts),  # type: ignore[arg-type]  # references arrive as plain text
        **fields,
    )
    await w.do(SOUTH, command)


def own(w: World) -> ReleasedItem:
    id = w.exchange.writer.ids.entity("intent", SOUTH, "request-south-plan")
    return w.exchange.item(SOUTH, id)


def subscribing(told: Told, w: World) -> None:
    body = {
        "extents": wire(volume()),
        "uss_base_url": URL,
        "notify_for_operational_intents": True,
        "notify_for_constraints": True,
    }
    made = told.ask("PUT", f"{SUBSCRIPTIONS}/{new_id(1)}", body, SC, CP)
    told.ask("PUT", f"{SUBSCRIPTIONS}/{new_id(1)}/{made['subscription']['version']}", body, SC, CP)
    told.ask("POST", f"{SUBSCRIPTIONS}/query", {"area_of_interest": wire(volume())})


def planning(told: Told, w: World) -> None:
    body: dict[str, Any] = {"extents": [wire(volume())], "state": "Accepted", "uss_base_url": URL, "key": []}
    made = told.ask("PUT", f"{INTENTS}/{new_id(2)}", body)
    ovn = made.get("operational_intent_reference", {}).get("ovn", "refused")
    body["state"], body["new_subscription"] = "Activated", {"uss_base_url": URL}
    told.ask("PUT", f"{INTENTS}/{new_id(2)}/{ovn}", body)
    missing = {"extents": [wire(volume())], "state": "Accepted", "uss_base_url": URL, "key": []}
    told.ask("PUT", f"{INTENTS}/{new_id(3)}", missing)
    closure = {"extents": [wire(volume())], "uss_base_url": URL}
    told.ask("PUT", f"{CONSTRAINTS}/{new_id(4)}", closure, CM)


def reading(told: Told, w: World) -> None:
    around = {"area_of_interest": wire(volume(radius_m=10_000.0, lower_m=0.0, upper_m=9_000.0))}
    told.ask("POST", f"{INTENTS}/query", around)
    told.ask("POST", f"{CONSTRAINTS}/query", around, CP)
    told.ask("GET", f"{INTENTS}/{new_id(2)}")
    told.ask("GET", f"{SUBSCRIPTIONS}/{new_id(1)}")
    told.ask("GET", f"{AVAILABILITY}/comity", None, AA)
    mine = next(id for id, one in w.exchange.state.references.items() if one.hosted == NORTH)
    told.ask("GET", f"/uss/v1/operational_intents/{mine}")
    told.ask("GET", f"/uss/v1/operational_intents/{mine}/telemetry", None, SA)
    told.ask("GET", "/uss/v1/log_sets/exchanges")


def going(told: Told, w: World) -> None:
    held = w.exchange.state.references.get(new_id(2))
    told.ask("DELETE", f"{INTENTS}/{new_id(2)}/{held.ovn if held is not None else 'refused'}")
    gone = w.exchange.state.constraint_references[new_id(4)]
    told.ask("DELETE", f"{CONSTRAINTS}/{new_id(4)}/{gone.ovn}", None, CM)
    told.ask("POST", REPORTS, {"exchange": EXCHANGE})
    told.ask("GET", f"{SUBSCRIPTIONS}/{new_id(1)}")
    told.ask(
        "POST",
        "/uss/v1/operational_intents",
        {"operational_intent_id": new_id(2), "subscriptions": [told_of(new_id(1))]},
    )


def asking_for_hidden(told: Told, w: World) -> None:
    """By the very id that its reference would have, if it had one."""
    ids = w.exchange.writer.ids
    for kind, base in (("intent", INTENTS), ("constraint", CONSTRAINTS)):
        name = "request-south-plan" if kind == "intent" else "request-closure"
        hidden = ids.entity("reference", SOUTH, ids.entity(kind, SOUTH, name))
        told.ask("GET", f"{base}/{hidden}", None, SC, CP)
        told.ask(
            "GET", f"/uss/v1/{kind if kind == 'constraint' else 'operational_intent'}s/{hidden}", None, SC, CP
        )
    body = {"extents": [wire(volume())], "state": "Accepted", "uss_base_url": URL, "key": []}
    hidden = ids.entity("reference", SOUTH, ids.entity("intent", SOUTH, "request-south-plan"))
    told.ask("PUT", f"{INTENTS}/{hidden}", body)


def told_of(subscription: str) -> dict[str, Any]:
    return {"subscription_id": subscription, "notification_index": 1}


EXCHANGE = {
    "url": "https://uss2.example/uss/v1/operational_intents",
    "method": "GET",
    "recorder_role": "Client",
    "request_time": {"value": "2026-06-01T08:00:00Z", "format": "RFC3339"},
    "request_source": "uss1",
}
