"""Zone files made to take long: what of one ring is expanded is counted before it is."""

from __future__ import annotations

from comity.geozones.outline import MOST_ARCS
from comity.geozones.reading import read

ARC = b"V X=46:00:00 N 010:00:00 E\nDA 10,0,359\n"
HEAD = b"AC R\nAN X\nAL GND\nAH FL100\n"


def test_a_ring_of_very_many_arcs_is_not_drawn() -> None:
    made = read(HEAD + ARC * (MOST_ARCS + 1), "x", "openair", most_bytes=1_000_000)
    assert not made.zones
    (refused,) = made.unreadable
    assert f"at most {MOST_ARCS} arcs" in refused.reason
