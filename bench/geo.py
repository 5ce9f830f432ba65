"""What geometry costs: CPU time of one thread, each figure beside a named baseline of the same run.

    python bench/geo.py [VOLUMES ...]        how many live volumes; 10000 and 1000000 if not given

Volumes are squares of 100 m with a band of 50 m for half an hour, in a hundred towns (dense) or evenly over
the same part of the earth (sparse). Baselines: ``scan``, the same comparisons by numpy over the columns of
all volumes; ``box``, working out a volume's box and doing nothing with it; ``afresh``, projecting every
candidate about the query each time and asking shapely for each pair.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from comity.geo.boxes import Box
from comity.geo.cells import grid_cells
from comity.geo.earth import frame_at, xyz_of
from comity.geo.heights import WORST_CASE
from comity.geo.index import VolumeIndex
from comity.geo.outlines import project
from comity.geo.overlap import overlapping
from comity.geo.rings import ring
from comity.geo.shapes import intersects
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D

MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)
SEED = 7
TOWNS = 100

Places = list[tuple[float, float]]


def square(lat: float, lon: float, side_deg: float) -> Polygon:
    far_lat, far_lon = lat + side_deg, lon + side_deg
    return Polygon((LatLon(lat, lon), LatLon(lat, far_lon), LatLon(far_lat, far_lon), LatLon(far_lat, lon)))


def volume(
    outline: Shape, lower_m: float, upper_m: float, at_s: float, length_s: float = 1_800.0
) -> Volume4D:
    start = MIDNIGHT + timedelta(seconds=at_s)
    band = Altitude(lower_m, Datum.W84), Altitude(upper_m, Datum.W84)
    return Volume4D(outline, *band, start, start + timedelta(seconds=length_s))


def places(count: int, *, dense: bool) -> Places:
    rng = np.random.default_rng(SEED)
    even = np.column_stack([rng.uniform(35.0, 60.0, count), rng.uniform(-10.0, 30.0, count)])
    if dense:
        even = even[rng.integers(0, min(TOWNS, count), count)] + rng.normal(size=(count, 2)) * 0.1
    return [(float(lat), float(lon)) for lat, lon in even]


def small_volumes(at: Places) -> list[Volume4D]:
    rng = np.random.default_rng(SEED + 1)
    low, when = rng.uniform(0.0, 500.0, len(at)).tolist(), rng.uniform(0.0, 80_000.0, len(at)).tolist()
    return [
        volume(square(lat, lon, 0.001), h, h + 50.0, t)
        for (lat, lon), h, t in zip(at, low, when, strict=True)
    ]


def cpu_us(work: Callable[[], object], repeat: int) -> float:
    """CPU microseconds of one call, the best of three rounds: the machine has other things to do."""
    rounds = []
    for _ in range(3):
        begun = time.thread_time()
        for _ in range(repeat):
            work()
        rounds.append((time.thread_time() - begun) / repeat)
    return min(rounds) * 1e6


def each(work: Callable[[Any], object], arguments: Sequence[Any]) -> None:
    for argument in arguments:
        work(argument)


def held_bytes(index: VolumeIndex) -> int:
    """What the index holds: its columns, and cells with all that is in them."""
    grid = index._grid
    bags = [*grid._held.values(), *grid._listed.values()]
    cells = sum(sys.getsizeof(d) + sum(sys.getsizeof(key) for key in d) for d in (grid._held, grid._listed))
    return sum(column.nbytes for column in index._columns()) + cells + sum(sys.getsizeof(bag) for bag in bags)


def line(name: str, took_us: float, baseline: str, base_us: float, note: str = "") -> None:
    print(f"{name:<44}{took_us:>10.1f} µs {base_us / took_us:>9.2f} x {baseline:<8}{note}")


def scan(index: VolumeIndex, limits: NDArray[np.float32], box: Box) -> NDArray[np.int64]:
    """Every row against the box."""
    rows = len(index)
    keep = (index.lower_m[:rows] <= box.upper_m) & (index.upper_m[:rows] >= box.lower_m)
    keep &= (index.start_s[:rows] <= box.end_s) & (index.end_s[:rows] >= box.start_s)
    for axis in range(3):
        keep &= (limits[axis] <= box[axis + 3]) & (limits[axis + 3] >= box[axis])
    return np.flatnonzero(keep)


def index_figures(count: int, *, dense: bool) -> None:
    where = "dense" if dense else "sparse"
    at = places(count, dense=dense)
    kept = small_volumes(at)
    index = VolumeIndex(WORST_CASE)
    begun = time.thread_time()
    index.bulk_insert(kept, range(count), [0] * count)
    took = time.thread_time() - begun
    held = held_bytes(index) / count
    print(f"\n{count:,} volumes, {where}: put in at once in {took:.2f} s, {held:.0f} bytes each")
    boxes = np.array([index.box_of(v)[:6] for v in kept], dtype=np.float32)
    limits = np.ascontiguousarray(boxes.T)
    route = square(38.0, -9.0, 0.1).vertices[:2] + square(55.0, 25.0, 0.1).vertices[:2]
    queries = {
        "search, its own place": kept[:500],
        "search, nothing there": [volume(square(-40.0, 100.0 + k, 0.001), 0, 50, 0) for k in range(20)],
        "search, 10 km, above": [volume(square(*p, 0.1), 5e3, 6e3, 0) for p in at[:20]],
        "search, 300 km, above": [volume(square(*p, 3.0), 5e3, 6e3, 0) for p in at[:20]],
        "search, 3,000 km, above": [volume(Polygon(route), 9e3, 1e4, 0, 7_200.0)],
        "search, 3,000 km, through": [volume(Polygon(route), 0.0, 1e4, 0, 7_200.0)],
    }
    for name, asked in queries.items():
        found = [index.search(v) for v in asked]
        wanted = [scan(index, limits, index.box_of(v)) for v in asked]
        assert all(set(w) <= set(f) for w, f in zip(wanted, found, strict=True))
        took_us = cpu_us(partial(each, index.search, asked), 3) / len(asked)
        sample = [index.box_of(v) for v in asked[:5]]
        base_us = cpu_us(partial(each, partial(scan, index, limits), sample), 1) / len(sample)
        hits = np.mean([len(f) for f in found])
        line(name, took_us, "scan", base_us, f"{hits:,.0f} found")
    fresh = kept[: min(count, 2_000)]

    def in_and_out() -> None:
        for handle in [index.insert(v, 0, 0) for v in fresh]:
            index.remove(handle)

    base_us = cpu_us(lambda: [index.box_of(v) for v in fresh], 1) / len(fresh)
    line("insert and remove", cpu_us(in_and_out, 1) / len(fresh), "box", base_us)


def afresh(query: Shape, others: Sequence[Shape]) -> NDArray[np.bool_]:
    """Each candidate projected about the query."""
    first = query.vertices[0] if isinstance(query, Polygon) else query.centre
    frame = frame_at(np.array(xyz_of(lat=first.lat, lon=first.lon)))
    asked = shapely.Polygon(project(ring(query), frame))
    return np.array([asked.intersects(shapely.Polygon(project(ring(o), frame))) for o in others])


def exact_figures() -> None:
    print("\nthe exact test, 500 candidates over one place")
    rng = np.random.default_rng(SEED)
    scatter = rng.normal(size=(500, 2)) * 0.02
    kinds: dict[str, Callable[[float, float], Shape]] = {
        "squares": lambda lat, lon: square(lat, lon, 0.02),
        "circles": lambda lat, lon: Circle(LatLon(lat, lon), 800.0),
    }
    for asked, make_query in kinds.items():
        for name, make in kinds.items():
            others = [make(46.0 + dy, 7.0 + dx) for dy, dx in scatter.tolist()]
            cold = [make(46.0 + dy, 7.0 + dx) for dy, dx in scatter.tolist()]
            base_us = cpu_us(lambda: afresh(make_query(46.0, 7.0), others), 1)  # noqa: B023  # called at once
            cold_us = cpu_once_us(lambda: intersects(make_query(46.0, 7.0), cold))  # noqa: B023  # called at once
            took_us = cpu_us(lambda: intersects(make_query(46.0, 7.0), others), 30)  # noqa: B023  # called at once
            hits = int(intersects(make_query(46.0, 7.0), others).sum())
            note = f"{hits} meet, first sight {cold_us / 500:.0f} µs each"
            line(f"{asked} against {name}", took_us, "afresh", base_us, note)
    one = square(46.01, 7.01, 0.02)
    base_us = cpu_us(lambda: afresh(square(46.0, 7.0, 0.02), [one]), 50)
    line(
        "one square against one",
        cpu_us(lambda: intersects(square(46.0, 7.0, 0.02), [one]), 200),
        "afresh",
        base_us,
    )
    stack = [volume(square(46.0, 7.0, 0.02), 30.0 * k, 30.0 * k + 20.0, 0) for k in range(500)]
    base_us = cpu_us(lambda: afresh(stack[0].outline, [v.outline for v in stack]), 1)
    took_us = cpu_us(lambda: overlapping(stack[250], stack, WORST_CASE, MIDNIGHT), 30)
    line("500 volumes, apart in height", took_us, "afresh", base_us)
    print()
    for name, shape in (
        ("1 km", square(46.0, 7.0, 0.01)),
        ("100 km", square(46.0, 7.0, 1.0)),
        ("4,500 km", Polygon((LatLon(46.0, 6.0), LatLon(28.0, 50.0), LatLon(28.5, 50.0)))),
    ):
        print(f"grid cells of an outline of {name:<12}{cpu_once_us(partial(grid_cells, shape)):>14.1f} µs")


def cpu_once_us(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1e6


def main(arguments: Sequence[str]) -> None:
    for count in [int(a) for a in arguments] or [10_000, 1_000_000]:
        for dense in (True, False):
            index_figures(count, dense=dense)
    exact_figures()


if __name__ == "__main__":
    main(sys.argv[1:])
