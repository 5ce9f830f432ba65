"""What track against volume costs: CPU time of one thread, beside a named baseline of the same run.

    python bench/incursions.py [AIRCRAFT] [VOLUMES ...]        10000, and 1000 and 20000, if not given

Evenly over Europe. Half of the volumes are drones' circles of 50 m to 1.5 km, four in ten are areas of 2 to
50 km, the rest areas to 200 km and routes of 1,000 to 3,000 km. Baselines: ``all pairs``, the search's own
test of boxes on every pair, by numpy; ``reference``, the slow form of the exact test every 5 s, on a sample.
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.geo import cpu_us, line
from comity.alerts.incursions import incursions
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import MOVES, Traffic
from comity.alerts.volumes import Item, Watched, straight
from comity.conflict.incursion import Pairs, visits
from comity.conflict.incursion_grid import path_boxes
from comity.conflict.incursion_reference import Flight, first_visit
from comity.geo.earth import Floats, destination
from comity.model.altitude import Altitude, Datum
from comity.model.batch import DATUM_CODE
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HORIZON_S = 120.0
SEED = 7
SAMPLE = 8


def near(place: LatLon, distance_m: float, azimuth_deg: float) -> LatLon:
    lat, lon = destination(lat=place.lat, lon=place.lon, azimuth_deg=azimuth_deg, distance_m=distance_m)
    return LatLon(lat, lon)


def star(rng: np.random.Generator, middle: LatLon, size_m: float) -> Polygon:
    count = int(rng.integers(5, 20))
    return Polygon(tuple(near(middle, size_m * rng.uniform(0.6, 1.0), 360 / count * k) for k in range(count)))


def route(rng: np.random.Generator, start: LatLon) -> Polygon:
    """20 km wide, in ten legs."""
    length_m, azimuth = rng.uniform(1e6, 3e6), rng.uniform(0.0, 360.0)
    line_ = [near(start, length_m * k / 10, azimuth + rng.uniform(-3.0, 3.0)) for k in range(11)]
    sides = [[near(p, 10_000.0, azimuth + turn) for p in line_] for turn in (-90.0, 90.0)]
    return Polygon((*sides[0], *reversed(sides[1])))


def volume(rng: np.random.Generator) -> Volume4D:
    middle, kind = LatLon(rng.uniform(36, 60), rng.uniform(-10, 30)), rng.uniform()
    outline: Shape
    low, high, datum = rng.uniform(0.0, 9_000.0), rng.uniform(500.0, 3_000.0), Datum.PRESSURE
    if kind < 0.5:
        outline = Circle(middle, 10 ** rng.uniform(1.7, 3.2))
        low, high, datum = 0.0, 120.0, Datum.AGL
    elif kind < 0.98:
        outline = star(rng, middle, 10 ** (rng.uniform(3.3, 4.7) if kind < 0.9 else rng.uniform(4.7, 5.3)))
    else:
        outline = route(rng, middle)
    start = NOON + timedelta(minutes=rng.uniform(-60.0, 60.0))
    return Volume4D(
        outline, Altitude(low, datum), Altitude(low + high, datum), start, start + timedelta(hours=1)
    )


def aircraft(rng: np.random.Generator, count: int) -> Traffic:
    height = rng.uniform(300.0, 12_000.0, count)
    speed, track = np.where(height > 6_000.0, 230.0, 90.0), rng.uniform(0.0, 2.0 * math.pi, count)
    zero = np.zeros(count)
    return Traffic(
        keys=[f"{k:06X}" for k in range(count)],
        index=np.arange(count),
        lat_deg=rng.uniform(36.0, 60.0, count),
        lon_deg=rng.uniform(-10.0, 30.0, count),
        height_m=height,
        east_mps=speed * np.sin(track),
        north_mps=speed * np.cos(track),
        up_mps=rng.choice([0.0, 0.0, 8.0, -8.0], count),
        category=np.zeros(count, np.int8),
        radius_m=np.full(count, 50.0),
        datum=np.full(count, DATUM_CODE[Datum.PRESSURE], np.int8),
        height_error_m=zero,
        wgs84_mid_m=height,
        wgs84_half_m=np.full(count, 400.0),
        observed_us=np.zeros(count, np.int64),
        age_s=zero,
        flags=np.full(count, MOVES, np.uint8),
        left_out={},
    )


def scan(flown: Floats, volumes: Floats) -> int:
    """Every pair's boxes, a thousand aircraft at once."""
    found = 0
    for first in range(0, len(flown), 1_000):
        part = flown[first : first + 1_000]
        touch = np.ones((len(part), len(volumes)), np.bool_)
        for axis in range(3):
            touch &= part[:, axis, None] <= volumes[None, :, 3 + axis]
            touch &= volumes[None, :, axis] <= part[:, 3 + axis, None]
        found += int(np.count_nonzero(touch))
    return found


def figures(count: int, volumes: int) -> None:
    rng = np.random.default_rng(SEED)
    kept = [volume(rng) for _ in range(volumes)]
    watched, flown = Watched(), aircraft(rng, count)
    for k, each in enumerate(kept[:100]):
        watched.put(Item(f"{k}", f"{k}", "constraint", closed=True), [each])
    put_us = cpu_us(lambda: watched.put(Item("0", "0", "constraint", closed=True), [kept[0]]), 20)
    for k, each in enumerate(kept):
        watched.put(Item(f"{k}", f"{k}", "constraint", closed=True), [each])
    pairs = watched.candidates(flown, NOON, HORIZON_S)
    straight_on, areas = straight(flown, HORIZON_S), watched.areas()
    found = f"{len(pairs.row):,} candidates; {put_us:.0f} µs to put one"
    print(f"\n{count:,} aircraft, {volumes:,} volumes: {found}")
    paths_box, volumes_box = path_boxes(straight_on, HORIZON_S), watched.boxes()
    base_us = cpu_us(lambda: scan(paths_box, volumes_box), 1)
    line("candidates", cpu_us(lambda: watched.candidates(flown, NOON, HORIZON_S), 5), "all pairs", base_us)
    visits_us = cpu_us(lambda: visits(straight_on, areas, pairs), 5) / max(1, len(pairs.row))
    slow = list(range(len(pairs.row)))[:: max(1, len(pairs.row) // SAMPLE)]
    slow_us = cpu_us(lambda: reference(flown, watched, kept, pairs, slow), 1) / max(1, len(slow))
    line("exact, a pair", visits_us, "reference", slow_us)
    all_us = cpu_us(lambda: incursions(flown, watched, AlertSettings(), NOON), 3)
    none_us = cpu_us(
        lambda: incursions(flown, watched, AlertSettings(), NOON, expected=lambda aircraft, item: True), 3
    )
    count = len(incursions(flown, watched, AlertSettings(), NOON))
    line(f"findings, {count:,} of them", all_us, "all pairs", base_us)
    line("findings, all expected", none_us, "all pairs", base_us)


def reference(flown: Traffic, watched: Watched, kept: list[Volume4D], pairs: Pairs, which: list[int]) -> None:
    for pair in which:
        k = int(pairs.aircraft[pair])
        east, north = float(flown.east_mps[k]), float(flown.north_mps[k])
        flight = Flight(
            float(flown.lat_deg[k]),
            float(flown.lon_deg[k]),
            math.degrees(math.atan2(east, north)),
            math.hypot(east, north),
            float(flown.radius_m[k]),
        )
        outline = kept[int(watched.item(int(pairs.row[pair])).key)].outline
        first_visit(
            flight, outline, begin_s=float(pairs.begin_s[pair]), end_s=float(pairs.end_s[pair]), step_s=5.0
        )


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    for volumes in given[1:] or (1_000, 20_000):
        figures(given[0] if given else 10_000, volumes)


if __name__ == "__main__":
    main()
