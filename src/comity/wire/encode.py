"""Writing answers: equal values are equal bytes.

Struct fields come in the order of their definition, dictionary keys and sets sorted, floats in their shortest
form that reads back the same, times as RFC 3339 in UTC with ``Z``. Law 2 compares bytes, so no
other encoder may write an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="deterministic")


def encode(value: Any) -> bytes:
    """Canonical JSON of a struct, or of builtins holding structs."""
    return _ENCODER.encode(value)


def encode_object(members: Iterable[tuple[str, bytes]]) -> bytes:
    """An object in the given order whose values are JSON already, encoded once and used for many readers."""
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), value) for name, value in members) + b"}"


def encode_time(when: datetime) -> bytes:
    """An aware time as a JSON string, in UTC."""
    return _ENCODER.encode(when.astimezone(UTC))
