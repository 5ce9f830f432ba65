"""Plans from Python against a real exchange: a transport over 3,000 km and a drone over 50 m."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from comity.client import Client
from comity.clock import SystemClock
from comity.errors import InvalidInput, StrategicConflict
from comity.ids import EntityId
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from comity.model.plan import Alternative, ChangeKind, Plan, Search
from comity.model.route import Route
from comity.model.shape import LatLon
from comity.sim.cast import RELIEF
from tests.running import Running


@pytest.fixture
def client(running: Running) -> Client:
    return running.clients[RELIEF]


def transport() -> Route:
    """From 62 degrees north to 36, far from what the others have."""
    ends = (LatLon(lat=62.0, lon=-40.0), LatLon(lat=36.0, lon=-30.0))
    departs = SystemClock().now() + timedelta(minutes=20)
    heights = (Altitude(10_700.0, Datum.PRESSURE),)
    return Route(ends, heights, 240.0, 9_260.0, 150.0, departs, step_s=15.0, most_volumes=1_000)


def test_a_transport_of_three_thousand_kilometres_is_filed_checked_and_moved(client: Client) -> None:
    made = client.plans.volumes(transport())
    assert made.length_m == pytest.approx(2_960_000, rel=0.02)
    assert 800 < len(made.volumes) <= 1_000
    filed = client.file_intent(made.volumes, category="aeroplane", crewed=True).result
    assert filed.volumes == made.volumes
    plan = Plan(volumes=made.volumes, category=AircraftCategory.AEROPLANE, crewed=True)
    (conflict,) = client.plans.check(plan).conflicts
    assert conflict.item.ref == filed.ref
    assert conflict.volumes == tuple(range(len(made.volumes)))
    assert client.plans.check(replace(plan, id=EntityId(filed.ref))).conflicts == ()
    assert filed.ovn is not None
    client.end_intent(filed.ref, filed.ovn)


def test_a_drone_of_fifty_metres_gets_alternatives_with_its_refusal(client: Client) -> None:
    spot = (LatLon(lat=44.0, lon=5.0), LatLon(lat=44.0, lon=5.0006))
    departs = SystemClock().now() + timedelta(minutes=20)
    route = Route(spot, (Altitude(900.0, Datum.MSL),), 5.0, 8.0, 10.0, departs)
    made = client.plans.volumes(route)
    assert len(made.volumes) == 1
    client.file_intent(made.volumes, category="uncrewed", crewed=False)
    with pytest.raises(StrategicConflict) as refused:
        client.file_intent(made.volumes, category="uncrewed", crewed=False, alternatives_ms=2_000)
    kinds = {one["kind"] for one in refused.value.detail["alternatives"]}
    assert kinds == {"later", "earlier", "higher", "lower", "around"}
    asked = Search(
        route=route,
        category=AircraftCategory.UNCREWED,
        crewed=False,
        limit_ms=2_000,
        kinds=(ChangeKind.HIGHER, ChangeKind.LATER),
    )
    found = client.plans.alternatives(asked)
    higher: Alternative = found.alternatives[0]
    assert (higher.kind, higher.higher_m) == (ChangeKind.HIGHER, 30.0)
    assert higher.route is not None
    assert client.plans.volumes(higher.route).volumes == higher.volumes
    client.file_intent(higher.volumes, category="uncrewed", crewed=False)


def test_a_route_that_cannot_be_is_refused_with_its_field(client: Client) -> None:
    with pytest.raises(InvalidInput) as refused:
        client.plans.volumes(replace(transport(), waypoints=(transport().waypoints[0],) * 2))
    assert refused.value.field == "waypoints[1]"
