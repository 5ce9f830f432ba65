"""Ledgers for tests: seeded keys, fixed times, drafts in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from comity.ids import ParticipantId, SeededEntropy
from comity.ledger.entry import Draft
from comity.ledger.keyfile import KeyFile
from comity.ledger.schema import Storage
from comity.ledger.store import Ledger

NAME = "alps.example"
T0_US = 1_772_532_000_000_000
"""2026-03-03T10:00:00Z."""
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
SEED = b"tests"

A, B, C = ParticipantId("air-a"), ParticipantId("air-b"), ParticipantId("civil")


def key_file(directory: Path, seed: bytes = SEED) -> KeyFile:
    return KeyFile.load_or_create(directory / "keys.json", SeededEntropy(seed))


def open_ledger(
    directory: Path, *, name: str = NAME, seed: bytes = SEED, storage: Storage | None = None
) -> Ledger:
    entropy = SeededEntropy(seed)
    return Ledger.open(directory / "ledger.db", key_file(directory), name, entropy, storage=storage)


def draft(
    owner: ParticipantId,
    payload: bytes = b"{}",
    *,
    kind: str = "intent.put",
    at_us: int = T0_US,
    also: tuple[ParticipantId, ...] = (),
) -> Draft:
    return Draft(at_us, kind, owner, (owner, *also), payload)
