"""What ``find_pairs`` takes: checked, in one form, or refused by name.

Nothing is left out or mended in silence: a value that is no number or beyond what flies is refused with the
array's name and the first row in which it stands. ``usable`` tells beforehand which rows would be
accepted, for a caller that wants to set the others aside and say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.conflict.compiled import kernel
from comity.conflict.frame import Floats, Ints, Motion
from comity.errors import InvalidInput

Bools = NDArray[np.bool_]
Indices = NDArray[np.integer[Any]]

MAX_SPEED_MPS: Final = 1_500.0
"""In each direction. Nothing that flies in air for long is faster; larger: one false report can be near
half of the world's traffic."""

MAX_HORIZON_S: Final = 3_600.0
MAX_D_M: Final = 1_000_000.0
MAX_RADIUS_M: Final = 2_000_000.0
LOWEST_M: Final = -2_000.0
HIGHEST_M: Final = 100_000.0

LIMITS: Final = {
    "lat_deg": (-90.0, 90.0),
    "lon_deg": (-360.0, 360.0),
    "height_m": (LOWEST_M, HIGHEST_M),
    "east_mps": (-MAX_SPEED_MPS, MAX_SPEED_MPS),
    "north_mps": (-MAX_SPEED_MPS, MAX_SPEED_MPS),
    "up_mps": (-MAX_SPEED_MPS, MAX_SPEED_MPS),
    "radius_m": (0.0, MAX_RADIUS_M),
    "height_error_m": (0.0, math.inf),
    "wgs84_mid_m": (LOWEST_M, HIGHEST_M),
    "wgs84_half_m": (0.0, math.inf),
}
"""Both ends allowed. An infinite error or half-width says that a height is not known."""

MOTION: Final = ("lat_deg", "lon_deg", "height_m", "east_mps", "north_mps", "up_mps")


@dataclass(frozen=True, slots=True)
class Minima:
    """Matrices by category: radius, half-height, look-ahead. A radius of 0: the two are not compared."""

    d_m: Floats
    h_m: Floats
    horizon_s: Floats


@dataclass(frozen=True, slots=True)
class Traffic:
    """The arrays as given, where they are of the type wanted. ``more``: those of what is uncertain, by name;
    ``codes``: datum, skip and between."""

    motion: Motion
    category: NDArray[np.int8] | None
    more: dict[str, Floats]
    codes: dict[str, Indices]

    def __len__(self) -> int:
        return len(self.motion[0])

    @property
    def plain(self) -> bool:
        """Whether nothing but motion and category is given."""
        return not self.more and not self.codes

    def extras_of(self, rows: Ints) -> Floats:
        """As in ``grid.Side``."""
        extras = np.zeros((len(rows), 4))
        for column, (name, default) in enumerate(
            (
                ("radius_m", None),
                ("height_error_m", None),
                ("wgs84_mid_m", self.motion[2]),
                ("wgs84_half_m", self.more.get("height_error_m")),
            )
        ):
            given = self.more.get(name, default)
            if given is not None:
                extras[:, column] = given.take(rows)
        return extras

    def codes_of(self, rows: Ints) -> Ints:
        """As in ``grid.Side``."""
        codes = np.empty((len(rows), 3), np.int32)
        for column, (name, default) in enumerate((("datum", 0), ("skip", -1), ("between", 2))):
            codes[:, column] = self.codes[name].take(rows) if name in self.codes else default
        return codes


def minima(d_m: ArrayLike, h_m: ArrayLike, horizon_s: ArrayLike) -> Minima:
    """Scalars or square matrices of one size."""
    given = {"d_m": d_m, "h_m": h_m, "horizon_s": horizon_s}
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in given.items()}
    sizes = {array.shape for array in arrays.values() if array.ndim > 0} or {(1, 1)}
    if len(sizes) != 1 or any(len(size) != 2 or size[0] != size[1] for size in sizes):
        raise InvalidInput("minima are single numbers or square matrices of one size", field="d_m")
    size = sizes.pop()
    whole = {name: np.array(np.broadcast_to(array, size)) for name, array in arrays.items()}
    for name, (low, high) in {
        "d_m": (0, MAX_D_M),
        "h_m": (0, math.inf),
        "horizon_s": (0, MAX_HORIZON_S),
    }.items():
        matrix = whole[name]
        if not np.all((matrix >= low) & (matrix <= high)) or (name != "d_m" and not np.all(matrix > 0)):
            raise InvalidInput(f"{name} must be above {low} and at most {high:g}", field=name)
        if not np.array_equal(matrix, matrix.T):
            raise InvalidInput(f"{name} must be the same both ways", field=name)
    return Minima(**whole)


def traffic(
    motion: dict[str, ArrayLike],
    *,
    category: ArrayLike | None,
    categories: int,
    unsure: dict[str, ArrayLike | None],
    datum: ArrayLike | None,
    skip: ArrayLike | None,
    between: ArrayLike | None,
) -> Traffic:
    """All arrays checked. ``unsure``: radius_m, height_error_m, wgs84_mid_m, wgs84_half_m."""
    arrays = {name: _floats(name, value) for name, value in motion.items()}
    count = len(arrays["lat_deg"])
    more = {name: _floats(name, value) for name, value in unsure.items() if value is not None}
    for name, array in (arrays | more).items():
        if len(array) != count:
            raise InvalidInput(f"{name} has {len(array)} rows, lat_deg has {count}", field=name)
    _settle_unknown(arrays, more, "height_m", "height_error_m")
    _settle_unknown(more, more, "wgs84_mid_m", "wgs84_half_m")
    for name, array in (arrays | more).items():
        _require(name, array, *LIMITS[name])
    kind = (
        None if category is None else _codes("category", category, count, 0, categories - 1).astype(np.int8)
    )
    spans = {"datum": (0, 127), "skip": (-(2**31), 2**31 - 1), "between": (0, 1)}
    given = {"datum": datum, "skip": skip, "between": between}
    codes = {
        name: _codes(name, value, count, *spans[name]) for name, value in given.items() if value is not None
    }
    if ("wgs84_mid_m" in more) != ("wgs84_half_m" in more):
        raise InvalidInput("wgs84_mid_m and wgs84_half_m go together", field="wgs84_mid_m")
    if "wgs84_mid_m" not in more and "datum" in codes and len(set(codes["datum"].tolist())) > 1:
        raise InvalidInput("several datums need wgs84_mid_m and wgs84_half_m", field="datum")
    lat, lon, height, east, north, up = (arrays[name] for name in MOTION)
    return Traffic((lat, lon, height, east, north, up), kind, more, codes)


def usable(**arrays: ArrayLike) -> Bools:
    """Which rows ``find_pairs`` would accept, of any of its arrays of numbers, by their names. A height is
    not looked at where its error or half-width says that it is not known."""
    good: Bools | None = None
    for name, value in arrays.items():
        if name not in LIMITS:
            raise InvalidInput(f"{name} is none of {', '.join(LIMITS)}", field=name)
        array = np.asarray(value, dtype=np.float64)
        low, high = LIMITS[name]
        fits = (array >= low) & (array <= high)
        unknown = {"height_m": "height_error_m", "wgs84_mid_m": "wgs84_half_m"}.get(name)
        if unknown in arrays:
            fits |= np.isinf(np.asarray(arrays[unknown], dtype=np.float64))
        good = fits if good is None else good & fits
    return np.empty(0, np.bool_) if good is None else good


def _floats(name: str, value: Any) -> Floats:
    try:
        array = np.ascontiguousarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} is not an array of numbers", field=name) from error
    if np.ndim(value) != 1:
        raise InvalidInput(f"{name} must have one dimension", field=name)
    # Kernels are compiled for arrays that may be written to.
    return array if array.flags.writeable and array.flags.aligned else array.copy()


def _require(name: str, array: Floats, low: float, high: float) -> None:
    bad = first_outside(array, low, high)
    if bad >= 0:
        value = float(array[bad])
        raise InvalidInput(
            f"{name}[{bad}] is {value!r}, not within {low:g} to {high:g}",
            field=name,
            detail={"index": int(bad)},
        )


@kernel
def first_outside(array: Floats, low: float, high: float) -> int:
    """The first row that is not a number from low to high; -1: none."""
    for k in range(len(array)):
        if not (low <= array[k] <= high):
            return k
    return -1


def _settle_unknown(values: dict[str, Floats], errors: dict[str, Floats], value: str, error: str) -> None:
    """A height that is not known counts as 0 with an infinite error; what stands there does not matter."""
    if value in values and error in errors and np.any(np.isposinf(errors[error])):
        values[value] = np.where(np.isposinf(errors[error]), 0.0, values[value])


def _codes(name: str, value: ArrayLike, count: int, low: int, high: int) -> Indices:
    array = np.asarray(value)
    if array.dtype.kind not in "biu" or array.shape != (count,):
        raise InvalidInput(f"{name} must be {count} whole numbers", field=name)
    outside = np.flatnonzero((array < low) | (array > high))
    if len(outside):
        bad = int(outside[0])
        raise InvalidInput(
            f"{name}[{bad}] is {array[bad]}, not within {low} to {high}", field=name, detail={"index": bad}
        )
    whole: Indices = array
    return whole
