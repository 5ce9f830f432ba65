"""What one may see as Parquet: one row for each volume or aircraft, the outline as WKB (longitude first).

The columns are those of the GeoJSON export, so that either can be read for the other; what a row has no
value for is null. The file's metadata names the moment. Needs the extra ``parquet``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shapely.geometry import shape

from comity.errors import InvalidInput

_TEXT, _NUMBER, _TRUTH, _WHOLE = "string", "double", "bool", "int64"

COLUMNS: Final[Mapping[str, str]] = {
    "kind": _TEXT,
    "ref": _TEXT,
    "level": _TEXT,
    "state": _TEXT,
    "category": _TEXT,
    "crewed": _TRUTH,
    "constraint_kind": _TEXT,
    "designator": _TEXT,
    "lower_m": _NUMBER,
    "lower_datum": _TEXT,
    "upper_m": _NUMBER,
    "upper_datum": _TEXT,
    "start": _TEXT,
    "end": _TEXT,
    "id": _TEXT,
    "source": _TEXT,
    "sources": _WHOLE,
    "callsign": _TEXT,
    "squawk": _TEXT,
    "emergency": _TEXT,
    "altitude_m": _NUMBER,
    "altitude_datum": _TEXT,
    "ground_speed_mps": _NUMBER,
    "track_deg": _NUMBER,
    "vertical_rate_mps": _NUMBER,
    "on_ground": _TRUTH,
    "accuracy_m": _NUMBER,
    "age_s": _NUMBER,
    "stale": _TRUTH,
}


def write(collection: Mapping[str, Any], as_of: datetime, path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InvalidInput("Parquet needs pyarrow: pip install 'comity[parquet]'", field="format") from error
    features = collection["features"]
    fields = [pyarrow.field(name, pyarrow.type_for_alias(kind)) for name, kind in COLUMNS.items()]
    columns = [
        pyarrow.array([_value(feature, name) for feature in features], field.type)
        for field, name in zip(fields, COLUMNS, strict=True)
    ]
    fields.append(pyarrow.field("geometry", pyarrow.binary()))
    columns.append(pyarrow.array([shape(each["geometry"]).wkb for each in features], pyarrow.binary()))
    schema = pyarrow.schema(fields, metadata={"as_of": as_of.isoformat()})
    pyarrow.parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema), path)


def _value(feature: Mapping[str, Any], name: str) -> Any:
    return feature["properties"].get(name)
