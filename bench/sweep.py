"""What finding all pairs costs: the public call on made traffic, one thread, CPU time, the best of several
rounds.

    python -m bench.sweep [--million/--no-million]

Traffic is seeded and random, which meets far more often than real traffic does: over Europe (35 to 60 N, 10
W to 30 E) at any height to 12 km, three in ten climbing or sinking, 150 to 260 m/s, five miles, 1,000 ft
and 300 s; a city of drones within 30 km below 120 m, to 20 m/s, 50 m, 15 m and 30 s; a million over the
whole Earth. The baseline at a million is ``bare``, in the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.bare import bare_pairs
from bench.report import Figure, at_most, show, stated
from comity.conflict import alerting, cylinder, reference, well_clear
from comity.conflict.pairs import Found, find_pairs
from comity.conflict.warm import warm

Column = NDArray[np.float64]
Motion = tuple[Column, Column, Column, Column, Column, Column]

JETS: dict[str, Any] = {"d_m": 9_260.0, "h_m": 304.8, "horizon_s": 300.0}
DRONES: dict[str, Any] = {"d_m": 50.0, "h_m": 15.0, "horizon_s": 30.0}

EUROPE = (35.0, 60.0, -10.0, 30.0)
EARTH = (-90.0, 90.0, -180.0, 180.0)
SAMPLE = 120


def airliners(count: int, seed: int = 1, box: tuple[float, float, float, float] = EUROPE) -> Motion:
    """Evenly over a part of the Earth."""
    rng = np.random.default_rng(seed)
    low, high = np.sin(np.radians(box[:2]))
    lat, lon = np.degrees(np.arcsin(rng.uniform(low, high, count))), rng.uniform(*box[2:], count)
    speed, track = rng.uniform(150, 260, count), rng.uniform(0, 2 * np.pi, count)
    up = np.where(rng.random(count) < 0.3, rng.uniform(-12, 12, count), 0.0)
    return lat, lon, rng.uniform(0, 12_000, count), speed * np.sin(track), speed * np.cos(track), up


def clustered(count: int, seed: int = 1) -> Motion:
    """Four in five within about 100 km of one of forty places."""
    lat, lon, height, east, north, up = airliners(count, seed)
    rng = np.random.default_rng(seed + 1)
    near, place = rng.random(count) < 0.8, rng.integers(0, 40, count)
    lat = np.where(near, lat[place] + rng.normal(0, 0.5, count), lat)
    lon = np.where(near, lon[place] + rng.normal(0, 0.8, count), lon)
    return lat, lon, height, east, north, up


def at_one_point(count: int) -> Motion:
    lat, lon, height, *still = (np.full(count, value) for value in (46.0, 8.0, 3e3, 0.0, 0.0, 0.0))
    return lat, lon, height, still[0], still[1], still[2]


def city(count: int, seed: int = 2) -> Motion:
    rng = np.random.default_rng(seed)
    lat, lon = 46.0 + rng.uniform(-0.135, 0.135, count), 7.0 + rng.uniform(-0.195, 0.195, count)
    speed, track = rng.uniform(0, 20, count), rng.uniform(0, 2 * np.pi, count)
    up = rng.uniform(-2, 2, count)
    return lat, lon, rng.uniform(0, 120, count), speed * np.sin(track), speed * np.cos(track), up


def best_ms(work: Callable[[], object], rounds: int) -> float:
    """CPU of this thread: others use the machine too."""
    took = []
    for _ in range(rounds):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took) * 1e3


def everything(count: int) -> dict[str, Any]:
    """All optional arrays: two categories, uncertain positions, three datums, groups."""
    rng = np.random.default_rng(8)
    return {
        "category": rng.integers(0, 2, count).astype(np.int8),
        "d_m": np.array([[9_260.0, 5_000.0], [5_000.0, 1_000.0]]),
        "h_m": np.full((2, 2), 304.8),
        "horizon_s": np.array([[300.0, 120.0], [120.0, 60.0]]),
        "radius_m": rng.uniform(0, 200, count),
        "datum": rng.integers(0, 3, count).astype(np.int8),
        "height_error_m": np.full(count, 10.0),
        "wgs84_mid_m": rng.uniform(0, 12_000, count),
        "wgs84_half_m": np.full(count, 60.0),
        "skip": np.arange(count, dtype=np.int32) // 2,
    }


def sweeps() -> list[Figure]:
    figures = []
    for count, goal in ((5_500, 2.0), (10_000, 3.5)):
        motion = airliners(count)
        took = best_ms(lambda: find_pairs(*motion, **JETS), 100)  # noqa: B023  # called at once
        plain = best_ms(lambda: bare_pairs(*motion, *JETS.values()), 50)  # noqa: B023  # called at once
        name = f"{count:,} over Europe, ms"
        figures.append(at_most(name, f"{took:.2f}", f"bare {plain:.2f}", took, goal))
    motion = city(100_000)
    took = best_ms(lambda: find_pairs(*motion, **DRONES), 8)
    figures.append(at_most("city of 100,000 drones, ms", f"{took:.1f}", "", took, 80.0))
    told: tuple[tuple[str, Motion, dict[str, Any]], ...] = (
        ("10,000 clustered, ms", clustered(10_000), JETS),
        ("10,000, all optional arrays, ms", airliners(10_000), everything(10_000)),
        ("100,000 over the Earth, ms", airliners(100_000, box=EARTH), JETS),
        ("100,000 at one point, ms", at_one_point(100_000), JETS),
    )
    for name, motion, options in told:
        took = best_ms(lambda: find_pairs(*motion, **options), 8)  # noqa: B023  # called at once
        figures.append(stated(name, f"{took:.2f}", "", took))
    return figures


def million() -> list[Figure]:
    motion = airliners(1_000_000, 3, EARTH)
    found: list[Found] = []
    took = best_ms(lambda: found.append(find_pairs(*motion, **JETS)), 5)
    bare: list[int] = []
    plain = best_ms(lambda: bare.append(len(bare_pairs(*motion, *JETS.values())[0])), 5)
    # The prototype's Earth is a sphere: it cannot agree to the last pair.
    assert abs(len(found[0].pairs) - bare[0]) < 0.005 * bare[0]
    return [
        at_most(
            "1,000,000 over the Earth, times bare",
            f"{took:.0f} ms",
            f"bare {plain:.0f} ms",
            took / plain,
            1.5,
            f"{len(found[0].pairs):,} pairs",
        )
    ]


def reference_factor() -> Figure:
    """The reference on a sample, its time grown with the square of the number."""
    motion = airliners(5_500)
    slow = [reference.Aircraft(*row) for row in np.array(motion).T[:SAMPLE].tolist()]
    minima = {(0, 0): reference.Minima(**JETS)}
    slow_ms = best_ms(lambda: list(reference.find_pairs(slow, minima)), 1) * (5_500 / SAMPLE) ** 2
    took = best_ms(lambda: find_pairs(*motion, **JETS), 50)
    note = f"every pair of {SAMPLE}, times the square of 5,500/{SAMPLE}"
    return stated(
        "5,500, reference over kernels", f"{took:.2f} ms", f"{slow_ms / 1e3:,.0f} s", slow_ms / took, note
    )


def kernels() -> list[Figure]:
    """Per pair, over states like those of the reference encounters."""
    rng = np.random.default_rng(5)
    count = 8_000
    states = np.vstack(
        [
            rng.uniform(-50e3, 50e3, (2, count)),
            rng.uniform(-2e3, 2e3, (1, count)),
            rng.uniform(-300, 300, (2, count)),
            rng.uniform(-20, 20, (1, count)),
        ]
    )
    works: dict[str, tuple[Callable[[], object], float | None]] = {
        "cylinder": (lambda: cylinder.intervals(states, **JETS), 20.0),
        "well clear": (lambda: well_clear.intervals(states, well_clear.EN_ROUTE, horizon_s=300.0), 20.0),
        "alert level, phase I": (lambda: alerting.levels(states, alerting.PHASE_1), None),
    }
    figures = []
    for name, (work, goal) in works.items():
        took_ns = best_ms(work, 300) * 1e6 / count
        name = f"{name}, ns a pair"
        figures.append(
            stated(name, f"{took_ns:.1f}", "", took_ns)
            if goal is None
            else at_most(name, f"{took_ns:.1f}", "", took_ns, goal)
        )
    return figures


def held_bytes(count: int, mixed: bool) -> float:
    """What the call takes at most while it runs, an aircraft, above what it is given: in a process of its
    own."""
    program = f"""
import json, sys
from bench import sweep
motion = sweep.airliners({count}, 3, sweep.EARTH)
options = sweep.everything({count}) if {mixed} else sweep.JETS
sweep.warm()
def told(field):
    return int(next(line for line in open("/proc/self/status") if line.startswith(field)).split()[1]) * 1024
open("/proc/self/clear_refs", "w").write("5")
before = told("VmRSS")
found = sweep.find_pairs(*motion, **options)
print(json.dumps((told("VmHWM") - before) / {count}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def settle() -> None:
    """Take and give back 30 MB, as a process that has run for a while has. Until it has once been given
    back that much, the C library returns memory to the system after each call, and 10,000 aircraft take 0.5
    ms longer."""
    for _ in range(3):
        np.ones(4_000_000 - 300_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    began = time.perf_counter()
    warm()
    ready_s = time.perf_counter() - began
    settle()
    figures = [*sweeps(), *kernels(), reference_factor()]
    if options.million:
        figures += million()
        for mixed, words in ((False, ""), (True, ", all optional arrays")):
            held = held_bytes(1_000_000, mixed)
            note = "peak of the process above the arrays given, the answer included"
            figures.append(
                at_most(f"bytes an aircraft at 1,000,000{words}", f"{held:.0f}", "", held, 200.0, note)
            )
    figures.append(
        stated("warming, s", f"{ready_s:.2f}", "", ready_s, "with code kept from an earlier run, or not")
    )
    with tempfile.TemporaryDirectory() as folder:
        show("All pairs", Path(folder), figures)


if __name__ == "__main__":
    main()
