"""The reference encounters: 8,000 pairs with the answers of NASA's DAIDALUS 2.0.4 (see the vectors'
README)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

PATH = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "encounter_pairs.npz"

D_M, H_M, HORIZON_S = 9_260.0, 304.8, 300.0


@cache
def columns() -> dict[str, NDArray[np.generic]]:
    if not PATH.exists():
        pytest.skip("the reference encounters are not beside this checkout")
    with np.load(PATH) as archive:
        return {name: archive[name] for name in archive.files}


def column(name: str) -> NDArray[np.float64]:
    return columns()[name].astype(np.float64)


def flags(name: str) -> NDArray[np.bool_]:
    return columns()[name].astype(np.bool_)


def states() -> NDArray[np.float64]:
    """Ownship minus intruder: sx, sy, sz, vx, vy, vz."""
    s = [column(f"so_{axis}") - column(f"si_{axis}") for axis in "xyz"]
    v = [column(f"vo_{axis}") - column(f"vi_{axis}") for axis in "xyz"]
    return np.array(s + v)
