"""What is left to do for a file: published once, changed where it differs, ended where it has gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from comity.errors import InvalidInput, TooLarge
from comity.geozones.publication import Doing, Publication, Wanted, publication
from comity.geozones.reading import read
from comity.geozones.schedule import spans, within
from comity.geozones.zone import Applicability, Period, Reading, Window
from comity.model.constraint import ConstraintKind
from comity.model.released import ItemKind, ReleasedItem, ReleasedProvenance
from comity.model.volume import Volumes
from tests.geozones.test_json_formats import geojson

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONTH = Window(NOW, NOW + timedelta(days=30))
WANTED = Wanted(ConstraintKind.CLOSED, MONTH)


def file(*zones: dict[str, Any]) -> Reading:
    features = [geojson(**zone)["features"][0] for zone in zones]
    return read(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "zones.json")


def item(designator: str, volumes: Volumes, **fields: Any) -> ReleasedItem:
    made = ReleasedItem(
        ref=f"id-{designator}",
        kind=ItemKind.CONSTRAINT,
        level="own",
        contact="yourselves",
        state="active",
        volumes=volumes,
        constraint_kind=ConstraintKind.CLOSED,
        designator=designator,
        ovn="ovn",
        provenance=ReleasedProvenance("geojson", None, "zones.json", "0" * 64, "features[0]"),
    )
    return replace(made, **fields)


def of(reading: Reading, *items: ReleasedItem, wanted: Wanted = WANTED, now: datetime = NOW) -> Publication:
    return publication(reading, items, wanted, now)


TWO = file({"designator": "A"}, {"designator": "B"})
A, B = (within(zone, MONTH) for zone in TWO.zones)


def test_what_is_not_there_is_published_and_the_same_asks_alike() -> None:
    todo = of(TWO)
    assert [(step.doing, step.designator, step.volumes) for step in todo.steps] == [
        (Doing.PUBLISH, "A", A),
        (Doing.PUBLISH, "B", B),
    ]
    assert todo == of(TWO)
    ids = {step.request_id for step in todo.steps}
    assert len(ids) == 2
    assert all(len(id) <= 64 for id in ids)
    assert not ids & {step.request_id for step in of(TWO, wanted=replace(WANTED, edition="2")).steps}


def test_what_is_there_as_it_should_be_is_left_alone_also_later() -> None:
    assert of(TWO, item("A", A), item("B", B)).unchanged == ("A", "B")
    later = NOW + timedelta(hours=1)
    again = replace(WANTED, window=Window(later, MONTH.end))
    assert of(TWO, item("A", A), item("B", B), wanted=again, now=later).steps == ()


def test_what_differs_is_changed() -> None:
    lower = file({"designator": "A", "lower": "1000 ft"}, {"designator": "B"})
    (step,) = of(lower, item("A", A), item("B", B)).steps
    assert (step.doing, step.designator) == (Doing.CHANGE, "A")
    assert step.item is not None
    assert step.item.ovn == "ovn"
    kinds = of(TWO, item("A", A), item("B", B), wanted=replace(WANTED, kind=ConstraintKind.ADVISORY)).steps
    assert [step.doing for step in kinds] == [Doing.CHANGE, Doing.CHANGE]


def test_others_and_other_data_sets_are_not_looked_at() -> None:
    elsewhere = ReleasedProvenance("geojson", None, "more.json", "0" * 64, "features[0]")
    there = (
        item("A", A, provenance=elsewhere),
        item("A", A, level="volume"),
        item("A", A, provenance=None),
        item("A", A, state="cancelled"),
    )
    assert [step.doing for step in of(TWO, *there).steps] == [Doing.PUBLISH, Doing.PUBLISH]
    ends = of(TWO, *there, item("C", A, provenance=elsewhere), wanted=replace(WANTED, end_vanished=True))
    assert {step.doing for step in ends.steps} == {Doing.PUBLISH}


def test_what_has_gone_is_ended_where_that_is_asked_for() -> None:
    there = (item("A", A), item("B", B), item("C", A), item("D", A, state="planned"))
    assert of(TWO, *there).steps == ()
    ends = of(TWO, *there, wanted=replace(WANTED, end_vanished=True)).steps
    assert [(step.doing, step.designator, step.state) for step in ends] == [
        (Doing.END, "C", "released"),
        (Doing.END, "D", "cancelled"),
    ]
    only = replace(WANTED, end_vanished=True, only=frozenset({"D"}))
    assert [step.designator for step in of(TWO, *there, wanted=only).steps] == ["D"]


def test_what_cannot_be_read_has_not_gone() -> None:
    ending = replace(WANTED, end_vanished=True)
    broken = file({"designator": "A"}, {"designator": "B", "upper": "high"})
    todo = of(broken, item("A", A), item("B", B), wanted=ending)
    assert todo.steps == ()
    assert todo.left[0].designator == "B"
    assert not todo.left[0].meant
    nameless = file({"designator": "A"}, {"designator": None})
    todo = of(nameless, item("A", A), item("B", B), wanted=ending)
    assert todo.steps == ()
    assert [one.designator for one in todo.left] == ["features[1]", "B"]
    with pytest.raises(InvalidInput, match="nothing is ended"):
        of(file({"designator": "A", "upper": "high"}), item("B", B), wanted=ending)


def test_everything_that_is_not_published_is_named() -> None:
    reading = file(
        {"designator": "PAST", "end": "2026-11-01T00:00:00Z"},
        {"designator": "FREE", "restriction": "NO_RESTRICTION"},
        {"designator": "A"},
    )
    todo = of(reading)
    assert [(one.designator, one.meant) for one in todo.left] == [("PAST", True), ("FREE", True)]
    named = replace(WANTED, only=frozenset({"FREE", "NOWHERE"}))
    todo = of(reading, wanted=named)
    assert [step.designator for step in todo.steps] == ["FREE"]
    assert [(one.designator, one.reason) for one in todo.left] == [("NOWHERE", "the file has no such zone")]


def test_schedules_within_a_window() -> None:
    daily = Period(tuple(range(7)), 8 * 3600, 10 * 3600)
    overlapping = Period((0,), 9 * 3600, 11 * 3600)
    week = Window(datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
    found = spans((Applicability(periods=(daily, overlapping)),), week)
    assert [(f"{start:%d %H}", f"{end:%d %H}") for start, end in found] == [
        ("23 09", "23 11"),
        ("24 08", "24 10"),
    ]
    nightly = Period((6,), 22 * 3600, 26 * 3600)
    assert spans((Applicability(periods=(nightly,)),), Window(week.start.replace(hour=0), week.end)) == [
        (datetime(2026, 11, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 2, tzinfo=UTC))
    ]


def test_too_many_volumes_are_refused_with_the_count_and_too_long_windows() -> None:
    zone = replace(
        TWO.zones[0],
        applies=(Applicability(periods=(Period((0, 2, 4), 0, 60), Period((1, 3, 5, 6), 0, 60))),),
    )
    zone = replace(zone, volumes=zone.volumes * 4)
    year = Window(NOW, NOW + timedelta(days=366))
    with pytest.raises(TooLarge, match="makes 1464 volumes in this window"):
        within(zone, year)
    with pytest.raises(InvalidInput, match="366 days"):
        within(zone, Window(NOW, NOW + timedelta(days=367)))
