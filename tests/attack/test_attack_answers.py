"""Answers too large for everybody to wait for are refused; recordings are nobody else's to read."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from comity.config import parse_config
from comity.errors import InvalidInput, TooLarge
from comity.exchange import account, logs
from comity.ledger.entry import MAX_PAYLOAD_BYTES
from comity.model.rule import Level
from tests.http.serving import CONFIG
from tests.world import NORTH, SOUTH, levels, volume, world


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_a_page_of_the_own_log_is_refused_past_its_bytes_and_one_entry_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            await here.file(NORTH, *[volume(radius_m=1_000.0 + n) for n in range(40)])
            size = len(here.exchange.log_entries(NORTH, 0, 3))
            assert size == 3
            monkeypatch.setattr(logs, "MAX_OPENED_BYTES", 5_000)
            with pytest.raises(TooLarge) as refused:
                here.exchange.log_entries(NORTH, 0, 3)
            assert refused.value.field == "stop"
            assert len(here.exchange.log_entries(NORTH, 2, 3)[0].payload or "") > 5_000

    run(main())


def test_what_others_see_is_refused_past_its_bound_and_can_be_asked_for_one_recipient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "MAX_SEEN", 25)

    async def main() -> None:
        floor = levels(intent=Level.VOLUME)
        async with world(tmp_path, floor=floor) as here:
            await here.file(NORTH, *[volume(radius_m=1_000.0 + n) for n in range(20)])
            with pytest.raises(TooLarge) as refused:
                await here.exchange.what_others_see(NORTH)
            assert refused.value.field == "recipient"
            assert len(await here.exchange.what_others_see(NORTH, recipient=SOUTH)) == 1

    run(main())


def test_a_body_is_never_configured_larger_than_an_entry_can_hold(tmp_path: Path) -> None:
    most = MAX_PAYLOAD_BYTES // 2
    assert parse_config(f"{CONFIG}[server]\nbody_bytes = {most}\n", tmp_path).server.body_bytes == most
    with pytest.raises(InvalidInput):
        parse_config(f"{CONFIG}[server]\nbody_bytes = {most + 1}\n", tmp_path)


def test_recordings_of_what_was_released_are_their_owners_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(intent=Level.VOLUME)) as here:
            await here.file(NORTH, volume())
            here.exchange.airspace(SOUTH)
            await here.pass_time(1)
            files = list((tmp_path / "data").rglob("*.released"))
            assert files
            assert {path.stat().st_mode & 0o077 for path in files} == {0}

    run(main())
