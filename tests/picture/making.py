"""Reports, sources and pictures for the tests of the picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from comity.ids import Ids, ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.intake import SourceKey
from comity.model.intent import AircraftCategory
from comity.model.observation import Provenance, Report
from comity.picture.picture import Picture
from comity.picture.settings import PictureSettings

START = datetime(2026, 2, 24, 15, 0, tzinfo=UTC)
IDS = Ids(b"s" * 32)

ANNA, BERT, CARL = (ParticipantId(name) for name in ("anna", "bert", "carl"))

SOURCES = [
    SourceKey(ANNA, "adsb", Provenance.BROADCAST),
    SourceKey(BERT, "adsb", Provenance.BROADCAST),
    SourceKey(ANNA, "blue", Provenance.OWN),
    SourceKey(ANNA, "radar", Provenance.SENSED),
    SourceKey(CARL, "radar", Provenance.SENSED),
]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def report(address: str = "4CA7B5", seconds: float = 0.0, **fields: object) -> Report:
    return Report(address=address, observed_at=at(seconds), **fields)  # type: ignore[arg-type]  # any of its fields


def picture(**settings: object) -> Picture:
    return Picture(PictureSettings(**settings), IDS.reference, now=START)  # type: ignore[arg-type]  # numbers


def feed(into: Picture, source: SourceKey, *reports: Report, seconds: float = 0.0) -> dict[str, int]:
    """Hand in reports; returns what was rejected."""
    return into.ingest_reports(*source, reports, received_at=at(seconds)).rejected


PLACES = [
    (46.0, 7.0),
    (46.001, 7.0),
    (46.05, 7.05),
    (48.0, 9.0),
    (48.001, 9.0),
    (-33.9, 151.2),
    (0.0, 0.0),
    (91.0, 7.0),
]
"""Close ones, a jump, the other hemisphere, and two that no aircraft can say."""


def some(values: list[object]) -> st.SearchStrategy[object]:
    return st.sampled_from([None, None, *values])


@st.composite
def reports(draw: st.DrawFn, received_s: float) -> Report:
    delay_s = draw(st.sampled_from([0.0, 0.0, 0.0, 0.5, 3.0, 8.0, 59.0, 61.0, -4.0, -11.0]))
    place = draw(some([*PLACES]))
    height = draw(some([1_000.0, 1_020.5, 50_000.0]))
    return report(
        draw(st.sampled_from(["4CA7B5", "3C6666", "000001", "~7"])),
        received_s - delay_s,
        lat=place[0] if isinstance(place, tuple) else None,
        lon=place[1] if isinstance(place, tuple) else None,
        altitude=Altitude(height, draw(st.sampled_from([Datum.MSL, Datum.PRESSURE])))
        if isinstance(height, float)
        else None,
        ground_speed_mps=draw(some([0.0, 101.3, 5_000.0])),
        track_deg=draw(some([0.0, 92.4, 359.0])),
        vertical_rate_mps=draw(some([0.0, -5.3])),
        callsign=draw(some(["KLM1", "RELIEF 2"])),
        squawk=draw(some(["7700", "7600", "1000", "0000"])),
        on_ground=draw(some([True, False])),
        accuracy_m=draw(some([3.0, 900.0])),
        category=draw(some([AircraftCategory.AEROPLANE, AircraftCategory.UNCREWED])),
    )
