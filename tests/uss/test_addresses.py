"""Which base URLs and which addresses are called."""

from __future__ import annotations

import pytest

from comity.uss.addresses import LONGEST_URL, BaseUrl, base_url, refused_address


@pytest.mark.parametrize(
    ("given", "text", "host", "origin"),
    [
        ("https://uss.example/utm", "https://uss.example/utm", "uss.example", "https://uss.example:443"),
        ("https://uss.example/utm/", "https://uss.example/utm", "uss.example", "https://uss.example:443"),
        ("https://USS.example:8443", "https://uss.example:8443", "uss.example", "https://uss.example:8443"),
        ("https://[2001:db8::1]:1/a", "https://[2001:db8::1]:1/a", "2001:db8::1", "https://[2001:db8::1]:1"),
        ("https://uss_1.example/~a/b.c", "https://uss_1.example/~a/b.c", "uss_1.example", None),
    ],
)
def test_base_urls_that_are_called(given: str, text: str, host: str, origin: str | None) -> None:
    found = base_url(given, allow_http=False)
    assert isinstance(found, BaseUrl), found
    assert (found.text, found.host) == (text, host)
    assert origin is None or found.origin == origin


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("http://uss.example", "https"),
        ("ftp://uss.example", "https"),
        ("file:///etc/passwd", "https"),
        ("https://user:secret@uss.example", "credentials"),
        ("https://uss.example@other.example", "credentials"),
        ("https://uss.example/a?b=c", "query"),
        ("https://uss.example/a#b", "fragment"),
        ("https://uss.example/a?", "query"),
        ("https:///a", "host"),
        ("https://uss.example/../admin", "segments"),
        ("https://uss.example//a", "segments"),
        ("https://uss.example:99999", "read"),
        ("https://[::1", "read"),
        ("https://uss.example/\r\nhost: other", "ASCII"),
        ("https://üss.example", "ASCII"),
        ("https://uss.example/" + "a" * LONGEST_URL, "characters"),
        ("", "https"),
    ],
)
def test_base_urls_that_are_not_called(given: str, why: str) -> None:
    found = base_url(given, allow_http=False)
    assert isinstance(found, str)
    assert why in found


def test_http_is_called_where_the_set_up_says_so() -> None:
    assert isinstance(base_url("http://uss.example", allow_http=True), BaseUrl)
    assert isinstance(base_url("ftp://uss.example", allow_http=True), str)


PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
PRIVATE = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.3.4", "::1", "fd00::1", "::ffff:127.0.0.1"]
PRIVATE += ["64:ff9b::10.0.0.1", "2002:7f00:1::1"]
NEVER = ["169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    assert refused_address(address, private=False) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_called_where_the_set_up_says_so(address: str) -> None:
    assert refused_address(address, private=False) == "the name leads to a loopback or private address"
    assert refused_address(address, private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_called(address: str) -> None:
    assert refused_address(address, private=True) is not None
    assert refused_address(address, private=False) is not None
