"""Where the aircraft of an off-nominal hosted intent is, as a peer gets it (F3548-21, telemetry).

An intent names no aircraft, so it is the owner's own reports that tell: the one aircraft of its own feeds
that is within the intent's volumes now, or has been given ones for now. With none or more than one of them
nothing is told, rather than another aircraft's position. Own reports alone count: what others sense of it
is not its owner's to release.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from comity.clock import from_micros
from comity.coordination.fold import OFF_NOMINAL_GRACE
from comity.geo.heights import Environment, bounds
from comity.geo.shapes import contains_point
from comity.ids import EntityId, ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.batch import DATUMS
from comity.model.intent import Intent
from comity.model.observation import Provenance
from comity.model.volume import Volume4D
from comity.picture.picture import Picture
from comity.uss.details import (
    NO_TRACK_DEG,
    Position,
    TelemetryAnswer,
    VehicleTelemetry,
    Velocity,
    height,
    horizontal,
    time,
)

NEXT: Final = timedelta(seconds=1)
"""The picture's rhythm."""

Row = Any
"""One of ``picture.rows.ROW``."""


def telemetry_of(
    id: EntityId, intent: Intent, picture: Picture, environment: Environment, now: datetime
) -> TelemetryAnswer | None:
    """None where it is not known which aircraft it is, or where."""
    within = [row for row in _own(picture, intent.owner) if _flies(row, intent, environment, now)]
    if len(within) != 1:
        return None
    return TelemetryAnswer(id, _form(within[0], environment, now), time(now + NEXT))


def _own(picture: Picture, owner: ParticipantId) -> Iterator[Row]:
    """The newest row of each aircraft of the owner's own feeds that are fresh."""
    newest: dict[object, Row] = {}
    for key in picture.sources():
        if key.participant != owner or key.provenance is not Provenance.OWN:
            continue
        layer = picture.layer(key)
        named: list[tuple[object, Row]] = [(int(row["number"]), row) for row in layer.addressed]
        named += [((key, name), row) for name, row in zip(layer.addresses, layer.numbered, strict=True)]
        for name, row in named:
            before = newest.get(name)
            if not row["stale"] and (before is None or before["observed_us"] < row["observed_us"]):
                newest[name] = row
    yield from newest.values()


def _flies(row: Row, intent: Intent, environment: Environment, now: datetime) -> bool:
    volumes = (*intent.volumes, *(intent.nominal_volumes or ()))
    return any(_holds(volume, row, environment, now) for volume in volumes)


def _holds(volume: Volume4D, row: Row, environment: Environment, now: datetime) -> bool:
    """An off-nominal aircraft may outlive its volumes by the grace that the intent has."""
    if not volume.start <= now < volume.end + OFF_NOMINAL_GRACE:
        return False
    if not contains_point(volume.outline, lat=float(row["lat"]), lon=float(row["lon"])):
        return False
    altitude = _altitude(row)
    if altitude is None:
        return True
    span = bounds(altitude, environment, now)
    lower = bounds(volume.lower, environment, now)
    upper = bounds(volume.upper, environment, now)
    return span.lower_m <= upper.upper_m and span.upper_m >= lower.lower_m


def _form(row: Row, environment: Environment, now: datetime) -> VehicleTelemetry:
    altitude, accuracy_v = height(_altitude(row), environment, now)
    speed_mps, track_deg = float(row["ground_speed_mps"]), float(row["track_deg"])
    velocity = None
    if not math.isnan(speed_mps):
        direction = NO_TRACK_DEG if math.isnan(track_deg) else track_deg
        velocity = Velocity(speed_mps, "MetersPerSecond", direction)
    position = Position(
        longitude=float(row["lon"]),
        latitude=float(row["lat"]),
        accuracy_h=horizontal(float(row["accuracy_m"])),
        accuracy_v=accuracy_v,
        altitude=altitude,
    )
    return VehicleTelemetry(time(from_micros(int(row["observed_us"]))), position, velocity)


def _altitude(row: Row) -> Altitude | None:
    datum = int(row["altitude_datum"])
    if datum < 0 or math.isnan(row["altitude_m"]):
        return None
    return Altitude(float(row["altitude_m"]), Datum(DATUMS[datum]))
