"""Peers as our own USS calls them: details fetched, shared, kept; slow, dead, lying and huge peers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest

from comity.clock import ManualClock
from comity.ids import Ovn
from comity.uss.log import MOST_RECORDS, RECORDS_EACH, ExchangeLog, error_report, without_signature
from comity.uss.outbound import Outbound, OutboundSettings
from comity.uss.peers import NO_AUTHORITY, Peers, PeerSettings
from comity.uss.tokens import Tokens, TokenSettings
from comity.uss.validate import Flaw
from tests.uss.serving import Behaviour, Drip, Fake, Flood, HangUp, Noise, Reply, Silence, fake, jwt, ran
from tests.uss.telling import (
    ID,
    MANAGER,
    OVN,
    answer,
    constraint_form,
    constraint_reference,
    intent_form,
    reference,
)
from tests.world import volume

START = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)


class Calling:
    """Our side, an authorization server and one peer."""

    def __init__(self, peers: Peers, authority: Fake, peer: Fake) -> None:
        self.peers = peers
        self.authority = authority
        self.peer = peer

    @property
    def log(self) -> list[str]:
        held = self.peers.log.of(MANAGER)
        return [] if held is None else [f"{one.method} {one.response_code}" for one in held.messages]


@asynccontextmanager
async def calling(*, timeout_s: float = 5.0, allow_http: bool = True) -> AsyncIterator[Calling]:
    clock = ManualClock(START)
    bounds = OutboundSettings(timeout_s, private=True, most_body_bytes=200_000)
    async with fake() as authority, fake() as peer:
        authority.answer = lambda asked: Reply(
            200, json.dumps({"access_token": jwt(n=len(authority.asked)), "expires_in": 3600}).encode()
        )
        settings = TokenSettings(f"{authority.url}/token", "comity", "secret")
        tokens = Tokens(settings, Outbound(bounds, clock), clock)
        own = PeerSettings("comity", allow_http)
        peers = Peers(own, Outbound(bounds, clock), tokens, ExchangeLog("comity"), clock)
        try:
            yield Calling(peers, authority, peer)
        finally:
            await peers.aclose()


def details() -> Reply:
    return Reply(200, answer(operational_intent=intent_form(volume())))


@ran
async def test_details_are_asked_for_with_a_token_and_kept() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: details()
        seen = await c.peers.intent(reference(url=f"{c.peer.url}/utm"))
        assert seen.details is not None
        assert seen.details.volumes == (volume(),)
        assert seen.told is not None
        assert (seen.told.sha256, seen.told.refused) == (seen.details.sha256, None)
        asked = c.peer.asked[0]
        assert (asked.method, asked.path) == ("GET", f"/utm/uss/v1/operational_intents/{ID}")
        assert asked.headers["authorization"].startswith("Bearer ey")
        assert c.authority.asked[0].form["scope"] == "utm.strategic_coordination"
        assert c.authority.asked[0].form["audience"] == "127.0.0.1"
        again = await c.peers.intent(reference(url=f"{c.peer.url}/utm"))
        assert again.details == seen.details
        assert again.record is None
        assert len(c.peer.asked) == 1
        assert c.peers.known_intent(reference(url=c.peer.url)) == seen.details


@pytest.mark.parametrize("change", [{"version": 2}, {"ovn": Ovn("ovn-of-the-second-version")}])
@ran
async def test_another_version_is_asked_for_anew(change: dict[str, object]) -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: details()
        await c.peers.intent(reference(url=c.peer.url))
        await c.peers.intent(msgspec.structs.replace(reference(url=c.peer.url), **change))
        assert len(c.peer.asked) == 2


@ran
async def test_many_who_want_the_same_share_one_request() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: details()
        c.peer.delay_s = 0.05
        seen = await asyncio.gather(*(c.peers.intent(reference(url=c.peer.url)) for _ in range(20)))
        assert all(one.details is not None for one in seen)
        assert len(c.peer.asked) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        Silence(),
        Drip(),
        Flood(),
        Noise(),
        HangUp(),
        Reply(404),
        Reply(500),
        Reply(301),
        Reply(200, b" " * 300_000),
    ],
)
@ran
async def test_a_peer_that_does_not_answer_as_it_should_has_not_contradicted_itself(
    behaviour: Behaviour,
) -> None:
    async with calling(timeout_s=0.3) as c:
        c.peer.answer = lambda asked: behaviour
        seen = await c.peers.intent(reference(url=c.peer.url))
        assert seen.details is None
        assert [reason.flaw for reason in seen.reasons] == [Flaw.UNREACHED]
        assert seen.unreached
        assert seen.told is None
        assert seen.record is not None
        assert seen.record.problem


@ran
async def test_a_peer_that_lies_is_refused_with_its_reasons_and_not_kept() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: Reply(
            200, answer(operational_intent=intent_form(volume(lat=48.0), ovn="short"))
        )
        for count in (1, 2):
            seen = await c.peers.intent(reference(url=c.peer.url))
            assert seen.details is None
            assert not seen.unreached
            assert [reason.flaw for reason in seen.reasons] == [Flaw.OVN, Flaw.CELLS]
            assert seen.told is not None
            assert seen.told.refused == seen.words
            assert len(c.peer.asked) == count


@ran
async def test_a_reference_that_moved_on_is_said_to_have() -> None:
    async with calling() as c:
        newer = intent_form(volume(), version=2, ovn="ovn-of-the-second-version")
        c.peer.answer = lambda asked: Reply(200, answer(operational_intent=newer))
        seen = await c.peers.intent(reference(url=c.peer.url))
        assert seen.moved_on
        assert seen.details is None


@ran
async def test_a_token_that_is_not_taken_is_replaced_once() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: details() if len(c.peer.asked) == 2 else Reply(401)
        assert (await c.peers.intent(reference(url=c.peer.url))).details is not None
        assert len({asked.headers["authorization"] for asked in c.peer.asked}) == 2
        c.peer.answer = lambda asked: Reply(401)
        assert (await c.peers.intent(reference(url=c.peer.url, version=2))).unreached
        assert len(c.peer.asked) == 4


@ran
async def test_without_a_token_nothing_is_sent() -> None:
    async with calling() as c:
        c.authority.answer = lambda asked: Reply(400)
        seen = await c.peers.intent(reference(url=c.peer.url))
        assert "gave no token" in (seen.words or "")
        assert not c.peer.asked
    clock = ManualClock(START)
    nobody = Peers(
        PeerSettings("comity"), Outbound(OutboundSettings(), clock), None, ExchangeLog("comity"), clock
    )
    assert NO_AUTHORITY in ((await nobody.intent(reference())).words or "")
    await nobody.aclose()


@pytest.mark.parametrize(
    "url", ["http://uss1.example", "https://a:b@uss1.example", "file:///etc", "https://"]
)
@ran
async def test_base_urls_that_are_not_called_are_a_problem_and_not_an_error(url: str) -> None:
    async with calling(allow_http=False) as c:
        seen = await c.peers.intent(reference(url=url))
        assert seen.unreached
        assert not c.authority.asked


@ran
async def test_constraints_are_asked_for_with_their_own_scope() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: Reply(200, answer(constraint=constraint_form(volume())))
        seen = await c.peers.constraint(constraint_reference(url=c.peer.url))
        assert seen.details is not None
        assert c.peer.asked[0].path == f"/uss/v1/constraints/{ID}"
        assert c.authority.asked[0].form["scope"] == "utm.constraint_processing"
        await c.peers.constraint(constraint_reference(url=c.peer.url))
        assert len(c.peer.asked) == 1


@ran
async def test_notifications_telemetry_and_reports_go_to_their_paths_with_their_scopes() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: Reply(204, b"")
        await c.peers.notify_intent(c.peer.url, b'{"a":1}', MANAGER)
        await c.peers.notify_constraint(c.peer.url, b'{"b":1}', MANAGER)
        await c.peers.report(c.peer.url, b'{"c":1}', MANAGER)
        await c.peers.telemetry(reference(url=c.peer.url))
        assert [(asked.method, asked.path, asked.body) for asked in c.peer.asked] == [
            ("POST", "/uss/v1/operational_intents", b'{"a":1}'),
            ("POST", "/uss/v1/constraints", b'{"b":1}'),
            ("POST", "/uss/v1/reports", b'{"c":1}'),
            ("GET", f"/uss/v1/operational_intents/{ID}/telemetry", b""),
        ]
        scopes = [asked.form["scope"].removeprefix("utm.") for asked in c.authority.asked]
        assert scopes == ["strategic_coordination", "constraint_management", "conformance_monitoring_sa"]
        assert c.log == ["POST 204", "POST 204", "POST 204", "GET 204"]


@ran
async def test_the_record_keeps_digests_of_a_peers_details_and_no_signature_of_a_token() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: details()
        seen = await c.peers.intent(reference(url=c.peer.url))
        assert seen.record is not None
        held = c.peers.log.of(MANAGER)
        assert held is not None
        assert held.messages == (seen.record,)
        kept = base64.b64decode(seen.record.response_body)
        assert kept.startswith(b"sha256:")
        (header,) = seen.record.headers
        assert header.startswith("Authorization: Bearer ey")
        assert header.endswith(".(signature withheld)")
        report = error_report(seen.record, "it lies")
        assert report["exchange"]["problem"] == "it lies"
        assert report["exchange"]["recorder_role"] == "Client"
        c.peers.erase(MANAGER)
        assert c.peers.log.of(MANAGER) is None
        assert c.peers.known_intent(reference(url=c.peer.url)) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Bearer a.b.c", "Bearer a.b.(signature withheld)"),
        ("Bearer opaque", "Bearer (withheld)"),
        ("Basic dTpw", "Basic (withheld)"),
        ("", "none"),
    ],
)
def test_what_is_kept_of_a_token(given: str, kept: str) -> None:
    assert without_signature(given) == kept


@ran
async def test_the_record_is_bounded_and_keeps_the_newest() -> None:
    log = ExchangeLog("comity")
    for number in range(RECORDS_EACH + 5):
        log.received("uss9", "GET", f"https://x/{number}", START, START, 200, b"")
    held = log.of("uss9")
    assert held is not None
    assert len(held.messages) == RECORDS_EACH
    assert held.messages[-1].url == f"https://x/{RECORDS_EACH + 4}"
    for number in range(MOST_RECORDS):
        log.received(f"uss{number % 100}", "GET", "https://x", START, START, 200, b"")
    counts = {peer: len(one.messages) for peer in log.peers() if (one := log.of(peer)) is not None}
    assert sum(counts.values()) == MOST_RECORDS
    log.erase("uss9")
    assert log.of("uss9") is None


@ran
async def test_what_is_known_from_a_notification_costs_no_request() -> None:
    async with calling() as c:
        c.peer.answer = lambda asked: details()
        known = (await c.peers.intent(reference(url=c.peer.url))).details
        assert known is not None
        c.peers.forget(ID)
        assert c.peers.known_intent(reference()) is None
        c.peers.know_intent(known)
        assert (await c.peers.intent(reference(url=c.peer.url))).details == known
        assert len(c.peer.asked) == 1
        assert known.ovn == OVN
