"""What every benchmark prints: figures, each a ratio to a named baseline of the same run, and where it ran.

A figure without a baseline states a bound in its own unit instead. The disk's sync time is measured with the
same file system as the data, because a durable write can never be faster than one sync for its batch.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

_SYNCS = 200
_BLOCK = os.urandom(4_096)


class Figure(msgspec.Struct, frozen=True):
    """``measured`` and ``baseline`` in words with their units; ``ratio`` is what the goal is about, in the
    direction that ``goal`` says, and ``met`` None where nothing was asked for."""

    name: str
    measured: str
    baseline: str
    ratio: float
    goal: str
    met: bool | None
    note: str = ""


def at_least(
    name: str, measured: str, baseline: str, ratio: float, goal: float, words: str, note: str = ""
) -> Figure:
    """A figure whose ratio should be ``goal`` or more."""
    return Figure(name, measured, baseline, ratio, f"≥ {words}", ratio >= goal, note)


def at_most(name: str, measured: str, baseline: str, ratio: float, goal: float, note: str = "") -> Figure:
    """A figure whose ratio should be ``goal`` or less."""
    return Figure(name, measured, baseline, ratio, f"≤ {goal:g}", ratio <= goal, note)


def stated(name: str, measured: str, baseline: str, ratio: float, note: str = "") -> Figure:
    """A figure that is only told."""
    return Figure(name, measured, baseline, ratio, "stated", None, note)


def sync_time_us(directory: Path) -> tuple[float, float]:
    """Median and 99th percentile of fdatasync after an append of 4 kB in this directory, microseconds."""
    took: list[float] = []
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            os.write(file.fileno(), _BLOCK)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e6)
    return statistics.median(took), percentile(took, 99.0)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least ``percent`` of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100).__int__() - 1))]


def where(directory: Path) -> str:
    """Machine, versions, date and the disk's sync time, in one paragraph."""
    median, high = sync_time_us(directory)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {os.cpu_count()} cores of {_processor()}; "
        f"{platform.python_implementation()} {platform.python_version()}; {platform.system()} "
        f"{platform.release()}; load averages {load}; commit {_commit()}\n"
        f"fdatasync after a 4 kB append: median {median:.0f} µs, 99 % {high:.0f} µs"
    )


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| figure | measured | baseline | ratio | goal | |",
        "|---|---|---|---|---|---|",
    ]
    for each in figures:
        mark = "" if each.met is None else ("met" if each.met else "**missed**")
        lines.append(
            f"| {each.name} | {each.measured} | {each.baseline} | {each.ratio:.3g} | {each.goal} | {mark} |"
        )
    return "\n".join(lines)


def show(title: str, directory: Path, figures: Sequence[Figure]) -> None:
    """Print one benchmark's outcome."""
    print(f"## {title}\n\n{where(directory)}\n\n{table(figures)}\n", flush=True)
    for each in figures:
        if each.note:
            print(f"- {each.name}: {each.note}")
    print(flush=True)


def spread(values: Sequence[float]) -> str:
    """``median (lowest to highest)``."""
    return f"{statistics.median(values):,.3g} ({min(values):,.3g} to {max(values):,.3g})"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _commit() -> str:
    """Which source was measured."""
    try:
        said = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()
