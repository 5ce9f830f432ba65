"""Bodies and answers of the flight planning test interface (version 0.7.0): JSON <-> what is wanted.

Places and times are F3548-21's; heights may also be above the surface (``SFC``), which is ``AGL`` here. What
a regulator's own sections say (``uspace_flight_authorisation`` and the like) is kept as it came, for
``exchange.uspace`` to look at: a plan that is wrong is an answer here, and no malformed request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, field

from comity.errors import InvalidInput
from comity.model.altitude import Altitude as Height
from comity.model.altitude import Datum
from comity.model.shape import Shape
from comity.model.volume import Volume4D as Promised
from comity.model.volume import Volumes
from comity.wire import f3548

API_NAME: Final = "Flight Planning Automated Testing Interface"
API_VERSION: Final = "v0.7.0"

Words = Annotated[str, Meta(max_length=256)]
Planning = Literal["Completed", "Rejected", "Failed", "NotSupported"]
Status = Literal["NotPlanned", "Planned", "OkToFly", "OffNominal", "Closed"]
Advisories = Literal["Unknown", "AtLeastOneAdvisoryOrCondition", "NoAdvisoriesOrConditions"]
Conflicts = Literal["Unknown", "None", "Single", "Multiple"]

_DATUMS: Final = {"W84": Datum.W84, "SFC": Datum.AGL}


class Altitude(msgspec.Struct, frozen=True):
    value: Annotated[float, Meta(ge=f3548.LOWEST_M, le=f3548.HIGHEST_M)]
    reference: Literal["W84", "SFC", "Takeoff"]
    measured_in: Literal["M"] = field(name="units")


class Volume3D(msgspec.Struct, frozen=True):
    outline_circle: f3548.Circle | None = None
    outline_polygon: f3548.Polygon | None = None
    altitude_lower: Altitude | None = None
    altitude_upper: Altitude | None = None


class Volume4D(msgspec.Struct, frozen=True):
    volume: Volume3D
    time_start: f3548.Time | None = None
    time_end: f3548.Time | None = None


class BasicInformation(msgspec.Struct, frozen=True):
    usage_state: Literal["Planned", "InUse", "Closed"]
    uas_state: Literal["Nominal", "OffNominal", "Contingent", "NotSpecified"] | None = None
    area: tuple[Volume4D, ...] | None = ()


class IntentInformation(msgspec.Struct, frozen=True):
    priority: int | None = 0


class FlightPlan(msgspec.Struct, frozen=True):
    basic_information: BasicInformation
    telemetry: dict[str, Any] | None = None
    astm_f3548_21: IntentInformation | None = None
    uspace_flight_authorisation: dict[str, Any] | None = None
    rpas_operating_rules_2_6: dict[str, Any] | None = None


class UpsertRequest(msgspec.Struct, frozen=True):
    flight_plan: FlightPlan
    execution_style: Literal["Hypothetical", "IfAllowed", "InReality"]
    request_id: Words


class ClearAreaRequest(msgspec.Struct, frozen=True):
    request_id: Words
    extent: Volume4D


class StatusAnswer(msgspec.Struct, frozen=True):
    status: Literal["Starting", "Ready"]
    api_name: str = API_NAME
    api_version: str = API_VERSION


class UpsertAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    planning_result: Planning
    flight_plan_status: Status
    notes: str | None = None
    as_planned: dict[str, Any] | None = None
    includes_advisories: Advisories = "Unknown"


class ClearAreaOutcome(msgspec.Struct, frozen=True):
    success: bool
    message: str


class ClearAreaAnswer(msgspec.Struct, frozen=True):
    outcome: ClearAreaOutcome


class UserNotification(msgspec.Struct, frozen=True):
    observed_at: f3548.Time
    message: str
    conflicts: Conflicts


class NotificationsAnswer(msgspec.Struct, frozen=True):
    user_notifications: tuple[UserNotification, ...]


def time_form(when: datetime) -> f3548.Time:
    return f3548.Time(when.astimezone(UTC), "RFC3339")


def shape_of(space: Volume3D) -> Shape:
    return f3548.outline(f3548.Volume3D(space.outline_circle, space.outline_polygon))


def volumes_of(area: Sequence[Volume4D]) -> Volumes:
    """An area as promised volumes; raises ``InvalidInput`` where it cannot be one."""
    if not area:
        raise InvalidInput("a plan needs an area", field="area")
    return tuple(_volume(one, f"area[{number}]") for number, one in enumerate(area))


def takeoff_heights(area: Sequence[Volume4D]) -> bool:
    """Whether a height is given above a place of take-off, which no plan here has."""
    heights = [each for one in area for each in (one.volume.altitude_lower, one.volume.altitude_upper)]
    return any(height is not None and height.reference not in _DATUMS for height in heights)


def _volume(given: Volume4D, field: str) -> Promised:
    start, end = f3548.utc(given.time_start, field), f3548.utc(given.time_end, field)
    lower, upper = given.volume.altitude_lower, given.volume.altitude_upper
    if start is None or end is None or lower is None or upper is None:
        raise InvalidInput("a volume needs both heights and both times", field=field)
    return Promised(shape_of(given.volume), _height(lower), _height(upper), start, end)


def _height(given: Altitude) -> Height:
    return Height(given.value, _DATUMS[given.reference])


def without_telemetry(body: bytes) -> dict[str, Any] | None:
    """The plan of a request as it came but for its telemetry, which nobody flies here; None where it had
    none."""
    plan: dict[str, Any] = msgspec.json.decode(body)["flight_plan"]
    if plan.pop("telemetry", None) is None:
        return None
    return plan
