"""A real server in a process of its own, for benchmarks to talk to, and what it costs.

``python -m bench.served FOLDER`` runs ``comity.runtime`` on the configuration in FOLDER and prints one line
of JSON once it is ready; it stops in order when its standard input ends. ``Served`` starts one, makes
tokens with its built-in issuer, and reads its CPU time and memory from ``/proc``.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from comity.config import Config, load_config
from comity.http.app import own_issuer
from comity.http.issuer import create_issuer_key
from comity.http.tokens import SCOPES
from comity.runtime import Runtime

CENTRE = "centre"
DESK = "desk"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

CONFIG = """
[exchange]
name = "bench.example"
data_dir = "data"
key_file = "keys"
view_limit = {view_limit}
[server]
port = 0
[issuer]
enabled = true
key_file = "issuer.key"
[bench]
echo = true
[ledger]
snapshot_s = {snapshot_s}
[tracks]
record = {record}
[quotas]
live_items = 2_000_000
reads_per_s = 1000000
reads_burst = 1000000000
writes_per_s = 1000000
writes_burst = 1000000000
report_bytes_per_s = 1000000
report_bytes_burst = 1000000000
[genesis.charter]
title = "A charter for benchmarks"
signed_commands = false
auditors = []
constraint_lead_s = 900
[genesis.charter.floor]
intent = "reserved"
constraint = "volume"
own_track = "none"
sensed_track = "none"
[genesis.centre]
id = "centre"
name = "Centre"
centre = true
[genesis.administrator]
id = "desk"
participant = "centre"
name = "The desk"
roles = ["administrator", "duty_desk", "airspace_owner", "observer"]
"""
"""Quotas far above what can be reached, so that they are taken and never refuse. The floor: level 0 of
everybody's intents to everybody."""


def make_folder(
    folder: Path, *, view_limit: int = 20_000, record: bool = False, snapshot_s: float = 86_400.0
) -> Config:
    """A configuration with keys, ready to serve."""
    folder.mkdir(parents=True, exist_ok=True)
    text = CONFIG.format(view_limit=view_limit, record=str(record).lower(), snapshot_s=snapshot_s)
    (folder / "comity.toml").write_text(text, encoding="utf-8")
    if not (folder / "issuer.key").exists():
        create_issuer_key(folder / "issuer.key")
    return load_config(folder / "comity.toml")


class Served:
    """A running server. ``ready_s``: from the start of its process to its first answer."""

    def __init__(self, folder: Path) -> None:
        self.config = load_config(folder / "comity.toml")
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.served", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with status {self._process.wait()}")
        said = json.loads(line)
        self.ready_s = time.perf_counter() - began
        self.host: str = said["host"]
        self.port: int = said["port"]
        self.steps: dict[str, float] = said["steps"]
        self.pid = self._process.pid
        issuer = own_issuer(self.config)
        assert issuer is not None
        self._issuer = issuer

    def token(self, participant: str) -> str:
        """For the participant's desk, for half a day, with every scope."""
        return self._issuer.issue(DESK, participant, SCOPES, timedelta(hours=11), datetime.now(UTC))

    def cpu_s(self) -> float:
        """CPU seconds of all its threads since it started."""
        return cpu_s(self.pid)

    def memory_bytes(self) -> int:
        """Resident now."""
        resident = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(resident) * _PAGE_BYTES

    def peak_bytes(self) -> int:
        """The most that was ever resident."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1_024
        raise RuntimeError("the kernel does not say")

    def children(self) -> list[int]:
        """Processes that it has started and that still run."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text(encoding="ascii").split()]

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        status = self._process.wait(timeout=300)
        if status != 0:
            raise RuntimeError(f"the server ended with status {status}")

    def kill(self) -> None:
        """Without any order, where something else went wrong."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def cpu_s(pid: int | str = "self") -> float:
    """CPU seconds of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A server for the length of a block; stopped in order unless the block failed."""
    server = Served(folder)
    try:
        yield server
        server.stop()
    finally:
        server.kill()


async def _serve(folder: Path) -> None:
    config = load_config(folder / "comity.toml")
    runtime = Runtime(config)
    began = time.perf_counter()
    steps: dict[str, float] = {}
    await runtime.start(lambda step: steps.__setitem__(step, round(time.perf_counter() - began, 2)))
    said = {"host": runtime.server.host, "port": runtime.server.port, "steps": steps}
    print(json.dumps(said), flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    failed = asyncio.create_task(runtime.until_failure())
    await asyncio.wait({ended, failed}, return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        failed.result()
    failed.cancel()
    await runtime.stop()


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1])))
