"""Provenance on a constraint: refused where it is malformed, and absent from records where there is none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from comity.errors import InvalidInput
from comity.model.constraint import Constraint, ZoneProvenance
from comity.wire.decode import Reader
from comity.wire.native import ConstraintBody
from tests.http.serving import VOLUME

FILE = {"source": "zones.json", "format": "ed269", "sha256": "0" * 64, "place": "features[0]"}
BODY = {"kind": "closed", "designator": "R1", "volumes": [VOLUME]}
OLD = {
    **BODY,
    "id": "00000000-0000-4000-8000-000000000000",
    "owner": "north",
    "state": "active",
    "ovn": "o" * 32,
    "version": 1,
    "published_at": "2026-06-01T08:00:00Z",
    "changed_at": "2026-06-01T08:00:00Z",
}


def test_a_record_from_before_there_was_provenance_reads_and_writes_as_it_was() -> None:
    constraint = msgspec.convert(OLD, Constraint)
    assert constraint.provenance is None
    assert "provenance" not in msgspec.to_builtins(constraint)
    new = msgspec.convert(OLD | {"provenance": FILE}, Constraint)
    assert new.provenance == ZoneProvenance(**FILE)
    assert msgspec.convert(msgspec.to_builtins(new), Constraint) == new


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": ""}, "provenance.source"),
        ({"source": "a\nb"}, "provenance.source"),
        ({"sha256": "F" * 64}, "provenance.sha256"),
        ({"place": "x" * 121}, "provenance.place"),
        ({"authority": "\x1b[2J"}, "provenance.authority"),
        ({"colour": "red"}, "provenance.colour"),
    ],
)
def test_malformed_provenance_is_refused_by_name(change: dict[str, Any], field: str) -> None:
    body = BODY | {"provenance": FILE | change}
    with pytest.raises(InvalidInput) as refused:
        Reader(ConstraintBody).read(msgspec.json.encode(body))
    assert refused.value.field == field
