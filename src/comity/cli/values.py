"""Words of a command line as values: moments, lengths of time, outlines, heights, volumes, levels.

Metres and degrees only. A wrong word is a usage error (exit code 2) that says what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from comity.clock import SystemClock
from comity.errors import InvalidInput
from comity.model.altitude import Altitude, Datum
from comity.model.rule import NOTHING, PROMISED_LEVELS, SEEN_LEVELS, WARNED_LEVELS, Level, Levels
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D, Volumes
from comity.wire.decode import Reader

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|min|m|h|d)")
_SECONDS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


class Moment(click.ParamType[datetime]):
    """``now``, ``+30min`` and the like, or RFC 3339 with a zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if value == "now":
            return SystemClock().now()
        if value[:1] in ("+", "-"):
            length = length_of(value[1:])
            if length is not None:
                return SystemClock().now() + (length if value[0] == "+" else -length)
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            when = None
        if when is None or when.tzinfo is None:
            self.fail(f"{value!r} is not a time: now, +30min, -2h or 2026-05-01T12:00:00Z", param, ctx)
        return when.astimezone(UTC)


class Length(click.ParamType[timedelta]):
    """``90s``, ``30min``, ``12h``, ``7d``."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        length = length_of(value)
        if length is None:
            self.fail(f"{value!r} is not a length of time: 90s, 30min, 12h or 7d", param, ctx)
        return length


def length_of(text: str) -> timedelta | None:
    found = _LENGTH.fullmatch(text)
    return timedelta(seconds=float(found[1]) * _SECONDS[found[2]]) if found else None


class Height(click.ParamType[Altitude]):
    """``1200:MSL``: metres and what they are measured from."""

    name = "metres:datum"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Altitude:
        if isinstance(value, Altitude):
            return value
        metres, _, datum = value.partition(":")
        try:
            return Altitude(float(metres), Datum(datum.upper()))
        except InvalidInput as error:
            self.fail(error.message, param, ctx)
        except ValueError:
            words = ", ".join(Datum)
            self.fail(f"{value!r} is not metres and a datum such as 1200:MSL ({words})", param, ctx)


class CircleWords(click.ParamType[Circle]):
    """``46.5,8.6,5000``: latitude, longitude, radius in metres."""

    name = "lat,lon,metres"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Circle:
        if isinstance(value, Circle):
            return value
        try:
            lat, lon, radius_m = (float(word) for word in value.split(","))
            return Circle(LatLon(lat=lat, lon=lon), radius_m)
        except InvalidInput as error:
            self.fail(error.message, param, ctx)
        except ValueError:
            self.fail(f"{value!r} is not latitude,longitude,metres such as 46.5,8.6,5000", param, ctx)


class PolygonWords(click.ParamType[Polygon]):
    """``46.5,8.6 46.7,8.6 46.6,8.9``: corners as latitude,longitude."""

    name = "'lat,lon lat,lon ...'"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Polygon:
        if isinstance(value, Polygon):
            return value
        try:
            pairs = [[float(number) for number in corner.split(",")] for corner in value.split()]
            return Polygon(tuple(LatLon(lat=lat, lon=lon) for lat, lon in pairs))
        except InvalidInput as error:
            self.fail(error.message, param, ctx)
        except ValueError:
            self.fail(f"{value!r} is not corners such as '46.5,8.6 46.7,8.6 46.6,8.9'", param, ctx)


def volumes_of(
    file: Path | None,
    circle: Circle | None,
    polygon: Polygon | None,
    lower: Altitude | None,
    upper: Altitude | None,
    start: datetime | None,
    end: datetime | None,
) -> Volumes | None:
    """Volumes from a JSON file, or one from words; None where nothing was given."""
    outlines: list[Shape] = [outline for outline in (circle, polygon) if outline is not None]
    if file is not None:
        if outlines:
            raise click.UsageError("give --volumes, or one of --circle and --polygon")
        return _VOLUMES.read(file.read_bytes())
    if not outlines:
        return None
    if len(outlines) > 1:
        raise click.UsageError("give one of --circle and --polygon")
    if lower is None or upper is None or start is None or end is None:
        raise click.UsageError("an outline needs --lower, --upper, --start and --end")
    return (Volume4D(outlines[0], lower, upper, start, end),)


_VOLUMES: Reader[Volumes] = Reader(Volumes)


def volume_options(command: Any) -> Any:
    """The options that :func:`volumes_of` takes, as ``file`` to ``end``."""
    options = (
        click.option(
            "--volumes",
            "file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A JSON file with a list of volumes, as the API takes them.",
        ),
        click.option("--circle", type=CircleWords(), help="One volume over a circle."),
        click.option("--polygon", type=PolygonWords(), help="One volume over a polygon."),
        click.option("--lower", type=Height(), help="Its lower height."),
        click.option("--upper", type=Height(), help="Its upper height."),
        click.option("--start", type=Moment(), help="Its start: now, +30min or a time."),
        click.option("--end", type=Moment(), help="Its end, when it is free again."),
    )
    for option in reversed(options):
        command = option(command)
    return command


_LEVEL_OPTIONS: Final = (
    ("intent", "one's intents", PROMISED_LEVELS),
    ("constraint", "one's constraints", PROMISED_LEVELS),
    ("own_track", "one's own aircraft", SEEN_LEVELS),
    ("sensed_track", "what one's sensors see", SEEN_LEVELS),
    ("own_track_in_conflict", "one's own aircraft while in conflict with the recipient's", WARNED_LEVELS),
    ("sensed_track_in_conflict", "what one's sensors see, while in such a conflict", WARNED_LEVELS),
    ("own_track_in_emergency", "one's own aircraft while in distress", SEEN_LEVELS),
)
"""Each kind of :class:`Levels`, in its order. The first four have no default; the others are what raises
them, and leaving them out raises nothing."""


def level_options(command: Callable[..., Any]) -> Any:
    """An option for each kind of item; the command gets them together as ``levels``."""

    @wraps(command)
    def taking(*args: Any, **values: Any) -> Any:
        chosen = {name: Level(values.pop(name)) for name, _, _ in _LEVEL_OPTIONS}
        return command(*args, levels=Levels(**chosen), **values)

    options: Any = taking
    for name, text, levels in reversed(_LEVEL_OPTIONS):
        words = sorted(levels, key=lambda level: level.rank)
        raises = name.endswith(("_in_conflict", "_in_emergency"))
        # To click a default of None is a default, and then nothing is required.
        stated: dict[str, Any] = {"required": True}
        if raises:
            stated = {"default": getattr(NOTHING, name).value, "show_default": True}
        options = click.option(
            "--" + name.replace("_", "-"),
            type=click.Choice([level.value for level in words]),
            help=f"Level for {text}.",
            **stated,
        )(options)
    return options
