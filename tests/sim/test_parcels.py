"""The made-up USS of the demonstration files what the standard takes, and what it flies lies inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from comity.geo.coverage import circle_cells
from comity.sim.parcels import LINES, Filed, details, filing, line_id, volume
from comity.wire.f3548 import Volume4D, extent
from comity.wire.f3548_bodies import OperationalIntentBody, entity_id, put_reference

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


def test_every_line_is_a_reference_that_the_dss_takes() -> None:
    for line in LINES:
        for state in ("Accepted", "Activated"):
            given = filing(line, NOW, state, ["an-ovn-of-sixteen-or-more"], "http://127.0.0.1:1")
            body = msgspec.convert(given, OperationalIntentBody)
            id = entity_id(line_id(line, NOW), "id")
            ovn = None if state == "Accepted" else "an-ovn-of-sixteen-or-more"
            command = put_reference(body, id, ovn, NOW, allow_http=True)
            assert command.state == state
            assert (command.new_subscription is None) == (state == "Accepted")
            for end in (line.start, line.end):
                assert set(circle_cells(end.lat, end.lon, 1.0)) <= set(command.box.cells)


def test_details_agree_with_what_was_filed() -> None:
    line = LINES[0]
    filed = Filed(line_id(line, NOW), line, NOW, {"id": "x"})
    (told,) = details(filed)["operational_intent"]["details"]["volumes"]
    assert told == volume(line, NOW)
    assert extent(msgspec.convert(told, Volume4D), "volumes").end == NOW + timedelta(hours=6)


def test_each_filing_has_an_id_of_its_own() -> None:
    ids = {line_id(line, NOW + timedelta(hours=k)) for line in LINES for k in range(3)}
    assert len(ids) == 6
