"""kill -9 at random moments under concurrent writes: nothing acknowledged is lost, nothing is half there.

30 rounds on one ledger, each killed, checked and started again; ``COMITY_CRASH_KILLS=n`` for another number.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.crash.batches_kept import what_is_wrong

ROUNDS = int(os.environ.get("COMITY_CRASH_KILLS", "30"))
ROOT = Path(__file__).parents[2]


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    acknowledged: dict[int, str] = {}
    for round_ in range(ROUNDS):
        new = _run_and_kill(tmp_path, round_, chance.random() * 0.15)
        assert new, "a round in which nothing was acknowledged tests nothing"
        assert not acknowledged.keys() & new.keys(), "an index was given twice"
        acknowledged |= new
        assert what_is_wrong(tmp_path, acknowledged) == [], f"after round {round_}"
    print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged entries, all there")


def _run_and_kill(directory: Path, seed: int, delay_s: float) -> dict[int, str]:
    """What the child acknowledged until it was killed, ``delay_s`` after its first acknowledgement."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.crash.killed_writer", str(directory), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(delay_s)
        child.kill()
        lines = (first + child.stdout.read()).decode().splitlines()
    assert child.returncode == -signal.SIGKILL, "the child ended by itself"
    return {int(index): leaf for index, _, leaf in (line.partition(" ") for line in lines)}
