"""Real receivers' data through decoder and picture, counted against a plain reading of the same files."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from comity.feeds.files import pieces
from comity.feeds.sbs import SbsDecoder
from comity.picture.picture import Picture
from comity.picture.settings import PictureSettings
from tests.picture.making import BERT, IDS, SOURCES

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "sbs"
WORLD = DATA / "worldwide-2026-02-24.sbs.gz"
LOG = DATA / "stratux-37min.sbs.log.gz"
ADSB = SOURCES[0]

needs_data = pytest.mark.skipif(not WORLD.exists(), reason="the real recordings are not on this machine")


def table(path: Path) -> list[list[str]]:
    text = gzip.decompress(path.read_bytes()).decode("latin-1").replace("\0", " ")
    return list(csv.reader(io.StringIO(text)))


@needs_data
def test_the_worldwide_snapshot() -> None:
    rows = table(WORLD)
    first = [row for row in rows if row[7] == "14:57:36.000"]
    addresses = {row[4].rjust(6, "0").upper() for row in first}
    assert len(addresses) == 6_425
    at = datetime(2026, 2, 24, 14, 57, 36, tzinfo=UTC)
    seen = Picture(PictureSettings(), IDS.reference, now=at)
    decoder = SbsDecoder()
    for piece in pieces(WORLD):
        if piece.at is not None and piece.at > at:
            break
        batch = decoder.decode(piece.lines, received_at=at)
        assert batch.rejected == {}
        intake = seen.ingest(ADSB, batch, received_at=at)
        assert (intake.accepted, intake.rejected) == (len(batch), {})
    seen.tick(at + timedelta(seconds=1))
    views = {view.id: view for view in seen.frame(BERT, [(ADSB, "broadcast")]).views()}
    assert set(views) == addresses
    callsigns = {row[4].rjust(6, "0").upper(): row[10].strip() for row in first if row[1] == "1"}
    assert {name: view.callsign for name, view in views.items()} == callsigns
    for row in first:
        view = views[row[4].rjust(6, "0").upper()]
        if row[1] == "3":
            assert view.lat == pytest.approx(float(row[14]), abs=1e-6)
            assert view.lon == pytest.approx(float(row[15]), abs=1e-6)
            assert view.altitude_m == pytest.approx(float(row[11]) * 0.3048, abs=0.006)
        elif row[1] == "4":
            assert view.ground_speed_mps == pytest.approx(float(row[12]) * 0.514444, abs=0.06)
            assert view.vertical_rate_mps == pytest.approx(float(row[16]) * 0.00508, abs=0.006)


@needs_data
def test_the_second_instant_moves_the_aircraft() -> None:
    start = datetime(2026, 2, 24, 14, 57, 36, tzinfo=UTC)
    seen = Picture(PictureSettings(), IDS.reference, now=start)
    decoder = SbsDecoder()
    accepted = 0
    rejected: dict[str, int] = {}
    for piece in pieces(WORLD):
        assert piece.at is not None
        intake = seen.ingest(ADSB, decoder.decode(piece.lines, received_at=piece.at), received_at=piece.at)
        accepted += intake.accepted
        for reason, count in intake.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    assert rejected == {"duplicate": frozen_between_the_instants(), "impossible_jump": 2}
    assert accepted + sum(rejected.values()) == 38_112


def frozen_between_the_instants() -> int:
    """Aircraft at exactly the same place 8 s later that said they were faster than 100 m in 8 s."""
    instants: dict[str, dict[str, dict[str, list[str]]]] = {"36": {}, "44": {}}
    for row in table(WORLD):
        instants[row[7][6:8]].setdefault(row[4], {})[row[1]] = row
    first, second = instants.values()
    both = [(first[name], second[name]) for name in first.keys() & second.keys()]
    return sum(
        one["3"][14:16] == two["3"][14:16] and float(one["4"][12]) * 1_852 / 3_600 * 8 > 100
        for one, two in both
    )


@needs_data
def test_played_as_if_it_were_now() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    recorded = datetime(2026, 2, 24, 14, 57, 36, tzinfo=UTC)
    seen = Picture(PictureSettings(), IDS.reference, now=now)
    decoder = SbsDecoder()
    piece = next(iter(pieces(WORLD)))
    for offset_s, reason in (((now - recorded).total_seconds(), None), (0.0, "too_old")):
        batch = decoder.decode(piece.lines, received_at=now, time_offset_s=offset_s)
        intake = seen.ingest(ADSB, batch, received_at=now)
        assert list(intake.rejected) == ([reason] if reason else [])


@needs_data
def test_a_real_receivers_log() -> None:
    rows = [row for row in table(LOG) if len(row) == 23 and row[1] == "MSG"]
    addresses = {row[5].strip().rjust(6, "0").upper() for row in rows}
    positioned = {row[5].rjust(6, "0").upper() for row in rows if row[15] and row[16]}
    assert (len(addresses), len(positioned)) == (216, 44)
    decoder = SbsDecoder()
    seen = Picture(
        PictureSettings(expire_after_s=86_400.0), IDS.reference, now=datetime(2015, 9, 2, tzinfo=UTC)
    )
    found: set[str] = set()
    now = before = datetime(2015, 9, 2, 4, 23, 37, tzinfo=UTC)
    accepted = 0
    rejected: dict[str, int] = {}
    for piece in pieces(LOG):
        at = piece.at or before
        now += max(at - before, timedelta(0))
        before = at
        batch = decoder.decode(piece.lines, received_at=now)
        found.update(batch.addresses)
        intake = seen.ingest(ADSB, batch, received_at=now)
        accepted += intake.accepted
        for reason, count in intake.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    assert found == addresses
    assert seen.counters(ADSB.participant)["adsb/broadcast"]["tracks"] == 216
    seen.tick(now)
    assert set(seen.frame(BERT, [(ADSB, "broadcast")]).ids()) == positioned
    assert rejected == {"duplicate": 288, "impossible_jump": 27, "line_too_long": 1, "malformed": 1}
    assert accepted + rejected["duplicate"] + rejected["impossible_jump"] == len(rows)
