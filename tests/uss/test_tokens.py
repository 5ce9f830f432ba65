"""Tokens by client credentials: what is asked for, kept, asked for anew, and not asked for."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comity.clock import ManualClock
from comity.errors import InvalidInput
from comity.uss.outbound import Outbound, OutboundSettings
from comity.uss.tokens import Tokens, TokenSettings, check_token_url, read_secret
from tests.uss.serving import Behaviour, Fake, HangUp, Reply, fake, jwt, ran

START = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)
SC = frozenset({"utm.strategic_coordination"})
CM = frozenset({"utm.constraint_management"})


def granted(token: str = "", **fields: object) -> Reply:
    return Reply(200, json.dumps({"access_token": token or jwt(), **fields}).encode())


@asynccontextmanager
async def authority(
    method: str = "post", secret: str | None = "s3 cret&"
) -> AsyncIterator[tuple[Tokens, Fake, ManualClock]]:
    clock = ManualClock(START)
    async with fake() as server:
        outbound = Outbound(OutboundSettings(5.0, private=True), clock)
        settings = TokenSettings(f"{server.url}/token", "comity", secret, method)  # type: ignore[arg-type]
        tokens = Tokens(settings, outbound, clock)
        server.answer = lambda asked: granted(f"token-{len(server.asked)}", expires_in=3600)
        try:
            yield tokens, server, clock
        finally:
            await tokens.aclose()


@ran
async def test_post_is_the_rfcs() -> None:
    async with authority() as (tokens, server, _):
        token = await tokens.token("uss.example", SC | CM)
        assert (token.value, token.problem) == ("token-1", None)
        asked = server.asked[0]
        assert (asked.method, asked.path) == ("POST", "/token")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        basic = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
        assert basic == "comity:s3+cret%26"
        assert asked.form == {
            "grant_type": "client_credentials",
            "scope": "utm.constraint_management utm.strategic_coordination",
            "audience": "uss.example",
            "intended_audience": "uss.example",
        }


@ran
async def test_get_is_what_test_set_ups_take() -> None:
    async with authority("get", None) as (tokens, server, _):
        assert (await tokens.token("uss.example", SC)).value == "token-1"
        asked = server.asked[0]
        assert asked.method == "GET"
        assert asked.path.startswith("/token?")
        assert asked.query == {
            "grant_type": "client_credentials",
            "scope": "utm.strategic_coordination",
            "intended_audience": "uss.example",
            "issuer": "127.0.0.1",
            "sub": "comity",
        }
        assert "authorization" not in asked.headers


@ran
async def test_a_token_is_kept_for_its_host_and_scopes_until_shortly_before_it_expires() -> None:
    async with authority() as (tokens, _, clock):
        assert (await tokens.token("a.example", SC)).value == "token-1"
        assert (await tokens.token("a.example", SC)).value == "token-1"
        assert (await tokens.token("b.example", SC)).value == "token-2"
        assert (await tokens.token("a.example", CM)).value == "token-3"
        clock.advance(3_539.0)
        assert (await tokens.token("a.example", SC)).value == "token-1"
        clock.advance(1.0)
        assert (await tokens.token("a.example", SC)).value == "token-4"


@pytest.mark.parametrize(("lasts_s", "used_s"), [(30.0, 15.0), (600.0, 540.0)])
@ran
async def test_a_token_that_tells_its_own_life_is_believed_for_that(lasts_s: float, used_s: float) -> None:
    async with authority("get", None) as (tokens, server, clock):
        server.answer = lambda asked: granted(jwt(lasts_s))
        await tokens.token("a.example", SC)
        clock.advance(used_s - 0.5)
        await tokens.token("a.example", SC)
        assert len(server.asked) == 1
        clock.advance(1.0)
        await tokens.token("a.example", SC)
        assert len(server.asked) == 2


@ran
async def test_many_who_want_one_token_wait_for_one_request() -> None:
    async with authority() as (tokens, server, _):
        server.delay_s = 0.05
        found = await asyncio.gather(*(tokens.token("a.example", SC) for _ in range(20)))
        assert {token.value for token in found} == {"token-1"}
        assert len(server.asked) == 1


@ran
async def test_a_token_that_was_not_taken_is_asked_for_anew() -> None:
    async with authority() as (tokens, _, _):
        assert (await tokens.token("a.example", SC)).value == "token-1"
        tokens.forget("a.example", SC)
        assert (await tokens.token("a.example", SC)).value == "token-2"


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (Reply(400, b'{"error":"invalid_scope"}'), "status 400"),
        (Reply(500), "status 500"),
        (HangUp(), "no HTTP"),
        (Reply(200, b'{"token":"x"}'), "holds no access_token"),
        (Reply(200, b"[" * 100_000), "holds no access_token"),
        (Reply(200, b'{"access_token":"a b"}'), "none that can be sent"),
        (Reply(200, '{"access_token":"ü"}'.encode()), "none that can be sent"),
        (Reply(302, b"", ("location: http://127.0.0.1:1/",)), "redirects are not followed"),
    ],
)
@ran
async def test_a_server_that_fails_is_left_alone_for_a_while_that_doubles(
    behaviour: Behaviour, problem: str
) -> None:
    async with authority() as (tokens, server, clock):
        server.answer = lambda asked: behaviour
        for count, pause_s in enumerate((1.0, 2.0, 4.0), 1):
            found = await tokens.token("a.example", SC)
            assert found.value is None
            assert found.problem is not None
            assert problem in found.problem
            clock.advance(pause_s - 0.1)
            assert (await tokens.token("a.example", SC)).problem == found.problem
            assert len(server.asked) == count
            clock.advance(0.2)
        server.answer = lambda asked: granted("good", expires_in=3600)
        assert (await tokens.token("a.example", SC)).value == "good"


@pytest.mark.parametrize(
    ("url", "allow_http", "good"),
    [
        ("https://auth.example/token", False, True),
        ("http://auth.example/token", False, False),
        ("http://auth.example/token", True, True),
        ("http://127.0.0.1:8085/token", False, True),
        ("https://a:b@auth.example/token", False, False),
        ("https:///token", True, False),
        ("ftp://auth.example", True, False),
    ],
)
def test_secrets_go_over_tls_or_to_this_machine(url: str, allow_http: bool, good: bool) -> None:
    if good:
        check_token_url(url, allow_http=allow_http)
    else:
        with pytest.raises(InvalidInput) as refused:
            check_token_url(url, allow_http=allow_http)
        assert refused.value.field == "f3548.oauth.token_url"


def test_a_secret_is_one_line_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("tell nobody\n")
    assert read_secret(file) == "tell nobody"
    for bad in ("", "two\nlines\n"):
        file.write_text(bad)
        with pytest.raises(InvalidInput, match="one line"):
            read_secret(file)
    with pytest.raises(InvalidInput, match="cannot read"):
        read_secret(tmp_path / "none")
