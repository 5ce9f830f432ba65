"""Identifiers: the keyed hash behind them is HMAC-SHA-256, as its definition has it."""

from __future__ import annotations

import base64
import hmac

import pytest

from comity.ids import Ids


@pytest.mark.parametrize("secret", [bytes(32), bytes(range(32)), b"\xff" * 32])
@pytest.mark.parametrize("entity", ["", "an-id", "é" * 500])
def test_the_hash_is_hmac(secret: bytes, entity: str) -> None:
    parts = [text.encode() for text in ("ovn", entity, "7")]
    body = b"".join(len(text).to_bytes(4, "big") + text for text in parts)
    mac = hmac.digest(secret, body, "sha256")
    assert Ids(secret).ovn(entity, 7) == base64.b64encode(mac[:24], b"-_").decode()
