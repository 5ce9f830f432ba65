"""Law 1 for aircraft: the level-0 form of one that is seen holds it for the whole slot, whatever it does.

Random flights through ``Anchors``, told by reports alone: at every tick the place, with its accuracy, lies in
the form's cells and in the disc that checks take for them, and every height that it can stand for in the
band. While the aircraft stays within what the form allows for, the form is the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from comity.clock import micros
from comity.exchange.anchors import Anchors
from comity.geo.cells import cell_of, disc_cells, grid_cells, level_of, parent
from comity.geo.heights import Environment, bounds
from comity.geo.s2 import cover_cap
from comity.ids import ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.intake import SourceKey
from comity.model.observation import Provenance, Report
from comity.model.shape import Circle, LatLon
from comity.picture.picture import Picture
from comity.picture.settings import PictureSettings
from comity.release.track_cells import TrackCells
from tests.property.sizes import examples
from tests.property.stack import GEOID_M, TERRAIN_M

START = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)
KEY = SourceKey(ParticipantId("north"), "fleet", Provenance.OWN)
ENVIRONMENT = Environment(geoid_m=GEOID_M, terrain_m=TERRAIN_M)
GEOD = Geod(ellps="WGS84")


class Flight:
    def __init__(self, lat: float, lon: float, height_m: float, datum: Datum) -> None:
        self.lat, self.lon, self.height_m, self.datum = lat, lon, height_m, datum
        self.now = START + timedelta(seconds=7)
        self.anchors = Anchors(ENVIRONMENT)
        self.picture = Picture(PictureSettings(), lambda a, b, c: a + b + c, now=self.now)

    def fly(
        self, seconds: int, speed: float, track: float, climb: float, *, said_speed: float | None
    ) -> None:
        self.now += timedelta(seconds=seconds)
        lon, lat, _ = GEOD.fwd(self.lon, self.lat, track, speed * seconds)
        self.lat, self.lon = float(lat), float(lon)
        self.height_m = min(max(self.height_m + climb * seconds, 0.0), 20_000.0)
        report = Report(
            address="4CA111",
            observed_at=self.now,
            lat=self.lat,
            lon=self.lon,
            altitude=Altitude(self.height_m, self.datum),
            ground_speed_mps=said_speed,
            accuracy_m=30.0,
        )
        self.picture.ingest_reports(KEY.participant, KEY.feed, KEY.provenance, [report], received_at=self.now)
        self.picture.tick(self.now)
        self.anchors.follow(self.picture, self.now)

    def taken(self) -> bool:
        """Whether the picture believed the last report."""
        rows = self.picture.layer(KEY).addressed
        return len(rows) == 1 and int(rows["observed_us"][0]) == micros(self.now)

    def check(self, form: TrackCells) -> None:
        cells = {cell_of(token) for token in form.form.cells}
        level = level_of(next(iter(cells)))
        for azimuth in range(0, 360, 30):
            lon, lat, _ = GEOD.fwd(self.lon, self.lat, azimuth, 30.0)
            (smallest,) = cover_cap(lat, lon, 0.0, 30)[:1]
            assert parent(smallest, level) in cells
            _, _, away_m = GEOD.inv(lon, lat, form.lon, form.lat)
            assert away_m <= form.radius_m
        height = bounds(Altitude(self.height_m, self.datum), ENVIRONMENT, self.now)
        assert form.form.lower_w84_m <= height.lower_m
        assert height.upper_m <= form.form.upper_w84_m
        assert form.form.start <= self.now < form.form.end


@settings(max_examples=examples(25), deadline=None)
@given(
    place=st.tuples(st.floats(-85.0, 85.0), st.floats(-180.0, 180.0), st.floats(0.0, 12_000.0)),
    datum=st.sampled_from((Datum.PRESSURE, Datum.W84, Datum.MSL)),
    legs=st.lists(
        st.tuples(
            st.integers(1, 9),
            st.floats(0.0, 600.0),
            st.floats(0.0, 360.0),
            st.floats(-150.0, 150.0),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_a_form_holds_its_aircraft_at_every_tick(
    place: tuple[float, float, float], datum: Datum, legs: list[tuple[int, float, float, float, bool]]
) -> None:
    flight = Flight(*place, datum)
    for seconds, speed, track, climb, honest in legs:
        flight.fly(seconds, speed, track, climb, said_speed=speed if honest else 0.0)
        if flight.taken():
            flight.check(flight.anchors.form(KEY, 0))


def test_a_form_stays_the_same_for_its_slot_and_is_another_in_the_next() -> None:
    flight = Flight(47.0, 11.0, 3_000.0, Datum.PRESSURE)
    forms = []
    for _ in range(50):
        flight.fly(1, 200.0, 90.0, 10.0, said_speed=200.0)
        forms.append(flight.anchors.form(KEY, 0).form)
    assert len(set(forms)) == 1
    flight.fly(5, 200.0, 90.0, 10.0, said_speed=200.0)
    assert flight.anchors.form(KEY, 0).form != forms[0]


def test_one_that_climbs_out_of_its_band_is_anchored_anew() -> None:
    flight = Flight(47.0, 11.0, 3_000.0, Datum.PRESSURE)
    flight.fly(1, 100.0, 90.0, 0.0, said_speed=100.0)
    before = flight.anchors.form(KEY, 0).form
    for _ in range(12):
        flight.fly(3, 100.0, 90.0, 120.0, said_speed=100.0)
        flight.check(flight.anchors.form(KEY, 0))
    assert flight.anchors.form(KEY, 0).form.upper_w84_m > before.upper_w84_m


@settings(max_examples=examples(60), deadline=None)
@given(lat=st.floats(-89.9, 89.9), lon=st.floats(-180.0, 180.0), exponent=st.floats(1.0, 6.5))
def test_cells_of_a_disc_hold_those_of_its_circle(lat: float, lon: float, exponent: float) -> None:
    """At one level of the grid; where the wider cap needs a coarser one, nested in it."""
    radius_m = 10.0**exponent
    wide = disc_cells(lat=lat, lon=lon, radius_m=radius_m)
    narrow = grid_cells(Circle(LatLon(lat=lat, lon=lon), min(radius_m, 400_000.0)))
    level = min(level_of(wide[0]), level_of(narrow[0]))
    assert {parent(cell, level) for cell in narrow} <= {parent(cell, level) for cell in wide}
    assert len(wide) <= 32
