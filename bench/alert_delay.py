"""From a report's arrival to the alert on a client's socket, at 10,000 tracks.

A served process (``served``) gets 10,000 aircraft at 1 Hz as SBS text in ten slices a second, all on
parallel courses far enough apart that none of them meet. Into that, at random moments, come pairs that
meet head-on within the time at which an alert is a warning: two reports in one request, each pair at a
place of its own and seen once. The delay runs from before the request is sent to when the frame with the
pair's alert is whole on a WebSocket of the binary form. A pair whose alert never comes fails the
benchmark.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import uvloop
from websockets.asyncio.client import connect

from bench.report import Figure, at_most, percentile, show
from bench.served import CENTRE, Served, make_folder, served
from comity.model.alert import Alert, AlertLevel
from comity.wire.encode import encode

AIRCRAFT = 10_000
SLICES = 10
BOUND_S = 1.2
SETTLE_S = 8.0
"""Before the first pair comes: the picture fills, what is done once is done."""
LAST_S = 5.0
"""How long an alert may take before it counts as never."""
_APART_DEG, _SPEED_MPS = 0.3, 200.0
"""About 14 km at 65 degrees north, closing at 400 m/s: within 9.26 km of each other after 12 s."""


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--per-s", type=float, default=5.0, help="pairs a second, at random moments")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        make_folder(Path(folder))
        with served(Path(folder)) as server:
            run = Run(server, given.pairs, given.per_s)
            delays_s = uvloop.run(run.measure())
        figures = [
            at_most(
                f"a report's arrival to its alert on a socket, {AIRCRAFT:,} tracks, {len(delays_s)} pairs",
                f"p50 {percentile(delays_s, 50):.2f} s, p99 {percentile(delays_s, 99):.2f} s, "
                f"longest {max(delays_s):.2f} s",
                f"{BOUND_S} s at p99",
                percentile(delays_s, 99) / BOUND_S,
                1.0,
                f"the stream's rhythm is 1 s; frames said at most {run.late_s:.1f} s of lateness",
            )
        ]
        show("alert_delay", Path(folder), figures)
    return figures


class _Text(msgspec.Struct):
    """What is read of a frame's text."""

    alerts: tuple[Alert, ...] = ()
    late_s: float = 0.0
    binary: bool = False


_TEXT = msgspec.json.Decoder(_Text)


class Run:
    """One measurement against one server."""

    def __init__(self, server: Served, pairs: int, per_s: float) -> None:
        self._url = f"http://{server.host}:{server.port}"
        self._headers = {"Authorization": f"Bearer {server.token(CENTRE)}"}
        self._pairs, self._per_s = pairs, per_s
        self._sent: dict[str, float] = {}
        self._delays_s: dict[str, float] = {}
        self.late_s = 0.0

    async def measure(self) -> list[float]:
        async with httpx.AsyncClient(base_url=self._url, headers=self._headers, timeout=30.0) as client:
            feeding = asyncio.create_task(_traffic(client))
            listening = asyncio.create_task(self._listen())
            try:
                await asyncio.sleep(SETTLE_S)
                await self._inject(client)
                until_s = time.perf_counter() + LAST_S
                while len(self._delays_s) < self._pairs and time.perf_counter() < until_s:
                    await asyncio.sleep(0.05)
            finally:
                for task in (feeding, listening):
                    task.cancel()
                await asyncio.gather(feeding, listening, return_exceptions=True)
        missing = self._sent.keys() - self._delays_s.keys()
        if missing or not self._sent:
            raise RuntimeError(f"{len(missing)} of {len(self._sent)} pairs were never told of")
        return sorted(self._delays_s.values())

    async def _inject(self, client: httpx.AsyncClient) -> None:
        draw = random.Random(1)
        for number in range(self._pairs):
            await asyncio.sleep(draw.expovariate(self._per_s))
            body = encode({"feed": "pairs", "provenance": "broadcast", "reports": _pair(number)})
            self._sent[_address(number, 0)] = time.perf_counter()
            answer = await client.post("/v1/reports", content=body)
            if answer.json()["accepted"] != 2:
                raise RuntimeError(f"the pair was not taken: {answer.text}")

    async def _listen(self) -> None:
        """Of each frame the alerts alone are read, so that reading it delays nothing."""
        url = self._url.replace("http", "ws", 1) + "/v1/stream?frames=binary"
        waiting: _Text | None = None
        async with connect(url, additional_headers=self._headers, max_size=None, compression=None) as socket:
            async for message in socket:
                now_s = time.perf_counter()
                frame = waiting if isinstance(message, bytes) else _TEXT.decode(message)
                waiting = frame if frame is not None and frame.binary and isinstance(message, str) else None
                if frame is not None and waiting is None:
                    self._told(frame, now_s)

    def _told(self, frame: _Text, now_s: float) -> None:
        self.late_s = max(self.late_s, frame.late_s)
        for alert in frame.alerts:
            for side in alert.sides:
                if side.track in self._sent and alert.level is AlertLevel.WARNING:
                    self._delays_s.setdefault(side.track, now_s - self._sent[side.track])


def _address(number: int, side: int) -> str:
    return f"{0xA00000 + 2 * number + side:06X}"


def _pair(number: int) -> list[dict[str, object]]:
    """Two aircraft towards each other along a parallel; pairs are 55 km and more apart."""
    lat, lon = 65.0 + number % 30 * 0.5, -160.0 + number // 30 * 8.0
    now = datetime.now(UTC)
    return [
        {
            "address": _address(number, side),
            "observed_at": now,
            "lat": lat,
            "lon": lon + side * _APART_DEG,
            "altitude": {"value_m": 9_000.0, "datum": "PRESSURE"},
            "ground_speed_mps": _SPEED_MPS,
            "track_deg": 270.0 if side else 90.0,
            "vertical_rate_mps": 0.0,
        }
        for side in (0, 1)
    ]


async def _traffic(client: httpx.AsyncClient) -> None:
    """One slice of the aircraft every tenth of a second."""
    part, began_s = 0, time.perf_counter()
    while True:
        second = part // SLICES
        numbers = range(part % SLICES, AIRCRAFT, SLICES)
        when = datetime.now(UTC).strftime("%Y/%m/%d,%H:%M:%S.%f")[:-3]
        body = b"".join([_line(number, second, when) for number in numbers])
        params = {"feed": "adsb", "provenance": "broadcast"}
        headers = {"Content-Type": "text/plain"}
        answer = await client.post("/v1/feeds/sbs", params=params, content=body, headers=headers)
        answer.raise_for_status()
        part += 1
        await asyncio.sleep(max(0.0, began_s + part / SLICES - time.perf_counter()))


def _line(number: int, second: int, when: str) -> bytes:
    """A position of an aircraft that flies east at 200 m/s; its neighbours are 22 km away and do the same."""
    lat = 36.0 + number % 120 * 0.2
    lon = -9.0 + number // 120 * 0.4 + second * 0.0025
    head = f"MSG,3,1,1,{0x400000 + number:06X},1,{when},{when}"
    return f"{head},,{10_000 + number % 300 * 100},390,90,{lat:.5f},{lon:.5f},0,1000,0,0,0,0\r\n".encode()


if __name__ == "__main__":
    main()
