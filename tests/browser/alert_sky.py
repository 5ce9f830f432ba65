"""Aircraft and alerts for the browser tests: one of each kind and level, at places where lines do not cross.

Pure functions of ``now``. Aircraft fly straight at each other's path, so that the closest points that the
page reckons lie where the alert says. An alert's numbers are made up; nothing here searches for conflicts.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Final

from comity.model.alert import Alert, AlertKind, AlertLevel, AlertSide, AlertState, Phase
from comity.model.released import ReservedVolume, TrackView
from tests.browser.sky import METRES_PER_DEGREE, track

MEETING_S: Final = 72.0
ENTRY_S: Final = 95.0
EMMENTAL: Final = "d1d1d1d1d1d1d1d1d1d1d1d1d1"
"""The closed constraint of ``sky.items``."""

WARNING, CORRECTIVE, ADVISORY, INCURSION = "a-warning", "a-corrective", "a-advisory", "a-incursion"


def towards(
    ident: str, lat: float, lon: float, heading: float, seconds: float, speed_mps: float, **more: Any
) -> TrackView:
    """One that is at the place after so many seconds."""
    way = speed_mps * seconds / METRES_PER_DEGREE
    angle = math.radians(heading)
    start_lat = lat - way * math.cos(angle)
    start_lon = lon - way * math.sin(angle) / math.cos(math.radians(lat))
    return track(ident, start_lat, start_lon, heading, ground_speed_mps=speed_mps, **more)


def own(callsign: str) -> dict[str, Any]:
    return {"source": "own", "level": "own", "callsign": callsign}


def alert_tracks() -> list[TrackView]:
    return [
        towards("ae01c6", 47.35, 9.60, 142.0, MEETING_S, 230.0, **own("RELIEF21"), altitude_m=6_096.0),
        towards("4b1801", 47.362, 9.60, 215.0, MEETING_S, 210.0, callsign="SWR4TK", altitude_m=6_187.0),
        towards("3c65aa", 47.10, 12.20, 90.0, 150.0, 200.0, callsign="DLH9LF"),
        towards("440172", 47.11, 12.20, 330.0, 150.0, 190.0, callsign="AUA62P"),
        towards("ae01d0", 46.78, 7.50, 30.0, ENTRY_S, 120.0, **own("RELIEF30"), altitude_m=2_400.0),
        towards("ae01d1", 46.30, 10.30, 75.0, 60.0, 60.0, **own("RELIEF41"), altitude_m=1_500.0),
    ]


def cells(now: datetime) -> ReservedVolume:
    """Two cells, skewed as S2's are, to the east of RELIEF41."""

    def cell(west: float) -> tuple[tuple[float, float], ...]:
        south = 46.22
        return (
            (south, west),
            (south + 0.01, west + 0.2),
            (south + 0.17, west + 0.18),
            (south + 0.16, west - 0.02),
        )

    return ReservedVolume(
        cells=("478c4", "478cc"),
        outlines=(cell(10.34), cell(10.54)),
        lower_w84_m=914.4,
        upper_w84_m=2_133.6,
        start=now - timedelta(seconds=10),
        end=now + timedelta(seconds=110),
    )


def conflict(
    ref: str, level: AlertLevel, now: datetime, *sides: AlertSide, in_s: float, **more: Any
) -> Alert:
    known: dict[str, Any] = {
        "kind": AlertKind.CONFLICT,
        "state": AlertState.RAISED,
        "phase": Phase.PREDICTED,
        "raised_at": now - timedelta(seconds=4),
        "updated_at": now,
        "reasons": ("projected along its velocity", "position of SWR4TK 2 s old"),
        "enters_at": now + timedelta(seconds=in_s - 20),
        "leaves_at": now + timedelta(seconds=in_s + 20),
        "closest_at": now + timedelta(seconds=in_s),
        "minima_horizontal_m": 5 * 1852.0,
        "minima_vertical_m": 304.8,
    }
    return Alert(ref=ref, level=level, sides=sides, **(known | more))


def warning(now: datetime, **more: Any) -> Alert:
    return conflict(
        WARNING,
        AlertLevel.WARNING,
        now,
        AlertSide("own", own=True, track="ae01c6", label="RELIEF21"),
        AlertSide("broadcast", own=False, track="4b1801", label="SWR4TK"),
        in_s=MEETING_S,
        horizontal_m=1_500.0,
        vertical_m=91.44,
        **more,
    )


def corrective(now: datetime, **more: Any) -> Alert:
    """Between two that are not the reader's."""
    return conflict(
        CORRECTIVE,
        AlertLevel.CORRECTIVE,
        now,
        AlertSide("broadcast", own=False, track="3c65aa", label="DLH9LF"),
        AlertSide("broadcast", own=False, track="440172", label="AUA62P"),
        in_s=150.0,
        horizontal_m=800.0,
        **more,
    )


def advisory(now: datetime, **more: Any) -> Alert:
    """With one whose position is not released."""
    return conflict(
        ADVISORY,
        AlertLevel.PREVENTIVE,
        now,
        AlertSide("own", own=True, track="ae01d1", label="RELIEF41"),
        AlertSide("reserved", own=False, reserved=cells(now)),
        in_s=60.0,
        advisory=True,
        **({"reasons": ("decided on the cells released to you",)} | more),
    )


def incursion(now: datetime, **more: Any) -> Alert:
    return Alert(
        ref=INCURSION,
        level=AlertLevel.CORRECTIVE,
        kind=AlertKind.INCURSION,
        state=AlertState.RAISED,
        phase=Phase.PREDICTED,
        raised_at=now - timedelta(seconds=9),
        updated_at=now,
        sides=(AlertSide("own", own=True, track="ae01d0", label="RELIEF30"),),
        reasons=("projected along its velocity",),
        enters_at=now + timedelta(seconds=ENTRY_S),
        leaves_at=now + timedelta(seconds=ENTRY_S + 240),
        item=EMMENTAL,
        item_kind="constraint",
        item_label="LS-R8 Emmental",
        **more,
    )


def all_alerts(now: datetime) -> list[Alert]:
    """In no order of urgency: the page sorts."""
    return [advisory(now), incursion(now), corrective(now), warning(now)]
