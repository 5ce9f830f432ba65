"""Identification service areas: put and remove (F3411-22a, createIdentificationServiceArea and the like).

Order of checks: the version's form; for a new one its times, then that the id is free; for a change that
there is one, that it is the caller's, that the version is current, then the times.
"""

from __future__ import annotations

from comity.coordination.decision import Asked, Decision
from comity.coordination.f3411.notices import notices
from comity.coordination.f3411.times import area_times
from comity.coordination.f3411.versions import check_current, check_form, new_version
from comity.coordination.f3548.standing import check_room, manager_of
from comity.errors import InvalidInput, NotFound, NotPermitted, WrongState
from comity.model.dss_command import PutServiceArea, RemoveServiceArea
from comity.model.dss_fact import ServiceAreaPut, ServiceAreaRemoved
from comity.model.f3411 import ServiceArea


def put_area(asked: Asked, command: PutServiceArea) -> Decision:
    check_form(command.version)
    old = asked.state.service_areas.get(command.id)
    if command.version is None:
        box = area_times(command.box, None, asked.now)
        if old is not None:
            raise WrongState("there is an identification service area with this id already", field="id")
        check_room(asked)
        boxes, writes = [box], 1
    else:
        if old is None:
            raise InvalidInput("there is no identification service area with this id", field="id")
        _check_own(asked, old)
        check_current(command.version, old.version)
        box = area_times(command.box, old.box, asked.now)
        boxes, writes = [old.box, box], old.writes + 1
    version = new_version(asked, command.id, writes)
    area = ServiceArea(command.id, manager_of(asked), box, command.url, version, writes, asked.now)
    notified, subscribers = notices(asked, *boxes)
    return Decision((ServiceAreaPut(area, notified),), created=old is None, subscribers=subscribers)


def remove_area(asked: Asked, command: RemoveServiceArea) -> Decision:
    check_form(command.version)
    area = asked.state.service_areas.get(command.id)
    if area is None:
        raise NotFound("there is no identification service area with this id", field="id")
    _check_own(asked, area)
    check_current(command.version, area.version)
    notified, subscribers = notices(asked, area.box)
    return Decision((ServiceAreaRemoved(area, notified),), subscribers=subscribers)


def _check_own(asked: Asked, area: ServiceArea) -> None:
    if area.owner != manager_of(asked):
        raise NotPermitted("this identification service area is another's", field="id")
