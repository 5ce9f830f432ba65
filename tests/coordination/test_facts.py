"""Facts as rows: loading them gives the same state, and the digest covers every table."""

from __future__ import annotations

import asyncio
from pathlib import Path

from comity.coordination.conflicts import find
from comity.coordination.facts import digest, load, rows
from comity.model import command as c
from comity.model.rule import Level, ToParticipant
from tests.world import DESK, ENVIRONMENT, NORTH, SOUTH, levels, volume, world


def test_rows_loaded_again_are_the_same_rows_and_find_the_same_conflicts(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            for number in range(12):
                await w.file(NORTH, volume(lat=47.0 + number / 10))
            await w.do(NORTH, c.SetRule(ToParticipant(SOUTH), levels(Level.VOLUME)))
            await w.do(NORTH, c.RevokeTokens(NORTH, DESK, "token-1"))
            lines = list(rows(w.exchange.state))
            again = load(lines, ENVIRONMENT)
            assert list(rows(again)) == lines
            now = w.clock.now()
            for who in (NORTH, SOUTH):
                asked = (volume(lat=47.25, radius_m=20_000.0),)
                live = {x.item.id for x in find(w.exchange.state, who, asked, now)}
                assert live
                assert {x.item.id for x in find(again, who, asked, now)} == live

    asyncio.run(main())


def test_the_digest_changes_with_any_row() -> None:
    assert digest([b"a", b"b"]) != digest([b"ab"])
    assert digest([b"a", b"b"]) != digest([b"b", b"a"])
    assert digest([]) == digest(iter(()))
