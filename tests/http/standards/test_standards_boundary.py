"""The boundary of the standards' interfaces: order of checks, and the one form of all that is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from comity.http.standards.table import standard_table
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
    claims,
    intent,
    new_id,
    place,
    query,
    signed,
    standing,
)

OVN = "x" * 32


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as one:
        yield one


def operations() -> list[tuple[str, str, tuple[frozenset[str], ...]]]:
    """Every operation of the DSS part of F3548 with its options of scopes."""
    id = "03e5572a-f733-49af-bc14-8a18bd53ee39"
    flying = frozenset({SC}), frozenset({SA})
    filing = (*flying, frozenset({SC, CP}))
    knowing, managing = (frozenset({CM}), frozenset({CP})), (frozenset({CM}),)
    watching = frozenset({SC}), frozenset({CP})
    return [
        ("POST", f"{INTENTS}/query", flying),
        ("GET", f"{INTENTS}/{id}", flying),
        ("PUT", f"{INTENTS}/{id}", filing),
        ("PUT", f"{INTENTS}/{id}/{OVN}", filing),
        ("DELETE", f"{INTENTS}/{id}/{OVN}", flying),
        ("POST", f"{CONSTRAINTS}/query", knowing),
        ("GET", f"{CONSTRAINTS}/{id}", knowing),
        ("PUT", f"{CONSTRAINTS}/{id}", managing),
        ("PUT", f"{CONSTRAINTS}/{id}/{OVN}", managing),
        ("DELETE", f"{CONSTRAINTS}/{id}/{OVN}", managing),
        ("POST", f"{SUBSCRIPTIONS}/query", watching),
        ("GET", f"{SUBSCRIPTIONS}/{id}", watching),
        ("PUT", f"{SUBSCRIPTIONS}/{id}", watching),
        ("PUT", f"{SUBSCRIPTIONS}/{id}/{OVN}", watching),
        ("DELETE", f"{SUBSCRIPTIONS}/{id}/{OVN}", watching),
        ("POST", REPORTS, tuple(frozenset({scope}) for scope in (SC, CP, CM, SA, AA))),
        ("GET", f"{AVAILABILITY}/uss2", (frozenset({AA}), frozenset({SC}), frozenset({SA}))),
        ("PUT", f"{AVAILABILITY}/uss2", (frozenset({AA}),)),
    ]


def named(operation: object) -> str | None:
    return (
        operation.replace("03e5572a-f733-49af-bc14-8a18bd53ee39", "id") if isinstance(operation, str) else ""
    )


OPERATIONS = operations()
ids = [f"{method} {path[:60]}" for method, path, _ in OPERATIONS]


def test_the_operations_here_are_those_of_the_interface_file(here: Standing) -> None:
    served = {(method, here.template(path)) for method, path, _ in OPERATIONS}
    described = {(m, p) for m, p, _ in here.file.operations() if p.startswith("/dss/")}
    assert served == described


@pytest.mark.parametrize(("method", "path", "options"), OPERATIONS, ids=ids)
def test_scopes_are_those_of_the_interface_file(
    here: Standing, method: str, path: str, options: tuple[frozenset[str], ...]
) -> None:
    template = here.template(path)
    (described,) = [o for m, p, o in here.file.operations() if (m, p) == (method, template)]
    assert {frozenset(one["Authority"]) for one in described["security"]} == set(options)


@pytest.mark.parametrize(("method", "path", "options"), OPERATIONS, ids=ids)
def test_401_without_a_token_before_anything_else(
    here: Standing, method: str, path: str, options: object
) -> None:
    bad = [None, "Basic YTpi", "Bearer nonsense", f"Bearer {signed(claims(scope=SC), 'stranger')}"]
    bad += [f"Bearer {signed(claims('uss1', SC, aud='elsewhere.example'))}"]
    for header in bad:
        headers = {} if header is None else {"Authorization": header}
        answer = here.http.request(method, path, content=b"{", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        template = here.template(path)
        assert template is not None
        here.file.check(method, template, answer)


@pytest.mark.parametrize(("method", "path", "options"), OPERATIONS, ids=ids)
def test_403_for_each_scope_that_does_not_fit_before_id_and_body(
    here: Standing, method: str, path: str, options: tuple[frozenset[str], ...]
) -> None:
    bad_id = path.replace("03e5572a-f733-49af-bc14-8a18bd53ee39", "no-id")
    for scope in (SC, SA, CM, CP, AA, ""):
        if frozenset({scope}) not in options:
            answer = here.call(method, bad_id, b"{", scopes=(scope,))
            assert answer.status_code == 403, scope
            assert set(answer.json()) == {"message"}


@pytest.mark.parametrize(("method", "path", "options"), OPERATIONS, ids=ids)
def test_any_one_option_of_scopes_is_enough(
    here: Standing, method: str, path: str, options: tuple[frozenset[str], ...]
) -> None:
    for option in options:
        answer = here.call(method, path, b"{", scopes=(*sorted(option), "something.else"))
        assert answer.status_code not in (401, 403)


@pytest.mark.parametrize(
    ("method", "path", "options"), [o for o in OPERATIONS if "03e5572a" in o[1]], ids=lambda _: ""
)
def test_400_for_what_is_no_id(
    here: Standing, method: str, path: str, options: tuple[frozenset[str], ...]
) -> None:
    body = json.dumps(query(place()) | intent()).encode()
    for wrong in ("x", "03e5572af73349afbc148a18bd53ee3", "03e5572a-f733-19af-bc14-8a18bd53ee39", "%2F", "ä"):
        answer = here.call(
            method,
            path.replace("03e5572a-f733-49af-bc14-8a18bd53ee39", wrong),
            body if method == "PUT" else None,
            scopes=tuple(options[0]),
        )
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"].endswith("an id is a UUID of version 4 (RFC 4122)")


@pytest.mark.parametrize(
    ("method", "path", "options"), [o for o in OPERATIONS if o[0] in ("PUT", "POST")], ids=lambda _: ""
)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"7", b'"{}"', b"\xff", b"{}", b"[" * 100_000],
    ids=lambda b: str(b)[:9],
)
def test_400_for_what_is_no_body(
    here: Standing, method: str, path: str, options: tuple[frozenset[str], ...], body: bytes
) -> None:
    answer = here.call(method, path, body, scopes=tuple(options[0]))
    assert answer.status_code == 400
    assert set(answer.json()) == {"message"}


@pytest.mark.parametrize(
    ("method", "path", "options"), [o for o in OPERATIONS if o[0] in ("PUT", "POST")], ids=lambda _: ""
)
def test_413_for_a_body_over_the_limit(
    here: Standing, method: str, path: str, options: tuple[frozenset[str], ...]
) -> None:
    headers = here.bearer("uss1", *options[0])
    answer = here.http.request(method, path, content=b" " * 1_048_577, headers=headers)
    assert answer.status_code == 413
    assert set(answer.json()) == {"message"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dss/v1"),
        ("GET", "/dss/v1/"),
        ("GET", "/dss/v1/nothing"),
        ("PUT", f"{INTENTS}/a/b/c"),
        ("GET", "/dss/v1/" + "a/" * 500),
        ("GET", "/dss/v1/..%2f..%2fetc"),
    ],
    ids=lambda text: text[:30],
)
def test_404_in_the_same_form_below_the_root(here: Standing, method: str, path: str) -> None:
    answer = here.http.request(method, path)
    assert answer.status_code == 404
    assert answer.json() == {"message": "there is nothing at this path"}


def test_paths_elsewhere_stay_the_native_interfaces(here: Standing) -> None:
    assert here.http.get("/dss/v2/subscriptions").json()["code"] == "not_found"
    assert here.http.get("/v1/whoami").json()["code"] == "unauthenticated"
    assert here.http.get("/healthy").status_code == 200


def test_405_names_what_there_is(here: Standing) -> None:
    answer = here.http.request("PATCH", f"{INTENTS}/{new_id()}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, PUT"
    assert answer.json() == {"message": "this path takes GET, HEAD, PUT"}


@pytest.mark.parametrize("root", [INTENTS, CONSTRAINTS, SUBSCRIPTIONS])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_empty_last_part_is_routed_and_refused(here: Standing, root: str, method: str) -> None:
    body: Any = intent() if method == "PUT" else None
    answer = here.call(method, f"{root}/{new_id()}/", body, scopes=(SC, CM))
    assert answer.status_code == 400
    assert "current" in answer.json()["message"]


def test_an_empty_id_is_refused_too(here: Standing) -> None:
    assert here.call("GET", f"{INTENTS}/").status_code == 400
    assert here.call("DELETE", f"{INTENTS}//{OVN}").status_code == 400


def test_authorization_given_twice_is_none(here: Standing) -> None:
    header = here.bearer("uss1", SC)["Authorization"]
    answer = here.http.get(
        f"{INTENTS}/{new_id()}", headers=[("Authorization", header), ("Authorization", header)]
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "header", [{"content-type": "text/plain"}, {}, {"content-type": "application/json; x=y"}]
)
def test_any_content_type_is_read_as_json(here: Standing, header: dict[str, str]) -> None:
    content = json.dumps(query(place())).encode()
    headers = here.bearer("uss1", SC) | header
    assert here.http.post(f"{INTENTS}/query", content=content, headers=headers).status_code == 200


def test_a_body_in_pieces_is_one_body(here: Standing) -> None:
    whole = json.dumps(query(place())).encode()
    pieces = iter([whole[:10], whole[10:40], whole[40:]])
    answer = here.http.post(f"{INTENTS}/query", content=pieces, headers=here.bearer("uss1", SC))
    assert answer.status_code == 200


def test_answers_carry_the_same_headers_as_the_native_interface(here: Standing) -> None:
    for answer in (here.http.get(f"{INTENTS}/x"), here.call("POST", f"{INTENTS}/query", query(place()))):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


def test_head_is_a_get_without_its_body(here: Standing) -> None:
    answer = here.http.head(f"{AVAILABILITY}/uss9", headers=here.bearer("uss1", SC))
    assert (answer.status_code, answer.content) == (200, b"")


def test_what_nobody_foresaw_is_a_constant(here: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("secret words")

    monkeypatch.setattr(here.served.world.exchange.dss, "availability", fail)
    answer = here.http.get(f"{AVAILABILITY}/uss9", headers=here.bearer("uss1", SC))
    assert answer.status_code == 500
    assert answer.json() == {"message": "the exchange failed on this request; it was counted and logged"}
    text = here.served.app.metrics.text().decode()
    assert 'comity_http_failures_total{route="/dss/v1/uss_availability/{uss_id}"} 1.0' in text


def test_requests_are_counted_by_template(here: Standing) -> None:
    here.call("GET", f"{INTENTS}/{new_id()}")
    text = here.served.app.metrics.text().decode()
    assert 'method="GET",route="/dss/v1/operational_intent_references/{entityid}",status="404"' in text


def test_every_route_is_found_again_and_none_is_public_by_mistake(here: Standing) -> None:
    public = {route.path for route in standard_table(here.served.config) if not route.scopes}
    assert all(path.startswith(("/aux/v1/", "/healthy", "/versions")) for path in public)


SLOW = """
writes_per_s = 0.001
writes_burst = 2
reads_per_s = 0.001
reads_burst = 3
"""


@pytest.mark.parametrize(("method", "path", "options"), OPERATIONS, ids=ids)
def test_429_once_a_quota_is_used_up(
    slow: Standing, method: str, path: str, options: tuple[frozenset[str], ...]
) -> None:
    sub = f"{method}-{path}"[:80].replace("/", "-")
    answers = [slow.call(method, path, b"{", sub=sub, scopes=tuple(options[0])) for _ in range(4)]
    assert 429 not in [answer.status_code for answer in answers[:2]]
    last: httpx.Response = answers[-1]
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1
    other = slow.call(method, path, b"{", sub=sub + "-other", scopes=tuple(options[0]))
    assert other.status_code != 429


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("slow"), SLOW) as one:
        yield one


def test_off_there_is_none_of_it(tmp_path: Path) -> None:
    off = "\n[f3548]\naudiences = ['dss.example']\n"
    with standing(tmp_path, settings=off) as one:
        assert one.http.get(f"{INTENTS}/{new_id()}").json()["code"] == "not_found"
