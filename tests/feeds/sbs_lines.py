"""A line of SBS text, field by field."""

from __future__ import annotations


def line(
    kind: object = 3,
    address: str = "4CA7B5",
    date: str = "2026/02/24",
    time: str = "14:59:58.250",
    callsign: str = "",
    altitude: str = "",
    speed: str = "",
    track: str = "",
    lat: str = "",
    lon: str = "",
    rate: str = "",
    squawk: str = "",
    ground: str = "",
) -> bytes:
    fields = f"MSG,{kind},1,1,{address},1,{date},{time},{date},{time},{callsign},{altitude},{speed},{track}"
    return f"{fields},{lat},{lon},{rate},{squawk},0,0,0,{ground}\n".encode("latin-1")
