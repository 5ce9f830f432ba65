"""``comity replay``: what an exchange recorded beside its ledger, played at a chosen speed.

Two ways. ``replay`` brings one participant's reports to an exchange, with the times at which they came
shifted to now, as feeds named ``replay-`` and their own name, so that nobody takes them for live.
``recorded`` prints every observation as a line of JSON, with the time at which it was received then.
"""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click

from comity.cli.connection import connected
from comity.cli.output import print_line
from comity.client import Client
from comity.clock import SystemClock, from_micros
from comity.exchange.opening import recording_key
from comity.ledger.keyfile import KeyFile
from comity.model.altitude import Altitude
from comity.model.batch import CATEGORIES, DATUMS, ReportBatch, unpack
from comity.model.observation import Report
from comity.picture.replay import Recording, play
from comity.picture.segment import Kind, Recorded

MOST_REPORTS = 5_000
"""In one request; larger bodies would be refused."""


@click.command()
@click.argument("recording", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The exchange's key file; recordings are sealed.",
)
@click.option("--speed", type=click.FloatRange(min=0.0), default=1.0, show_default=True, help="0: at once.")
@click.option("--participant", help="Only what this participant brought; your own, if left out.")
@connected
def replay(
    client: Client, recording: Path, key_file: Path | None, speed: float, participant: str | None
) -> None:
    """Play a RECORDING (the folder ``observed`` of an exchange's data) to an exchange, as if it were now.

    \b
    comity replay my-exchange/data/observed --key-file my-exchange/exchange.key --speed 10
    """
    whose = participant or client.whoami().participant
    asyncio.run(_bring(client, _opened(recording, key_file), speed, whose))


@click.command()
@click.argument("recording", type=click.Path(exists=True, path_type=Path))
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--speed", type=click.FloatRange(min=0.0), default=0.0, show_default=True, help="0: at once.")
@click.option("--participant", help="Only what this participant brought.")
def recorded(recording: Path, key_file: Path | None, speed: float, participant: str | None) -> None:
    """Print a RECORDING as lines of JSON, with the times of then. Nothing has to be running."""
    asyncio.run(_print(_opened(recording, key_file), speed, participant))


def _opened(path: Path, key_file: Path | None) -> Recording:
    return Recording.at(path, key=recording_key(KeyFile.load(key_file)) if key_file else None)


async def _played(recording: Recording, speed: float, whose: str | None) -> AsyncIterator[Recorded]:
    clock = SystemClock()
    async for each in play(recording, speed=speed, monotonic=clock.monotonic, sleep=asyncio.sleep):
        if whose is None or each.source.participant == whose:
            yield each
    for name, torn_bytes in recording.torn.items():
        click.echo(f"{name}: the last {torn_bytes} bytes were never completed, and are left out", err=True)


async def _bring(client: Client, recording: Recording, speed: float, whose: str) -> None:
    clock, accepted, rejected = SystemClock(), 0, 0
    async for each in _played(recording, speed, whose):
        shift_s = (clock.now() - each.received_at).total_seconds()
        feed = f"replay-{each.source.feed}"[:40]
        if each.kind is Kind.SBS:
            taken = [
                client.report_sbs(
                    feed, each.source.provenance, each.payload, time_offset_s=shift_s + each.time_offset_s
                )
            ]
        else:
            reports = reports_of(unpack(each.payload), shift_s)
            taken = [
                client.report(feed, each.source.provenance, reports[at : at + MOST_REPORTS])
                for at in range(0, len(reports), MOST_REPORTS)
            ]
        accepted += sum(intake.accepted for intake in taken)
        rejected += sum(sum(intake.rejected.values()) for intake in taken)
    click.echo(f"{accepted:,} reports accepted, {rejected:,} rejected")


async def _print(recording: Recording, speed: float, whose: str | None) -> None:
    async for each in _played(recording, speed, whose):
        line: dict[str, Any] = {
            "received_at": each.received_at,
            "participant": each.source.participant,
            "feed": each.source.feed,
            "provenance": each.source.provenance,
        }
        if each.kind is Kind.SBS:
            try:
                line["sbs"] = each.payload.decode("ascii")
            except UnicodeDecodeError:
                line["sbs_base64"] = base64.b64encode(each.payload).decode()
        else:
            line["reports"] = reports_of(unpack(each.payload), 0.0)
        print_line(line)


def reports_of(batch: ReportBatch, shift_s: float) -> list[Report]:
    """A recorded batch's rows as reports again, ``shift_s`` later."""
    return [_report(batch, row, round(shift_s * 1e6)) for row in range(len(batch))]


def _report(batch: ReportBatch, row: int, shift_us: int) -> Report:
    def number(column: Any) -> float | None:
        value = float(column[row])
        return None if math.isnan(value) else value

    height_m = number(batch.altitude_m)
    datum, ground, squawk = batch.altitude_datum[row], batch.on_ground[row], batch.squawk[row]
    category = batch.category[row]
    return Report(
        address=batch.addresses[row],
        observed_at=from_micros(int(batch.observed_us[row]) + shift_us),
        lat=number(batch.lat),
        lon=number(batch.lon),
        altitude=None if height_m is None else Altitude(height_m, DATUMS[datum]),
        ground_speed_mps=number(batch.ground_speed_mps),
        track_deg=number(batch.track_deg),
        vertical_rate_mps=number(batch.vertical_rate_mps),
        callsign=batch.callsign[row].decode() or None,
        squawk=None if squawk < 0 else f"{squawk:04d}",
        on_ground=None if ground < 0 else bool(ground),
        accuracy_m=number(batch.accuracy_m),
        category=None if category < 0 else CATEGORIES[category],
    )
