"""Printing: JSON for programs, tables for people. JSON is what the API said, times in UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from comity.model.released import ReleasedItem
from comity.model.volume import ends, starts
from comity.wire.encode import encode

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(encode(value)))


def print_line(value: Any) -> None:
    """One value as one line of JSON."""
    click.echo(encode(value))


PIPE_COLUMNS = 250
"""Width where there is no terminal: wide enough that nothing is folded."""


def console() -> Console:
    """Made when it is used, so that it writes to wherever standard output goes by then. Without markup:
    names and reasons are other people's, and a bracket in one is a bracket."""
    show = Console(highlight=False, markup=False)
    return show if show.is_terminal else Console(highlight=False, markup=False, width=PIPE_COLUMNS)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table, or one line where there is nothing to show. Numbers of rows are never cut."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    count = 0
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
        count += 1
    console().print(made if count else empty)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def utc_short(when: datetime | None) -> str | None:
    """Day of the month and time: for tables, which are about these days."""
    return None if when is None else f"{when.astimezone(UTC):%d %H:%M:%SZ}"


def searched(swept_at: datetime, late_s: float) -> str:
    """When aircraft were last searched for conflicts, and whether the next search is overdue."""
    return f"searched for conflicts at {utc(swept_at)}{late(late_s)}"


def late(late_s: float) -> str:
    return f", PICTURE LATE BY {late_s:.1f} s" if late_s > 0 else ""


def items_table(items: Sequence[ReleasedItem]) -> None:
    columns = ("kind", "level", "state", "what", "from", "until", "volumes", "ref")
    table(columns, (_item_row(item) for item in items), empty="nothing is released to you")


def _item_row(item: ReleasedItem) -> tuple[object, ...]:
    start: datetime | None = None
    end: datetime | None = None
    if item.volumes is not None:
        start, end, count = starts(item.volumes), ends(item.volumes), len(item.volumes)
    elif item.reserved is not None:
        start = min(volume.start for volume in item.reserved)
        end = max(volume.end for volume in item.reserved)
        count = len(item.reserved)
    else:
        count = 0
    what = item.designator or (item.category and item.category.value) or "a participant"
    times = (utc_short(start), utc_short(end))
    return (item.kind.value, item.level, item.state, what, *times, count, item.ref)
