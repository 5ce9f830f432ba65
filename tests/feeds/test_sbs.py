"""SBS text: what a line means, how dirt is counted, and that nothing ever raises."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.clock import micros
from comity.errors import InvalidInput
from comity.feeds.sbs import LineTimes, SbsDecoder
from comity.model.altitude import Datum
from comity.model.batch import DATUMS, ReportBatch, pack
from comity.model.intake import Rejection
from tests.feeds.sbs_lines import line

NOW = datetime(2026, 2, 24, 15, 0, tzinfo=UTC)


def decode(data: bytes, **options: float) -> ReportBatch:
    return SbsDecoder().decode(data, received_at=NOW, last=True, **options)


def test_every_field_in_si() -> None:
    batch = decode(
        line(
            callsign="KLM1023 ",
            altitude="37000",
            speed="450",
            track="91.5",
            lat="46.5",
            lon="-7.25",
            rate="-640",
            squawk="7700",
            ground="0",
        )
    )
    assert batch.addresses == ["4CA7B5"]
    assert batch.observed_us[0] == micros(datetime(2026, 2, 24, 14, 59, 58, 250_000, tzinfo=UTC))
    assert batch.callsign[0] == b"KLM1023"
    assert batch.altitude_m[0] == pytest.approx(11_277.6)
    assert DATUMS[batch.altitude_datum[0]] is Datum.PRESSURE
    assert batch.ground_speed_mps[0] == pytest.approx(231.5)
    assert (batch.track_deg[0], batch.lat[0], batch.lon[0]) == (91.5, 46.5, -7.25)
    assert batch.vertical_rate_mps[0] == pytest.approx(-3.2512)
    assert (batch.squawk[0], batch.on_ground[0]) == (7700, 0)


def test_empty_fields_are_unknown() -> None:
    batch = decode(line(kind=8))
    assert len(batch) == 1
    assert math.isnan(batch.lat[0])
    assert math.isnan(batch.altitude_m[0])
    assert (batch.altitude_datum[0], batch.squawk[0], batch.on_ground[0], batch.callsign[0]) == (
        -1,
        -1,
        -1,
        b"",
    )


@pytest.mark.parametrize(("said", "meant"), [("1", "000001"), ("1012B", "01012B"), ("4ca7b5", "4CA7B5")])
def test_addresses_are_padded_and_upper_case(said: str, meant: str) -> None:
    assert decode(line(address=said)).addresses == [meant]


@pytest.mark.parametrize("word", ["", "        ", "________", "????????"])
def test_a_callsign_that_says_nothing_is_unknown(word: str) -> None:
    batch = decode(line(kind=1, callsign=word))
    assert (len(batch), batch.callsign[0], batch.rejected) == (1, b"", {})


@pytest.mark.parametrize(("ground", "code"), [("0", 0), ("1", 1), ("-1", 1), ("", -1)])
def test_on_ground(ground: str, code: int) -> None:
    assert decode(line(ground=ground)).on_ground[0] == code


def test_a_short_squawk_is_padded() -> None:
    assert decode(line(kind=6, squawk="574")).squawk[0] == 574


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line()[:40] + b"\n", Rejection.MALFORMED),
        (b"MSG,3\n", Rejection.MALFORMED),
        (b"garbage\n", Rejection.MALFORMED),
        (line(kind=9), Rejection.MALFORMED),
        (line(kind=""), Rejection.MALFORMED),
        (line(lat="46,5", lon="7"), Rejection.MALFORMED),
        (line(lat="46.5"), Rejection.MALFORMED),
        (line(lat="4_6.5", lon="7"), Rejection.MALFORMED),
        (line(lat="1e1", lon="7"), Rejection.MALFORMED),
        (line(lat="4-6", lon="7"), Rejection.MALFORMED),
        (line(lat="0x1", lon="7"), Rejection.MALFORMED),
        (line(altitude="FL370"), Rejection.MALFORMED),
        (line(ground="yes"), Rejection.MALFORMED),
        (line(lat="nan", lon="nan"), Rejection.NOT_FINITE),
        (line(lat="46.5", lon="inf"), Rejection.NOT_FINITE),
        (line(speed="-Infinity"), Rejection.NOT_FINITE),
        (line(address=""), Rejection.BAD_ADDRESS),
        (line(address="000000"), Rejection.BAD_ADDRESS),
        (line(address="FFFFFF"), Rejection.BAD_ADDRESS),
        (line(address="0"), Rejection.BAD_ADDRESS),
        (line(address="12345G"), Rejection.BAD_ADDRESS),
        (line(address="1234567"), Rejection.BAD_ADDRESS),
        (line(squawk="7800"), Rejection.BAD_SQUAWK),
        (line(squawk="77000"), Rejection.BAD_SQUAWK),
        (line(callsign="KLM<b>"), Rejection.BAD_CALLSIGN),
        (line(callsign="KLM?23"), Rejection.BAD_CALLSIGN),
        (line(date="2026/13/24"), Rejection.BAD_TIME),
        (line(date="2026/02/30"), Rejection.BAD_TIME),
        (line(date="24/02/2026"), Rejection.BAD_TIME),
        (line(time="24:00:00.000"), Rejection.BAD_TIME),
        (line(time="12:00:00.1234567"), Rejection.BAD_TIME),
        (line(time=""), Rejection.BAD_TIME),
        (line(callsign="KLÜ"), Rejection.NOT_ASCII),
        (line(lat="4é", lon="7"), Rejection.NOT_ASCII),
        (b"\xff\xfe\x00\n", Rejection.NOT_ASCII),
        (b"MSG," + b"1" * 600 + b"\n", Rejection.LINE_TOO_LONG),
    ],
)
def test_a_bad_line_is_one_counted_rejection(bad: bytes, reason: Rejection) -> None:
    batch = decode(line(address="A00001") + bad + line(address="A00002"))
    assert batch.rejected == {reason: 1}
    assert batch.addresses == ["A00001", "A00002"]
    assert batch.skipped == 0


def test_a_latitude_of_4330_is_for_plausibility_to_reject() -> None:
    assert decode(line(lat="4330", lon="7")).lat[0] == 4330.0


def test_other_kinds_and_empty_lines_are_skipped() -> None:
    batch = decode(
        b"STA,,5,179,400AE7,10103,2008/11/28,14:58:51.153,2008/11/28,14:58:51.153,RM\r\nSEL,,496\n\n\r\n"
    )
    assert (len(batch), batch.skipped, batch.rejected) == (0, 4, {})


def test_line_ends_of_either_kind() -> None:
    unix = line(lat="46.5", lon="7")
    assert pack(decode(unix * 2)) == pack(decode(unix.replace(b"\n", b"\r\n") * 2))


def test_the_zone_is_an_assumption_that_can_be_set() -> None:
    batch = SbsDecoder(zone_offset_s=7_200).decode(line(time="16:59:58.250"), received_at=NOW)
    assert batch.observed_us[0] == decode(line()).observed_us[0]
    with pytest.raises(InvalidInput, match="zone_offset_s"):
        SbsDecoder(zone_offset_s=float("nan"))


def test_recorded_times_can_be_shifted() -> None:
    assert decode(line(), time_offset_s=90.5).observed_us[0] - decode(line()).observed_us[0] == 90_500_000
    with pytest.raises(InvalidInput, match="time_offset_s"):
        decode(line(), time_offset_s=float("inf"))


LOG = (
    b"START,Wed Sep 2 04:25:25 +0000 UTC 2015\n"
    b"2938233280,MSG,3,,,ABDF3F,,,,,,,8525,,,46.5,7.5,,,0,0,0,0\n"
    b"3938233280,MSG,8,,,A30D5E,,,,,,,,,,,,,,,,,\n"
)


def test_the_log_form_is_observed_when_received() -> None:
    batch = decode(LOG)
    assert batch.addresses == ["ABDF3F", "A30D5E"]
    assert batch.observed_us.tolist() == [micros(NOW)] * 2
    assert (batch.skipped, batch.rejected, batch.lat[0]) == (1, {}, 46.5)


def test_the_log_form_played_with_an_offset_uses_its_own_time() -> None:
    start = datetime(2015, 9, 2, 4, 25, 25, tzinfo=UTC)
    batch = decode(LOG, time_offset_s=(NOW - start).total_seconds())
    assert batch.observed_us.tolist() == [micros(NOW) + 2_938_233, micros(NOW) + 3_938_233]


def test_line_times_for_pacing() -> None:
    times = LineTimes()
    first = micros(datetime(2015, 9, 2, 4, 25, 25, tzinfo=UTC))
    assert [times.of(entry) for entry in LOG.splitlines()] == [first, first + 2_938_233, first + 3_938_233]
    assert times.of(line()) == decode(line()).observed_us[0]
    assert times.of(b"\xff") is None
    assert times.of(b"MSG,1,,") is None


@given(st.binary(max_size=600))
def test_no_bytes_ever_raise(data: bytes) -> None:
    batch = decode(data)
    assert len(batch) + batch.skipped + sum(batch.rejected.values()) >= data.count(b"\n")


FIELD = st.one_of(
    st.just(b""),
    st.sampled_from(
        [
            b"MSG",
            b"3",
            b"4CA7B5",
            b"2026/02/24",
            b"14:59:58.250",
            b"-1",
            b"46.5",
            b"nan",
            b"1e999",
            b"9" * 400,
        ]
    ),
    st.binary(max_size=6),
)


@given(
    st.lists(FIELD, min_size=20, max_size=24), st.lists(st.sampled_from([b"3", b"1"]), min_size=1, max_size=1)
)
def test_no_fields_ever_raise(fields: list[bytes], kind: list[bytes]) -> None:
    data = b",".join([b"MSG", *kind, *fields]) + b"\n"
    batch = decode(data)
    assert len(batch) + batch.skipped + sum(batch.rejected.values()) >= 1
    assert not np.isnan(batch.observed_us.astype(float)).any()


STREAM = LOG + b"".join(
    [
        line(address=f"{number:X}", lat=f"{46 + number / 100:.5f}", lon="7.1", altitude="35000")
        + line(kind=4, address=f"{number:X}", speed="450", track="90").replace(b"\n", b"\r\n")
        + line(kind=1, address=f"{number:X}", callsign=f"KLM{number}")
        + (b"x" * 700 + b"\n" if number % 7 == 0 else b"half a li")
        for number in range(1, 30)
    ]
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=60))
def test_a_stream_cut_anywhere_gives_the_same_reports(cuts: list[int]) -> None:
    decoder = SbsDecoder()
    edges = sorted(cuts)
    parts = [
        decoder.decode(STREAM[start:end], received_at=NOW, last=end == len(STREAM))
        for start, end in zip([0, *edges], [*edges, len(STREAM)], strict=True)
    ]
    whole = decode(STREAM)
    assert [address for part in parts for address in part.addresses] == whole.addresses
    for name in ("observed_us", "lat", "ground_speed_mps", "callsign"):
        np.testing.assert_array_equal(
            np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name)
        )
    assert sum(part.skipped for part in parts) == whole.skipped
    for reason in Rejection:
        assert sum(part.rejected.get(reason, 0) for part in parts) == whole.rejected.get(reason, 0)


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.feeds.sbs_words.MAX_WORDS", 100)
    decoder = SbsDecoder()
    for number in range(1, 1_000):
        decoder.decode(line(address=f"{number:X}", callsign=f"C{number}"), received_at=NOW)
    assert len(decoder._addresses) <= 100
    assert len(decoder._callsigns) <= 100


def test_an_offset_that_leaves_the_years_does_not_raise() -> None:
    assert len(decode(line(date="2099/12/31"), time_offset_s=3e9)) == 1
