"""Availability of USSs (ASTM F3548-21, setUssAvailability), and reports to the DSS (makeDssReport)."""

from __future__ import annotations

import hashlib

import msgspec

from comity.clock import micros
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.standing import check_room, manager_of
from comity.errors import InvalidInput, QuotaExceeded, StaleOvn
from comity.model import dss_fact as d
from comity.model.dss_command import FileReport, SetAvailability
from comity.model.f3548 import LONGEST_MANAGER, Availability

_encode = msgspec.json.Encoder(order="deterministic").encode


def set_availability(asked: Asked, command: SetAvailability) -> Decision:
    """By whoever arbitrates; that the caller does is in its token."""
    if not 0 < len(command.uss) <= LONGEST_MANAGER:
        raise InvalidInput(f"a USS's id has 1 to {LONGEST_MANAGER} characters", field="uss_id")
    held = asked.state.availability.get(command.uss)
    if command.old_version != (held.version if held is not None else ""):
        raise StaleOvn("old_version is not the current one; read it again", field="old_version")
    if held is None:
        check_room(asked)
        if len(asked.state.availability) >= asked.state.dss.entities_per_manager:
            raise QuotaExceeded("the availability of no more USSs is kept here")
    writes = 1 if held is None else held.writes + 1
    version = asked.ids.ovn(f"availability/{command.uss}/{micros(asked.now)}", writes)
    availability = Availability(command.uss, command.state, version, writes)
    return Decision((d.AvailabilitySet(availability),), created=held is None)


def file_report(asked: Asked, command: FileReport) -> Decision:
    """Recorded as it came. Nothing else follows from it."""
    manager = manager_of(asked)
    sha256 = hashlib.sha256(_encode(command.record)).hexdigest()
    id = asked.ids.entity("report", manager, f"{sha256}/{micros(asked.now)}")
    return Decision((d.ReportFiled(id, manager, command.record),), created=True)
