"""OpenAir: airspace as lines of two letters and their words.

A record begins with ``AC`` (class) and has ``AN`` (name), ``AL`` and ``AH`` (limits), and draws with ``DP``
(point), ``DA`` (arc by radius and angles), ``DB`` (arc between two points), ``DC`` (circle) about ``V X=``,
in the direction ``V D=``, which is clockwise until it says otherwise. Distances are nautical miles, limits
feet above mean sea level where nothing else is said. ``AY`` is a further kind, ``AA`` a time of activation.
Words that only say how a map looks (``SP SB AT``) or whom to call (``AF AG AX``) are not read; a word that
is not known, terrain (``TO TC``) and airways (``DY``) leave their record unread, with the line.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NamedTuple

from comity.errors import InvalidInput
from comity.geo.earth import destination, distance_m
from comity.geozones.arcs import Arc, Point
from comity.geozones.collecting import Collection, Made
from comity.geozones.fields import moment, number, plain, shown, text
from comity.geozones.limits import band, worded
from comity.geozones.outline import Outlined, bounded, circle
from comity.geozones.trees import as_text, refuse
from comity.geozones.zone import Applicability, Reading, ZoneVolume
from comity.units import metres_from_nautical_miles

FORMAT: Final = "openair"

_NOT_READ: Final = frozenset({"SP", "SB", "AT", "AF", "AG", "AX", "AI"})
_DRAWING: Final = frozenset({"V", "DP", "DA", "DB", "DC"})
_KNOWN: Final = frozenset({"AC", "AN", "AL", "AH", "AY", "AA", "TO", "TC", "DY"}) | _DRAWING | _NOT_READ
_ANGLE: Final = r"(\d{1,3}(?:\.\d+)?)(?::(\d{1,2}(?:\.\d+)?))?(?::(\d{1,2}(?:\.\d+)?))?"
_POINT = re.compile(rf"{_ANGLE}\s*([NS])[\s,]*{_ANGLE}\s*([EW])", re.I)
_MOST_LINES: Final = 2_000_000


class Line(NamedTuple):
    number: int
    word: str
    rest: str


def recognised(data: bytes) -> bool:
    """Whether the first line that is neither empty nor a comment is one of OpenAir's."""
    for line in as_text(data[:65_536]).splitlines():
        if line.strip() and not line.lstrip().startswith("*"):
            return line.split()[0].upper() in _KNOWN
    return False


def read(data: bytes, source: str) -> Reading:
    collected = Collection(data, source, FORMAT)
    record: list[Line] = []
    for number_, line in enumerate(as_text(data).splitlines(), 1):
        if number_ > _MOST_LINES:
            refuse(f"the file has more than {_MOST_LINES} lines")
        words = line.split("*", 1)[0].strip()
        if not words:
            continue
        word, _, rest = words.partition(" ")
        if word.upper() == "AC":
            _add(collected, record)
            record = []
        record.append(Line(number_, word.upper(), rest.strip()))
    _add(collected, record)
    return collected.reading()


def _add(collected: Collection, record: list[Line]) -> None:
    if not record or all(line.word in _NOT_READ for line in record):
        return
    name = next((line.rest for line in record if line.word == "AN"), None)
    collected.add(f"line {record[0].number}", name, 1, lambda: _made(record))


def _made(record: list[Line]) -> Made:
    if record[0].word != "AC":
        raise InvalidInput(f"line {record[0].number}: a record must begin with AC")
    said: dict[str, str] = {}
    applies: list[Applicability] = []
    for line in record:
        if line.word not in _KNOWN:
            raise InvalidInput(f"line {line.number}: {shown(line.word)} is no word of OpenAir that is read")
        if line.word in ("TO", "TC", "DY"):
            raise InvalidInput(f"line {line.number}: terrain and airways are not read")
        if line.word == "AA":
            applies += _activation(line)
        elif line.word not in _DRAWING and line.word not in _NOT_READ:
            if line.word in said:
                raise InvalidInput(f"line {line.number}: {line.word} is given twice")
            said[line.word] = line.rest
    name = text(said.get("AN"), "AN")
    limits = band(worded(text(said.get("AL"), "AL")), worded(text(said.get("AH"), "AH")))
    drawn = _Drawing().of([line for line in record if line.word in _DRAWING])
    kind = " ".join(said[word] for word in ("AC", "AY") if said.get(word))
    volume = ZoneVolume(drawn.outline, limits.lower, limits.upper)
    return Made(name, kind, (volume,), plain(name), tuple(applies), (*limits.notes, *drawn.notes))


def _activation(line: Line) -> list[Applicability]:
    """``start/end``, either of which may be NONE, which is open."""
    start, slash, end = line.rest.partition("/")
    if not slash:
        raise InvalidInput(f"line {line.number}: AA must be two times with a / between")
    return [Applicability(_moment(start), _moment(end))]


def _moment(words: str) -> datetime | None:
    return None if words.strip().upper() == "NONE" else moment(words.strip(), "AA")


class _Drawing:
    """What the drawing words of one record have said so far."""

    def __init__(self) -> None:
        self._centre: Point | None = None
        self._clockwise = True
        self._path: list[Point | Arc] = []
        self._circles: list[Outlined] = []

    def of(self, lines: list[Line]) -> Outlined:
        for line in lines:
            try:
                self._take(line)
            except InvalidInput as error:
                raise InvalidInput(f"line {line.number}: {error.message}", field=error.field) from error
        if self._circles and (self._path or len(self._circles) > 1):
            raise InvalidInput("a circle stands alone in its record")
        return self._circles[0] if self._circles else bounded(self._path)

    def _take(self, line: Line) -> None:
        match line.word:
            case "V":
                self._variable(line.rest)
            case "DP":
                self._path.append(_point(line.rest))
            case "DC":
                self._circles.append(circle(self._about(), _metres(line.rest)))
            case "DA":
                self._path.append(self._by_angles(line.rest))
            case _:
                self._path.append(self._between(line.rest))

    def _variable(self, rest: str) -> None:
        name, equals, value = rest.partition("=")
        match name.strip().upper():
            case "X" if equals:
                self._centre = _point(value)
            case "D" if equals and value.strip() in ("+", "-"):
                self._clockwise = value.strip() == "+"
            case "Z" | "T":
                pass
            case _:
                raise InvalidInput(f"V must be X=, D=+, D=-: {shown(rest)}")

    def _about(self) -> Point:
        if self._centre is None:
            raise InvalidInput("an arc or a circle needs its centre before it: V X=")
        return self._centre

    def _by_angles(self, rest: str) -> Arc:
        words = [word.strip() for word in rest.split(",")]
        if len(words) != 3:
            raise InvalidInput("DA must be radius, first angle, last angle")
        centre, radius_m = self._about(), _metres(words[0])
        ends = [
            destination(lat=centre[0], lon=centre[1], azimuth_deg=number(word, "DA"), distance_m=radius_m)
            for word in words[1:]
        ]
        return Arc(centre, radius_m, ends[0], ends[1], self._clockwise)

    def _between(self, rest: str) -> Arc:
        found = list(_POINT.finditer(rest))
        if len(found) != 2:
            raise InvalidInput(f"DB must be two points: {shown(rest)}")
        start, end = (_point(one.group()) for one in found)
        centre = self._about()
        radius_m = distance_m(lat_a=centre[0], lon_a=centre[1], lat_b=start[0], lon_b=start[1])
        return Arc(centre, radius_m, start, end, self._clockwise)


def _point(words: str) -> Point:
    found = _POINT.fullmatch(words.strip())
    if found is None:
        raise InvalidInput(f"no point such as 46:31:05 N 007:58:30 E: {shown(words)}")
    lat, lon = _degrees(found[1], found[2], found[3]), _degrees(found[5], found[6], found[7])
    return (-lat if found[4] in "Ss" else lat), (-lon if found[8] in "Ww" else lon)


def _degrees(degrees: str, minutes: str | None, seconds: str | None) -> float:
    if float(minutes or 0.0) >= 60.0 or float(seconds or 0.0) >= 60.0:
        raise InvalidInput("minutes and seconds must be under 60")
    return float(degrees) + float(minutes or 0.0) / 60.0 + float(seconds or 0.0) / 3600.0


def _metres(words: str) -> float:
    return metres_from_nautical_miles(number(words, "radius"))
