"""The runtime calls peers: it builds the parts from the configuration, delivers what is owed, and stops."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from comity.clock import SystemClock
from comity.config import Config, load_config
from comity.errors import InvalidInput
from comity.geo.coverage import holding
from comity.ids import ParticipantId, PersonId, RequestId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.altitude import Altitude, Datum
from comity.model.f3548 import CellBox, peer
from comity.model.intent import AircraftCategory
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from comity.runtime import Runtime, make_peers
from comity.uss.log import ExchangeLog
from comity.uss.peers import NO_AUTHORITY
from tests.hosting import new_id
from tests.http.standards.standing import public_pem, signing_key
from tests.uss.serving import Reply, fake, jwt, ran
from tests.uss.telling import reference

CONFIG = """
[exchange]
name = "uss.example"
data_dir = "data"
key_file = "keys"
[server]
port = 0
[tracks]
record = false
[genesis.charter]
title = "A charter for tests"
signed_commands = false
auditors = []
constraint_lead_s = 900
[genesis.charter.floor]
intent = "volume"
constraint = "none"
own_track = "none"
sensed_track = "none"
[genesis.centre]
id = "centre"
name = "Centre"
centre = true
[genesis.administrator]
id = "desk"
participant = "centre"
name = "The desk"
roles = ["administrator", "duty_desk", "airspace_owner", "observer"]
[f3548]
enabled = true
base_url = "https://uss.example"
audiences = ["uss.example"]
public_keys = ["authority.pem"]
"""


def config(directory: Path, more: str = "") -> Config:
    (directory / "authority.pem").write_bytes(public_pem(signing_key("authority")))
    (directory / "comity.toml").write_text(CONFIG + more)
    return load_config(directory / "comity.toml")


def volume(clock: SystemClock) -> Volume4D:
    hour = clock.now() + timedelta(hours=1)
    return Volume4D(
        Circle(LatLon(lat=47.0, lon=11.0), 500.0),
        Altitude(500.0, Datum.W84),
        Altitude(600.0, Datum.W84),
        hour,
        hour + timedelta(hours=1),
    )


@ran
async def test_what_is_filed_is_told_by_the_runtime(tmp_path: Path) -> None:
    clock = SystemClock()
    async with fake() as authority, fake() as subscriber:
        token = json.dumps({"access_token": jwt(), "expires_in": 3600}).encode()
        authority.answer = lambda asked: Reply(200, token)
        subscriber.answer = lambda asked: Reply(204, b"")
        (tmp_path / "oauth.secret").write_text("tell nobody\n")
        oauth = f'token_url = "{authority.url}/token"\nclient_id = "me"\nsecret_file = "oauth.secret"\n'
        runtime = Runtime(config(tmp_path, f"allow_http = true\n[f3548.oauth]\n{oauth}"))
        await runtime.start()
        try:
            exchange, one = runtime.exchange, volume(clock)
            box = CellBox(holding(one.outline))
            put = d.PutSubscription(new_id(50), None, box, subscriber.url, True, False)
            asked = c.Submission(peer("uss1"), PersonId("uss1"), RequestId("-"), put, "")
            await exchange.writer.submit(asked)
            plan = c.FileIntent((one,), AircraftCategory.UNCREWED, False)
            centre = ParticipantId("centre")
            await exchange.submit(c.Submission(centre, PersonId("desk"), RequestId("plan-0001"), plan, ""))
            (told,) = await subscriber.until(1)
            assert told.path == "/uss/v1/operational_intents"
            assert told.headers["authorization"].startswith("Bearer ey")
            assert told.json["operational_intent"]["reference"]["manager"] == "comity"
            assert authority.asked[0].form["scope"] == "utm.strategic_coordination"
            async with asyncio.timeout(10.0):
                while exchange.state.notices:
                    await asyncio.sleep(0.02)
        finally:
            await runtime.stop()


def test_without_an_authority_nobody_is_called_and_that_is_said(tmp_path: Path) -> None:
    async def ask() -> str | None:
        peers = make_peers(config(tmp_path), ExchangeLog("comity"), SystemClock())
        try:
            return (await peers.intent(reference())).words
        finally:
            await peers.aclose()

    assert NO_AUTHORITY in (asyncio.run(ask()) or "")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('token_url = "http://auth.example/token"\nclient_id = "a"\n', "f3548.oauth.token_url"),
        (
            'token_url = "https://auth.example/token"\nclient_id = "a"\nsecret_file = "none"\n',
            "f3548.oauth.secret_file",
        ),
    ],
)
def test_settings_that_would_tell_secrets_are_refused(tmp_path: Path, more: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_peers(config(tmp_path, f"[f3548.oauth]\n{more}"), ExchangeLog("comity"), SystemClock())
    assert refused.value.field == field
