"""Latency, memory and restart with many live intents.

Two servers, one with 10,000 live intents and one with ``--intents``, are loaded in turns with the same
stream of new filings at a fixed rate; latency counts from when each was due. The figure is the 99th
percentile of the large one over that of the small one, once in quiet and once while the large one's
snapshot is made by its second process, which on two cores competes for the processor. Restart is the time
from starting the process, which reads the snapshot and the entries after it, to its first answer; memory is
what is then resident, and the most that ever was while it was measured.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from bench import filled, load
from bench.load import Load, request
from bench.members import MEMBERS, intent, outline, spread_out, tomorrow
from bench.report import Figure, at_most, percentile, show
from bench.served import Served, make_folder, served

SMALL = 10_000
_FREE_M = 60_000.0
"""Above every layer of the filling: what is measured conflicts with nothing."""

_SNAPSHOT_AFTER_S = 20.0


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--intents", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=100.0, help="filings a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--directory", type=Path, help="keep the filled ledgers here, and use them again")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as temporary:
        directory = given.directory or Path(temporary)
        figures = measure(directory, given.intents, given.rate, given.seconds, given.rounds)
        show(f"Scale: {given.intents:,} live intents", directory, figures)
    return figures


def measure(directory: Path, intents: int, rate: float, seconds: float, rounds: int) -> list[Figure]:
    folders = {count: _filled(directory, count) for count in (SMALL, intents)}
    quiet: dict[int, list[Load]] = {SMALL: [], intents: []}
    filings = _Filings()
    with ExitStack() as stack:
        servers = {count: stack.enter_context(served(folder)) for count, folder in folders.items()}
        large = servers[intents]
        resident = large.memory_bytes()
        for server in servers.values():
            filings.send(server, rate, 3.0)
        for _ in range(rounds):
            for count, server in servers.items():
                quiet[count].append(filings.send(server, rate, seconds))
        peak = large.peak_bytes()
        restart_s, steps = large.ready_s, large.steps
    during = _during_snapshot(folders[intents], filings, rate)
    small, many = _latencies(quiet[SMALL]), _latencies(quiet[intents])
    return [
        at_most("99 % of a write, quiet", _words(many), _words(small), _high(many) / _high(small), 2.0),
        at_most(
            "99 % of a write, during a snapshot",
            _words(_latencies(during)),
            _words(small),
            _high(_latencies(during)) / _high(small),
            2.0,
        ),
        at_most("memory", _gigabytes(resident), "4 GB", resident / 4e9, 1.0, f"peak {_gigabytes(peak)}"),
        at_most("restart", f"{restart_s:.1f} s", "60 s", restart_s / 60.0, 1.0, f"steps: {steps}"),
    ]


def _during_snapshot(folder: Path, filings: _Filings, rate: float) -> list[Load]:
    """Start it again with a snapshot due soon, and load it for as long as the second process runs."""
    make_folder(folder, snapshot_s=_SNAPSHOT_AFTER_S)
    loads: list[Load] = []
    with served(folder) as server:
        filings.send(server, rate, 3.0)
        until = time.monotonic() + 120.0
        while not server.children():
            if time.monotonic() > until:
                raise RuntimeError("no snapshot was begun")
            time.sleep(0.1)
        (snapshot,) = server.children()
        while snapshot in server.children() and len(loads) < 100:
            loads.append(filings.send(server, rate, 2.0))
    make_folder(folder)
    return loads


class _Filings:
    """New intents, each at a place of its own above all others, on a day of this run's own."""

    def __init__(self) -> None:
        self._made = 0
        self._run = f"{time.time_ns():x}"
        self._start = tomorrow() + timedelta(days=random.SystemRandom().randrange(300))

    def send(self, server: Served, rate: float, seconds: float) -> Load:
        tokens = [server.token(member) for member in MEMBERS]
        requests = [self._one(tokens[number % len(tokens)]) for number in range(int(rate * seconds))]
        sent = load.paced(server, requests, rate)
        sent.check(201)
        return sent

    def _one(self, token: str) -> bytes:
        self._made += 1
        lat, lon = spread_out((self._made * 7_919) % filled.PLACES)
        lower_m = _FREE_M + filled.LAYER_M * (self._made // filled.PLACES)
        body = intent(outline(lat, lon), lower_m, lower_m + filled.THICK_M, self._start)
        return request("POST", "/v1/intents", token, json.dumps(body).encode(), f"{self._run}-{self._made}")


def _filled(directory: Path, count: int) -> Path:
    folder = directory / f"filled-{count}"
    if not (folder / "filled").exists():
        print(f"filling a ledger with {count:,} intents: {filled.fill(folder, count)}", flush=True)
        (folder / "filled").touch()
    return folder


def _latencies(loads: Sequence[Load]) -> list[float]:
    return [latency for each in loads for latency in each.latencies_ms]


def _high(latencies_ms: Sequence[float]) -> float:
    return percentile(latencies_ms, 99.0)


def _words(latencies_ms: Sequence[float]) -> str:
    parts = [f"{percentile(latencies_ms, p):.1f}" for p in (50.0, 99.0, 99.9)]
    return f"{' / '.join(parts)} ms of {len(latencies_ms):,} (50 / 99 / 99.9 %)"


def _gigabytes(value: float) -> str:
    return f"{value / 1e9:.2f} GB"


if __name__ == "__main__":
    main()
