"""Background traffic as a receiver's port 30003 gives it: real SBS bytes, so that it enters by the funnel.

SBS-1 (BaseStation) lines of 22 comma-separated columns; only those that a type carries are filled::

    MSG,1  callsign (11)
    MSG,3  pressure altitude, ft (12); latitude, longitude, degrees (15, 16)
    MSG,4  ground speed, kt (13); track, degrees (14); vertical rate, ft/min (17)
    MSG,6  squawk (18)

Each aircraft says where it is and how it moves every second, and who it is every five, spread by number.
``sbs(seed, t)`` depends on nothing but its arguments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Final

from comity.clock import from_micros
from comity.sim.flight import Flight, Seen, flight
from comity.units import METRES_PER_SECOND_PER_FOOT_PER_MINUTE, METRES_PER_SECOND_PER_KNOT, feet_from_metres

FLIGHTS: Final = 240
"""About what is over the Alps on a summer's morning."""

IDENTITY_EVERY_S: Final = 5
EMERGENCY_FLIGHT: Final = 11
EMERGENCY_EVERY_S, EMERGENCY_FROM_S, EMERGENCY_UNTIL_S = 120, 50, 100
"""This flight squawks 7700 for a while in every two minutes."""


@cache
def flights(seed: int, count: int = FLIGHTS) -> tuple[Flight, ...]:
    return tuple(flight(seed, number) for number in range(count))


def seen(seed: int, t: float, count: int = FLIGHTS) -> list[Seen]:
    """Everything in the air at ``t`` seconds since 1970."""
    found = []
    for number, each in enumerate(flights(seed, count)):
        now = each.at(t)
        if now is None:
            continue
        if number == EMERGENCY_FLIGHT and EMERGENCY_FROM_S <= t % EMERGENCY_EVERY_S < EMERGENCY_UNTIL_S:
            now = now._replace(squawk="7700")
        found.append(now)
    return found


def sbs(seed: int, t: int, count: int = FLIGHTS) -> bytes:
    """One second of it, as lines."""
    stamp = from_micros(t * 1_000_000)
    lines = [line for aircraft in seen(seed, t, count) for line in _lines(aircraft, t, stamp)]
    return "".join(lines).encode("ascii")


def _lines(aircraft: Seen, t: int, stamp: datetime) -> Iterator[str]:
    height_ft = round(feet_from_metres(aircraft.pressure_height_m) / 25) * 25
    position = f"{height_ft},,,{aircraft.at.lat:.5f},{aircraft.at.lon:.5f},,,,,,0"
    yield _line(3, aircraft.address, stamp, "," + position)
    knots = math.floor(aircraft.ground_speed_mps / METRES_PER_SECOND_PER_KNOT + 0.5)
    feet_per_minute = round(aircraft.vertical_rate_mps / METRES_PER_SECOND_PER_FOOT_PER_MINUTE / 64) * 64
    yield _line(4, aircraft.address, stamp, f",,{knots},{aircraft.track_deg:.1f},,,{feet_per_minute},,,,,0")
    if (t + int(aircraft.address, 16)) % IDENTITY_EVERY_S == 0:
        emergency = "1" if aircraft.squawk == "7700" else "0"
        yield _line(1, aircraft.address, stamp, f"{aircraft.callsign},,,,,,,,,,,")
        yield _line(6, aircraft.address, stamp, f",,,,,,,{aircraft.squawk},0,{emergency},0,0")


def _line(kind: int, address: str, stamp: datetime, rest: str) -> str:
    when = f"{stamp:%Y/%m/%d},{stamp:%H:%M:%S}.{stamp.microsecond // 1000:03d}"
    return f"MSG,{kind},1,1,{address},1,{when},{when},{rest}\r\n"
