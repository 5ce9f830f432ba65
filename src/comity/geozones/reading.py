"""Any file of zones: its format found out, or taken as said, and read.

JSON is ED-269, ED-318 or GeoJSON by the words in it; what begins with ``<kml`` is KML; a mapping with
``airspace`` is YAIXM; lines that begin as OpenAir's do are OpenAir. What is none of these is refused. A
file is bounded in bytes before anything of it is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from comity.errors import InvalidInput, TooLarge
from comity.geozones import ed269, ed318, geojson, kml, openair, yaixm
from comity.geozones.trees import json_tree, refuse
from comity.geozones.zone import Reading

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of a file read on one's own machine: several times the largest national exports."""

READERS: Final[Mapping[str, Callable[[bytes, str], Reading]]] = {
    ed269.FORMAT: ed269.read,
    ed318.FORMAT: ed318.read,
    geojson.FORMAT: geojson.read,
    kml.FORMAT: kml.read,
    openair.FORMAT: openair.read,
    yaixm.FORMAT: yaixm.read,
}
FORMATS: Final = tuple(READERS)


def read(data: bytes, source: str, format: str | None = None, *, most_bytes: int = MAX_BYTES) -> Reading:
    """Raises ``InvalidInput`` where the file as a whole cannot be read, ``TooLarge`` where it is too long."""
    if len(data) > most_bytes:
        raise TooLarge(f"a file of zones must be at most {most_bytes} bytes", field="file")
    if format is not None and format not in READERS:
        raise InvalidInput(f"format must be one of {', '.join(FORMATS)}", field="format")
    return READERS[format or format_of(data)](data, source)


def format_of(data: bytes) -> str:
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:4] == b"PK\x03\x04":
        refuse("the file is a zip archive (KMZ?): unpack it")
    if head[:1] == b"{":
        return _json_format(data)
    if kml.recognised(data):
        return kml.FORMAT
    if b"\0" not in data and openair.recognised(data):
        return openair.FORMAT
    if any(line.startswith(b"airspace:") for line in data.splitlines()):
        return yaixm.FORMAT
    refuse(f"the file is none of {', '.join(FORMATS)}, as far as can be told")


def _json_format(data: bytes) -> str:
    tree = json_tree(data)
    if ed269.recognised(tree):
        return ed269.FORMAT
    if ed318.recognised(tree):
        return ed318.FORMAT
    if geojson.recognised(tree):
        return geojson.FORMAT
    refuse("the file is JSON, but neither ED-269 nor ED-318 nor GeoJSON")
