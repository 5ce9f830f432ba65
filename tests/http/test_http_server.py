"""Listening: bounds on heads, TLS, ports, an orderly stop."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from comity.config import parse_config
from comity.errors import InvalidInput
from comity.http.server import Server
from tests.http.serving import CONFIG, INTENT, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("served"), "[server]\nhead_timeout_s = 0.3\nbody_timeout_s = 0.3\n"
    ) as one:
        yield one


def raw(served: Served, request: bytes, *, pause_s: float = 0.0) -> bytes:
    """What comes back on a bare connection until the server closes it."""
    with socket.create_connection(("127.0.0.1", served.server.port), timeout=5) as connection:
        connection.sendall(request)
        time.sleep(pause_s)
        found = b""
        while part := connection.recv(65_536):
            found += part
        return found


def test_what_is_not_http_is_refused_as_json(served: Served) -> None:
    for request in (b"aircraft\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET  HTTP/1.1\r\nhost: x\r\n\r\n"):
        answer = raw(served, request)
        assert answer.startswith(b"HTTP/1.1 400 "), request
        assert b'"code":"bad_request"' in answer


def test_a_head_that_does_not_end_is_closed(served: Served) -> None:
    began = time.monotonic()
    assert raw(served, b"GET /healthy HTTP/1.1\r\nhost: x\r\nx-slow:") == b""
    assert raw(served, b"") == b""
    assert time.monotonic() - began < 4


def test_a_body_that_does_not_come_is_refused(served: Served) -> None:
    head = (
        "POST /v1/intents HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nidempotency-key: some-request\r\n"
        f"authorization: Bearer {served.token('north')}\r\n\r\n"
    )
    answer = raw(served, head.encode() + b'{"volumes"')
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"field":"body"' in answer


def test_two_requests_on_one_line_are_answered_in_order(served: Served) -> None:
    one = b"GET /healthy HTTP/1.1\r\nhost: x\r\n\r\n"
    two = b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    answer = raw(served, one + two)
    assert answer.index(b"HTTP/1.1 200") < answer.index(b"HTTP/1.1 404")


def test_a_header_that_decides_may_not_come_twice(served: Served) -> None:
    token = served.token("north")
    head = (
        "GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        f"authorization: Bearer {token}\r\nauthorization: Bearer {token}x\r\n\r\n"
    )
    answer = raw(served, head.encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"field":"authorization"' in answer


def test_a_taken_port_is_an_error_that_names_it(served: Served) -> None:
    with pytest.raises(InvalidInput) as refused:
        Server(served.app, served.config, port=served.server.port)
    assert refused.value.field == "server.port"


def test_what_is_written_through_one_address_is_there_through_each(tmp_path: Path) -> None:
    with serving(tmp_path, '[server]\nmore = ["127.0.0.1:0", "localhost:0"]\n') as served:
        urls = served.server.urls
        assert len(set(urls)) == 3
        assert urls[0] == served.server.url
        assert urls[2].startswith("http://localhost:")
        head = {**served.bearer("north"), "idempotency-key": "one-of-several"}
        made = httpx.post(f"{urls[1]}/v1/intents", json=INTENT, headers=head).json()["result"]
        for url in urls:
            found = httpx.get(f"{url}/v1/intents/{made['ref']}", headers=served.bearer("north"))
            assert found.json() == made


@pytest.mark.parametrize("text", ["8788", "127.0.0.1:", "127.0.0.1:99999", ":8788", "127.0.0.1:x"])
def test_an_address_that_is_none_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_config(CONFIG + f'[server]\nmore = ["127.0.0.1:0", "{text}"]\n', tmp_path)
    assert refused.value.field == "server.more[1]"


def test_every_address_off_loopback_wants_tls(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"192\.0\.2\.1 can be reached") as refused:
        parse_config(CONFIG + '[server]\nmore = ["192.0.2.1:8788"]\n', tmp_path)
    assert refused.value.field == "server.tls_cert"


def test_a_taken_further_address_lets_go_of_the_others(served: Served, tmp_path: Path) -> None:
    text = CONFIG + f'[server]\nport = 0\nmore = ["127.0.0.1:{served.server.port}"]\n'
    with pytest.raises(InvalidInput) as refused:
        Server(served.app, parse_config(text, tmp_path))
    assert refused.value.field == "server.more[0]"


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.datetime(2020, 1, 1)  # noqa: DTZ001  # a certificate's own form
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=20_000))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


TLS = '[server]\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n'


def test_over_tls_the_same_is_served_and_said_to_stay_so(tmp_path: Path) -> None:
    certificate(tmp_path)
    with serving(tmp_path, TLS) as served:
        assert served.server.url.startswith("https://")
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        with httpx.Client(base_url=served.server.url, verify=context) as client:
            answer = client.get("/v1/whoami", headers=served.bearer("north"))
            assert answer.status_code == 200
            assert "max-age" in answer.headers["strict-transport-security"]
        with socket.create_connection(("127.0.0.1", served.server.port), timeout=5) as plain:
            plain.sendall(b"GET /healthy HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"200" not in plain.recv(1_000)


@pytest.mark.parametrize("missing", ["cert.pem", "key.pem"])
def test_a_certificate_that_cannot_be_used_stops_the_start(
    served: Served, tmp_path: Path, missing: str
) -> None:
    certificate(tmp_path)
    (tmp_path / missing).write_text("not a key")
    config = parse_config(CONFIG + TLS, tmp_path)
    with pytest.raises(InvalidInput) as refused:
        Server(served.app, config, port=0)
    assert refused.value.field == "server.tls_cert"


def test_a_stop_lets_what_is_under_way_finish(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        found: list[Any] = []

        def wait() -> None:
            with served.client("south") as south:
                cursor = south.get("/v1/changes").json()["cursor"]
                found.append(south.get("/v1/changes", params={"cursor": cursor, "wait_s": 1}).status_code)

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.3)
        served.clock.advance(2)
        served.call(served.server.stop)
        waiting.join(5)
        assert found == [200]
