"""Where a peer may be called: its base URL as text, and the machine that its name leads to.

Base URLs come from peers, so whoever may write a reference or a subscription could make this exchange call
machines that only it can reach. Two checks, because a name can lead elsewhere each time it is asked for: of
the text, when it is used, and of every address to which a connection is about to be made (``outbound``).

Never called: link-local addresses (where clouds keep their machines' secrets), multicast, unspecified and
reserved ones. Loopback and private ones are called only where the set-up says so.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

LONGEST_URL: Final = 2_048

_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}\Z|[0-9A-Fa-f:.]{2,45}\Z")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*\Z")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PORTS: Final = {"http": 80, "https": 443}


class BaseUrl(NamedTuple):
    """``text`` without a slash at its end; ``origin``: scheme, host and port, what a connection is to."""

    text: str
    host: str
    origin: str


def base_url(text: str, *, allow_http: bool) -> BaseUrl | str:
    """The URL, or why nothing is sent there."""
    if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable():
        return f"the base URL must be at most {LONGEST_URL} printable ASCII characters"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "the base URL cannot be read"
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        return "the base URL must be https"
    if "@" in parts.netloc:
        return "the base URL must not hold credentials"
    if "?" in text or "#" in text:
        return "the base URL must have neither query nor fragment"
    path = parts.path.rstrip("/")
    if not _HOST.match(host) or not _PATH.match(path) or ".." in path.split("/"):
        return "the base URL must be a scheme, a host and plain path segments"
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}:{port or _PORTS[parts.scheme]}"
    return BaseUrl(f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path}", host, origin)


def refused_address(text: str, *, private: bool) -> str | None:
    """Why no connection is made to an address that a name led to; None where one may be. ``private``: whether
    loopback and private addresses may be called."""
    address = _inner(ip_address(text.partition("%")[0]))
    loopback = address.is_loopback
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return "the name leads to a link-local, multicast or unspecified address"
    if loopback or address.is_private or (isinstance(address, IPv6Address) and address.is_site_local):
        return None if private else "the name leads to a loopback or private address"
    if address.is_reserved or not address.is_global:
        return "the name leads to an address that is not public"
    return None


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
