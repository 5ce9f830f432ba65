"""Every route declares who may use it, and holds to it: walked, not listed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route as PathRoute
from starlette.routing import WebSocketRoute

from comity.http import tokens
from comity.http.access import PUBLIC, Access, Standing
from comity.http.boundary import PathEndpoint
from comity.http.quota import Use
from comity.http.routing import Route
from comity.http.socket import StreamEndpoint
from comity.model.participant import Role
from tests.http.serving import Served, serving

MAY_BE_PUBLIC = {
    "/",
    "/assets/{name:path}",
    "/healthy",
    "/v1/docs",
    "/v1/docs/{name}",
    "/v1/openapi.json",
}

CENTRE_ONLY = {"/metrics", "/v1/operator/health", "/v1/erasures"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), "[bench]\necho = true\n") as one:
        yield one


def test_every_route_that_is_served_declares_its_access(served: Served) -> None:
    declared = {(route.method, route.path) for route in served.app.routes}
    found: set[tuple[str, str]] = set()
    for mounted in served.app.router.routes:
        if isinstance(mounted, WebSocketRoute):
            assert isinstance(mounted.endpoint, StreamEndpoint)
            assert not mounted.endpoint.access.public
            continue
        assert isinstance(mounted, PathRoute)
        endpoint = mounted.endpoint
        assert isinstance(endpoint, PathEndpoint)
        for method, route in endpoint.routes.items():
            assert isinstance(route.access, Access)
            assert route.access.public == (route.path in MAY_BE_PUBLIC), route.path
            if method != "HEAD":
                found.add((method, route.path))
    assert found == declared


QUESTIONS = {"/v1/plans/volumes", "/v1/plans/check", "/v1/plans/alternatives"}
"""Sent because they do not fit a query; they change nothing."""


def test_writes_need_a_writing_scope_and_reads_never_have_one(served: Served) -> None:
    for route in served.app.routes:
        if route.access.public:
            continue
        if route.method == "GET":
            assert route.access.scope in (tokens.READ, tokens.AUDIT, tokens.OPERATE), route.path
            assert not route.write
        elif route.path in QUESTIONS:
            assert (route.access.scope, route.use, route.write) == (tokens.READ, Use.READ, False)
        else:
            assert route.access.scope != tokens.READ, route.path


def test_what_counts_everybodys_doings_is_the_centres_alone(served: Served) -> None:
    for route in served.app.routes:
        if route.path in CENTRE_ONLY:
            assert route.access.standing is Standing.CENTRE
        if route.path.startswith("/v1/tree/"):
            assert route.access.standing is Standing.TREE_AUDITOR


def test_an_access_cannot_be_half_declared() -> None:
    with pytest.raises(ValueError, match="a scope and at least one role"):
        Access(tokens.READ, frozenset())
    with pytest.raises(ValueError, match="a scope and at least one role"):
        Access(None, frozenset(Role))
    with pytest.raises(ValueError, match="no such scope"):
        Access("comity.everything", frozenset(Role))
    assert PUBLIC.public


def concrete(route: Route) -> str:
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", "some-id")
    return path


def test_no_route_answers_a_stranger_or_a_token_without_its_scope(served: Served) -> None:
    with served.client(None) as stranger, served.client("centre", scopes=frozenset()) as powerless:
        for route in served.app.routes:
            if route.access.public:
                continue
            path = concrete(route)
            assert stranger.request(route.method, path).status_code == 401, path
            answer = powerless.request(route.method, path)
            assert answer.status_code == 403, path
            assert route.access.scope in answer.json()["message"]


def test_no_route_answers_a_person_without_its_role(served: Served) -> None:
    """A person with every role but those that the route asks for, and a token with every scope."""
    with served.client("centre") as centre:
        for number, route in enumerate(served.app.routes):
            others = sorted(set(Role) - route.access.roles)
            if route.access.public or not others:
                continue
            person = f"person-{number}"
            record = {"name": "Some person", "roles": others}
            assert served.put(centre, f"/v1/people/centre/{person}", record, "PUT").status_code == 201
            with served.client("centre", person=person) as someone:
                answer = someone.request(route.method, concrete(route))
            assert answer.status_code == 403, route.path
            assert "roles" in answer.json()["message"]


def test_handlers_are_reached_only_by_the_table() -> None:
    """No file below ``http`` but ``app`` makes routes of its own."""
    here = Path(__file__).parents[2] / "src" / "comity" / "http"
    for path in here.rglob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module == "starlette.routing"
            for alias in node.names
        }
        assert not names or path.name == "app.py", path
