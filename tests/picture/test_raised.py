"""Single tracks raised for one reader: under their rotating reference, at their level, nothing besides."""

from __future__ import annotations

from typing import Any

import pytest

from comity.errors import InvalidInput
from comity.exchange.tracks import by_rule
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from comity.picture.picture import Picture, Raised
from tests.picture.making import BERT, CARL, SOURCES, at, feed, picture, report

ADSB, _, OWN, RADAR, _ = SOURCES


def world() -> Picture:
    """An aircraft that its owner and a radar report, one of the owner's by number, and one in broadcast."""
    seen = picture()
    known: dict[str, Any] = {
        "lat": 46.0123,
        "lon": 7.0456,
        "altitude": Altitude(1_003.0, Datum.MSL),
        "callsign": "RELIEF 2",
        "squawk": "7700",
        "category": AircraftCategory.ROTORCRAFT,
    }
    feed(seen, OWN, report("4CA7B5", **known), report("~12", lat=46.5, lon=7.5, callsign="DRONE1"))
    feed(seen, RADAR, report("4CA7B5", lat=46.0124, lon=7.0457), report("~7", lat=47.0, lon=8.0))
    feed(seen, ADSB, report("3C6666", lat=46.1, lon=7.1))
    seen.tick(at(1))
    return seen


def ids(seen: Picture, *raised: Raised, released: str | None = None) -> list[str]:
    given = [(ADSB, "broadcast")] + ([] if released is None else [(OWN, released)])
    return seen.frame(BERT, given, raised).ids()


def test_a_raised_position_is_the_one_that_the_source_would_have_given() -> None:
    seen = world()
    (whole,) = [
        view for view in seen.frame(BERT, [(OWN, "position")]).views() if view.id == name(seen, "4CA7B5")
    ]
    (raised,) = seen.frame(BERT, [], [(OWN, "4CA7B5", "position")]).views()
    assert raised == whole
    assert (raised.level, raised.callsign, raised.squawk) == ("position", None, None)
    assert raised.category is AircraftCategory.ROTORCRAFT
    assert (raised.lat, raised.lon) != (46.0123, 7.0456)


def name(seen: Picture, address: str) -> str:
    return seen.reference(BERT, OWN, address)


@pytest.mark.parametrize(("address", "callsign"), [("4CA7B5", "RELIEF 2"), ("~12", "DRONE1")])
def test_identity_is_the_whole_row_under_the_same_reference(address: str, callsign: str) -> None:
    seen = world()
    (view,) = seen.frame(BERT, [], [(OWN, address, "identity")]).views()
    assert (view.id, view.level, view.callsign) == (name(seen, address), "identity", callsign)
    assert view.lat in (46.0123, 46.5)
    assert seen.frame(BERT, [], [(OWN, address, "identity")]).referenced.rows["number"].tolist() == [-1]


def test_an_aircraft_raised_is_not_joined_with_the_same_one_heard_elsewhere() -> None:
    seen = world()
    feed(seen, ADSB, report("4CA7B5", 1.0, lat=46.0123, lon=7.0456), seconds=1.0)
    seen.tick(at(2))
    heard, raised = (
        view
        for view in seen.frame(BERT, [(ADSB, "broadcast")], [(OWN, "4CA7B5", "identity")]).views()
        if view.id != "3C6666"
    )
    assert (heard.id, heard.sources, heard.callsign) == ("4CA7B5", 1, None)
    assert (raised.id, raised.sources) == (name(seen, "4CA7B5"), 1)


def test_a_raise_shows_nothing_twice() -> None:
    seen = world()
    both = [(OWN, "4CA7B5", "position"), (OWN, "4CA7B5", "identity"), (OWN, "4CA7B5", "position")]
    assert ids(seen, *both) == ["3C6666", name(seen, "4CA7B5")]
    for level in ("position", "identity"):
        lifted = ids(seen, (OWN, "4CA7B5", level), (OWN, "~12", level), released="identity")
        assert lifted == ids(seen, released="identity")
        assert sorted(ids(seen, (OWN, "~12", level), released="position")) == sorted(
            ["3C6666", name(seen, "4CA7B5"), name(seen, "~12")]
        )
    levels = {
        view.id: view.level
        for view in seen.frame(BERT, [(OWN, "position")], [(OWN, "4CA7B5", "identity")]).views()
    }
    assert levels == {name(seen, "4CA7B5"): "identity", name(seen, "~12"): "position"}


def test_what_is_not_there_is_not_raised() -> None:
    seen = world()
    for address in ("4CA7B6", "4ca7b5", "FFFFFF", "~1", "", "4CA7_5"):
        assert ids(seen, (OWN, address, "identity")) == ["3C6666"]
    assert ids(seen, (SOURCES[4], "~7", "position")) == ["3C6666"]
    with pytest.raises(InvalidInput, match="a raised level must be position or identity"):
        ids(seen, (OWN, "4CA7B5", "own"))


def test_readers_share_a_frame_unless_something_is_raised_for_one() -> None:
    seen = world()
    given = [(ADSB, "broadcast")]
    raised = [(OWN, "4CA7B5", "position"), (RADAR, "~7", "identity")]
    assert seen.frame(BERT, given, raised) is seen.frame(BERT, given, raised[::-1])
    assert seen.frame(BERT, given, raised) is not seen.frame(CARL, given, raised)
    assert seen.frame(BERT, given, [(OWN, "~99", "position")]) is seen.frame(CARL, given)
    one, two = (set(seen.frame(who, given, raised).ids()) for who in (BERT, CARL))
    assert one & two == {"3C6666"}


def test_a_raise_comes_and_goes_in_deltas() -> None:
    seen = world()
    raised = [(OWN, "4CA7B5", "position")]
    first = seen.delta(BERT, [(ADSB, "broadcast")], None)
    second = seen.delta(BERT, [(ADSB, "broadcast")], first.stamp, raised)
    assert name(seen, "4CA7B5").encode() in second.changed_json
    assert second.gone == []
    third = seen.delta(BERT, [(ADSB, "broadcast")], second.stamp)
    assert (third.changed_json, third.gone) == (b"[]", [name(seen, "4CA7B5")])


def test_the_record_of_what_rules_show_has_raises_too() -> None:
    seen = world()
    frame = seen.frame(BERT, [(ADSB, "broadcast")], [(OWN, "4CA7B5", "position"), (RADAR, "~7", "identity")])
    assert by_rule(frame) == {
        name(seen, "4CA7B5"): "position",
        seen.reference(BERT, RADAR, "~7"): "identity",
    }


def test_a_layer_is_all_that_a_source_shows() -> None:
    seen = world()
    layer = seen.layer(OWN)
    assert layer.addressed["number"].tolist() == [0x4CA7B5]
    assert layer.addresses == ["~12"]
    assert layer.numbered["category"].tolist() == [-1]
    assert len(seen.layer(SOURCES[4]).addressed) == 0
    assert seen.as_of == at(1)
