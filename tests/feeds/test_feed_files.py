"""Files: plain or gzip, cut to pieces at their own times, paced, and broken ones named."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from comity.errors import InvalidInput, NotFound
from comity.feeds.files import READ_BYTES, first_time, paced, pieces
from tests.feeds.sbs_lines import line

FIRST = datetime(2026, 2, 24, 14, 59, 50, tzinfo=UTC)
LINES = [line(time=f"14:59:{50 + second}.000") for second in (0, 0, 1, 9)]


@pytest.fixture(params=["plain.sbs", "zipped.sbs.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = tmp_path / str(request.param)
    data = b"no time here\n" + b"".join(LINES)
    made.write_bytes(gzip.compress(data) if made.suffix == ".gz" else data)
    return made


def test_pieces_hold_what_belongs_to_one_moment(path: Path) -> None:
    made = list(pieces(path))
    assert [piece.at for piece in made] == [FIRST + timedelta(seconds=s) for s in (0, 1, 9)]
    assert b"".join(piece.lines for piece in made) == b"no time here\n" + b"".join(LINES)
    assert first_time(path) == FIRST


def test_it_is_paced_by_its_own_times(path: Path) -> None:
    async def run(speed: float) -> list[float]:
        slept: list[float] = []
        now_s = 5.0

        async def sleep(seconds: float) -> None:
            nonlocal now_s
            now_s += seconds
            slept.append(seconds)

        made = [piece async for piece in paced(path, speed=speed, monotonic=lambda: now_s, sleep=sleep)]
        assert len(made) == 3
        return slept

    assert asyncio.run(run(1.0)) == [1.0, 8.0]
    assert asyncio.run(run(4.0)) == [0.25, 2.0]
    assert asyncio.run(run(0.0)) == []
    with pytest.raises(InvalidInput, match="speed"):
        asyncio.run(run(float("nan")))


def test_a_log_of_several_starts_keeps_its_pace(tmp_path: Path) -> None:
    made = tmp_path / "restarted.sbs"
    made.write_bytes(b"".join(line(time=f"14:59:{second:02d}.000") for second in (10, 12, 1, 4)))

    async def run() -> list[float]:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        assert len([p async for p in paced(made, speed=1.0, monotonic=lambda: sum(slept), sleep=sleep)]) == 4
        return slept

    assert asyncio.run(run()) == [2.0, 3.0]


def test_an_endless_line_does_not_fill_memory(tmp_path: Path) -> None:
    made = tmp_path / "endless.gz"
    made.write_bytes(gzip.compress(b"\0" * 5_000_000))
    assert max(len(piece.lines) for piece in pieces(made)) <= READ_BYTES


def test_what_cannot_be_read_is_named(tmp_path: Path, path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        list(pieces(tmp_path / "absent"))
    with pytest.raises(InvalidInput, match="folder"):
        list(pieces(tmp_path))
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(b"x\n" * 100_000)[:-20])
    with pytest.raises(InvalidInput, match="no whole gzip file"):
        list(pieces(broken))
    timeless = tmp_path / "timeless.sbs"
    timeless.write_bytes(b"x\n")
    with pytest.raises(InvalidInput, match="no line with a time"):
        first_time(timeless)
