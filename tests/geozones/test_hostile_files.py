"""Files made to hurt: they are refused as a whole, at once, with a reason; and no damage gets through."""

from __future__ import annotations

import json
import random

import pytest

from comity.errors import ComityError, InvalidInput, TooLarge
from comity.geozones.reading import FORMATS, read
from tests.geozones.test_json_formats import ed269, ed318, geojson
from tests.geozones.test_text_formats import KML, OPENAIR, POLYGON, YAIXM

LAUGHS = """<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
<kml><Placemark><name>&b;</name></Placemark></kml>"""
FETCHING = '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><name>&a;</name></kml>'
YAML_LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nairspace:\n- *b\n"


@pytest.mark.parametrize(
    ("text", "format_", "reason"),
    [
        (LAUGHS, "kml", "declares a document type"),
        (FETCHING, "kml", "declares a document type"),
        ("<kml><a>&nothing;</a></kml>", "kml", "not XML that can be read"),
        ("<kml>" + "<Folder>" * 100, "kml", "nested more than 64 deep"),
        ("<svg/>", "kml", "outermost element is kml"),
        (YAML_LAUGHS, "yaixm", "anchors, aliases and tags are not read, as in line 1"),
        ("airspace: !!python/object/apply:os.system [ls]", "yaixm", "anchors, aliases and tags"),
        ("airspace: " + "[" * 100, "yaixm", "nested more than 64 deep"),
        ("airspace: []\nairspace: []", "yaixm", "given once"),
        ("airspace: []\n---\nairspace: []", "yaixm", "more than one YAML document"),
        ("airspace: [", "yaixm", "not YAML"),
        ('{"features": ' + "[" * 200_000, "geojson", "nested too deeply"),
        ('{"features": [NaN]}', "ed269", "holds NaN"),
        ('{"features": [], "features": []}', "ed269", "'features' is given twice"),
        ('{"features": [1' + "0" * 5_000 + "]}", "ed269", "JSON that can be read"),
        ('{"features": [}', "ed269", "not JSON"),
        ("PK\x03\x04", None, "zip archive"),
        ("\x7fELF", None, "none of ed269, ed318"),
        ("", None, "none of ed269, ed318"),
    ],
)
def test_refused_with_a_reason(text: str, format_: str | None, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(text.encode("latin-1"), "file", format_)
    assert reason in refused.value.message
    assert refused.value.field == "file"


def test_a_file_that_is_too_long_is_not_looked_at() -> None:
    with pytest.raises(TooLarge):
        read(b"{" * 101, "file", most_bytes=100)


def test_numbers_beyond_reason_leave_their_zone_unread() -> None:
    infinite = json.dumps(geojson(upper=0)).replace('"upper": 0', '"upper": 1e999, "upperReference": "AGL"')
    assert "finite number" in read(infinite.encode(), "f").unreadable[0].reason
    far = {"type": "Polygon", "coordinates": [[[8.0, 97.0], [8.1, 97.0], [8.1, 97.1]]]}
    assert "90 degrees of latitude" in read(json.dumps(geojson(far)).encode(), "f").unreadable[0].reason
    wide = {"type": "Polygon", "coordinates": [[[0.0, 60.0], [60.0, 60.0], [30.0, 30.0]]]}
    assert "too long" in read(json.dumps(geojson(wide)).encode(), "f").unreadable[0].reason


def test_words_for_a_terminal_do_not_get_through() -> None:
    zone = read(json.dumps(geojson(name="a\x1b[2J\nb", designator="x" * 99)).encode(), "f\x07.json").zones[0]
    assert zone.name == "a [2J b"
    assert len(zone.designator) == 40
    assert zone.provenance.source == "f .json"


FILES = [
    *(json.dumps(value).encode() for value in (ed269(), ed318(), geojson())),
    OPENAIR.encode(),
    KML.replace("{polygon}", POLYGON).encode(),
    YAIXM.encode(),
]


@pytest.mark.parametrize("seed", range(6))
def test_damaged_files_are_read_or_refused(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(150):
        file = draw.choice(FILES)
        damaged = bytearray(file)
        for _ in range(draw.choice((1, 3, 10))):
            place = draw.randrange(len(damaged))
            damaged[place : place + draw.choice((0, 1, 15))] = draw.choice(
                (b"", b"9", b"-", b"nan", b"[", b"&", b"1e999", bytes([draw.randrange(256)]), file[:30])
            )
        for format_ in (None, draw.choice(FORMATS)):
            try:
                reading = read(bytes(damaged), "file", format_)
            except ComityError:
                continue
            assert reading.records == len(reading.zones) + len(reading.unreadable)
