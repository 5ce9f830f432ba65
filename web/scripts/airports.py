"""Writes web/data/airports.json, the map's airports, from PyPI ``airportsdata`` (MIT).

Those with both an ICAO and an IATA code, as rows ``[icao, iata, name, lat, lon, rank]`` in degrees WGS84,
four decimals (11 m). Rank 1 calls itself international and is shown earlier when zooming in; the data set
has no size class. Run by hand when the data should be renewed: ``python web/scripts/airports.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import airportsdata

TARGET = Path(__file__).parent.parent / "data" / "airports.json"


def rows() -> list[list[str | float | int]]:
    found: list[list[str | float | int]] = []
    for airport in airportsdata.load("ICAO").values():
        if not airport["iata"] or not airport["icao"]:
            continue
        name = airport["name"].removesuffix(" Airport")
        rank = 1 if "International" in name else 2
        position = [round(airport["lat"], 4), round(airport["lon"], 4)]
        found.append([airport["icao"], airport["iata"], name, *position, rank])
    return sorted(found)


def main() -> None:
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows()]
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
