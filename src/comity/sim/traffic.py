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
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from comity.clock import from_micros
from comity.sim.flight import Seen, flying, routes
from comity.units import METRES_PER_SECOND_PER_FOOT_PER_MINUTE, METRES_PER_SECOND_PER_KNOT, feet_from_metres

IDENTITY_EVERY_S: Final = 5


def seen(seed: int, t: float) -> list[Seen]:
    """Every flight of the background at ``t`` seconds since 1970."""
    return [flight for route in routes() for flight in flying(seed, route, t)]


def sbs(seed: int, t: int, besides: Iterable[Seen] = ()) -> bytes:
    """One second of it, as lines; ``besides``: others that the receiver hears."""
    stamp = from_micros(t * 1_000_000)
    lines = [line for aircraft in (*seen(seed, t), *besides) for line in _lines(aircraft, t, stamp)]
    return "".join(lines).encode("ascii")


def _lines(aircraft: Seen, t: int, stamp: datetime) -> Iterator[str]:
    height_ft = round(feet_from_metres(aircraft.pressure_height_m) / 25) * 25
    ground = int(aircraft.on_ground)
    position = f"{height_ft},,,{aircraft.at.lat:.5f},{aircraft.at.lon:.5f},,,,,,{ground}"
    yield _line(3, aircraft.address, stamp, "," + position)
    knots = math.floor(aircraft.ground_speed_mps / METRES_PER_SECOND_PER_KNOT + 0.5)
    feet_per_minute = round(aircraft.vertical_rate_mps / METRES_PER_SECOND_PER_FOOT_PER_MINUTE / 64) * 64
    velocity = f"{knots},{aircraft.track_deg:.1f},,,{feet_per_minute}"
    yield _line(4, aircraft.address, stamp, f",,{velocity},,,,,{ground}")
    if (t + int(aircraft.address, 16)) % IDENTITY_EVERY_S == 0:
        emergency = "1" if aircraft.squawk == "7700" else "0"
        yield _line(1, aircraft.address, stamp, f"{aircraft.callsign},,,,,,,,,,,")
        yield _line(6, aircraft.address, stamp, f",,,,,,,{aircraft.squawk},0,{emergency},0,{ground}")


def _line(kind: int, address: str, stamp: datetime, rest: str) -> str:
    when = f"{stamp:%Y/%m/%d},{stamp:%H:%M:%S}.{stamp.microsecond // 1000:03d}"
    return f"MSG,{kind},1,1,{address},1,{when},{when},{rest}\r\n"
