"""10,000 aircraft at 1 Hz to 20 streams of 5 participants with different rules: CPU a second beyond ingest.

The exchange runs in this process, without sockets for the reports: SBS text of made traffic goes in once a
second, then the exchange ticks and the hub serves its clients, who are real WebSocket clients in a process
of their own. Measured is this process's CPU time with and without the clients; the difference is what
streaming costs. Participant ``centre`` gets broadcast alone; the others own and sensed tracks of each other
as well, at levels that differ, so that no two pictures are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from bench.report import Figure, at_most, show, stated
from bench.served import make_folder
from comity.clock import SystemClock
from comity.config import load_config
from comity.http.app import own_issuer
from comity.http.tokens import SCOPES
from comity.ids import ParticipantId, PersonId, RequestId
from comity.model import command as c
from comity.model.observation import Provenance
from comity.model.participant import Participant, Person, Role
from comity.model.rule import Level, Levels, ToParticipant
from comity.runtime import Runtime

CENTRE, DESK = ParticipantId("centre"), PersonId("desk")
OTHERS = tuple(ParticipantId(f"member-{n}") for n in range(4))
AIRCRAFT, PRIVATE = 10_000, 200
"""``PRIVATE`` of each other participant's own aircraft come on top."""

CLIENT = """
import asyncio, sys
from websockets.asyncio.client import connect
async def one(url, token):
    headers = {"Authorization": "Bearer " + token}
    async with connect(url, additional_headers=headers, max_size=None, compression=None) as socket:
        async for frame in socket:
            pass
async def main():
    url, *tokens = sys.argv[1:]
    await asyncio.gather(*(one(url, token) for token in tokens))
asyncio.run(main())
"""


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind, in turn")
    parser.add_argument("--clients", type=int, default=20)
    given = parser.parse_args(arguments)
    found: dict[str, list[float]] = {form: [] for form in ("", "binary", "json")}
    for _ in range(given.rounds):
        for form, measured in found.items():
            with (
                tempfile.TemporaryDirectory() as folder,
                asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
            ):
                clients = given.clients if form else 0
                measured.append(runner.run(_measure(Path(folder), form, given.seconds, clients)))
    alone, binary, twin = (statistics.median(measured) for measured in found.values())
    what = f"{AIRCRAFT:,} aircraft at 1 Hz, {given.clients} streams of 5 participants"
    beyond = f"beyond {alone:.0f} ms for ingest, picture and sweep"
    with tempfile.TemporaryDirectory() as folder:
        figures = [
            at_most(
                f"{what}, binary",
                f"{binary - alone:.0f} ms CPU a second {beyond}",
                "100 ms",
                (binary - alone) / 100,
                1.0,
                f"medians of {given.rounds} rounds; with what each participant's history keeps",
            ),
            stated(
                f"{what}, JSON",
                f"{twin - alone:.0f} ms CPU a second {beyond}",
                "100 ms",
                (twin - alone) / 100,
                "the twin for debugging",
            ),
        ]
        show("streams", Path(folder), figures)
    return figures


async def _measure(folder: Path, form: str, seconds: int, clients: int) -> float:
    """CPU milliseconds a second of an exchange with this many clients of one form."""
    make_folder(folder)
    runtime = Runtime(load_config(folder / "comity.toml"), port=0)
    await runtime.start()
    try:
        await _admit(runtime)
        feeding = asyncio.create_task(_feed(runtime))
        tokens = [_token(runtime, ([CENTRE, *OTHERS] * clients)[n]) for n in range(clients)]
        url = runtime.url.replace("http", "ws", 1) + f"/v1/stream?frames={form}"
        process = subprocess.Popen([sys.executable, "-c", CLIENT, url, *tokens])
        try:
            await asyncio.sleep(6.0)
            if len(runtime.app.hub) != clients:
                raise RuntimeError(f"{len(runtime.app.hub)} of {clients} clients are there")
            return await _cpu_ms(runtime, seconds)
        finally:
            process.kill()
            process.wait()
            feeding.cancel()
    finally:
        await runtime.stop()


async def _cpu_ms(runtime: Runtime, seconds: int) -> float:
    """CPU a tick: on a machine that others use as well, a tick may come late, and its work with it."""
    cpu, ticks = time.process_time(), _ticks(runtime)
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) / (_ticks(runtime) - ticks) * 1e3


def _ticks(runtime: Runtime) -> float:
    return runtime.app.metrics.registry.get_sample_value("comity_stream_tick_seconds_count") or 0.0


def _token(runtime: Runtime, who: ParticipantId) -> str:
    issuer = own_issuer(runtime.config)
    assert issuer is not None
    return issuer.issue(DESK, who, SCOPES, timedelta(hours=1), runtime.clock.now())


async def _admit(runtime: Runtime) -> None:
    async def do(who: ParticipantId, request: str, command: c.Command) -> None:
        await runtime.exchange.submit(c.Submission(who, DESK, RequestId(request), command, request))

    for number, member in enumerate(OTHERS):
        await do(CENTRE, f"admit-{number:04d}", c.AdmitParticipant(Participant(member, member)))
        await do(CENTRE, f"people-{number:04d}", c.PutPerson(Person(DESK, member, "Desk", tuple(Role))))
    for number, owner in enumerate(OTHERS):
        for other, recipient in enumerate(OTHERS):
            if owner != recipient:
                level = (Level.NONE, Level.POSITION, Level.IDENTITY)[(number + 2 * other) % 3]
                levels = Levels(Level.NONE, Level.NONE, level, Level.NONE)
                rule = c.SetRule(ToParticipant(recipient), levels)
                await do(owner, f"rule-{number}-{other}-x", rule)


async def _feed(runtime: Runtime) -> None:
    """One second's reports each second, in ten slices as a receiver would bring them."""
    clock = SystemClock()
    second = 0
    while True:
        began = time.perf_counter()
        now = clock.now()
        for part in range(10):
            numbers = range(part * AIRCRAFT // 10, (part + 1) * AIRCRAFT // 10)
            text = b"".join(_line(number, second, now) for number in numbers)
            runtime.exchange.observe_sbs(CENTRE, "adsb", Provenance.BROADCAST, text, 0.0)
            await asyncio.sleep(0)
        for index, owner in enumerate(OTHERS):
            first = AIRCRAFT + index * PRIVATE
            text = b"".join(_line(number, second, now) for number in range(first, first + PRIVATE))
            runtime.exchange.observe_sbs(owner, "own", Provenance.OWN, text, 0.0)
        second += 1
        await asyncio.sleep(max(0.0, 1.0 - (time.perf_counter() - began)))


def _line(number: int, second: int, now: datetime) -> bytes:
    """A position of an aircraft that flies east at 200 m/s."""
    when = now.astimezone(UTC)
    day, clock = when.strftime("%Y/%m/%d"), when.strftime("%H:%M:%S.") + f"{when.microsecond // 1000:03d}"
    lat = 36.0 + number % 120 * 0.2
    lon = -9.0 + number // 120 * 0.4 + second * 0.0025
    head = f"MSG,3,1,1,{0x400000 + number:06X},1,{day},{clock},{day},{clock}"
    return f"{head},,{10_000 + number % 300 * 100},390,90,{lat:.5f},{lon:.5f},0,1000,0,0,0,0\r\n".encode()


if __name__ == "__main__":
    main()
