"""Forty real airports around the Alps, from ``data/airports.csv``, which names its source and builder."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from comity.sim.sphere import Point


class Airport(NamedTuple):
    icao: str
    name: str
    at: Point
    elevation_m: float


@cache
def airports() -> tuple[Airport, ...]:
    """In the order of their ICAO codes."""
    text = files("comity.sim").joinpath("data/airports.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Airport(
            row["icao"], row["name"], Point(float(row["lat"]), float(row["lon"])), float(row["elevation_m"])
        )
        for row in rows
    )
