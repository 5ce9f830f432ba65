"""What a participant may know by being warned: the part of ``permitted`` on alerts, levels 2 and 3, ghosts.

Dictionaries and loops; S2 and pyproj directly, and nothing of ``comity.exchange``, ``comity.release``,
``comity.alerts``, ``comity.conflict`` or ``comity.geo``. Where something lies too near to an edge to say on
which side it is, ``Ambiguous``.

Of what is seen at a tick, a participant that is not the centre may know by warnings, and by nothing else:

- of its own aircraft: whether they are corroborated, which is that another participant has the same 24-bit
  address at the same place, and nobody else claims it as its own;
- of aircraft hidden from it, not on the ground, that are beside its own, or beside airspace of its own, by
  rather too far: the level-0 form, by the minute; whether a third party has it as well; which of them are
  one;
- of those of them that a third party has as well, while an aircraft of its own that is corroborated is
  beside: what the owner's rule gives in a conflict;
- of others in distress what the owner's rule gives then;
- of its own aircraft, where its own rules raise them for another and a third party has them: that other's
  corroborated aircraft beside them, because every raise stands in its own account (law 3);
- that the other party of a pair acknowledged, where it sees the other aircraft or has it raised.

Budgets and alarms about them are made of these and of nothing else. ``Level`` of whom for whom is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import s2geometry
from pyproj import Geod

from comity.ids import ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.intent import IntentState
from comity.model.observation import Provenance, Report
from comity.model.rule import Level
from comity.model.shape import Circle
from tests.property.happened import Tables, World
from tests.property.level0 import BAND_M, GRID_LEVELS, MOST_CELLS, Ambiguous

_s2: Any = s2geometry
_geod = Geod(ellps="WGS84")

LIFE: Final = timedelta(seconds=60)
SLOT_S: Final = 60
SPEED_CLASSES_MPS: Final = (20.0, 80.0, 150.0, 350.0, 1_100.0)
UNKNOWN_CLASS_MPS: Final = 150.0
SPEEDING: Final = 1.1
CLIMB_MPS: Final = 25.0
SAFELY: Final = 1.25
"""A form's band is left where a height on its datum has changed by its allowance over this."""
SMALLEST_RADIUS_M: Final = 6_356_752.314245**2 / 6_378_137.0

AT_ONE_PLACE_M: Final = 1_852.0
FASTEST_MPS: Final = 350.0
PLOT_GATE_M: Final = 926.0
PLOT_APART_M: Final = 300.0
SURELY: Final = 0.03
"""Distances this near to a limit, in parts of it, are left open."""

BESIDE_M: Final = 700_000.0
BESIDE_FAST_M: Final = 4_000_000.0
"""Where one of the two is faster than an airliner. What cells of a minute's flight and the minima bridge, and
the diagonals of the cells, is less."""

EMERGENCIES: Final = ("7500", "7600", "7700")

GivenLevel = Callable[[ParticipantId, ParticipantId, str], Level]
"""(owner, recipient, kind of item) -> level."""

Source = tuple[ParticipantId, str, Provenance]


@dataclass(frozen=True)
class Seen:
    """The last report of one aircraft in one source. ``number``: counts all reports. ``unsure``: it may not
    have been believed."""

    number: int
    source: Source
    report: Report
    received: datetime
    unsure: bool

    @property
    def by(self) -> ParticipantId:
        return self.source[0]

    @property
    def address(self) -> str:
        return self.report.address

    @property
    def place(self) -> tuple[float, float]:
        assert self.report.lat is not None
        assert self.report.lon is not None
        return self.report.lat, self.report.lon

    @property
    def has_address(self) -> bool:
        return not self.address.startswith("~")

    @property
    def accuracy_m(self) -> float:
        report = self.report
        over_s = abs((self.received - report.observed_at).total_seconds()) - 2.0
        return (report.accuracy_m or 0.0) + (report.ground_speed_mps or 0.0) * max(0.0, over_s)


def forewarned(
    world: World, tables: Tables, who: ParticipantId, at: datetime, given: GivenLevel
) -> frozenset[tuple[object, ...]]:
    """All that ``who`` may know by warnings."""
    if not tables.ticks:
        return frozenset()
    sky = Sky(world, tables, who, given)
    return frozenset(
        [
            *sky.corroborations(),
            *sky.cells(),
            *sky.raised(),
            *sky.distress(),
            *sky.account(),
            *sky.acknowledgements(),
        ]
    )


class Sky:
    """What is seen at the last tick, as it bears on ``who``."""

    def __init__(self, world: World, tables: Tables, who: ParticipantId, given: GivenLevel) -> None:
        self.world, self.tables, self.who, self.given = world, tables, who, given
        self.flights = _flights(tables)
        last = tables.ticks[-1]
        self.rows = [row for flight in self.flights if (row := _at(flight, *last)) is not None]
        self.own = [row for row in self.rows if row.by == who and row.source[2] is Provenance.OWN]
        self.visible = [row for row in self.rows if self.sees(who, row)]
        self.hidden = list(self._hidden())

    # --- who sees what, and who confirms it

    def sees(self, who: ParticipantId, row: Seen) -> bool:
        if row.source[2] is Provenance.BROADCAST or row.by == who:
            return True
        kind = "own_track" if row.source[2] is Provenance.OWN else "sensed_track"
        return self.given(row.by, who, kind) is not Level.NONE

    def confirmed(self, row: Seen, reader: ParticipantId | None) -> bool:
        """Another than its owner, and than ``reader``, has it there, and no such other claims it."""
        others = [each for each in self.rows if each.by not in (row.by, reader)]
        same = [each for each in others if row.has_address and each.address == row.address]
        if any(each.source[2] is Provenance.OWN for each in same):
            return False
        return any(_at_one_place(row, each) for each in same)

    def _hidden(self) -> Iterator[Seen]:
        theirs = [row for row in self.visible if row.by != self.who]
        sure = [row for row in self.own if self.confirmed(row, None)]
        for row in self.rows:
            if self.sees(self.who, row) or self._is_on_the_ground(row):
                continue
            sensed = row.source[2] is Provenance.SENSED
            known = [*theirs, *(sure if sensed else [])]
            if row.has_address:
                if any(_at_one_place(row, each) for each in known if each.address == row.address):
                    continue
            elif sensed and self._is_plot_of(row, [each for each in known if each.has_address]):
                continue
            yield row

    def _is_on_the_ground(self, row: Seen) -> bool:
        """As it last said: then nobody is warned of it."""
        flight = next(f for f in self.flights if f[0].source == row.source and f[0].address == row.address)
        said = [each.report.on_ground for each in flight if each.number <= row.number]
        return [word for word in said if word is not None][-1:] == [True]

    def _is_plot_of(self, plot: Seen, aircraft: list[Seen]) -> bool:
        """A sensed plot without an address belongs to an aircraft that is there, if it is alone there."""
        near = [each for each in aircraft if _within_gate(plot, each)]
        if not near:
            return False
        rivals = [r for r in self.rows if r.source == plot.source and r is not plot and not r.has_address]
        if len({each.address for each in near}) > 1 or any(_within_gate(r, n) for r in rivals for n in near):
            raise Ambiguous("several plots and aircraft at one place")
        return True

    # --- what that tells

    def corroborations(self) -> Iterator[tuple[object, ...]]:
        for row in self.own:
            yield "own", row.source, row.address, self.confirmed(row, None)
        addresses = {row.address for row in self.own if row.has_address}
        for row in self.visible:
            if row.address in addresses:
                yield "as its own", row.source, row.address, self.confirmed(_as_of(row, self.who), None)

    def cells(self) -> Iterator[tuple[object, ...]]:
        beside = [row for row in self.hidden if self._is_beside(row)]
        for row in beside:
            third = self.confirmed(row, self.who)
            yield "cells", row.source, row.address, self._form(row), third
        for one in beside:
            for other in beside:
                if one is not other and one.has_address and one.address == other.address:
                    yield "one", one.source, other.source, one.address, _at_one_place(one, other)

    def raised(self) -> Iterator[tuple[object, ...]]:
        sure = [row for row in self.own if self.confirmed(row, None)]
        for row in self.hidden:
            kind = "own" if row.source[2] is Provenance.OWN else "sensed"
            given = self.given(row.by, self.who, f"{kind}_track_in_conflict")
            if given is Level.RESERVED or not any(_near(row.place, own.place, row, own) for own in sure):
                continue
            if given is not Level.NONE and self.confirmed(row, self.who):
                yield "raised", row.source, row.address, given, _as_given(row, given)

    def distress(self) -> Iterator[tuple[object, ...]]:
        contingent = {
            owner
            for (owner, _), item in self.tables.items.items()
            if item.kind == "intent" and item.state == IntentState.CONTINGENT
        }
        for row in self.rows:
            if row.source[2] is not Provenance.OWN or row.by == self.who:
                continue
            given = self.given(row.by, self.who, "own_track_in_emergency")
            if given is Level.NONE or not (row.report.squawk in EMERGENCIES or row.by in contingent):
                continue
            yield "distress", row.source, row.address, row.report.squawk, _as_given(row, given)
            yield "distress", row.source, row.address, self._form(row)

    def account(self) -> Iterator[tuple[object, ...]]:
        for row in self.rows:
            if row.by != self.who or row.source[2] is Provenance.BROADCAST:
                continue
            kind = "own" if row.source[2] is Provenance.OWN else "sensed"
            for other in self.rows:
                reader = other.by
                if other.source[2] is not Provenance.OWN or reader == self.who or self.sees(reader, row):
                    continue
                given = self.given(self.who, reader, f"{kind}_track_in_conflict")
                if given in (Level.NONE, Level.RESERVED) or not self.confirmed(row, reader):
                    continue
                if _near(row.place, other.place, row, other):
                    yield "account", other.source, other.report, self.confirmed(other, None)

    def acknowledgements(self) -> Iterator[tuple[object, ...]]:
        own = {row.address for row in self.own}
        shown = {row.address for row in self.visible} | {str(fact[2]) for fact in self.raised()}
        for at, event in self.tables.acknowledged:
            for one, other in (event.pair, event.pair[::-1]):
                if event.by != self.who and one in own and other in shown:
                    yield "acknowledged", one, other, at

    def _is_beside(self, row: Seen) -> bool:
        if any(_near(row.place, own.place, row, own) for own in self.own):
            return True
        volumes = (
            volume
            for (owner, _), item in self.tables.items.items()
            if owner == self.who and item.live()
            for volume in item.volumes
        )
        for volume in volumes:
            outline = volume.outline
            corners = [outline.centre] if isinstance(outline, Circle) else outline.vertices
            if any(_near(row.place, (corner.lat, corner.lon), row, row) for corner in corners):
                return True
        return False

    # --- the level-0 form

    def _form(self, row: Seen) -> tuple[object, ...]:
        """Made of where it was at its first tick in this slot; anew where it left what it allows for."""
        flight = next(f for f in self.flights if f[0].source == row.source and f[0].address == row.address)
        slot = _slot(self.tables.ticks[-1][0])
        anchor: Seen | None = None
        for tick, reports in self.tables.ticks:
            here = _at(flight, tick, reports) if _slot(tick) == slot else None
            if here is None:
                continue
            if here.unsure:
                raise Ambiguous("a report that may not have been believed")
            if anchor is None or _left(anchor, here, slot):
                anchor = here
        assert anchor is not None
        radius_m = _radius_m(anchor, slot)
        return disc(*anchor.place, radius_m), self._band(anchor), slot

    def _band(self, row: Seen) -> tuple[object, ...]:
        """Whole bands above the ellipsoid. A pressure height as it is: finer than what is told."""
        height, rate = row.report.altitude, row.report.vertical_rate_mps
        climb_m = _climb_m(rate)
        if height is None:
            return ("any",)
        if height.datum is Datum.PRESSURE:
            return height, climb_m
        low, high = _above_ellipsoid(self.world, height)
        limits = ((low - climb_m) / BAND_M, (high + climb_m) / BAND_M)
        if any(abs(limit - round(limit)) < 1e-6 for limit in limits):
            raise Ambiguous("a height at a band's edge")
        return math.floor(limits[0]), math.ceil(limits[1])


# --- reports as rows


def _flights(tables: Tables) -> list[list[Seen]]:
    """The reports of each aircraft in each source, in their order."""
    flights: dict[tuple[Source, str], list[Seen]] = {}
    for number, (received, brought) in enumerate(tables.reports):
        if number < tables.began:
            continue
        source = (brought.by, brought.feed, brought.provenance)
        for report in brought.reports:
            flight = flights.setdefault((source, report.address), [])
            before = flight[-1] if flight else None
            flight.append(Seen(number, source, report, received, _may_be_refused(report, received, before)))
    return list(flights.values())


def _may_be_refused(report: Report, received: datetime, before: Seen | None) -> bool:
    whole = None not in (report.lat, report.altitude, report.ground_speed_mps, report.accuracy_m)
    age_s = (received - report.observed_at).total_seconds()
    if not whole or not 0.0 <= age_s <= 50.0:
        return True
    if before is None:
        return False
    passed_s = (report.observed_at - before.report.observed_at).total_seconds()
    lat, lon = before.place
    moved_m = _distance_m((lat, lon), (report.lat or 0.0, report.lon or 0.0))
    frozen = moved_m < 1e-3 and (passed_s <= 0.0 or (before.report.ground_speed_mps or 0.0) * passed_s > 90.0)
    return before.unsure or passed_s < 0.0 or frozen or moved_m > 900.0 + 1_000.0 * passed_s


def _at(flight: list[Seen], tick: datetime, reports: int) -> Seen | None:
    """Its row at a tick before which there were so many reports: the last one, while it lives."""
    rows = [row for row in flight if row.number < reports]
    if not rows or rows[-1].received < tick - LIFE or rows[-1].report.observed_at < tick - LIFE:
        return None
    return rows[-1]


def _as_of(row: Seen, who: ParticipantId) -> Seen:
    """The same, as if it were ``who``'s."""
    return replace(row, source=(who, *row.source[1:]))


def _as_given(row: Seen, level: Level) -> object:
    if row.unsure:
        raise Ambiguous("a report that may not have been believed")
    report = row.report
    late = (row.received - report.observed_at).total_seconds() > 2.0
    return (report if level is Level.IDENTITY else position_form(report)), row.received if late else None


def position_form(report: Report) -> tuple[object, ...]:
    """1/20 of 5 NM and of 1,000 ft, on a grid fixed on the earth; no name, no squawk, whole seconds. The
    category is of level 1, so it is told at 2."""
    place: tuple[int, int] | None = None
    if report.lat is not None and report.lon is not None:
        row = min(math.floor((report.lat + 90.0) * 240.0), 180 * 240 - 1)
        around = max(round(360.0 * 240.0 * math.cos(math.radians((row + 0.5) / 240.0 - 90.0))), 1)
        place = row, math.floor((report.lon + 180.0) % 360.0 / 360.0 * around)
    height = report.altitude
    return (
        report.observed_at.replace(microsecond=0),
        place,
        None if height is None else (_steps(height.value_m, 15.24), height.datum),
        _steps(report.ground_speed_mps, 5.0),
        _steps(report.track_deg, 5.0),
        _steps(report.vertical_rate_mps, 1.524),
        _steps(None if report.accuracy_m is None else report.accuracy_m + 463.0, 100.0, up=True),
        report.category,
    )


def _steps(value: float | None, step: float, *, up: bool = False) -> int | None:
    if value is None:
        return None
    return math.ceil(value / step) if up else round(value / step)


# --- places and heights


@lru_cache(maxsize=65_536)
def _distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(_geod.inv(one[1], one[0], other[1], other[0])[2])


def _within(distance_m: float, limit_m: float) -> bool:
    if abs(distance_m - limit_m) <= SURELY * limit_m:
        raise Ambiguous("a distance near a limit")
    return distance_m < limit_m


def _at_one_place(one: Seen, other: Seen) -> bool:
    if one.unsure or other.unsure:
        raise Ambiguous("a report that may not have been believed")
    apart_s = abs((one.report.observed_at - other.report.observed_at).total_seconds())
    limit_m = AT_ONE_PLACE_M + one.accuracy_m + other.accuracy_m + FASTEST_MPS * apart_s
    return _within(_distance_m(one.place, other.place), limit_m)


def _within_gate(plot: Seen, aircraft: Seen) -> bool:
    a, b = plot.report.altitude, aircraft.report.altitude
    if a is not None and b is not None and a.datum is b.datum and abs(a.value_m - b.value_m) > PLOT_APART_M:
        return False
    limit_m = PLOT_GATE_M + plot.accuracy_m + aircraft.accuracy_m
    return _within(_distance_m(plot.place, aircraft.place), limit_m)


def _near(place: tuple[float, float], other: tuple[float, float], *rows: Seen) -> bool:
    fast = any((row.report.ground_speed_mps or 0.0) * SPEEDING > SPEED_CLASSES_MPS[-2] for row in rows)
    return _distance_m(place, other) <= (BESIDE_FAST_M if fast else BESIDE_M)


def _slot(when: datetime) -> int:
    return math.floor(when.timestamp()) // SLOT_S


def _radius_m(anchor: Seen, slot: int) -> float:
    """How far from there it can get until the slot ends: at the class of its speed, which tells the class."""
    speed = anchor.report.ground_speed_mps
    fastest = UNKNOWN_CLASS_MPS if speed is None else speed * SPEEDING
    reached = min([each for each in SPEED_CLASSES_MPS if each >= fastest] or [SPEED_CLASSES_MPS[-1]])
    age_s = max(0.0, slot * SLOT_S - anchor.report.observed_at.timestamp())
    return anchor.accuracy_m + reached * (SLOT_S + age_s)


def _left(anchor: Seen, here: Seen, slot: int) -> bool:
    reach_m = _radius_m(anchor, slot)
    far = here is not anchor and not _within(
        _distance_m(anchor.place, here.place) + here.accuracy_m, max(reach_m, 1.0)
    )
    one, other = anchor.report.altitude, here.report.altitude
    if one is None or other is None:
        return far
    if one.datum is not other.datum:
        return True
    most_m = _climb_m(anchor.report.vertical_rate_mps) / SAFELY
    return far or not _within(abs(one.value_m - other.value_m), most_m)


def _climb_m(rate: float | None) -> float:
    return max(CLIMB_MPS, abs(rate or 0.0) * SPEEDING) * SLOT_S


def _above_ellipsoid(world: World, height: Altitude) -> tuple[float, float]:
    low, high = {
        Datum.W84: (0.0, 0.0),
        Datum.MSL: world.geoid_m,
        Datum.AGL: (world.geoid_m[0] + world.terrain_m[0], world.geoid_m[1] + world.terrain_m[1]),
    }[height.datum]
    return height.value_m + low, height.value_m + high


@lru_cache(maxsize=4_096)
def disc(lat: float, lon: float, radius_m: float) -> frozenset[int]:
    """S2 cells of the finest level of the grid at which 32 are enough, of a disc grown by a metre, its angle
    on S2's sphere that of the smallest radius of curvature there is."""
    angle = (radius_m + 1.0) / SMALLEST_RADIUS_M
    middle = _s2.S2LatLng.FromDegrees(lat, lon).Normalized().ToPoint()
    around = _s2.S2Cap(middle, _s2.S1Angle.Radians(angle * 1.01 + 1e-6))
    for grid_level in GRID_LEVELS:
        if around.height() / 2.0 * 6 * 4**grid_level > 2_000:
            continue
        coverer = _s2.S2RegionCoverer()
        coverer.set_fixed_level(grid_level)
        found = set()
        for cell_id in coverer.GetCovering(around):
            away = _s2.S2Cell(cell_id).GetDistance(middle).ToAngle().radians()
            if abs(away - angle) * 6.36e6 < 1.0:
                raise Ambiguous("a disc that ends at a cell's edge")
            if away < angle:
                found.add(int(cell_id.id()))
        if len(found) <= MOST_CELLS:
            return frozenset(found)
    raise AssertionError("six cells hold the earth")
