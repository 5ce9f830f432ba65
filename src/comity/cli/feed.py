"""``comity feed sbs``: a receiver's port 30003, or a file of such lines, brought to an exchange over HTTP.

A file is played as if it were now: its first time is taken for the present, so that its aircraft are on the
map, and the exchange is told by how much its times are shifted. A live source's times are taken as they
are. What cannot be brought while the exchange does not answer is dropped and counted; a live feed has no
use for old positions.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import click

from comity.cli.connection import connected
from comity.cli.output import console, json_option, print_json
from comity.client import Client
from comity.clock import Clock, SystemClock
from comity.errors import QuotaExceeded, Unavailable
from comity.feeds.files import first_time, paced
from comity.feeds.lines import Splitter
from comity.feeds.tcp import TcpSource
from comity.model.intake import Intake
from comity.model.observation import Provenance

BATCH_S: Final = 0.5
"""How long lines of a live source are gathered. Longer makes fewer requests and older positions."""

BATCH_BYTES: Final = 512 * 1024
LONGEST_GAP_S: Final = 61.0
"""Before a file is played again: who jumps back is not believed; after so long aircraft are new."""


class Chunk(NamedTuple):
    lines: bytes
    time_offset_s: float


class Totals:
    """What was brought so far. ``lost``: lines that nobody took."""

    def __init__(self) -> None:
        self.aircraft: set[bytes] = set()
        self.lines = self.accepted = self.skipped = self.lost = 0
        self.rejected: Counter[str] = Counter()

    def sent(self, lines: bytes) -> None:
        for line in lines.splitlines():
            self.lines += 1
            fields = line.partition(b"MSG,")[2].split(b",", 4)
            if len(fields) == 5:
                self.aircraft.add(fields[3].rjust(6, b"0"))

    def taken(self, intake: Intake) -> None:
        self.accepted += intake.accepted
        self.skipped += intake.skipped
        self.rejected.update(intake.rejected)

    def plain(self) -> dict[str, object]:
        return {
            "aircraft": len(self.aircraft),
            "lines": self.lines,
            "accepted": self.accepted,
            "skipped": self.skipped,
            "rejected": dict(self.rejected),
            "lost_lines": self.lost,
        }

    def sentence(self) -> str:
        words = f"{len(self.aircraft):,} aircraft, {self.lines:,} lines, {self.accepted:,} reports accepted"
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(self.rejected.items()))
        words += f"; rejected: {reasons}" if reasons else ""
        return words + (f"; {self.lost:,} lines lost while the exchange did not answer" if self.lost else "")


@click.group()
def feed() -> None:
    """Bring position reports to an exchange."""


@feed.command()
@click.argument("source", metavar="FILE|HOST:PORT")
@click.option("--feed", "name", default="sbs", show_default=True, help="The feed's name within yours.")
@click.option(
    "--provenance",
    type=click.Choice([each.value for each in Provenance]),
    default=Provenance.BROADCAST.value,
    show_default=True,
    help="broadcast: everyone can hear it; own: your own aircraft; sensed: radar and the like.",
)
@click.option("--speed", type=click.FloatRange(min=0.0), default=1.0, show_default=True, help="0: at once.")
@click.option("--as-recorded", is_flag=True, help="Leave a file's times alone instead of starting now.")
@click.option("--repeat", is_flag=True, help="Play a file again and again, until Ctrl-C.")
@json_option
@connected
def sbs(
    client: Client,
    source: str,
    name: str,
    provenance: str,
    speed: float,
    as_recorded: bool,
    repeat: bool,
    as_json: bool,
) -> None:
    """SBS (BaseStation) lines from a file, plain or gzip, or from a receiver's port.

    A file plays as if it began now, at the pace of its own times. Its aircraft go stale and then off the map
    some seconds after it ends, unless it is played with --repeat.

    \b
    comity feed sbs 192.0.2.10:30003
    comity feed sbs recording.sbs.gz --repeat
    """
    path, clock, totals = Path(source), SystemClock(), Totals()
    is_file = path.exists()
    if is_file:
        chunks = from_file(path, clock, speed=speed, as_recorded=as_recorded, repeat=repeat)
    else:
        chunks = from_receiver(TcpSource.at(source))
    try:
        with console().status("connecting") as status:
            bringing = bring(client, chunks, name, provenance, totals, keep_going=not is_file)
            asyncio.run(_shown(bringing, lambda: status.update(totals.sentence())))
    except KeyboardInterrupt:
        pass
    print_json(totals.plain()) if as_json else click.echo(totals.sentence())


async def _shown(bringing: AsyncIterator[None], show: Callable[[], None]) -> None:
    async for _ in bringing:
        show()


async def bring(
    client: Client,
    chunks: AsyncIterator[Chunk],
    name: str,
    provenance: str,
    totals: Totals,
    *,
    keep_going: bool,
) -> AsyncIterator[None]:
    """Hands chunks over, one after the other; yields after each. ``keep_going``: drop what cannot be."""
    async for chunk in chunks:
        totals.sent(chunk.lines)
        while True:
            try:
                intake = await asyncio.to_thread(
                    client.report_sbs, name, provenance, chunk.lines, time_offset_s=chunk.time_offset_s
                )
            except QuotaExceeded as error:
                await asyncio.sleep(float(error.detail.get("retry_after_s", 1.0)))
                continue
            except Unavailable:
                if not keep_going:
                    raise
                totals.lost += chunk.lines.count(b"\n")
            else:
                totals.taken(intake)
            break
        yield


async def from_file(
    path: Path, clock: Clock, *, speed: float, as_recorded: bool, repeat: bool
) -> AsyncIterator[Chunk]:
    first = first_time(path)
    while True:
        began = clock.now()
        last = first
        async for piece in paced(path, speed=speed, monotonic=clock.monotonic, sleep=asyncio.sleep):
            last = piece.at or last
            shown = began + (last - first) / speed if speed else clock.now()
            yield Chunk(piece.lines, 0.0 if as_recorded else (shown - last).total_seconds())
        if not repeat:
            return
        await asyncio.sleep(gap_s(first, last))


def gap_s(first: datetime, last: datetime) -> float:
    """Twice the recording's length, so that an aircraft that starts over moves at half its speed; at most
    until it would have gone from the map."""
    return max(1.0, min(2 * ((last - first) / timedelta(seconds=1)), LONGEST_GAP_S))


async def from_receiver(source: TcpSource) -> AsyncIterator[Chunk]:
    """Whole lines, gathered for ``BATCH_S``."""
    splitter, held, size = Splitter(), list[bytes](), 0
    loop = asyncio.get_running_loop()
    since_s = loop.time()
    async for data in source.chunks():
        lines = splitter.feed(data)
        held += lines
        size += len(data)
        if held and (loop.time() - since_s >= BATCH_S or size >= BATCH_BYTES):
            yield Chunk(b"\n".join(held) + b"\n", 0.0)
            held, size, since_s = [], 0, loop.time()
