"""``comity plan``: a route made into volumes, checked, looked at for what would pass instead, filed.

A route comes from a JSON file, as the API takes it, or from places on the command line. Options that are
given replace what the file says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from comity.cli.connection import connected
from comity.cli.intents import show_written
from comity.cli.output import items_table, json_option, print_json, table, utc, utc_short
from comity.cli.values import Height, Length, Moment
from comity.client import Client
from comity.errors import InvalidInput, StrategicConflict
from comity.model.altitude import Altitude
from comity.model.intent import AircraftCategory
from comity.model.plan import Alternative, Alternatives, ChangeKind, Plan, Search
from comity.model.route import Route
from comity.model.shape import LatLon
from comity.wire.decode import Reader
from comity.wire.encode import encode

DEFAULT_LIMIT: Final = timedelta(milliseconds=500)


class Place(click.ParamType[LatLon]):
    """``46.5,8.6``: latitude and longitude."""

    name = "lat,lon"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LatLon:
        if isinstance(value, LatLon):
            return value
        try:
            lat, lon = (float(word) for word in value.split(","))
            return LatLon(lat=lat, lon=lon)
        except InvalidInput as error:
            self.fail(error.message, param, ctx)
        except ValueError:
            self.fail(f"{value!r} is not latitude,longitude such as 46.5,8.6", param, ctx)


_ROUTE: Reader[dict[str, Any]] = Reader(dict[str, Any])

_ROUTE_OPTIONS: Final = (
    click.argument("waypoints", nargs=-1, type=Place(), metavar="[LAT,LON]..."),
    click.option(
        "--route",
        "file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A JSON file with a route, as the API takes it.",
    ),
    click.option("--level", "levels", type=Height(), multiple=True, help="One, or one for each waypoint."),
    click.option("--speed-mps", type=float, help="Ground speed in metres a second."),
    click.option("--half-width-m", type=float, help="How far beside the path it may be."),
    click.option("--half-height-m", type=float, help="How far above or below its level it may be."),
    click.option("--departs", type=Moment(), help="now, +30min or a time."),
    click.option("--early", "early_s", type=Length(), help="By how much it may be early."),
    click.option("--late", "late_s", type=Length(), help="By how much it may be late."),
    click.option("--step", "step_s", type=Length(), help="How long on the path one volume is for."),
    click.option("--most-volumes", type=int, help="How many volumes at most."),
    click.option("--climb-mps", type=float, help="For a climb on the spot."),
)

_PLAN_OPTIONS: Final = (
    click.option(
        "--category",
        type=click.Choice([each.value for each in AircraftCategory]),
        required=True,
        help="Category of aircraft.",
    ),
    click.option(
        "--crewed/--uncrewed", default=True, show_default=True, help="Whether somebody is on board."
    ),
    click.option("--priority", type=int, default=0, show_default=True, help="As the regulator assigns it."),
)


def _route_options(command: Callable[..., Any]) -> Any:
    """Options that make a route, which the command gets as ``route``."""

    @wraps(command)
    def taking(*args: Any, **values: Any) -> Any:
        given = {name: values.pop(name) for name in (*_NAMES, "file")}
        return command(*args, route=_route(given), **values)

    options: Any = taking
    for option in reversed(_ROUTE_OPTIONS):
        options = option(options)
    return options


def _plan_options(command: Any) -> Any:
    for option in reversed(_PLAN_OPTIONS):
        command = option(command)
    return command


_NAMES: Final = tuple(name for name in Route.__struct_fields__)


def _route(given: dict[str, Any]) -> Route:
    """From a file, from words, or from both."""
    file: Path | None = given.pop("file")
    fields = _ROUTE.read(file.read_bytes()) if file is not None else {}
    for name, value in given.items():
        if value is None or value == ():
            continue
        fields[name] = value.total_seconds() if isinstance(value, timedelta) else value
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        words = ", ".join(_WORDS.get(name, "--" + name.replace("_", "-")) for name in missing)
        raise click.UsageError(f"a route needs {words}; give them, or --route with a file")
    return Reader(Route).read(encode(fields))


_NEEDED: Final = ("waypoints", "levels", "speed_mps", "half_width_m", "half_height_m", "departs")
_WORDS: Final = {"waypoints": "two places LAT,LON", "levels": "--level"}


@click.group()
def plan() -> None:
    """Plans before they are filed: routes, checks, alternatives.

    \b
    comity plan check 46.5,8.6 46.9,9.4 --level 2500:MSL --speed-mps 60 \\
        --half-width-m 500 --half-height-m 100 --departs +30min --category aeroplane
    """


# A latitude of the southern half begins as an option does.
_PLACES: Final = {"ignore_unknown_options": True}


@plan.command(context_settings=_PLACES)
@_route_options
@json_option
@connected
def volumes(client: Client, route: Route, as_json: bool) -> None:
    """Volumes that contain a route, as JSON or one a line."""
    made = client.plans.volumes(route)
    if as_json:
        print_json(made)
        return
    rows = [
        (number, utc_short(each.start), utc_short(each.end), _height(each.lower), _height(each.upper))
        for number, each in enumerate(made.volumes)
    ]
    table(("volume", "from", "until", "lower", "upper"), rows, empty="no volumes")
    click.echo(f"{made.length_m / 1e3:.1f} km, arrives {utc(made.arrives)}")


@plan.command(context_settings=_PLACES)
@_route_options
@_plan_options
@click.option("--id", help="Your intent that this would change.")
@json_option
@connected
def check(
    client: Client, route: Route, category: str, crewed: bool, priority: int, id: str | None, as_json: bool
) -> None:
    """What filing a route would be told; nothing is filed.

    Leaves with 1 where something is in the way."""
    asked = _plan(route=route, category=category, crewed=crewed, priority=priority, id=id)
    found = client.plans.check(asked)
    if as_json:
        print_json(found)
    else:
        if found.conflicts:
            items_table([conflict.item for conflict in found.conflicts])
        click.echo(found.clearance.checked)
    if found.conflicts:
        raise click.exceptions.Exit(1)


@plan.command(context_settings=_PLACES)
@_route_options
@_plan_options
@click.option("--id", help="Your intent that this would change.")
@click.option("--limit", type=Length(), default=DEFAULT_LIMIT, help="How long to look, up to 5s.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in ChangeKind]),
    multiple=True,
    help="Look for this kind of change alone; repeatable.",
)
@json_option
@connected
def alternatives(
    client: Client, route: Route, limit: timedelta, kinds: tuple[str, ...], as_json: bool, **how: Any
) -> None:
    """The smallest changes of a route that would pass."""
    found = client.plans.alternatives(_search(route, limit, kinds, **how))
    if as_json:
        print_json(found)
        return
    if found.passes:
        click.echo("the plan would be accepted as it is")
        return
    _show_alternatives(found)


@plan.command(context_settings=_PLACES)
@_route_options
@_plan_options
@click.option("--over", multiple=True, metavar="REF", help="File over this conflict on purpose; repeatable.")
@click.option(
    "--take",
    type=click.Choice(["cheapest", *(kind.value for kind in ChangeKind)]),
    help="Where it is refused, file this change of it instead.",
)
@click.option("--request-id", help="Makes a repetition of this call the same command.")
@json_option
@connected
def file(
    client: Client,
    route: Route,
    over: tuple[str, ...],
    take: str | None,
    request_id: str | None,
    as_json: bool,
    **how: Any,
) -> None:
    """File a route as an operational intent.

    Where it is refused, the refusal says what is in the way. With --take an alternative is filed then, and
    told first."""
    made = client.plans.volumes(route).volumes
    try:
        written = client.file_intent(made, accept_conflicts=over, request_id=request_id, **how)
    except StrategicConflict:
        if take is None:
            raise
        kinds = () if take == "cheapest" else (take,)
        found = client.plans.alternatives(_search(route, timedelta(seconds=5), kinds, id=None, **how))
        if not found.alternatives:
            raise
        chosen = found.alternatives[0]
        click.echo(f"refused as it was; taken: {chosen.words}", err=True)
        written = client.file_intent(chosen.volumes, **how)
    show_written(written, "filed", as_json)


def _plan(**how: Any) -> Plan:
    return Plan(**{**how, "category": AircraftCategory(how["category"])})


def _search(route: Route, limit: timedelta, kinds: tuple[str, ...], **how: Any) -> Search:
    chosen = tuple(ChangeKind(kind) for kind in kinds) or tuple(ChangeKind)
    how["category"] = AircraftCategory(how["category"])
    asked = Search(route=route, limit_ms=round(limit.total_seconds() * 1e3), kinds=chosen, **how)
    return msgspec.convert(msgspec.to_builtins(asked), Search)


def _show_alternatives(found: Alternatives) -> None:
    rows = [(each.kind.value, each.cost, each.words, _begins(each)) for each in found.alternatives]
    table(("kind", "cost", "what", "begins"), rows, empty="no change of these kinds would pass")
    if not found.complete:
        click.echo("the time was up before everything had been looked at: there may be more")


def _begins(alternative: Alternative) -> datetime:
    return min(volume.start for volume in alternative.volumes)


def _height(altitude: Altitude) -> str:
    return f"{altitude.value_m:.0f} m {altitude.datum.value}"
