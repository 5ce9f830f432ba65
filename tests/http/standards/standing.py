"""A served exchange with the standards' interfaces on, an authority that signs tokens, and bodies to send."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from comity.clock import seconds
from comity.http.standards.scd import AA, CM, CP, SA, SC
from tests.http.serving import Served, serving
from tests.http.standards.interface import F3548, Interface, interface
from tests.world import START

__all__ = ["AA", "CM", "CP", "SA", "SC", "START"]

SETTINGS = """
[f3548]
enabled = true
base_url = "https://exchange.example"
audiences = ["dss.example", "localhost"]
public_keys = ["other.pem", "authority.pem"]
"""
INTENTS = "/dss/v1/operational_intent_references"
CONSTRAINTS = "/dss/v1/constraint_references"
SUBSCRIPTIONS = "/dss/v1/subscriptions"
REPORTS = "/dss/v1/reports"
AVAILABILITY = "/dss/v1/uss_availability"

URL = "https://uss.example/utm"
_ids = random.Random(3548)
_places = itertools.count()


@cache
def signing_key(name: str) -> rsa.RSAPrivateKey:
    """One a name; made once a run, since making takes a while."""
    return rsa.generate_private_key(65_537, 2_048)


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def claims(sub: str = "uss1", *scopes: str, now: datetime = START, **changes: Any) -> dict[str, Any]:
    """What an authority would sign. A change to ``...`` leaves the claim out."""
    base: dict[str, Any] = {
        "iss": "https://auth.example",
        "sub": sub,
        "aud": "dss.example",
        "scope": " ".join(scopes),
        "exp": int(seconds(now)) + 3_000,
        "jti": str(uuid.uuid4()),
    } | changes
    return {name: value for name, value in base.items() if value is not ...}


def signed(said: dict[str, Any], key: str = "authority") -> str:
    return jwt.encode(said, signing_key(key), algorithm="RS256")


class Standing:
    """What a test of the standards' interfaces gets."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.url = served.server.url
        self.http = httpx.Client(base_url=self.url, timeout=20.0)
        self.file: Interface = interface(F3548)
        self._tokens: dict[tuple[str, ...], str] = {}

    @property
    def now(self) -> datetime:
        return self.served.clock.now()

    def bearer(self, sub: str, *scopes: str) -> dict[str, str]:
        known = (sub, *scopes)
        if known not in self._tokens:
            self._tokens[known] = signed(claims(sub, *scopes, now=self.now))
        return {"Authorization": f"Bearer {self._tokens[known]}"}

    def call(
        self, method: str, path: str, body: Any = None, *, sub: str = "uss1", scopes: tuple[str, ...] = (SC,)
    ) -> httpx.Response:
        """A request, whose answer is held to the interface file where the path is one of its own."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer = self.http.request(method, path, content=content, headers=self.bearer(sub, *scopes))
        template = self.template(path)
        if template is not None and method.lower() in self.file.document["paths"][template]:
            self.file.check(method, template, answer)
        return answer

    def template(self, path: str) -> str | None:
        """The interface file's words for a path."""
        parts = path.split("/")
        for known in self.file.document["paths"]:
            wanted = known.split("/")
            if len(wanted) == len(parts) and all(
                w == p or (w.startswith("{") and p != "query") for w, p in zip(wanted, parts, strict=True)
            ):
                return str(known)
        return None

    def file_intent(self, id: str | None = None, **how: Any) -> dict[str, Any]:
        """Files one; the reference."""
        id = id or new_id()
        sub = how.pop("sub", "uss1")
        answer = self.call("PUT", f"{INTENTS}/{id}", intent(**how), sub=sub)
        assert answer.status_code == 201, answer.text
        reference: dict[str, Any] = answer.json()["operational_intent_reference"]
        return reference

    def file_constraint(self, id: str | None = None, **how: Any) -> dict[str, Any]:
        sub = how.pop("sub", "uss1")
        answer = self.call("PUT", f"{CONSTRAINTS}/{id or new_id()}", constraint(**how), sub=sub, scopes=(CM,))
        assert answer.status_code == 201, answer.text
        reference: dict[str, Any] = answer.json()["constraint_reference"]
        return reference

    def subscribe(self, id: str | None = None, **how: Any) -> dict[str, Any]:
        sub = how.pop("sub", "uss1")
        answer = self.call("PUT", f"{SUBSCRIPTIONS}/{id or new_id()}", subscription(**how), sub=sub)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()["subscription"]
        return made


@contextmanager
def standing(directory: Path, extra: str = "", settings: str = SETTINGS) -> Iterator[Standing]:
    """``extra``: more of the section ``f3548``, or sections after it."""
    for name in ("authority", "other"):
        (directory / f"{name}.pem").write_bytes(public_pem(signing_key(name)))
    with serving(directory, settings + extra) as served:
        one = Standing(served)
        try:
            yield one
        finally:
            one.http.close()


def new_id() -> str:
    return str(uuid.UUID(int=_ids.getrandbits(128), version=4))


def place() -> tuple[float, float]:
    """A spot for one test: half a degree, some 50 km, from that of any other."""
    row, column = divmod(next(_places), 100)
    return -60.0 + row / 2, -150.0 + column * 3.0


def at(s: float) -> dict[str, str]:
    """Seconds after the start, in the standard's form."""
    when = (START + timedelta(seconds=s)).astimezone(UTC)
    return {"value": when.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}


def height(value_m: float) -> dict[str, Any]:
    return {"value": value_m, "reference": "W84", "units": "M"}


def volume(
    spot: tuple[float, float],
    *,
    radius_m: float = 300.0,
    lower_m: float | None = 100.0,
    upper_m: float | None = 200.0,
    start_s: float | None = 60.0,
    end_s: float | None = 3_600.0,
) -> dict[str, Any]:
    space: dict[str, Any] = {
        "outline_circle": {
            "center": {"lat": spot[0], "lng": spot[1]},
            "radius": {"value": radius_m, "units": "M"},
        }
    }
    if lower_m is not None:
        space["altitude_lower"] = height(lower_m)
    if upper_m is not None:
        space["altitude_upper"] = height(upper_m)
    found: dict[str, Any] = {"volume": space}
    if start_s is not None:
        found["time_start"] = at(start_s)
    if end_s is not None:
        found["time_end"] = at(end_s)
    return found


def intent(
    spot: tuple[float, float] | None = None, *, state: str = "Accepted", more: Any = None, **bounds: Any
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "extents": [volume(spot or place(), **bounds)],
        "state": state,
        "uss_base_url": URL,
        "key": [],
    }
    return body | (more or {})


def constraint(spot: tuple[float, float] | None = None, *, more: Any = None, **bounds: Any) -> dict[str, Any]:
    return {"extents": [volume(spot or place(), **bounds)], "uss_base_url": URL} | (more or {})


def subscription(
    spot: tuple[float, float] | None = None,
    *,
    intents: bool = True,
    constraints: bool = False,
    more: Any = None,
    **bounds: Any,
) -> dict[str, Any]:
    return {
        "extents": volume(spot or place(), **bounds),
        "uss_base_url": URL,
        "notify_for_operational_intents": intents,
        "notify_for_constraints": constraints,
    } | (more or {})


def query(spot: tuple[float, float], **bounds: Any) -> dict[str, Any]:
    return {"area_of_interest": volume(spot, **bounds)}
