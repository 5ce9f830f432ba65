"""Every bad input of the charter of this API, through real HTTP: a clear error, named field, never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.clock import seconds
from tests.http.serving import INTENT, VOLUME, Served, changed, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture(scope="module")
def north(served: Served) -> Iterator[httpx.Client]:
    with served.client("north") as client:
        yield client


def error_of(response: httpx.Response) -> tuple[int, str, str | None]:
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) <= {"code", "message", "field", "detail"}
    assert body["message"]
    return response.status_code, body["code"], body.get("field")


BAD_BODIES = {
    "height without datum": (changed(INTENT, "volumes.0.lower.datum", ...), "volumes[0].lower.datum"),
    "bare height": (changed(INTENT, "volumes.0.lower", 1000), "volumes[0].lower"),
    "unknown datum": (changed(INTENT, "volumes.0.lower.datum", "QNE"), "volumes[0].lower.datum"),
    "height not a number": (changed(INTENT, "volumes.0.lower.value_m", "1000"), "volumes[0].lower.value_m"),
    "height beyond space": (changed(INTENT, "volumes.0.upper.value_m", 1e9), "volumes[0].upper.value_m"),
    "lower above upper": (changed(INTENT, "volumes.0.lower.value_m", 2000), "volumes[0].lower"),
    "time without zone": (changed(INTENT, "volumes.0.start", "2026-06-01T08:10:00"), "volumes[0].start"),
    "no time at all": (changed(INTENT, "volumes.0.start", "noon"), "volumes[0].start"),
    "time as a number": (changed(INTENT, "volumes.0.start", 1780300800), "volumes[0].start"),
    "end before start": (changed(INTENT, "volumes.0.end", "2026-06-01T08:00:00Z"), "volumes[0].start"),
    "year mistyped": (changed(INTENT, "volumes.0.end", "2206-06-01T08:00:00Z"), "volumes[0].end"),
    "all in the past": (
        changed(
            changed(INTENT, "volumes.0.start", "2026-05-01T08:00:00Z"),
            "volumes.0.end",
            "2026-05-01T09:00:00Z",
        ),
        "volumes",
    ),
    "latitude of 4330": (
        changed(INTENT, "volumes.0.outline.centre.lat", 4330),
        "volumes[0].outline.centre.lat",
    ),
    "no radius": (changed(INTENT, "volumes.0.outline.radius_m", 0), "volumes[0].outline.radius_m"),
    "unknown shape": (changed(INTENT, "volumes.0.outline.type", "square"), "volumes[0].outline.type"),
    "two vertices": (
        changed(
            INTENT,
            "volumes.0.outline",
            {"type": "polygon", "vertices": [{"lat": 1, "lon": 1}, {"lat": 2, "lon": 2}]},
        ),
        "volumes[0].outline.vertices",
    ),
    "crossing polygon": (
        changed(
            INTENT,
            "volumes.0.outline",
            {
                "type": "polygon",
                "vertices": [
                    {"lat": 47.0, "lon": 11.0},
                    {"lat": 47.1, "lon": 11.1},
                    {"lat": 47.1, "lon": 11.0},
                    {"lat": 47.0, "lon": 11.1},
                ],
            },
        ),
        "volumes[0].outline",
    ),
    "no volumes": (changed(INTENT, "volumes", []), "volumes"),
    "volumes left out": (changed(INTENT, "volumes", ...), "volumes"),
    "unknown field": (changed(INTENT, "callsign", "REGA1"), "callsign"),
    "unknown field within": (changed(INTENT, "volumes.0.outline.name", "x"), "volumes[0].outline.name"),
    "command's own tag": (changed(INTENT, "command", "file_intent"), "command"),
    "owner": (changed(INTENT, "owner", "south"), "owner"),
    "unknown category": (changed(INTENT, "category", "fighter"), "category"),
    "crewed as a number": (changed(INTENT, "crewed", 1), "crewed"),
    "null": (changed(INTENT, "crewed", None), "crewed"),
    "a list": ([INTENT], "body"),
    "a string": ("intent", "body"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_intent_is_refused_by_field(served: Served, north: httpx.Client, name: str) -> None:
    body, field = BAD_BODIES[name]
    response = served.put(north, "/v1/intents", body)
    assert error_of(response) == (400, "invalid_input", field)


RAW_BODIES = {
    "empty": b"",
    "cut off": json.dumps(INTENT).encode()[:-20],
    "not JSON": b"aircraft at 47N 11E",
    "not UTF-8": json.dumps(INTENT).encode().replace(b"rotorcraft", b"\xff\xfe"),
    "trailing": json.dumps(INTENT).encode() + b"{}",
    "NaN": json.dumps(changed(INTENT, "volumes.0.lower.value_m", float("nan"))).encode(),
    "lone surrogate": json.dumps(INTENT).encode().replace(b"rotorcraft", b"\\ud800"),
}


@pytest.mark.parametrize("name", RAW_BODIES)
def test_what_is_not_json_is_refused(served: Served, north: httpx.Client, name: str) -> None:
    headers = {**served.key(), "content-type": "application/json"}
    response = north.post("/v1/intents", content=RAW_BODIES[name], headers=headers)
    assert error_of(response) == (400, "invalid_input", "body")


@pytest.mark.parametrize("depth", [600, 200_000])
def test_deep_nesting_is_refused(served: Served, north: httpx.Client, depth: int) -> None:
    body = b'{"volumes":[{"outline":{"vertices":' + b"[" * depth + b"]" * depth + b',"type":"polygon"}}]}'
    status, code, _ = error_of(north.post("/v1/intents", content=body, headers=served.key()))
    assert (status, code) == (400, "invalid_input")


def test_a_key_given_twice_is_refused(served: Served, north: httpx.Client) -> None:
    body = json.dumps(INTENT).replace('"crewed": true', '"crewed": true, "crewed": false').encode()
    response = north.post("/v1/intents", content=body, headers=served.key())
    assert error_of(response) == (400, "invalid_input", "crewed")


def test_an_infinite_number_is_refused(served: Served, north: httpx.Client) -> None:
    body = json.dumps(INTENT).replace("1000.0}", "1e999}", 1).encode()
    response = north.post("/v1/intents", content=body, headers=served.key())
    assert error_of(response) == (400, "invalid_input", "volumes[0].outline.radius_m")


def test_a_huge_body_is_refused(served: Served, north: httpx.Client) -> None:
    body = b'{"volumes": "' + b"x" * 2_000_000 + b'"}'
    response = north.post("/v1/intents", content=body, headers=served.key())
    assert error_of(response) == (413, "too_large", "body")


def test_a_huge_body_without_a_length_is_refused(served: Served, north: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    response = north.post("/v1/intents", content=chunks(), headers=served.key())
    assert error_of(response) == (413, "too_large", "body")


def test_a_body_where_none_belongs_is_refused(north: httpx.Client) -> None:
    response = north.request("GET", "/v1/airspace", content=b"{}")
    assert error_of(response) == (413, "too_large", "body")


def test_another_media_type_is_refused(served: Served, north: httpx.Client) -> None:
    headers = {**served.key(), "content-type": "application/xml"}
    response = north.post("/v1/intents", content=b"<intent/>", headers=headers)
    assert error_of(response) == (400, "invalid_input", "Content-Type")


@pytest.mark.parametrize("key", [None, "short", "x" * 65, "white space", "ümlaut-key"])
def test_a_write_needs_an_idempotency_key(north: httpx.Client, key: str | None) -> None:
    headers = {} if key is None else {b"Idempotency-Key": key.encode("latin-1")}
    response = north.post("/v1/intents", json=INTENT, headers=headers)
    assert error_of(response) == (400, "invalid_input", "Idempotency-Key")


BAD_QUERIES = {
    "/v1/changes?limit=0": "limit",
    "/v1/changes?limit=many": "limit",
    "/v1/changes?limit=1&limit=2": "limit",
    "/v1/changes?wait_s=31": "wait_s",
    "/v1/changes?wait_s=nan": "wait_s",
    "/v1/changes?cursor=": "cursor",
    "/v1/changes?cursor=made.up": "cursor",
    "/v1/changes?offset=3": "offset",
    "/v1/changes?%ff=1": "query",
    "/v1/airspace?lat=47": "lon",
    "/v1/airspace?lat=4330&lon=11&radius_m=1000": "lat",
    "/v1/airspace?lat=47&lon=11&radius_m=0": "radius_m",
    "/v1/what-others-see?at=2026-06-01T08:00:00": "at",
    "/v1/what-others-see?at=yesterday": "at",
    "/v1/what-others-see?recipient=No%20One": "recipient",
    "/v1/log/entries": "start",
    "/v1/log/entries?start=0&stop=2000": "stop",
    "/v1/log/entries?start=5&stop=2": "stop",
    "/v1/log/entries?start=-1&stop=2": "start",
    "/v1/log/inclusion?position=0&size=99999999999999999999": "size",
}


@pytest.mark.parametrize("path", BAD_QUERIES)
def test_a_bad_query_is_refused_by_name(north: httpx.Client, path: str) -> None:
    assert error_of(north.get(path)) == (400, "invalid_input", BAD_QUERIES[path])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/intents/nothing-like-it",
        "/v1/intents/" + "x" * 300,
        "/v1/intents/%00",
        "/v1/constraints/%F0%9F%9A%81",
        "/v1/airspace/aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/v1/rules/nope",
        "/v1/groups/nope",
        "/v1/nothing",
        "/v1/intents/",
        "/assets/../app.py",
        "/assets/%2e%2e/%2e%2e/app.py",
        "/v1/docs/..%2fapp.py",
        "/v1/docs/secret.key",
    ],
)
def test_what_is_not_there_is_not_found(north: httpx.Client, path: str) -> None:
    status, code, _ = error_of(north.get(path))
    assert (status, code) == (404, "not_found")


def test_a_wrong_method_names_the_right_ones(north: httpx.Client) -> None:
    response = north.request("PATCH", "/v1/intents")
    assert error_of(response) == (405, "method_not_allowed", None)
    assert response.headers["allow"] == "GET, HEAD, POST"


def test_reports_are_refused_or_counted(north: httpx.Client) -> None:
    report = {"address": "4b1814", "observed_at": "2026-06-01T08:00:00Z", "lat": 47.0, "lon": 11.0}
    body = {"feed": "radar", "provenance": "sensed", "reports": [report]}
    assert north.post("/v1/reports", json=body).json() == {"accepted": 1, "rejected": {}, "skipped": 0}
    for path, new, field in (
        ("reports.0.lat", ..., "reports[0].lat"),
        ("reports.0.altitude", {"value_m": 1000}, "reports[0].altitude.datum"),
        ("reports.0.observed_at", "2026-06-01T08:00:00", "reports[0].observed_at"),
        ("reports.0.unit", "1 Sqn", "reports[0].unit"),
        ("provenance", "secret", "provenance"),
        ("feed", "No Feed", "feed"),
    ):
        response = north.post("/v1/reports", json=changed(body, path, new))
        assert error_of(response) == (400, "invalid_input", field)
    wild = changed(body, "reports.0.lat", 4330.0)
    assert north.post("/v1/reports", json=wild).json()["rejected"] == {"latitude_out_of_range": 1}


def test_an_sbs_line_cut_in_half_is_completed_or_counted(north: httpx.Client) -> None:
    line = b"MSG,3,1,1,4B1815,1,2026/06/01,08:00:00.000,2026/06/01,08:00:00.000,,5000,,,47.1,11.1,,,,,,0\r\n"
    path = "/v1/feeds/sbs?feed=receiver&provenance=broadcast"
    headers = {"content-type": "text/plain"}
    first = north.post(path, content=line[:40], headers=headers)
    assert first.json() == {"accepted": 0, "rejected": {}, "skipped": 0}
    assert north.post(path, content=line[40:], headers=headers).json()["accepted"] == 1
    broken = north.post(path, content=line[30:], headers=headers).json()
    assert broken["accepted"] == 0
    assert sum(broken["rejected"].values()) == 1
    (counted,) = (kept for name, kept in north.get("/v1/feeds").json()["feeds"].items() if "receiver" in name)
    assert counted["accepted"] == 1
    query = north.post("/v1/feeds/sbs?feed=receiver", content=line, headers=headers)
    assert error_of(query) == (400, "invalid_input", "provenance")


OTHER_KEY = Ed25519PrivateKey.generate()


def claims_of(served: Served, **changes: Any) -> dict[str, Any]:
    now = seconds(served.clock.now())
    claims = {
        "iss": "comity:test-exchange",
        "aud": "test-exchange",
        "sub": "desk",
        "participant": "north",
        "scope": "comity.read",
        "iat": now - 1,
        "exp": now + 600,
        "jti": "token-of-the-test",
    }
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not ...}


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_000_000},
        {"aud": "another-exchange"},
        {"aud": ...},
        {"iss": "comity:another-exchange"},
        {"iss": ...},
        {"exp": ...},
        {"exp": "never"},
        {"exp": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"iat": ...},
        {"nbf": 4_000_000_000},
        {"jti": ...},
        {"jti": ""},
        {"sub": ...},
        {"sub": "nobody"},
        {"sub": "../../etc"},
        {"participant": ...},
        {"participant": "nowhere"},
        {"participant": "exchange"},
        {"scope": ...},
        {"scope": ["comity.read"]},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused_with_one_message(served: Served, changes: Any) -> None:
    token = jwt.encode(claims_of(served, **changes), served.issuer._key, algorithm="EdDSA")
    refused(served, token)


def refused(served: Served, token: str) -> None:
    with served.client(None) as stranger:
        response = stranger.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"})
        assert error_of(response) == (401, "unauthenticated", None)
        assert response.json() == {"code": "unauthenticated", "message": "a valid bearer token is required"}
        assert response.headers["www-authenticate"] == "Bearer"


def test_the_right_claims_are_accepted(served: Served) -> None:
    token = jwt.encode(claims_of(served), served.issuer._key, algorithm="EdDSA")
    with served.client(None) as someone:
        answer = someone.get("/v1/whoami", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.json()["participant"] == "north"


def test_forged_tokens_are_refused(served: Served) -> None:
    claims = claims_of(served)
    good = jwt.encode(claims, served.issuer._key, algorithm="EdDSA")
    head, body, signature = good.split(".")
    public = served.issuer.public_key().public_bytes_raw()
    forged = [
        jwt.encode(claims, OTHER_KEY, algorithm="EdDSA"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, public, algorithm="HS256"),
        jwt.encode(claims, served.issuer._key, algorithm="EdDSA", headers={"typ": "logout+jwt"}),
        jwt.encode(claims, served.issuer._key, algorithm="EdDSA", headers={"crit": ["exp"], "exp": 1}),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.{signature}.{signature}",
        "x" * 20_000,
        "{}",
    ]
    for token in forged:
        refused(served, token)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer    x y", "Basic bm9ydGg6bm9ydGg=", "Bearer \u00e9"])
def test_other_authorizations_are_refused(served: Served, header: str) -> None:
    with served.client(None) as stranger:
        response = stranger.get("/v1/airspace", headers={b"Authorization": header.encode("latin-1")})
        assert error_of(response) == (401, "unauthenticated", None)
        assert error_of(stranger.get("/v1/airspace")) == (401, "unauthenticated", None)


def test_an_expired_token_is_refused_even_if_it_was_good(served: Served) -> None:
    with served.client("south", lifetime=timedelta(seconds=5)) as south:
        assert south.get("/v1/whoami").status_code == 200
        served.clock.advance(6)
        assert error_of(south.get("/v1/whoami")) == (401, "unauthenticated", None)


def test_a_token_without_the_scope_is_not_permitted(served: Served) -> None:
    with served.client("north", scopes=frozenset({"comity.read"})) as reader:
        assert error_of(served.put(reader, "/v1/intents", INTENT)) == (403, "not_permitted", None)
        assert error_of(reader.get("/metrics")) == (403, "not_permitted", None)


def test_only_the_centre_reads_metrics(served: Served, north: httpx.Client) -> None:
    assert error_of(north.get("/metrics")) == (403, "not_permitted", None)
    assert error_of(north.get("/v1/operator/health")) == (403, "not_permitted", None)
    assert error_of(north.get("/v1/tree/checkpoint")) == (403, "not_permitted", None)
    with served.client("centre") as centre:
        assert "comity_http_requests_total" in centre.get("/metrics").text
        assert centre.get("/v1/operator/health").json()["token_keys"] == "ok"


def test_volume_is_an_accepted_one(served: Served, north: httpx.Client) -> None:
    """The bad ones above differ from this one by what they name, so they fail for that reason."""
    response = served.put(north, "/v1/intents", changed(INTENT, "volumes", [VOLUME]))
    assert response.status_code == 201


def test_nothing_of_it_became_a_failure(served: Served) -> None:
    with served.client("centre") as centre:
        text = centre.get("/metrics").text
    assert "comity_http_failures_total{" not in text
    assert 'status="5' not in text


def test_headers_without_end_are_refused(served: Served, tmp_path: Path) -> None:
    with served.client(None) as stranger:
        response = stranger.get("/healthy", headers={f"x-{n}": "y" * 1000 for n in range(60)})
        assert error_of(response) == (431, "headers_too_large", None)
        response = stranger.get("/healthy?" + "x" * 9000)
        assert error_of(response) == (414, "uri_too_long", None)
