"""What must hold after any crash: every acknowledged batch is there, none is there by half, verify passes.

A batch's payloads say which batch they belong to, which of how many they are; so the ledger itself shows
whether a batch is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from comity.errors import ComityError
from comity.ids import ParticipantId
from comity.ledger.entry import TREE, Draft
from comity.ledger.merkle import leaf_hash
from comity.ledger.store import Ledger
from comity.ledger.verify import verify
from tests.ledger.ledger_making import T0_US, draft, key_file, open_ledger

OWNERS = [ParticipantId(f"owner-{i}") for i in range(5)]
Acknowledged = Mapping[int, str]
"""Index of an entry to its leaf hash in hex."""


def stamped(batch: int, count: int, padding: int) -> list[Draft]:
    """The drafts of one batch."""
    return [
        draft(
            OWNERS[(batch + i) % len(OWNERS)],
            b"%d/%d/%d/" % (batch, i, count) + bytes(padding),
            at_us=T0_US + batch,
        )
        for i in range(count)
    ]


def what_is_wrong(directory: Path, acknowledged: Acknowledged) -> list[str]:
    """Opens the ledger as a restart would, and says what does not hold; empty is good."""
    try:
        ledger = open_ledger(directory)
    except ComityError as error:
        return [f"it does not open: {error}"]
    try:
        wrong = _missing(ledger, acknowledged) + _torn(ledger)
        ledger.append(stamped(10**9 + ledger.size, 2, 10))
        wrong += _torn(ledger)
    except ComityError as error:
        return [f"it cannot be used: {error}"]
    finally:
        ledger.close()
    report = verify(directory / "ledger.db", keyfile=key_file(directory))
    return wrong + [finding.message for finding in report.findings]


def _missing(ledger: Ledger, acknowledged: Acknowledged) -> list[str]:
    leaves = ledger.reader.leaves(TREE, 0, ledger.size)
    there = {each.position: leaf_hash(each.leaf).hex() for each in leaves}
    return [
        f"entry {i} was acknowledged and is not there"
        for i, leaf in acknowledged.items()
        if there.get(i) != leaf
    ]


def _torn(ledger: Ledger) -> list[str]:
    found: dict[bytes, list[tuple[int, int]]] = {}
    for entry in ledger.entries():
        if entry.payload is not None:
            batch, number, count, _ = entry.payload.split(b"/", 3)
            found.setdefault(batch, []).append((int(number), int(count)))
    return [
        f"batch {batch.decode()} is there by half" for batch, members in found.items() if not _whole(members)
    ]


def _whole(members: Iterable[tuple[int, int]]) -> bool:
    """Each member once, in order, all of them."""
    numbers, counts = zip(*members, strict=True)
    return set(counts) == {len(numbers)} and list(numbers) == list(range(len(numbers)))
