"""What one participant can make the exchange keep, and read again and again, is bounded."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from comity.coordination import members, rules
from comity.errors import InvalidInput, QuotaExceeded
from comity.ids import GroupId, PersonId
from comity.model import command as c
from comity.model.participant import MAX_SIGNING_KEYS, Person, Role, SigningKey
from comity.model.rule import Level, ToParticipant
from tests.world import DESK, NORTH, SOUTH, levels, world


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_rules_and_groups_have_a_bound_of_each_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_RULES", 3)
    monkeypatch.setattr(rules, "MAX_GROUPS", 2)

    async def main() -> None:
        async with world(tmp_path) as here:
            given = c.SetRule(ToParticipant(SOUTH), levels(intent=Level.RESERVED))
            for _ in range(3):
                await here.do(NORTH, given)
            with pytest.raises(QuotaExceeded):
                await here.do(NORTH, given)
            await here.release(SOUTH, NORTH, given.levels)
            for name in ("one", "two"):
                await here.do(NORTH, c.SetGroup(GroupId(name), (SOUTH,)))
            with pytest.raises(QuotaExceeded):
                await here.do(NORTH, c.SetGroup(GroupId("three"), (SOUTH,)))
            await here.do(SOUTH, c.SetGroup(GroupId("one"), (NORTH,)))

    run(main())


def test_people_and_tokens_revoked_one_by_one_have_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "MAX_PEOPLE", 2)
    monkeypatch.setattr(members, "MAX_REVOKED", 2)

    async def main() -> None:
        async with world(tmp_path) as here:
            second = Person(PersonId("second"), NORTH, "Second", (Role.OBSERVER,))
            await here.do(NORTH, c.PutPerson(second))
            with pytest.raises(QuotaExceeded):
                await here.do(NORTH, c.PutPerson(Person(PersonId("third"), NORTH, "Third", (Role.OBSERVER,))))
            await here.do(NORTH, c.PutPerson(second))
            for token in ("one", "two"):
                await here.do(NORTH, c.RevokeTokens(NORTH, second.id, token))
            with pytest.raises(QuotaExceeded):
                await here.do(NORTH, c.RevokeTokens(NORTH, second.id, "three"))
            with pytest.raises(InvalidInput):
                await here.do(NORTH, c.RevokeTokens(NORTH, DESK, "x" * 257))
            await here.do(NORTH, c.RevokeTokens(NORTH, second.id))
            await here.do(NORTH, c.RevokeTokens(NORTH, second.id, "four"))

    run(main())


def test_a_person_has_each_role_once_and_few_keys() -> None:
    key = SigningKey("key-one", base64.b64encode(bytes(32)).decode())
    with pytest.raises(InvalidInput, match="each once"):
        Person(DESK, NORTH, "Desk", (Role.OBSERVER, Role.OBSERVER))
    with pytest.raises(InvalidInput, match="signing_keys"):
        Person(DESK, NORTH, "Desk", (Role.OBSERVER,), (key,) * (MAX_SIGNING_KEYS + 1))
