"""The bare prototype that the sweep is measured against: cylinders for one kind of aircraft, and nothing
else.

As it was first tried (its figures are in the project's measurements): cells as wide as the farthest two may
be apart, by the position at the middle of the look-ahead; neighbouring cells compared with their half;
boxes of the ways swept, in single precision; then the exact test, in double, in a plane. No categories, no
uncertainties, no checks, no crowds, one array of pairs with two times as the answer. On a sphere.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

RADIUS_M = 6_371_008.8

Floats = NDArray[np.float64]


def bare_pairs(
    lat_deg: Floats,
    lon_deg: Floats,
    height_m: Floats,
    east: Floats,
    north: Floats,
    up: Floats,
    d_m: float,
    h_m: float,
    horizon_s: float,
) -> tuple[NDArray[np.int32], Floats]:
    """(i, j) and (t_in, t_out) of every pair, unordered."""
    pairs, times, count = _bare(lat_deg, lon_deg, height_m, east, north, up, d_m, h_m, horizon_s)
    return pairs[:count], times[:count]


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator,unused-ignore]  # numba has no types
def _bare(
    lat_deg: Floats,
    lon_deg: Floats,
    height: Floats,
    east: Floats,
    north: Floats,
    up: Floats,
    d: float,
    h: float,
    horizon: float,
) -> Any:
    count = len(lat_deg)
    n, w = np.empty((count, 3)), np.empty((count, 3))
    row, column = np.empty(count, np.int32), np.empty(count, np.int32)
    fastest = 0.0
    for k in range(count):
        fastest = max(fastest, math.hypot(east[k], north[k]))
    wide = (d + fastest * horizon) * 1.004 / RADIUS_M
    rows = max(1, int(math.pi / wide))
    columns, first = np.empty(rows, np.int32), np.zeros(rows + 1, np.int64)
    for r in range(rows):
        edge = max(abs(r / rows - 0.5), abs((r + 1) / rows - 0.5)) * math.pi
        columns[r] = max(1, int(2 * math.pi * math.cos(edge) / wide))
        first[r + 1] = first[r] + columns[r]
    start = np.zeros(first[rows] + 1, np.int32)
    _place(lat_deg, lon_deg, east, north, horizon, n, w, row, column, rows, columns, first, start)
    for c in range(len(start) - 1):
        start[c + 1] += start[c]
    order, filled = np.empty(count, np.int32), start.copy()
    for k in range(count):
        cell = first[row[k]] + column[k]
        order[filled[cell]] = k
        filled[cell] += 1
    boxes = np.empty((count, 8), np.float32)
    for slot in range(count):
        k = order[slot]
        for axis in range(3):
            one, two = n[k, axis], n[k, axis] + w[k, axis] * horizon
            boxes[slot, axis], boxes[slot, axis + 4] = min(one, two), max(one, two)
        boxes[slot, 3] = min(height[k], height[k] + up[k] * horizon)
        boxes[slot, 7] = max(height[k], height[k] + up[k] * horizon)
    return _compare(
        order,
        row[order],
        column[order],
        rows,
        columns,
        first,
        start,
        boxes,
        n[order],
        w[order],
        height[order],
        up[order],
        d,
        h,
        horizon,
    )


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator,unused-ignore]  # as above
def _place(
    lat_deg: Any,
    lon_deg: Any,
    east: Any,
    north: Any,
    horizon: Any,
    n: Any,
    w: Any,
    row: Any,
    column: Any,
    rows: Any,
    columns: Any,
    first: Any,
    start: Any,
) -> None:
    for k in range(len(lat_deg)):
        lat, lon = math.radians(lat_deg[k]), math.radians(lon_deg[k])
        cos_lat, sin_lat, cos_lon, sin_lon = math.cos(lat), math.sin(lat), math.cos(lon), math.sin(lon)
        n[k, 0], n[k, 1], n[k, 2] = cos_lat * cos_lon, cos_lat * sin_lon, sin_lat
        w[k, 0] = (-sin_lon * east[k] - sin_lat * cos_lon * north[k]) / RADIUS_M
        w[k, 1] = (cos_lon * east[k] - sin_lat * sin_lon * north[k]) / RADIUS_M
        w[k, 2] = cos_lat * north[k] / RADIUS_M
        x, y, z = (
            n[k, 0] + w[k, 0] * horizon / 2,
            n[k, 1] + w[k, 1] * horizon / 2,
            n[k, 2] + w[k, 2] * horizon / 2,
        )
        row[k] = min(rows - 1, int((math.atan2(z, math.hypot(x, y)) / math.pi + 0.5) * rows))
        column[k] = min(columns[row[k]] - 1, int((math.atan2(y, x) / math.pi + 1.0) * 0.5 * columns[row[k]]))
        start[first[row[k]] + column[k] + 1] += 1


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator,unused-ignore]  # as above
def _compare(
    order: Any,
    row: Any,
    column: Any,
    rows: Any,
    columns: Any,
    first: Any,
    start: Any,
    boxes: Any,
    n: Any,
    w: Any,
    height: Any,
    up: Any,
    d: Any,
    h: Any,
    horizon: Any,
) -> Any:
    pairs, times, count = np.empty((1_024, 2), np.int32), np.empty((1_024, 2)), 0
    margin, tall = np.float32(d * 1.004 / RADIUS_M + 1e-6), np.float32(h + 0.1)
    for slot in range(len(order)):
        for r in range(row[slot], min(rows, row[slot] + 2)):
            many = columns[r]
            # The neighbours' columns, by where this cell's edges lie in the other row.
            low = math.floor((column[slot] - 0.5) * many / columns[row[slot]] - 1.0)
            high = math.ceil((column[slot] + 1.5) * many / columns[row[slot]] + 1.0)
            if r == row[slot]:
                low, high = column[slot] - 1, column[slot] + 1
            if high - low + 1 >= many:
                low, high = 0, many - 1
            for c in range(low, high + 1):
                cell = first[r] + c % many
                begin = max(start[cell], slot + 1) if r == row[slot] else start[cell]
                for other in range(begin, start[cell + 1]):
                    if (
                        boxes[slot, 0] > boxes[other, 4] + margin
                        or boxes[other, 0] > boxes[slot, 4] + margin
                        or boxes[slot, 1] > boxes[other, 5] + margin
                        or boxes[other, 1] > boxes[slot, 5] + margin
                        or boxes[slot, 2] > boxes[other, 6] + margin
                        or boxes[other, 2] > boxes[slot, 6] + margin
                        or boxes[slot, 3] > boxes[other, 7] + tall
                        or boxes[other, 3] > boxes[slot, 7] + tall
                    ):
                        continue
                    t_in, t_out = _cylinder(n, w, height, up, slot, other, d, h, horizon)
                    if t_in < t_out:
                        if count == len(pairs):
                            pairs = np.concatenate((pairs, np.empty_like(pairs)))
                            times = np.concatenate((times, np.empty_like(times)))
                        pairs[count, 0], pairs[count, 1] = order[slot], order[other]
                        times[count, 0], times[count, 1] = t_in, t_out
                        count += 1
    return pairs, times, count


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator,unused-ignore]  # as above
def _cylinder(n: Any, w: Any, height: Any, up: Any, i: Any, j: Any, d: Any, h: Any, horizon: Any) -> Any:
    mx, my, mz = n[i, 0] + n[j, 0], n[i, 1] + n[j, 1], n[i, 2] + n[j, 2]
    across = math.sqrt(mx * mx + my * my)
    length = math.sqrt(mx * mx + my * my + mz * mz)
    ex, ey = -my / across, mx / across
    nx, ny, nz = -mz * ey / length, mz * ex / length, across / length
    dx, dy, dz = n[i, 0] - n[j, 0], n[i, 1] - n[j, 1], n[i, 2] - n[j, 2]
    ux, uy, uz = w[i, 0] - w[j, 0], w[i, 1] - w[j, 1], w[i, 2] - w[j, 2]
    sx, sy = (dx * ex + dy * ey) * RADIUS_M, (dx * nx + dy * ny + dz * nz) * RADIUS_M
    vx, vy = (ux * ex + uy * ey) * RADIUS_M, (ux * nx + uy * ny + uz * nz) * RADIUS_M
    sz, vz = height[i] - height[j], up[i] - up[j]
    a, cross = vx * vx + vy * vy, sx * vy - sy * vx
    inner = d * d * a - cross * cross
    t_in, t_out = 0.0, horizon
    if a > 0.0:
        if inner <= 0.0:
            return 1.0, 0.0
        root, b = math.sqrt(inner), -(sx * vx + sy * vy)
        t_in, t_out = max(t_in, (b - root) / a), min(t_out, (b + root) / a)
    elif sx * sx + sy * sy >= d * d:
        return 1.0, 0.0
    if vz != 0.0:
        one, two = (-h - sz) / vz, (h - sz) / vz
        t_in, t_out = max(t_in, min(one, two)), min(t_out, max(one, two))
    elif abs(sz) >= h:
        return 1.0, 0.0
    return t_in, t_out
