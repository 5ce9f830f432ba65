"""The volumes that matter now, in columns: kept as they change, searched once a sweep.

``put`` and ``drop`` cost what they change: an outline is made ready once, and stays until its item is put
anew. Not safe to share between threads: it is changed between sweeps, never during one. A volume can be as
promised, or as released at level 0: cells of the grid, a band above the ellipsoid and a slot, which hold more
than was promised.

Heights of volumes above the ellipsoid come from what stays true of the environment. ``refresh`` takes the
weather in: then limits by pressure are as narrow as the QNH in force for the whole look-ahead allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
import numpy as np

from comity.alerts.traffic import Traffic
from comity.clock import seconds
from comity.conflict.incursion import FURTHEST_M, Areas, Pairs, Paths, paths, visits
from comity.conflict.incursion_areas import Outline, of_cells, of_shape
from comity.conflict.incursion_grid import Bands, Levels, join
from comity.conflict.incursion_table import AreaTable
from comity.geo.height_arrays import bounds_of
from comity.geo.heights import WORST_CASE, Environment, bounds
from comity.model.altitude import Datum
from comity.model.batch import DATUM_CODE, Floats, Ints
from comity.model.released import ReservedVolume
from comity.model.volume import EARLIEST, LATEST, Volume4D

_W84: Final = DATUM_CODE[Datum.W84]

HIGHEST_FLOWN_M: Final = 18_288.0
"""60,000 ft, where controlled airspace ends. A volume from the ground to there holds whatever flies over it,
so that an unknown height leaves no doubt. Larger: fewer volumes count as such."""


class Item(msgspec.Struct, frozen=True, gc=False):
    """What a finding says of an item. ``key`` names it in the table, ``ref`` to whom the finding goes.
    ``closed``: a constraint into which nobody may go, and not one that only advises. ``reserved``: its
    volumes are level 0's."""

    key: str
    ref: str
    kind: Literal["constraint", "intent"]
    label: str | None = None
    closed: bool = False
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Visits:
    """Who is, or will be, in which rows: one element a pair that meets, by aircraft, then row."""

    aircraft: Ints
    row: Ints
    enters_s: Floats
    leaves_s: Floats


class Watched:
    """A table of volumes by item. ``environment``: what is known of the area; of it what lasts counts, until
    ``refresh`` tells the weather."""

    def __init__(self, environment: Environment = WORST_CASE) -> None:
        self._environment = environment.lasting()
        self._weather: Environment | None = None
        self._table = AreaTable()
        self._rows_of: dict[str, tuple[Item, list[int]]] = {}
        self._item_of: list[Item | None] = []
        self._lower, self._upper = np.empty((2, 0)), np.empty((2, 0))
        self._datums, self._times = np.empty((2, 0), np.int64), np.empty((2, 0))

    def __len__(self) -> int:
        """Volumes in it."""
        return len(self._table)

    def __contains__(self, key: str) -> bool:
        return key in self._rows_of

    def keys(self) -> list[str]:
        """Of the items in it, in the order in which they were put."""
        return list(self._rows_of)

    def item(self, row: int) -> Item:
        """Whose volume is in a row."""
        found = self._item_of[row]
        if found is None:
            raise KeyError(row)
        return found

    def put(self, item: Item, volumes: Sequence[Volume4D | ReservedVolume]) -> None:
        """Take up an item, in place of what was there under its key."""
        self.drop(item.key)
        self._rows_of[item.key] = item, [self._add(item, volume) for volume in volumes]

    def drop(self, key: str) -> None:
        """Forget an item; nothing happens where there is none."""
        _, rows = self._rows_of.pop(key, (None, []))
        for row in rows:
            self._item_of[row] = None
            self._table.remove(row)

    def refresh(self, environment: Environment, now: datetime, horizon_s: float) -> None:
        """Heights above the ellipsoid by what is known for all of the time from now to the horizon."""
        during = environment.during(now, now + timedelta(seconds=horizon_s))
        timeless = tuple(msgspec.structs.replace(q, valid_from=EARLIEST, expires=LATEST) for q in during.qnh)
        weather = msgspec.structs.replace(during, qnh=timeless)
        if weather != self._weather:
            self._weather = weather
            self._lower[1], _ = bounds_of(self._lower[0], self._datums[0], during, now)
            _, self._upper[1] = bounds_of(self._upper[0], self._datums[1], during, now)

    def candidates(self, traffic: Traffic, now: datetime, horizon_s: float) -> Pairs:
        """Pairs that may meet within the horizon: too many, never too few."""
        return self._candidates(straight(traffic, horizon_s), traffic, now, horizon_s)

    def visits(self, traffic: Traffic, now: datetime, horizon_s: float) -> Visits:
        """The pairs that meet within the horizon, each with its first visit."""
        flown = straight(traffic, horizon_s)
        pairs = self._candidates(flown, traffic, now, horizon_s)
        enters_s, leaves_s = visits(flown, self.areas(), pairs)
        met = np.flatnonzero(enters_s <= leaves_s)
        return Visits(pairs.aircraft[met], pairs.row[met], enters_s[met], leaves_s[met])

    def areas(self) -> Areas:
        """The outlines, ready for ``conflict.incursion.visits`` with rows as ``candidates`` gives them."""
        return self._table.areas()

    def boxes(self) -> Floats:
        """Earth-centred limits of the outlines, a row each."""
        return self._table.boxes()

    def opens_s(self, row: int, now: datetime) -> float:
        """When a volume begins, in seconds from now."""
        return float(self._times[0, row]) - seconds(now)

    def on_datum(self, row: int, datum: int) -> bool:
        """Whether both limits of a volume are on this datum."""
        return bool((self._datums[:, row] == datum).all())

    def every_height(self, row: int) -> bool:
        """Whether a volume holds every height that an aircraft flies at. 0 on any datum counts as the
        ground: in the few places where it is not, a warning is too high."""
        return bool(self._lower[0, row] <= 0.0 and self._upper[0, row] >= HIGHEST_FLOWN_M)

    def _candidates(self, flown: Paths, traffic: Traffic, now: datetime, horizon_s: float) -> Pairs:
        levels = Levels(
            traffic.height_m,
            traffic.height_error_m,
            traffic.datum.astype(np.int64),
            traffic.wgs84_mid_m,
            traffic.wgs84_half_m,
            traffic.up_mps,
        )
        opens_s, closes_s = self._times - seconds(now)
        limits = (
            self._lower[0],
            self._datums[0],
            self._lower[1],
            self._upper[0],
            self._datums[1],
            self._upper[1],
        )
        bands = Bands(*limits, opens_s, closes_s)
        return join(flown, levels, bands, self._table.cubes(), horizon_s)

    def _add(self, item: Item, volume: Volume4D | ReservedVolume) -> int:
        if isinstance(volume, ReservedVolume):
            row = self._row(of_cells(volume.cells))
            self._lower[:, row], self._upper[:, row] = volume.lower_w84_m, volume.upper_w84_m
            self._datums[:, row] = _W84
        else:
            row = self._row(of_shape(volume.outline))
            for k, (limit, column) in enumerate(((volume.lower, self._lower), (volume.upper, self._upper))):
                self._datums[k, row] = DATUM_CODE[limit.datum]
                column[:, row] = limit.value_m, bounds(limit, self._environment, volume.start)[k]
                if limit.datum is Datum.PRESSURE:
                    self._weather = None
        self._item_of[row] = item
        self._times[:, row] = seconds(volume.start), seconds(volume.end)
        return row

    def _row(self, outline: Outline) -> int:
        """A new row, with room for it in every column."""
        row = self._table.add(outline)
        more = self._table.room - len(self._item_of)
        if more:
            self._item_of += [None] * more
            self._lower = np.pad(self._lower, ((0, 0), (0, more)))
            self._upper = np.pad(self._upper, ((0, 0), (0, more)))
            self._datums = np.pad(self._datums, ((0, 0), (0, more)))
            self._times = np.pad(self._times, ((0, 0), (0, more)), constant_values=-np.inf)
        return row


def straight(traffic: Traffic, horizon_s: float) -> Paths:
    """Every aircraft straight on. One so fast that it would go farther than ``FURTHEST_M``, which no aircraft
    does, goes so far."""
    speed = np.hypot(traffic.east_mps, traffic.north_mps)
    return paths(
        lat=traffic.lat_deg,
        lon=traffic.lon_deg,
        track_deg=np.degrees(np.arctan2(traffic.east_mps, traffic.north_mps)),
        speed_mps=np.minimum(speed, FURTHEST_M / max(horizon_s, 1.0) * (1.0 - 1e-9)),
        radius_m=traffic.radius_m,
    )
