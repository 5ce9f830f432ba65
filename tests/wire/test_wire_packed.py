"""The packed message against bytes written out by hand, and everything that is not one."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.wire.packed import HEADER, RECORD, Message, Moved, decode

LITERAL = bytes.fromhex(
    "434d5459 01 00 2000 02000000 00000000 00000000000000000000000000000000"
    "14184b00 00b4c41c 80d78e06 808d0600 0807 2823 00ff 0300 1900 0000 00000000"
    "00000001 ffffffff 01000000 00000080 ffff ffff 0080 ffff ffff 0300 00000000"
)


def test_a_message_written_out_by_hand() -> None:
    assert (HEADER.size, RECORD.size) == (32, 32)
    known = Moved(0x4B1814, 48.2653184, 11.0024576, 4_294.4, 180.0, 90.0, -2.56, 0.3, 25.0, False, False)
    message = decode(LITERAL)
    assert (message.whole, message.as_of_us) == (False, 0)
    assert message.moved[0] == known
    unknown = Moved(1 << 24, -1e-7, 1e-7, None, None, None, None, 6_553.5, 65_535.0, True, True)
    assert message.moved[1] == unknown


def test_a_message_without_records_is_one() -> None:
    assert decode(HEADER.pack(b"CMTY", 1, 1, 32, 0, 0, 17, 0)) == Message(True, 17, ())


def test_longer_records_of_a_later_exchange_are_read_as_far_as_they_are_known() -> None:
    head = HEADER.pack(b"CMTY", 1, 0, 40, 2, 0, 0, 0)
    records = b"".join(LITERAL[at : at + 32] + b"later..." for at in (32, 64))
    assert decode(head + records).moved == decode(LITERAL).moved


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "header"),
        (LITERAL[:31], "header"),
        (b"XMTY" + LITERAL[4:], "magic"),
        (LITERAL[:4] + b"\x02" + LITERAL[5:], "version"),
        (LITERAL[:5] + b"\x02" + LITERAL[6:], "kind"),
        (LITERAL[:6] + struct.pack("<H", 31) + LITERAL[8:], "record_size"),
        (LITERAL[:6] + struct.pack("<H", 0) + LITERAL[8:], "record_size"),
        (LITERAL[:8] + b"\x03" + LITERAL[9:], "count"),
        (LITERAL[:-1], "count"),
        (LITERAL + b"\x00", "count"),
    ],
)
def test_what_is_no_message_is_refused_by_field(data: bytes, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(data)
    assert refused.value.field == field


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(data: bytes) -> None:
    for noise in (data, b"CMTY\x01\x00\x20\x00" + data):
        with contextlib.suppress(InvalidInput):
            assert len(noise) == HEADER.size + RECORD.size * len(decode(noise).moved)
