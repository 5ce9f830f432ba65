"""The client against a real exchange: every kind of route, the model's values, refusals as their classes."""

from __future__ import annotations

import base64
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import comity
from comity.client import Client, Hello, Near, Signer, Snapshot, Tick
from comity.clock import SystemClock
from comity.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    RequestIdReused,
    StaleOvn,
    StrategicConflict,
    Unauthenticated,
    WrongState,
)
from comity.ids import PersonId
from comity.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from comity.ledger.note import Checkpoint, parse
from comity.model.altitude import Altitude, Datum
from comity.model.intent import IntentState
from comity.model.observation import Provenance, Report
from comity.model.participant import Person, Role, SigningKey
from comity.model.rule import Level, Levels, ToParticipant
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D, Volumes
from comity.sim.cast import ANS, NORTH, RELIEF, SOUTH
from tests.running import Running


def somewhere(lat: float, lon: float, *, minutes: float = 30.0) -> Volumes:
    start = SystemClock().now() + timedelta(minutes=5)
    height = (Altitude(500.0, Datum.MSL), Altitude(900.0, Datum.MSL))
    return (
        Volume4D(Circle(LatLon(lat=lat, lon=lon), 800.0), *height, start, start + timedelta(minutes=minutes)),
    )


def test_it_is_comity_client() -> None:
    assert comity.Client is Client
    with pytest.raises(AttributeError):
        comity.Nothing  # noqa: B018


def test_whoami_and_health(running: Running) -> None:
    me = running.clients[NORTH].whoami()
    assert (me.participant, me.person, me.exchange) == (NORTH, "j-berg", "alps.demo")
    assert Role.DUTY_DESK in me.roles
    assert running.clients[NORTH].healthy()
    assert running.clients[ANS].operator_health()
    assert "comity" in running.clients[ANS].metrics()
    with pytest.raises(NotPermitted):
        running.clients[NORTH].operator_health()


def test_an_intent_from_filing_to_its_end(running: Running) -> None:
    client = running.clients[RELIEF]
    volumes = somewhere(44.0, 4.0)
    filed = client.file_intent(volumes, category="uncrewed", crewed=False)
    assert filed.result.volumes == volumes
    assert filed.clearance is not None
    assert filed.clearance.floor_intent == "reserved"
    ref, ovn = filed.result.ref, filed.result.ovn
    assert ovn is not None
    flying = client.change_intent(ref, ovn, state=IntentState.ACTIVATED).result
    assert flying.state == IntentState.ACTIVATED
    with pytest.raises(StaleOvn):
        client.change_intent(ref, ovn, state="Contingent")
    assert client.intent(ref) == flying
    assert flying in client.intents(near=Near(44.0, 4.0, 1_000.0))
    assert flying not in client.intents(near=Near(-44.0, 4.0, 1_000.0))
    assert flying.ovn is not None
    client.end_intent(ref, flying.ovn)
    with pytest.raises(NotFound):
        client.item("nothing-of-this-name")


def test_a_conflict_says_what_is_in_the_way(running: Running) -> None:
    relief, north = running.clients[RELIEF], running.clients[NORTH]
    mine = relief.file_intent(somewhere(44.0, 5.0), category="uncrewed", crewed=False).result
    with pytest.raises(StrategicConflict) as refused:
        north.file_intent(somewhere(44.0, 5.0), category="aeroplane", crewed=True)
    conflicts = refused.value.detail["conflicts"]
    assert [each["item"]["level"] for each in conflicts] == ["volume"]
    refs = [each["item"]["ref"] for each in conflicts]
    over = north.file_intent(
        somewhere(44.0, 5.0), category="aeroplane", crewed=True, accept_conflicts=refs
    ).result
    assert over.accepted_conflicts == tuple(refs)
    for client, item in ((relief, mine), (north, over)):
        assert item.ovn is not None
        client.end_intent(item.ref, item.ovn)


def test_a_request_id_makes_a_repetition_the_same_command(running: Running) -> None:
    client, volumes = running.clients[SOUTH], somewhere(44.0, 6.0)
    once = client.file_intent(volumes, category="other", crewed=True, request_id="the-same-request")
    again = client.file_intent(volumes, category="other", crewed=True, request_id="the-same-request")
    assert again.result == once.result
    assert again.receipt == once.receipt
    with pytest.raises(RequestIdReused):
        client.file_intent(volumes, category="glider", crewed=True, request_id="the-same-request")


def test_a_constraint_published_changed_cancelled(running: Running) -> None:
    client = running.clients[SOUTH]
    item = client.publish_constraint(somewhere(44.0, 7.0), kind="closed", designator="TEST-1").result
    assert item.ovn is not None
    changed = client.change_constraint(item.ref, item.ovn, kind="advisory", designator="TEST-2").result
    assert (changed.designator, changed.constraint_kind) == ("TEST-2", "advisory")
    assert changed in client.constraints()
    assert client.constraint(item.ref) == changed
    assert changed.ovn is not None
    with pytest.raises(WrongState):
        client.change_constraint(item.ref, changed.ovn, state="released")
    assert client.change_constraint(item.ref, changed.ovn, state="cancelled").result.state == "cancelled"


def test_rules_and_groups_and_what_others_see(running: Running) -> None:
    client = running.clients[SOUTH]
    levels = Levels(Level.VOLUME, Level.VOLUME, Level.NONE, Level.NONE)
    rule = client.set_rule(ToParticipant(NORTH), levels).result
    assert client.rule(rule.id) == rule
    item = client.file_intent(somewhere(44.0, 8.0), category="other", crewed=True).result
    seen = [each for each in client.what_others_see(recipient=NORTH) if each.ref == item.ref]
    assert [(each.level, each.rule) for each in seen] == [("volume", rule.id)]
    lower = Levels(Level.NONE, Level.NONE, Level.NONE, Level.NONE)
    changed = client.change_rule(rule.id, rule.ovn, lower).result
    client.withdraw_rule(rule.id, changed.ovn)
    assert rule.id not in {each.id for each in client.rules()}
    seen = [each for each in client.what_others_see(recipient=NORTH) if each.ref == item.ref]
    assert [each.level for each in seen] == ["reserved"]
    before = client.what_others_see(recipient=NORTH, at=SystemClock().now())
    assert [each.level for each in before if each.ref == item.ref] == ["reserved"]
    group = client.set_group("test-group", [NORTH, ANS]).result
    assert group in client.groups()
    client.remove_group(group.id, group.ovn)
    assert item.ovn is not None
    client.end_intent(item.ref, item.ovn)


def test_changes_go_on_from_a_cursor(running: Running) -> None:
    client = running.clients[SOUTH]
    cursor = client.airspace().cursor
    item = client.file_intent(somewhere(44.0, 9.0), category="other", crewed=True).result
    pages = list(client.changes(cursor))
    assert item.ref in {change.ref for page in pages for change in page.changes}
    assert next(client.changes(pages[-1].cursor)).changes == ()
    follower = client.changes(pages[-1].cursor, follow=True)
    assert item.ovn is not None
    client.end_intent(item.ref, item.ovn)
    assert item.ref in {change.ref for change in next(follower).changes}


def test_the_stream_says_hello_and_goes_on_from_its_cursor(running: Running) -> None:
    client = running.clients[NORTH]
    frames = client.stream()
    first, second = next(frames), next(frames)
    assert isinstance(first, Hello)
    assert first.participant.id == NORTH
    assert isinstance(second, Snapshot)
    tick = next(frame for frame in frames if isinstance(frame, Tick))
    item = client.file_intent(somewhere(44.0, 10.0), category="other", crewed=True).result
    again = client.stream(tick.cursor)
    assert isinstance(next(again), Hello)
    missed = next(again)
    assert isinstance(missed, Tick)
    changes = {change.ref for change in missed.changes}
    if item.ref not in changes:
        changes |= {change.ref for change in next(f for f in again if isinstance(f, Tick)).changes}
    assert item.ref in changes
    assert item.ovn is not None
    client.end_intent(item.ref, item.ovn)


def test_alerts_are_read_one_by_one_and_acknowledged(running: Running) -> None:
    client = running.clients[NORTH]
    found = client.alerts()
    assert found.late_s >= 0.0
    assert found.swept_at <= found.as_of
    for alert in found.alerts:
        assert client.alert(alert.ref).ref == alert.ref
    with pytest.raises(NotFound):
        client.alert("never-was")
    with pytest.raises(NotFound):
        client.acknowledge_alert("never-was")
    assert client.picture().late_s >= 0.0


def test_both_forms_of_the_stream_give_the_same_kind_of_objects(running: Running) -> None:
    now = SystemClock().now()
    running.clients[NORTH].report("forms", Provenance.OWN, [Report("4BFFF0", now, lat=44.0, lon=4.0)])
    deadline = time.monotonic() + 10.0
    seen: dict[str, tuple[float, float]] = {}
    while len(seen) < 2 and time.monotonic() < deadline:
        for form in ("json", "binary"):
            frames = running.clients[NORTH].stream(frames=form)
            snapshot = next(frame for frame in frames if isinstance(frame, Snapshot))
            for track in snapshot.tracks:
                if track.id == "4BFFF0":
                    seen[form] = (track.lat, track.lon)
    assert seen == {"json": (44.0, 4.0), "binary": (44.0, 4.0)}


def test_looking_back_is_refused_with_the_span_where_nothing_is_kept(running: Running) -> None:
    client = running.clients[SOUTH]
    span = client.history()
    assert span.since <= span.until
    with pytest.raises(NotFound) as refused:
        client.history_at(span.since - timedelta(hours=1))
    assert "your history reaches from" in refused.value.message
    deadline = time.monotonic() + 15.0
    while client.history().until == span.since and time.monotonic() < deadline:
        time.sleep(0.2)
    moment = client.history_at(client.history().until)
    assert moment.gap is None


def test_a_stream_without_a_good_token_is_refused(running: Running) -> None:
    with Client(running.url, "nonsense", attempts=1) as stranger:
        frames = stranger.stream(reconnect=False)
        with pytest.raises(Unauthenticated):
            for _ in frames:
                pass


def test_reports_are_counted_by_reason(running: Running) -> None:
    now = SystemClock().now()
    good = Report("~777", now, lat=44.0, lon=4.0, accuracy_m=20.0)
    bad = Report("~778", now, lat=4330.0, lon=4.0)
    intake = running.clients[NORTH].report("test", Provenance.OWN, [good, bad])
    assert intake.accepted == 1
    assert sum(intake.rejected.values()) == 1
    cut = running.clients[NORTH].report_sbs("test", "broadcast", b"MSG,3,1,1,F0000\n")
    assert cut.accepted == 0
    assert sum(cut.rejected.values()) == 1


def covering(client: Client, position: int) -> Checkpoint:
    """The first checkpoint of the own log that holds the position: they come by a cadence."""
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        try:
            found = parse(client.log.checkpoint()).checkpoint
        except NotFound:
            found = None
        if found is not None and found.size > position:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no checkpoint held position {position} within 20 s")


def test_receipts_are_proven_by_the_log(running: Running) -> None:
    client = running.clients[SOUTH]
    written = client.set_group("proof-group", [NORTH])
    position = written.receipt.position
    old = covering(client, position)
    leaf = leaf_hash(base64.b64decode(client.log.entries(position, position + 1)[0].data))
    assert leaf.hex() == written.receipt.leaf
    path = [base64.b64decode(each) for each in client.log.inclusion(position, old.size)]
    assert verify_inclusion(leaf, position, old.size, path, old.root)
    first = max(1, old.size // 2)
    path = [base64.b64decode(each) for each in client.log.consistency(first, old.size)]
    assert not verify_consistency(first, old.size, b"\0" * 32, old.root, path)
    with pytest.raises(NotPermitted):
        client.tree.checkpoint()
    client.remove_group("proof-group", written.result.ovn)


def test_commands_can_be_signed(running: Running) -> None:
    key, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    person = PersonId("signer")
    admin = running.clients[SOUTH]
    admin.put_person(Person(person, SOUTH, "Signs", (Role.DUTY_DESK,), (SigningKey("desk-1", public),)))
    token = running.tokens.issue(SOUTH, person)
    with Client(running.url, token, signer=Signer("desk-1", key)) as client:
        filed = client.file_intent(somewhere(44.0, 11.0), category="other", crewed=True).result
        assert filed.ovn is not None
        client.end_intent(filed.ref, filed.ovn)
    with (
        Client(running.url, token, signer=Signer("desk-1", stranger)) as client,
        pytest.raises(NotPermitted),
    ):
        client.file_intent(somewhere(44.0, 11.0), category="other", crewed=True)


def test_members_people_and_tokens(running: Running) -> None:
    centre = running.clients[ANS]
    person = Person(PersonId("leaver"), ANS, "Leaves", (Role.OBSERVER,))
    centre.put_person(person)
    token = running.tokens.issue(ANS, person.id)
    with Client(running.url, token, attempts=1) as client:
        assert client.whoami().person == "leaver"
        centre.revoke_tokens(ANS, person.id)
        with pytest.raises(Unauthenticated):
            client.whoami()
    centre.remove_person(ANS, person.id)
    assert person not in centre.people()
    assert centre.charter().title.startswith("Alpine")
    with pytest.raises(NotPermitted):
        running.clients[NORTH].adopt_charter(centre.charter())


def test_a_wrong_value_is_refused_before_it_is_sent() -> None:
    with Client("http://127.0.0.1:1", "token") as client, pytest.raises(ValueError, match="unobtainium"):
        client.file_intent(somewhere(44.0, 4.0), category="unobtainium", crewed=True)


@pytest.mark.parametrize("url", ["http://exchange.example", "ftp://localhost", "localhost:8787", ""])
def test_a_token_is_not_sent_in_the_clear(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Client(url, "token")
    assert refused.value.field == "url"
