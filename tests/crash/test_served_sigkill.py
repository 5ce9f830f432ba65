"""kill -9 of the whole served exchange under concurrent HTTP writes: what was answered is there afterwards.

The ledger's own test kills it far more often; this one shows that nothing above it answers too early.
``COMITY_CRASH_SERVED=n`` for more rounds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from comity.http.issuer import Issuer, create_issuer_key, load_issuer_key

ROUNDS = int(os.environ.get("COMITY_CRASH_SERVED", "3"))
WRITERS = 8
CONFIG = """
[exchange]
name = "crash.example"
data_dir = "data"
key_file = "keys"
[server]
port = {port}
[issuer]
enabled = true
key_file = "issuer.pem"
[quotas]
writes_per_s = 100000
writes_burst = 1000000
reads_burst = 1000000
[genesis.charter]
title = "Crash"
signed_commands = false
auditors = []
constraint_lead_s = 60
floor = {{ intent = "none", constraint = "none", own_track = "none", sensed_track = "none" }}
[genesis.centre]
id = "centre"
name = "Centre"
centre = true
[genesis.administrator]
id = "desk"
participant = "centre"
name = "Desk"
roles = ["administrator", "duty_desk", "airspace_owner"]
"""


class Exchange:
    """A ``comity serve`` of its own."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from comity.cli.main import main; main()", "serve", "comity.toml"],
            cwd=directory,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30.0
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/healthy", timeout=1.0).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        self.kill()
        pytest.fail("the exchange did not come up within 30 s")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def intent(number: int) -> dict[str, object]:
    start = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251  # a real server on the real clock
    return {
        "volumes": [
            {
                "outline": {
                    "type": "circle",
                    "centre": {"lat": -60.0 + number % 1_000 * 0.1, "lon": -170.0 + number // 1_000 * 0.1},
                    "radius_m": 100.0,
                },
                "lower": {"value_m": 100.0, "datum": "W84"},
                "upper": {"value_m": 200.0, "datum": "W84"},
                "start": start.isoformat(),
                "end": (start + timedelta(hours=1)).isoformat(),
            }
        ],
        "category": "uncrewed",
        "crewed": False,
    }


def write(url: str, token: str, first: int, acknowledged: dict[str, str], stop: threading.Event) -> None:
    """File intents one after the other until the exchange is gone."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=5.0) as client:
        number = first
        while not stop.is_set():
            key = f"crash-{number:08d}"
            try:
                answer = client.post("/v1/intents", json=intent(number), headers={"Idempotency-Key": key})
            except httpx.TransportError:
                return
            assert answer.status_code == 201, answer.text
            acknowledged[key] = answer.json()["result"]["ref"]
            number += 1


def token_for(directory: Path) -> str:
    issuer = Issuer(load_issuer_key(directory / "issuer.pem"), "crash.example", "crash.example")
    now = datetime.now(UTC)  # noqa: TID251  # a real server on the real clock
    return issuer.issue("desk", "centre", ("comity.read", "comity.write"), timedelta(hours=1), now)


def test_whatever_was_answered_is_there_after_kill_9(tmp_path: Path, unused_port: int) -> None:
    (tmp_path / "comity.toml").write_text(CONFIG.format(port=unused_port))
    create_issuer_key(tmp_path / "issuer.pem")
    acknowledged: dict[str, str] = {}
    chance = random.Random(20261122)
    for round_ in range(ROUNDS):
        exchange = Exchange(tmp_path, unused_port)
        stop = threading.Event()
        writers = [
            threading.Thread(
                target=write,
                args=(exchange.url, token_for(tmp_path), round_ * 80_000 + n * 10_000, acknowledged, stop),
            )
            for n in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.3, 1.2))
        exchange.kill()
        stop.set()
        for writer in writers:
            writer.join(10.0)
            assert not writer.is_alive()
    assert len(acknowledged) > WRITERS
    exchange = Exchange(tmp_path, unused_port)
    try:
        headers = {"Authorization": f"Bearer {token_for(tmp_path)}"}
        answer = httpx.get(f"{exchange.url}/v1/airspace", headers=headers, timeout=20.0)
        held = {item["ref"] for item in answer.json()["items"]}
        assert set(acknowledged.values()) <= held
        key, ref = next(iter(acknowledged.items()))
        number = int(key.removeprefix("crash-"))
        again = httpx.post(
            f"{exchange.url}/v1/intents",
            json=intent(number) | {"crewed": True},
            headers=headers | {"Idempotency-Key": key},
        )
        assert again.json()["code"] == "request_id_reused", ref
    finally:
        exchange.kill()
