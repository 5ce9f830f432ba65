"""``comity feed sbs`` and ``comity replay``: files, a receiver's port, and what was recorded again."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from comity.cli.feed import LONGEST_GAP_S, Chunk, Totals, bring, from_file, from_receiver, gap_s
from comity.cli.main import main
from comity.client import Client
from comity.clock import SystemClock
from comity.errors import Unavailable
from comity.feeds.tcp import TcpSource
from comity.sim.cast import ANS, SOUTH
from comity.sim.traffic import sbs
from tests.running import Running

RECORDED = 1_700_000_000
REAL = Path(__file__).parents[3] / "shared" / "data" / "sbs" / "worldwide-2026-02-24.sbs.gz"


def recording(seconds: int) -> bytes:
    return b"".join(sbs(7, RECORDED + k) for k in range(seconds))


def comity(running: Running, *words: str) -> str:
    environment = {"COMITY_URL": running.url, "COMITY_TOKEN": running.token(SOUTH)}
    result = CliRunner().invoke(main, list(words), env=environment)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_is_played_as_if_it_were_now(running: Running, tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "recording"
    path.write_bytes(gzip.compress(recording(2)) if zipped else recording(2))
    told = json.loads(comity(running, "feed", "sbs", str(path), "--feed", f"file-{zipped}".lower(), "--json"))
    assert told["aircraft"] > 150
    assert told["accepted"] > 300
    assert told["rejected"].get("too_old") is None
    assert told["lost_lines"] == 0


def test_its_times_can_be_left_alone(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(recording(1))
    told = json.loads(comity(running, "feed", "sbs", str(path), "--as-recorded", "--speed", "0", "--json"))
    assert told["accepted"] == 0
    assert told["rejected"]["too_old"] > 150


def test_a_file_that_is_none_and_a_port_that_is_none_are_refused(running: Running) -> None:
    environment = {"COMITY_URL": running.url, "COMITY_TOKEN": running.token(SOUTH)}
    result = CliRunner().invoke(main, ["feed", "sbs", "no-such-file"], env=environment)
    assert result.exit_code == 1
    assert "invalid_input (address)" in result.stderr


@pytest.mark.skipif(not REAL.exists(), reason="the real recording is not beside this checkout")
def test_the_real_recording_is_on_the_map(running: Running) -> None:
    told = json.loads(
        comity(running, "feed", "sbs", str(REAL), "--feed", "worldwide", "--speed", "0", "--json")
    )
    assert told["aircraft"] == 6_827, "6,425 at its first instant, and those only at its second"
    with Client(running.url, running.token(ANS)) as reader:
        deadline_s = time.monotonic() + 20
        while (shown := len(reader.picture().tracks)) < 6_425 and time.monotonic() < deadline_s:
            time.sleep(0.2)
    assert shown >= 6_425


@contextmanager
def receiver(*parts: bytes) -> Iterator[str]:
    """A port that sends the parts to whoever comes first, and stays open."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(0.6)
                done.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        done.set()
        thread.join()


def test_a_receivers_port_gives_whole_lines() -> None:
    first, second = b"MSG,3,1,1,A\nMSG,", b"4,1,1,B\nMSG,1,1"

    async def read(address: str) -> list[bytes]:
        chunks = from_receiver(TcpSource.at(address))
        return [(await anext(chunks)).lines for _ in range(2)]

    with receiver(first, second, b"\n\n") as address:
        assert asyncio.run(read(address)) == [b"MSG,3,1,1,A\nMSG,4,1,1,B\n", b"MSG,1,1\n\n"]


def test_a_live_feed_goes_on_when_the_exchange_does_not_answer() -> None:
    async def chunks() -> Iterator[Chunk]:  # type: ignore[misc]  # an asynchronous generator
        yield Chunk(b"MSG,3,1,1,A\nMSG,3,1,1,B\n", 0.0)

    async def run(keep_going: bool) -> Totals:
        totals = Totals()
        with Client("http://127.0.0.1:9", "t", attempts=1) as client:
            async for _ in bring(client, chunks(), "x-y", "broadcast", totals, keep_going=keep_going):  # type: ignore[arg-type]  # see above
                pass
        return totals

    assert asyncio.run(run(True)).lost == 2
    with pytest.raises(Unavailable):
        asyncio.run(run(False))


def test_a_repeated_file_leaves_aircraft_time_to_be_believed() -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    assert gap_s(first, first) == 1.0
    assert gap_s(first, first + timedelta(seconds=8)) == 16.0
    assert gap_s(first, first + timedelta(hours=1)) == LONGEST_GAP_S


def test_speed_shifts_every_piece_to_now(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(recording(3))
    clock = SystemClock()

    async def offsets() -> list[float]:
        played = from_file(path, clock, speed=0.0, as_recorded=False, repeat=False)
        return [chunk.time_offset_s async for chunk in played]

    now_s = clock.now().timestamp()
    found = asyncio.run(offsets())
    for number, offset_s in enumerate(sorted(found, reverse=True)):
        assert RECORDED + number + offset_s == pytest.approx(now_s, abs=5)


def test_what_was_recorded_is_printed_and_played_again(running: Running, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(recording(1))
    comity(running, "feed", "sbs", str(path), "--feed", "to-record")
    time.sleep(1.5)
    observed, key = str(running.config.data_dir / "observed"), str(running.config.key_file)
    lines = CliRunner().invoke(main, ["recorded", observed, "--key-file", key, "--participant", SOUTH])
    assert lines.exit_code == 0, lines.output
    records = [json.loads(line) for line in lines.stdout.splitlines()]
    again = b"".join(r["sbs"].encode() for r in records if r["feed"] == "to-record")
    assert again == recording(1)
    replayed = comity(running, "replay", observed, "--key-file", key, "--speed", "0")
    assert "reports accepted" in replayed
    assert not replayed.startswith("0 ")
