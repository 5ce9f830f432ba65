"""Requests end within their bounds, whatever the other side does."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from comity.clock import SystemClock
from comity.uss.outbound import AT_ONCE, Outbound, OutboundSettings
from tests.uss.serving import Behaviour, Drip, Fake, Flood, HangUp, Noise, Reply, Silence, fake, ran


@asynccontextmanager
async def calling(
    timeout_s: float = 5.0, *, private: bool = True, most: int = 100_000
) -> AsyncIterator[tuple[Outbound, Fake]]:
    outbound = Outbound(OutboundSettings(timeout_s, private, most_body_bytes=most), SystemClock())
    try:
        async with fake() as server:
            yield outbound, server
    finally:
        await outbound.aclose()


@ran
async def test_a_request_goes_out_and_its_answer_comes_back() -> None:
    async with calling() as (outbound, server):
        server.answer = lambda asked: Reply(201, b'{"a":1}')
        found = await outbound.send("POST", f"{server.url}/x", authorization="Bearer t", body=b"{}")
        assert (found.status, found.body, found.problem) == (201, b'{"a":1}', None)
        assert found.answered
        assert found.began <= found.ended
        asked = server.asked[0]
        assert (asked.method, asked.path, asked.body) == ("POST", "/x", b"{}")
        assert asked.headers["authorization"] == "Bearer t"
        assert asked.headers["content-type"] == "application/json"


@ran
async def test_redirects_are_not_followed() -> None:
    async with calling() as (outbound, server):
        server.answer = lambda asked: Reply(302, b"", (f"location: {server.url}/elsewhere",))
        found = await outbound.send("GET", f"{server.url}/here")
        assert found.status == 302
        assert found.problem == "status 302, and redirects are not followed"
        assert [asked.path for asked in server.asked] == ["/here"]


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (Silence(), "no whole answer within 0.3 s"),
        (Drip(), "no whole answer within 0.3 s"),
        (Flood(), "the answer is over 100000 bytes"),
        (Noise(), "what came is no HTTP"),
        (HangUp(), "what came is no HTTP"),
        (Reply(200, b"x" * 100_001), "the answer is over 100000 bytes"),
        (Reply(200, b"x", ("content-encoding: gzip",)), "compressed"),
        (Reply(500), "status 500"),
        (Reply(404), "status 404"),
    ],
)
@ran
async def test_what_other_servers_do_is_a_problem_in_words(behaviour: Behaviour, problem: str) -> None:
    async with calling(timeout_s=0.3 if isinstance(behaviour, Silence | Drip) else 5.0) as (outbound, server):
        server.answer = lambda asked: behaviour
        found = await outbound.send("GET", f"{server.url}/x")
        assert found.problem is not None
        assert problem in found.problem
        again = Reply(200, b"{}")
        server.answer = lambda asked: again
        assert (await outbound.send("GET", f"{server.url}/x")).problem is None


@ran
async def test_nobody_listening_is_no_connection() -> None:
    async with calling() as (outbound, server):
        url = server.url
    outbound = Outbound(OutboundSettings(5.0, private=True), SystemClock())
    found = await outbound.send("GET", f"{url}/x")
    await outbound.aclose()
    assert found.status is None
    assert found.problem is not None
    assert found.problem.startswith("no connection")
    assert not found.answered


@ran
async def test_a_name_that_leads_nowhere_is_no_connection() -> None:
    async with calling() as (outbound, _):
        found = await outbound.send("GET", "http://nowhere.invalid/x")
        assert found.problem is not None
        assert found.problem.startswith("no connection")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
@ran
async def test_loopback_is_refused_unless_allowed_and_nothing_is_sent(host: str) -> None:
    async with calling(private=False) as (outbound, server):
        found = await outbound.send("GET", f"http://{host}:{server.port}/x")
        assert found.problem == "the name leads to a loopback or private address"
        assert not server.asked


@ran
async def test_one_origin_gets_no_more_than_so_many_at_once_and_others_do_not_wait() -> None:
    async with calling() as (outbound, slow), fake() as quick:
        slow.delay_s = 0.2
        waiting = [asyncio.create_task(outbound.send("GET", f"{slow.url}/{k}")) for k in range(2 * AT_ONCE)]
        await slow.until(AT_ONCE)
        assert (await outbound.send("GET", f"{quick.url}/x")).problem is None
        assert not any(task.done() for task in waiting)
        assert all(found.problem is None for found in await asyncio.gather(*waiting))
        assert slow.most_at_once == AT_ONCE


@ran
async def test_a_server_that_speaks_no_tls_is_not_called_over_it() -> None:
    async with calling(timeout_s=0.5) as (outbound, server):
        found = await outbound.send("GET", f"https://127.0.0.1:{server.port}/x")
        assert found.status is None
        assert found.problem is not None
        assert not server.asked


def certificate(directory: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate for ``name``, and the file that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, str(file)


@pytest.mark.parametrize(
    ("named", "trusted", "good"),
    [("localhost", True, True), ("localhost", False, False), ("other.example", True, False)],
)
@ran
async def test_certificates_are_verified(tmp_path: Path, named: str, trusted: bool, good: bool) -> None:
    context, file = certificate(tmp_path, named)
    settings = OutboundSettings(5.0, private=True, ca_file=file if trusted else None)
    outbound = Outbound(settings, SystemClock())
    async with fake(tls=context) as server:
        found = await outbound.send("GET", f"https://localhost:{server.port}/x")
        await outbound.aclose()
        if good:
            assert (found.status, found.problem) == (200, None)
            assert server.asked[0].headers["host"] == f"localhost:{server.port}"
        else:
            assert found.status is None
            assert "certificate" in (found.problem or "").lower()
            assert not server.asked


@ran
async def test_a_name_that_takes_long_holds_one_thread_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    release = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        asked.append(host)
        if host == "slow.example":
            release.wait(20.0)
        return ["127.0.0.1"]

    monkeypatch.setattr("comity.uss.outbound._look_up", slow)
    async with calling(timeout_s=0.3) as (outbound, server):
        try:
            slowly = [outbound.send("GET", f"http://slow.example:{server.port}/{k}") for k in range(4)]
            for found in await asyncio.gather(*slowly):
                assert found.problem == "no whole answer within 0.3 s"
            assert (await outbound.send("GET", f"http://slow.example:{server.port}/x")).status is None
            assert asked == ["slow.example"]
            assert (await outbound.send("GET", f"http://quick.example:{server.port}/x")).problem is None
        finally:
            release.set()
