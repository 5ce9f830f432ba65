"""USSs for the benchmarks of the DSS: an authority's key, tokens, bodies, and a configuration for them.

``alpha`` and ``bravo`` are USSs. Bodies are as planners send them: one circle or polygon, seven decimals.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.load import request
from bench.members import tomorrow
from bench.served import make_folder

ALPHA: Final = "alpha"
BRAVO: Final = "bravo"
SCOPE: Final = "utm.strategic_coordination"
INTENTS: Final = "/dss/v1/operational_intent_references"
ECHO: Final = "/dss/v1/bench"
NAME: Final = "localhost"
URL: Final = "https://uss.example/utm"

_CONFIG = """
[f3548]
enabled = true
audiences = ["localhost"]
public_keys = ["authority.pem"]
base_url = "https://comity.example"
writes_per_s = 1000000
writes_burst = 1000000000
reads_per_s = 1000000
reads_burst = 1000000000
entities_per_manager = 10_000_000
turn_ms = {turn_ms}
"""


class Authority:
    """Signs tokens for the exchange in a folder."""

    def __init__(self, folder: Path, *, turn_ms: float = 50.0) -> None:
        make_folder(folder)
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / "authority.pem").write_bytes(public)
        with (folder / "comity.toml").open("a", encoding="utf-8") as file:
            file.write(_CONFIG.format(turn_ms=turn_ms))

    def token(self, sub: str, scope: str = SCOPE) -> str:
        claims = {
            "iss": "https://authority.example",
            "sub": sub,
            "aud": NAME,
            "scope": scope,
            "exp": int(time.time()) + 3_500,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode(claims, self._key, algorithm="RS256")


def new_ids(luck: Random) -> str:
    return str(uuid.UUID(int=luck.getrandbits(128), version=4))


def body(
    lat: float,
    lon: float,
    lower_m: float,
    upper_m: float,
    key: tuple[str, ...] = (),
    start: datetime | None = None,
) -> bytes:
    """PutOperationalIntentReferenceParameters for a circle of 200 m and 25 minutes."""
    begins = start or tomorrow()
    volume: dict[str, Any] = {
        "volume": {
            "outline_circle": {
                "center": {"lat": round(lat, 7), "lng": round(lon, 7)},
                "radius": {"value": 200.0, "units": "M"},
            },
            "altitude_lower": {"value": lower_m, "reference": "W84", "units": "M"},
            "altitude_upper": {"value": upper_m, "reference": "W84", "units": "M"},
        },
        "time_start": _time(begins),
        "time_end": _time(begins + timedelta(minutes=25)),
    }
    asked = {"extents": [volume], "key": key, "state": "Accepted", "uss_base_url": URL}
    return json.dumps(asked).encode()


def area(lat: float, lon: float, radius_m: float) -> bytes:
    """A query's body: all heights and times."""
    circle = {"center": {"lat": lat, "lng": lon}, "radius": {"value": radius_m, "units": "M"}}
    return json.dumps({"area_of_interest": {"volume": {"outline_circle": circle}}}).encode()


def put(token: str, id: str, ovn: str | None, text: bytes) -> bytes:
    target = f"{INTENTS}/{id}" if ovn is None else f"{INTENTS}/{id}/{ovn}"
    return request("PUT", target, token, text)


def delete(token: str, id: str, ovn: str) -> bytes:
    return request("DELETE", f"{INTENTS}/{id}/{ovn}", token)


def _time(when: datetime) -> dict[str, str]:
    return {"value": when.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}
