"""A made-up sky over the Alps for the browser tests: items of every kind, level and state, some aircraft.

Built from the model's own values and encoded as the exchange encodes them, so a changed shape shows here.
Pure functions of ``now``; aircraft move along straight lines.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import msgspec

from comity.model.alert import Alert, AlertKind, AlertLevel, AlertSide, AlertState, Phase
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind, ConstraintState
from comity.model.intent import AircraftCategory, IntentState
from comity.model.released import ItemKind, ReleasedItem, ReservedVolume, TrackView
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D

METRES_PER_DEGREE = 111_195.0


def fl(level: int) -> Altitude:
    return Altitude(level * 30.48, Datum.PRESSURE)


def msl(feet: float) -> Altitude:
    return Altitude(feet * 0.3048, Datum.MSL)


def agl(feet: float) -> Altitude:
    return Altitude(feet * 0.3048, Datum.AGL)


def ring(*corners: tuple[float, float]) -> Polygon:
    return Polygon(tuple(LatLon(lat, lon) for lat, lon in corners))


def slot(
    outline: Shape, lower: Altitude, upper: Altitude, now: datetime, start_min: float, end_min: float
) -> Volume4D:
    start, end = now + timedelta(minutes=start_min), now + timedelta(minutes=end_min)
    return Volume4D(outline, lower, upper, start, end)


def intent(ref: str, state: IntentState, level: Any, *volumes: Volume4D, crewed: bool = True) -> ReleasedItem:
    category = AircraftCategory.AEROPLANE if crewed else AircraftCategory.UNCREWED
    own = level == "own"
    return ReleasedItem(
        ref=ref,
        kind=ItemKind.INTENT,
        level=level,
        contact="through the exchange",
        state=state,
        volumes=volumes,
        category=category,
        crewed=crewed,
        ovn="o" * 32 if own else None,
        version=2 if own else None,
    )


def constraint(
    ref: str, designator: str, kind: ConstraintKind, state: ConstraintState, level: Any, volume: Volume4D
) -> ReleasedItem:
    return ReleasedItem(
        ref=ref,
        kind=ItemKind.CONSTRAINT,
        level=level,
        contact="through the exchange",
        state=state,
        volumes=(volume,),
        constraint_kind=kind,
        designator=designator,
    )


def reserved(
    ref: str, lat: float, lon: float, now: datetime, start_min: float, end_min: float
) -> ReleasedItem:
    """Two skewed cells side by side, as S2's are."""

    def cell(west: float) -> tuple[tuple[float, float], ...]:
        return (lat, west), (lat + 0.02, west + 0.3), (lat + 0.24, west + 0.27), (lat + 0.22, west - 0.03)

    volume = ReservedVolume(
        cells=("479a4", "479ac"),
        outlines=(cell(lon), cell(lon + 0.3)),
        lower_w84_m=914.4,
        upper_w84_m=3_657.6,
        start=now + timedelta(minutes=start_min),
        end=now + timedelta(minutes=end_min),
    )
    return ReleasedItem(
        ref=ref,
        kind=ItemKind.INTENT,
        level="reserved",
        contact="through the exchange",
        reserved=(volume,),
    )


def route(now: datetime) -> tuple[Volume4D, ...]:
    """A transport's corridor in three legs, one after the other."""
    legs = (((47.9, 9.4), (47.3, 10.4)), ((47.3, 10.4), (46.6, 11.2)), ((46.6, 11.2), (45.9, 12.3)))
    out = []
    for i, ((lat1, lon1), (lat2, lon2)) in enumerate(legs):
        w = 0.07
        outline = ring((lat1 + w, lon1 + w), (lat2 + w, lon2 + w), (lat2 - w, lon2 - w), (lat1 - w, lon1 - w))
        out.append(slot(outline, fl(180), fl(220), now, -5 + 15 * i, 12 + 15 * i))
    return tuple(out)


def items(now: datetime) -> list[ReleasedItem]:
    zurich, innsbruck = LatLon(47.46, 8.55), LatLon(47.26, 11.34)
    return [
        intent("5f0c2f6e-6a52-4a0b-9a25-0a1c7a6a8d01", IntentState.ACTIVATED, "own", *route(now)),
        intent(
            "b1d6a9c4-1111-4222-8333-5c1f5f0e9a02",
            IntentState.ACCEPTED,
            "own",
            slot(Circle(LatLon(46.3, 8.0), 22_000.0), msl(5_000), msl(9_500), now, 35, 95),
            crewed=False,
        ),
        intent(
            "k3vq7m2xw5t4hhd6ay5qgk2zna",
            IntentState.ACTIVATED,
            "volume",
            slot(
                ring((46.95, 12.2), (47.35, 12.5), (47.2, 13.3), (46.8, 13.0)),
                msl(2_000),
                msl(6_500),
                now,
                -20,
                40,
            ),
        ),
        intent(
            "q7m2zzd4hhd6ay5qgk2znak3vq",
            IntentState.NONCONFORMING,
            "volume",
            slot(ring((45.6, 9.2), (46.0, 9.3), (46.05, 9.9), (45.65, 9.9)), fl(100), fl(140), now, -10, 30),
        ),
        intent(
            "c8n3yye5jje7bz6rhl3aobl4wr",
            IntentState.CONTINGENT,
            "volume",
            slot(Circle(LatLon(45.75, 7.3), 16_000.0), agl(0), agl(400), now, -3, 30),
            crewed=False,
        ),
        constraint(
            "d1d1d1d1d1d1d1d1d1d1d1d1d1",
            "LS-R8 Emmental",
            ConstraintKind.CLOSED,
            ConstraintState.ACTIVE,
            "volume",
            slot(
                ring((46.75, 7.3), (47.1, 7.35), (47.15, 7.95), (46.85, 8.05)), agl(0), fl(150), now, -60, 180
            ),
        ),
        constraint(
            "e2e2e2e2e2e2e2e2e2e2e2e2e2",
            "Innsbruck gliders",
            ConstraintKind.ADVISORY,
            ConstraintState.ACTIVE,
            "own",
            slot(Circle(innsbruck, 20_000.0), msl(4_000), msl(12_500), now, -30, 240),
        ),
        constraint(
            "f3f3f3f3f3f3f3f3f3f3f3f3f3",
            "Zürich show",
            ConstraintKind.CLOSED,
            ConstraintState.PENDING,
            "volume",
            slot(Circle(zurich, 12_000.0), agl(0), msl(6_000), now, 50, 110),
        ),
        reserved("r5s6t7u2v3w4x5y6z7a2b3c4d5", 46.35, 9.3, now, -15, 45),
        reserved("g2h3i4j5k6l7m2n3o4p5q6r7s2", 47.55, 12.6, now, 25, 85),
    ]


def track(ident: str, lat: float, lon: float, heading: float, **more: Any) -> TrackView:
    known: dict[str, Any] = {
        "source": "broadcast",
        "level": "broadcast",
        "age_s": 0.6,
        "accuracy_m": 90.0,
        "altitude_m": 350 * 30.48,
        "altitude_datum": "PRESSURE",
        "ground_speed_mps": 230.0,
        "vertical_rate_mps": 0.0,
        "callsign": None,
    }
    return TrackView(id=ident, lat=lat, lon=lon, track_deg=heading, **(known | more))


def tracks() -> list[TrackView]:
    return [
        track("4b1801", 47.6, 8.9, 140.0, callsign="SWR4TK", squawk="1000", vertical_rate_mps=7.0),
        track("3c65aa", 48.0, 11.6, 195.0, callsign="DLH9LF", squawk="2214", altitude_m=300 * 30.48),
        track("440172", 46.2, 11.9, 335.0, callsign="AUA62P", vertical_rate_mps=-9.0),
        track("300f12", 45.7, 8.6, 20.0, callsign="ITY1407", altitude_m=120 * 30.48, ground_speed_mps=140.0),
        track("39ac45", 46.7, 6.6, 75.0, callsign="AFR48RN", stale=True, age_s=38.0),
        track("4b43f1", 46.9, 9.2, 250.0, squawk="7700", emergency="emergency", callsign="HBZRW"),
        track(
            "ae01c6",
            47.45,
            10.15,
            142.0,
            source="own",
            level="own",
            callsign="RELIEF21",
            altitude_m=200 * 30.48,
        ),
        track(
            "~w4t7m2xq5",
            46.15,
            8.2,
            10.0,
            source="own",
            level="position",
            accuracy_m=460.0,
            altitude_m=2_400.0,
            altitude_datum="MSL",
            ground_speed_mps=60.0,
        ),
        track(
            "~z5u2n3yr6",
            45.95,
            10.6,
            300.0,
            source="sensed",
            level="own",
            altitude_m=1_800.0,
            altitude_datum="MSL",
            ground_speed_mps=45.0,
        ),
        track("4ca7b3", 47.03, 12.75, 60.0, source="own", level="identity", callsign="RESCUE5"),
        track("4b5c5d", 47.458, 8.548, 320.0, on_ground=True, ground_speed_mps=6.0, callsign="SWR88"),
        track("a0b1c2", 46.45, 12.95, 0.0, ground_speed_mps=None, vertical_rate_mps=None, altitude_m=None),
    ]


def moved(view: TrackView, seconds: float) -> TrackView:
    """Where it reports from so much later; a stale one stays and ages."""
    if view.stale:
        return msgspec.structs.replace(view, age_s=view.age_s + seconds)
    if view.ground_speed_mps is None or view.track_deg is None:
        return view
    way = view.ground_speed_mps * seconds / METRES_PER_DEGREE
    angle = math.radians(view.track_deg)
    lat = view.lat + way * math.cos(angle)
    lon = view.lon + way * math.sin(angle) / math.cos(math.radians(view.lat))
    return msgspec.structs.replace(view, lat=lat, lon=lon)


def alerts(now: datetime) -> list[Alert]:
    """A predicted conflict of one's own aircraft with a broadcast one, and one inside a closed area."""
    own = AlertSide(
        level="own", own=True, track="ae01c6", label="RELIEF21", category=AircraftCategory.AEROPLANE
    )
    other = AlertSide(level="broadcast", own=False, track="440172", label="AUA62P")
    inside = AlertSide(level="broadcast", own=False, track="4b43f1", label="HBZRW")
    return [
        Alert(
            ref="al1",
            kind=AlertKind.CONFLICT,
            level=AlertLevel.WARNING,
            state=AlertState.RAISED,
            phase=Phase.PREDICTED,
            raised_at=now - timedelta(seconds=12),
            updated_at=now,
            sides=(own, other),
            reasons=("projected along its velocity", "position 4 s old"),
            enters_at=now + timedelta(seconds=48),
            leaves_at=now + timedelta(seconds=75),
            closest_at=now + timedelta(seconds=61),
            horizontal_m=1_850.0,
            vertical_m=120.0,
            minima_horizontal_m=9_260.0,
            minima_vertical_m=304.8,
        ),
        Alert(
            ref="al2",
            kind=AlertKind.INCURSION,
            level=AlertLevel.CORRECTIVE,
            state=AlertState.RAISED,
            phase=Phase.NOW,
            raised_at=now - timedelta(seconds=90),
            updated_at=now,
            sides=(inside,),
            reasons=("inside the volume at its reported height",),
            enters_at=now - timedelta(seconds=60),
            leaves_at=now + timedelta(seconds=200),
            item="d1d1d1d1d1d1d1d1d1d1d1d1d1",
            item_kind="constraint",
            item_label="LS-R8 Emmental",
        ),
    ]


CATEGORIES = [None, *AircraftCategory]


def crowd(count: int) -> list[TrackView]:
    """So many aircraft over the Alps, of every category and source, spread by the golden ratio: the same each
    time, and no two at one place."""
    views = []
    for i in range(count):
        across, along = (i * 0.6180339887) % 1.0, (i * 0.7548776662) % 1.0
        source = "own" if i % 10 == 3 else "sensed" if i % 10 == 7 else "broadcast"
        level = {"broadcast": "broadcast", "sensed": "own", "own": "position" if i % 20 == 3 else "identity"}[
            source
        ]
        views.append(
            track(
                f"~crowd{i:04d}" if level == "position" else f"{0x500000 + i:06x}",
                45.2 + 3.2 * across,
                6.0 + 7.5 * along,
                i * 37.0 % 360.0,
                source=source,
                level=level,
                category=CATEGORIES[i % len(CATEGORIES)],
                callsign=None if level == "position" else f"TST{i:03d}",
                altitude_m=(10 + i * 2 % 400) * 30.48,
                vertical_rate_mps=(i % 3 - 1) * 6.0,
                ground_speed_mps=60.0 + i % 180,
                accuracy_m=460.0 if level == "position" else 60.0,
                stale=i % 23 == 22,
                age_s=40.0 if i % 23 == 22 else 0.6,
            )
        )
    return views
