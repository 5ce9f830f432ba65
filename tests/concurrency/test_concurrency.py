"""64 clients create, change and delete at a served exchange; the record is then read slowly and in full.

For longer: ``COMITY_CONCURRENCY_S=600``. A found fault is in the ledger of the folder that pytest names.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from bench.served import served
from bench.usses import Authority
from comity.clock import from_micros
from comity.exchange.opening import LEDGER
from comity.ledger.keyfile import KeyFile
from comity.ledger.reader import Reader
from comity.model.dss_fact import DssFact
from comity.model.fact import Payload
from tests.concurrency.checker import Checker
from tests.concurrency.usses import play

SECONDS = float(os.environ.get("COMITY_CONCURRENCY_S", "6"))
CLIENTS = 64
LONGEST_S = 5.0
"""Nobody is starved longer. Held to in longer runs; in a short one on a busy machine it is only told."""

_payloads = msgspec.json.Decoder(Payload)


@pytest.mark.timeout(SECONDS * 4 + 300)
def test_nothing_is_lost_accepted_blindly_or_kept_from_anybody(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with served(tmp_path) as server:
        shared = asyncio.run(play(server, authority, CLIENTS, SECONDS))
    checker = Checker()
    checker.feed(recorded(tmp_path))
    checker.compare(shared.said)
    wrong = checker.finish()
    tries = sum(n * count for n, count in shared.tries.items()) / max(1, shared.tries.total())
    longest_s = max(shared.took)[0]
    told = (
        f"{checker.writes} writes, {checker.keyed} with a key that needed {checker.needed} OVNs, "
        f"{checker.owed} notifications owed, {tries:.2f} tries on average, longest {longest_s:.1f} s, "
        f"{shared.gave_up} given up, answers {dict(shared.statuses)}"
    )
    print(told, sorted(shared.took)[-8:])
    assert not wrong, f"{len(wrong)} of {told}: " + "\n".join(wrong[:10])
    assert len(shared.said) <= checker.writes, told
    # The run was about something.
    assert min(checker.keyed, checker.needed, checker.owed) > 50, told
    assert shared.statuses[409] > 10, told
    if SECONDS > 60.0:
        assert longest_s < LONGEST_S, told


def recorded(folder: Path) -> Iterator[tuple[DssFact, datetime]]:
    """The DSS's facts in the order of the ledger."""
    reader = Reader.open(folder / "data" / LEDGER, KeyFile.load(folder / "keys"))
    try:
        for entry in reader.entries(0, None):
            assert entry.payload is not None
            fact = _payloads.decode(entry.payload).fact
            if isinstance(fact, get_args(DssFact)):
                yield fact, from_micros(entry.header.time_us)
    finally:
        reader.close()
