"""How an alert is written for people: what it is about, whose, and how late the search is, in words."""

from __future__ import annotations

import msgspec

from comity.cli.alerts import _row
from comity.cli.output import searched
from comity.model.alert import AlertSide
from tests.http.warning import an_alert
from tests.world import START


def test_a_line_names_both_sides_and_says_why() -> None:
    row = _row(an_alert("a-1"))
    assert row[:6] == ("a-1", "warning", "conflict", "raised", "predicted", "REGA1 (yours) and 3C6444")
    assert row[-1] == "projected along its velocity"
    hidden = (AlertSide("own", own=True, track="4B1814"), AlertSide("reserved", own=False))
    row = _row(an_alert("a-2", advisory=True, item_label="LSR-1"))
    assert row[1] == "warning (advisory)"
    assert str(row[5]).endswith("and LSR-1")
    row = _row(msgspec.structs.replace(an_alert("a-3"), sides=hidden))
    assert row[5] == "4B1814 (yours) and an aircraft not released to you"


def test_lateness_is_in_the_words() -> None:
    assert searched(START, 0.0) == "searched for conflicts at 2026-06-01 08:00:00Z"
    assert searched(START, 3.2) == "searched for conflicts at 2026-06-01 08:00:00Z, PICTURE LATE BY 3.2 s"
