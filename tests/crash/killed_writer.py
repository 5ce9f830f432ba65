"""The process that test_sigkill kills: many threads submit, one writer commits in batches.

Each acknowledged entry goes to standard output in one write, after the append has returned: index and leaf.
"""

from __future__ import annotations

import os
import queue
import random
import sys
import threading
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from comity.ledger.entry import Appended, Draft
from comity.ledger.store import Ledger
from tests.crash.batches_kept import OWNERS
from tests.ledger.ledger_making import T0_US, draft, open_ledger

Submitted = tuple[bytes, "Future[Appended]"]


def write(ledger: Ledger, submitted: queue.SimpleQueue[Submitted]) -> None:
    """Whatever waits becomes one batch. Numbering goes on where the last run ended."""
    batch = ledger.size
    while True:
        waiting = [submitted.get()]
        while len(waiting) < 32 and not submitted.empty():
            waiting.append(submitted.get())
        drafts: list[Draft] = []
        for i, (content, _) in enumerate(waiting):
            payload = b"%d/%d/%d/" % (batch, i, len(waiting)) + content
            drafts.append(draft(OWNERS[len(content) % len(OWNERS)], payload, at_us=T0_US + batch))
        for (_, future), made in zip(waiting, ledger.append(drafts), strict=True):
            future.set_result(made)
        batch += len(waiting)
        if batch % 7 == 0:
            ledger.checkpoint_all(datetime(2026, 3, 3, tzinfo=UTC))


def submit(submitted: queue.SimpleQueue[Submitted], seed: int) -> None:
    chance = random.Random(seed)
    while True:
        future: Future[Appended] = Future()
        submitted.put((chance.randbytes(chance.randrange(0, 900)), future))
        made = future.result()
        os.write(1, f"{made.index} {made.leaf.hex()}\n".encode())


def main() -> None:
    directory, seed = Path(sys.argv[1]), int(sys.argv[2])
    ledger = open_ledger(directory)
    submitted: queue.SimpleQueue[Submitted] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=submit, args=(submitted, seed * 100 + i), daemon=True) for i in range(16)
    ]
    for thread in threads:
        thread.start()
    write(ledger, submitted)


if __name__ == "__main__":
    main()
