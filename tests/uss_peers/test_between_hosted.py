"""Law 2 between hosted participants: what one makes the exchange look at tells the other nothing.

Two exchanges with a peer each. Both participants are hosted and release nothing to each other. In one of them
north plans, looks at the peer's plans, activates and ends, next to south and to the peer's subscription; in
the other it does nothing. South asks the same in both and gets the same bytes: answers, checks, alternatives,
its items and its own log, opened.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from comity.model.rule import Level
from tests.hosting import new_id, to_peers
from tests.uss_peers.two import Two, native, two
from tests.world import SOUTH, volume

APART = volume(47.0, 11.0145, radius_m=80.0)
OVER = volume(48.0)
Answers = list[tuple[str, int, bytes]]


def test_a_hosted_participant_learns_nothing_of_another(tmp_path: Path) -> None:
    quiet, port = played(tmp_path / "quiet", lambda both: None)
    busy, _ = played(tmp_path / "busy", north_is_busy, port)
    for one, other in zip(quiet, busy, strict=True):
        assert one == other
    statuses = {what: status for what, status, _ in quiet}
    assert statuses["file"] == statuses["file-over"] == 201
    assert statuses["be-refused"] == statuses["activate"] == 409
    assert statuses["be-left-in-doubt"] == 422


def north_is_busy(both: Two) -> None:
    """Looks at everything that the peer has, before south does, and is notified of what it changes."""
    item = both.changed(both.filed(volume(lower_m=2_000.0, upper_m=2_100.0), priority=7), state="Activated")
    over = both.filed(OVER, priority=7)
    both.end(item)
    both.end(over)


def played(directory: Path, meanwhile: Callable[[Two], None], port: int = 0) -> tuple[Answers, int]:
    """What south was answered, and the peer's port: details hold its URL, and so do their digests."""
    directory.mkdir()
    with two(directory, level=Level.VOLUME, port=port) as both:
        both.dss.served.run(to_peers(both.world, owner=SOUTH))
        both.peer.plan(APART, state="Activated", id=str(new_id(1)))
        both.peer.plan(OVER, id=str(new_id(2)), priority=1)
        meanwhile(both)
        return asked_by_south(both), int(both.peer.url.rsplit(":", 1)[1])


def asked_by_south(both: Two) -> Answers:
    answers: Answers = []

    def write(what: str, method: str, path: str, body: Any) -> Any:
        """Under a key of its own, alike in both: ids are made from it."""
        key = {"Idempotency-Key": f"south-asks-to-{what}"}
        return note(what, both.south.request(method, path, json=body, headers=key))

    def note(what: str, answer: Any) -> Any:
        answers.append((what, answer.status_code, answer.content))
        return answer.json()

    plan = {"volumes": native((OVER,)), "category": "uncrewed", "crewed": False}
    note("check", both.south.post("/v1/plans/check", json=plan | {"priority": 2}))
    write("be-refused", "POST", "/v1/intents", plan | {"alternatives_ms": 500})
    write("file-over", "POST", "/v1/intents", plan | {"priority": 2})
    filed = write("file", "POST", "/v1/intents", plan | {"volumes": native((volume(),))})["result"]
    both.dss.served.advance(1.0)
    both.peer.plan(volume(), id=str(new_id(3)), priority=9)
    both.dss.served.advance(1.0)
    both.dss.served.run(both.world.exchange.watch.settled())
    both.dss.served.advance(1.0)
    assert note("item", both.south.get(f"/v1/intents/{filed['ref']}"))["peer_conflicts"]
    both.peer.silent = True
    both.peer.plan(volume(47.5), id=str(new_id(4)), notify=False)
    write("be-left-in-doubt", "POST", "/v1/intents", plan | {"volumes": native((volume(47.5),))})
    both.peer.silent = False
    path, body = f"/v1/intents/{filed['ref']}", {"ovn": filed["ovn"], "state": "Activated"}
    write("activate", "PUT", path, body)
    note("all", both.south.get("/v1/intents"))
    leaves = note("log's end", both.south.get("/v1/log/entries?start=0&stop=1000"))
    count = int(leaves["message"].split(", ")[1].rstrip(")"))
    entries = note("log", both.south.get(f"/v1/log/entries?start=0&stop={count}"))["entries"]
    kinds = {each["kind"] for each in entries}
    assert kinds >= {"intent.put", "reference.put", "peer_details.seen"}
    assert not kinds & {"notice.owed", "notice.settled", "subscriptions.notified"}
    return answers
