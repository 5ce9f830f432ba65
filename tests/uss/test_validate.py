"""A peer's details against its reference: what agrees passes, and every contradiction is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from comity.geo.coverage import holding
from comity.model.intent import IntentState
from comity.model.shape import LatLon, Polygon
from comity.model.volume import Volume4D
from comity.uss.validate import Flaw, read_constraint, read_intent, seen
from tests.uss.telling import (
    ID,
    OVN,
    answer,
    constraint_form,
    constraint_reference,
    form,
    intent_form,
    reference,
)
from tests.world import volume

Json = dict[str, Any]


def flaws(body: bytes, **how: Any) -> list[Flaw]:
    verdict = read_intent(body, reference(**how))
    assert (verdict.details is None) == bool(verdict.reasons)
    return [reason.flaw for reason in verdict.reasons]


def told(change: Callable[[Json], None] = lambda told: None, *volumes: Volume4D, **how: Any) -> bytes:
    intent = intent_form(*(volumes or (volume(),)), **how)
    change(intent)
    return answer(operational_intent=intent)


def test_what_agrees_passes_whole() -> None:
    verdict = read_intent(told(), reference())
    assert verdict.reasons == ()
    assert verdict.words is None
    details = verdict.details
    assert details is not None
    assert (details.id, details.manager, details.version, details.ovn) == (ID, "uss1", 1, OVN)
    assert details.state is IntentState.ACCEPTED
    assert details.volumes == (volume(),)
    assert details.off_nominal_volumes == ()
    assert details.priority == 0
    assert seen(reference(), verdict).refused is None


def test_further_fields_nulls_and_spaces_change_nothing() -> None:
    plain = read_intent(told(), reference())
    more = json.loads(told())
    more["operational_intent"]["details"]["off_nominal_volumes"] = []
    more["operational_intent"]["reference"]["old_version"] = 3
    more["request_id"] = "x"
    again = read_intent(json.dumps(more, indent=4).encode(), reference())
    assert again.details == plain.details
    more["operational_intent"]["details"]["priority"] = None
    assert read_intent(json.dumps(more).encode(), reference()).details is not None


@pytest.mark.parametrize(
    ("field", "value", "flaw"),
    [
        ("id", "11111111-55b6-4d02-a1d9-0a1b2c3d4e5f", Flaw.ID),
        ("manager", "uss2", Flaw.MANAGER),
        ("state", "Activated", Flaw.STATE),
        ("ovn", "another-ovn-than-the-dss-gave", Flaw.OVN),
        ("ovn", "Available from USS", Flaw.OVN),
        ("ovn", "short", Flaw.OVN),
        ("ovn", "x" * 129, Flaw.OVN),
        ("ovn", "", Flaw.OVN),
        ("ovn", None, Flaw.OVN),
        ("version", 0, Flaw.VERSION),
        ("version", "1", Flaw.UNREADABLE),
        ("id", "not-a-uuid", Flaw.UNREADABLE),
        ("state", "Ended", Flaw.UNREADABLE),
        ("time_start", "2026-06-01T08:10:00Z", Flaw.UNREADABLE),
    ],
)
def test_a_reference_that_differs_is_refused(field: str, value: Any, flaw: Flaw) -> None:
    assert flaws(told(lambda intent: intent["reference"].update({field: value}))) == [flaw]


def test_a_later_version_is_no_contradiction_and_is_not_taken() -> None:
    newer = told(lambda intent: intent["reference"].update(version=2, ovn="ovn-of-the-second-version"))
    verdict = read_intent(newer, reference())
    assert verdict.moved_on
    assert verdict.details is None
    assert [reason.flaw for reason in verdict.reasons] == [Flaw.VERSION]
    other = told(lambda intent: intent["reference"].update(version=2, manager="uss2"))
    assert not read_intent(other, reference()).moved_on


@pytest.mark.parametrize(
    ("state", "nominal", "off_nominal", "good"),
    [
        ("Accepted", 1, 0, True),
        ("Accepted", 0, 0, False),
        ("Accepted", 1, 1, False),
        ("Activated", 1, 0, True),
        ("Activated", 0, 1, False),
        ("Nonconforming", 1, 1, True),
        ("Nonconforming", 0, 1, False),
        ("Nonconforming", 1, 0, False),
        ("Contingent", 0, 1, True),
        ("Contingent", 1, 1, False),
        ("Contingent", 0, 0, False),
    ],
)
def test_each_state_has_its_volumes(state: str, nominal: int, off_nominal: int, good: bool) -> None:
    body = answer(
        operational_intent=intent_form(
            *(volume(),) * nominal, off_nominal=(volume(),) * off_nominal, state=state
        )
    )
    found = flaws(body, state=IntentState(state))
    assert found == [] if good else set(found) == {Flaw.VOLUMES}


@pytest.mark.parametrize(
    ("outside", "flaw"),
    [
        ({"start_s": 599.0}, Flaw.TIMES),
        ({"end_s": 4_201.0}, Flaw.TIMES),
        ({"lower_m": 999.9}, Flaw.HEIGHTS),
        ({"upper_m": 1_500.1}, Flaw.HEIGHTS),
        ({"lat": 47.1}, Flaw.CELLS),
        ({"lon": 11.1}, Flaw.CELLS),
        ({"lat": -47.0, "lon": -169.0}, Flaw.CELLS),
        ({"radius_m": 6_000.0}, Flaw.CELLS),
    ],
)
@pytest.mark.parametrize("place", ["volumes", "off_nominal_volumes"])
def test_every_volume_is_within_its_reference(outside: Json, flaw: Flaw, place: str) -> None:
    state = IntentState.NONCONFORMING
    off = (volume(**outside),) if place == "off_nominal_volumes" else (volume(),)
    nominal = (volume(), volume(**outside)) if place == "volumes" else (volume(),)
    body = answer(operational_intent=intent_form(*nominal, off_nominal=off, state=state.value))
    assert flaws(body, state=state) == [flaw]


def test_a_little_beside_is_rounding() -> None:
    slightly = volume(lower_m=999.995, upper_m=1_500.005, start_s=599.9995, end_s=4_200.0005)
    assert flaws(told(lambda intent: None, slightly)) == []


def test_cells_that_touch_the_references_are_taken() -> None:
    """A peer's own cells may be one more all round: another margin, another reading of an edge."""
    assert flaws(told(lambda intent: None, volume(radius_m=1_900.0))) == []
    assert len(holding(volume(radius_m=1_900.0).outline)) > len(holding(volume().outline))


def test_all_contradictions_are_told_at_once() -> None:
    body = told(
        lambda intent: intent["reference"].update(manager="uss2", ovn="short"),
        volume(lat=48.0, lower_m=0.0, end_s=9_000.0),
    )
    assert flaws(body) == [Flaw.MANAGER, Flaw.OVN, Flaw.TIMES, Flaw.HEIGHTS, Flaw.CELLS]
    words = read_intent(body, reference()).words
    assert words is not None
    assert words.startswith("manager: another manager is told than the DSS has; ovn: ")


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.pop("time_start"),
        lambda v: v.pop("time_end"),
        lambda v: v["volume"].pop("altitude_lower"),
        lambda v: v["volume"].pop("altitude_upper"),
        lambda v: v["volume"].pop("outline_circle"),
        lambda v: v["volume"]["altitude_lower"].update(reference="MSL"),
        lambda v: v["volume"]["altitude_lower"].update(units="FT"),
        lambda v: v["volume"]["outline_circle"]["center"].update(lat=91.0),
        lambda v: v["volume"]["outline_circle"]["radius"].update(value=-1.0),
        lambda v: v["time_start"].update(format="UNIX"),
        lambda v: v["time_start"].update(value="yesterday"),
        lambda v: v.update(time_end=v["time_start"]),
    ],
)
def test_a_volume_that_cannot_be_read_is_refused(change: Callable[[Json], object]) -> None:
    intent = json.loads(told())["operational_intent"]
    change(intent["details"]["volumes"][0])
    assert flaws(answer(operational_intent=intent)) == [Flaw.UNREADABLE]


def test_a_polygon_that_crosses_itself_is_refused() -> None:
    corners = [(47.0, 11.0), (47.001, 11.001), (47.0, 11.001), (47.001, 11.0)]
    bow = Polygon(tuple(LatLon(lat=lat, lon=lon) for lat, lon in corners))
    one = form(volume())
    one["volume"].pop("outline_circle")
    one["volume"]["outline_polygon"] = {"vertices": [{"lat": v.lat, "lng": v.lon} for v in bow.vertices]}
    intent = intent_form(volume())
    intent["details"]["volumes"] = [one]
    assert flaws(answer(operational_intent=intent)) == [Flaw.UNREADABLE]


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 200_000, b'{"operational_intent":1}']
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    assert flaws(body) == [Flaw.UNREADABLE]


def test_far_outlines_and_large_ones_cost_little() -> None:
    wide = volume(radius_m=400_000.0)
    assert flaws(told(lambda intent: None, wide)) == [Flaw.CELLS]
    assert flaws(
        told(lambda intent: None, wide),
    ) == [Flaw.CELLS]
    body = told(lambda intent: None, wide)
    assert read_intent(body, reference(wide)).reasons == ()


def test_times_are_compared_as_moments_whatever_their_zone() -> None:
    def elsewhere(intent: Json) -> None:
        one = intent["details"]["volumes"][0]
        one["time_start"]["value"] = "2026-06-01T10:10:00+02:00"

    assert flaws(told(elsewhere)) == []
    early = volume(start_s=600.0 - timedelta(hours=2).total_seconds())
    assert flaws(told(lambda intent: None, early)) == [Flaw.TIMES]


def test_constraints_are_held_against_their_references_likewise() -> None:
    verdict = read_constraint(answer(constraint=constraint_form(volume())), constraint_reference())
    assert verdict.details is not None
    assert (verdict.details.type, verdict.details.volumes) == ("com.example", (volume(),))
    beside = answer(constraint=constraint_form(volume(), volume(lat=48.0), manager="uss2"))
    reasons = read_constraint(beside, constraint_reference()).reasons
    assert [reason.flaw for reason in reasons] == [Flaw.MANAGER, Flaw.CELLS]
    none = answer(constraint=constraint_form())
    assert [r.flaw for r in read_constraint(none, constraint_reference()).reasons] == [Flaw.UNREADABLE]
    newer = answer(constraint=constraint_form(volume(), version=2))
    assert read_constraint(newer, constraint_reference()).moved_on
