"""Compile before the first request: ``warm`` calls every kernel with the types that it is used with.

With kept code (``compiled``) this takes well under a second, without about half a minute of one core. A
kept folder that fails after all (a full disk, a torn file) is given up, and the code compiled without.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import numpy as np

from comity.conflict import alerting, cylinder, frame, grid, inputs, measures, search, well_clear
from comity.conflict.assess import assess
from comity.conflict.compiled import keep_nothing
from comity.conflict.pairs import find_pairs

MODULES: Final[tuple[ModuleType, ...]] = (
    cylinder,
    well_clear,
    alerting,
    frame,
    grid,
    search,
    measures,
    inputs,
)

_TORN: Final = (OSError, EOFError, pickle.UnpicklingError)


def warm() -> None:
    """After this no public function of the package compiles anything."""
    try:
        _use_all()
    except _TORN:
        for each in kernels():
            keep_nothing(each)
        _use_all()


def kernels() -> list[Callable[..., Any]]:
    """Every compiled function of the modules named."""
    return [each for module in MODULES for each in vars(module).values() if hasattr(each, "signatures")]


def _use_all() -> None:
    motion = [np.array(values) for values in ([0.0, 0.0], [0.0, 0.01], [0.0, 0.0], [90.0, -90.0])]
    arrays = (*motion, np.zeros(2), np.zeros(2))
    d_m, h_m, horizon_s = 9_260.0, 300.0, 60.0
    found = find_pairs(*arrays, d_m=d_m, h_m=h_m, horizon_s=horizon_s)
    assess(found.pairs, alerting.PHASE_1, horizon_s=horizon_s)
    cylinder.intervals(found.pairs.relative, d_m=d_m, h_m=h_m, horizon_s=horizon_s)
    several = tuple(np.repeat(array, 2) for array in arrays)
    find_pairs(*several, d_m=d_m, h_m=h_m, horizon_s=horizon_s, radius_m=np.ones(4), crowd=1)
