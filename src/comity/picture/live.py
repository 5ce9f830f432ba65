"""The live set of one source: its tracks as columns of numpy arrays.

Each source has its own table, so what one participant's feed does can neither move nor evict anything of
another's, and no shared slot number tells of others. A table grows by doubling up to its bound; beyond it
new tracks are refused and counted, never an old one evicted.

Reports of one address merge: position, velocity and callsign come in different lines, and each field
keeps its own latest. Times are microseconds since 1970; NaN, -1 and b"" are unknown, as in a batch.

Accuracy: what the report states, or ``default_accuracy_m``, and where claimed and received time differ by
d over the allowance a, wider by speed * (d - a): the clock that is off may be either one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.model.batch import Floats, Ints, ReportBatch, Small, Texts
from comity.model.intake import Counters, Rejection
from comity.picture.plausibility import CODE, REASONS, Motion, Verdicts, alone, moved_ok
from comity.picture.rows import ROW, Layer, Rows
from comity.picture.settings import PictureSettings

_FIRST_CAPACITY: Final = 64

_COLUMNS: Final[dict[str, tuple[str, Any]]] = {
    "number": ("i8", -1),
    "lat": ("f8", np.nan),
    "lon": ("f8", np.nan),
    "accuracy_m": ("f8", np.nan),
    "observed_us": ("i8", 0),
    "altitude_m": ("f8", np.nan),
    "altitude_datum": ("i2", -1),
    "altitude_us": ("i8", 0),
    "ground_speed_mps": ("f8", np.nan),
    "track_deg": ("f8", np.nan),
    "velocity_us": ("i8", 0),
    "vertical_rate_mps": ("f8", np.nan),
    "rate_us": ("i8", 0),
    "callsign": ("S16", b""),
    "squawk": ("i2", -1),
    "on_ground": ("i2", -1),
    "category": ("i2", -1),
    "received_us": ("i8", 0),
    "rival_lat": ("f8", np.nan),
    "rival_lon": ("f8", np.nan),
    "rival_us": ("i8", 0),
    "rivals": ("i2", 0),
}

_WORDS: Final = (("callsign", b""), ("squawk", -1), ("on_ground", -1), ("category", -1))
_COPIED: Final = ("number", "lat", "lon", "accuracy_m", "observed_us", *(name for name, _ in _WORDS))


class Room:
    """How many more tracks a participant may have, over all its sources."""

    __slots__ = ("left",)

    def __init__(self, tracks: int) -> None:
        self.left = tracks


class SourceTable:
    """``number``: a 24-bit address as a number, -1 for a feed's own track number. ``observed_us`` is the
    position's time as far as it can be believed: never later than its receipt."""

    number: Ints
    lat: Floats
    lon: Floats
    accuracy_m: Floats
    observed_us: Ints
    altitude_m: Floats
    altitude_datum: Small
    altitude_us: Ints
    ground_speed_mps: Floats
    track_deg: Floats
    velocity_us: Ints
    vertical_rate_mps: Floats
    rate_us: Ints
    callsign: Texts
    squawk: Small
    on_ground: Small
    category: Small
    received_us: Ints
    rival_lat: Floats
    rival_lon: Floats
    rival_us: Ints
    rivals: Small

    def __init__(self, provenance_code: int, settings: PictureSettings, room: Room) -> None:
        self._provenance_code = provenance_code
        self._settings = settings
        self._room = room
        self._slots: dict[str, int] = {}
        self._addresses: list[str] = []
        self._free: list[int] = []
        self._capacity = 0
        self.last_received_us = 0
        for name, (kind, _) in _COLUMNS.items():
            setattr(self, name, np.empty(0, kind))

    def __len__(self) -> int:
        return len(self._slots)

    def addresses(self) -> list[str]:
        """Every address heard and not yet expired, with a position or without."""
        return list(self._slots)

    # --- taking reports in

    def take(self, batch: ReportBatch, *, received_us: int, counters: Counters) -> dict[Rejection, int]:
        """Judge and merge a batch; returns what was rejected, and counts everything."""
        rejected = dict(batch.rejected)
        accepted = 0
        if len(batch):
            verdict = alone(batch, received_us=received_us, settings=self._settings)
            slot = self._place(batch.addresses, verdict)
            at_us = np.minimum(batch.observed_us, received_us)
            self._follow(batch, slot, at_us, verdict)
            codes, counts = np.unique(verdict, return_counts=True)
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
                reason = REASONS[code]
                if reason is None:
                    accepted = count
                else:
                    rejected[reason] = rejected.get(reason, 0) + count
            if accepted:
                self._merge(batch, slot, at_us, verdict == 0, received_us, counters)
        counters.accepted += accepted
        counters.skipped += batch.skipped
        counters.reject(rejected)
        self.last_received_us = max(self.last_received_us, received_us)
        return rejected

    def _place(self, addresses: list[str], verdict: Verdicts) -> NDArray[np.intp]:
        """The slot of each plausible report, made where there is none; -1 for the others."""
        known = self._slots.get
        slots = [known(address, -1) for address in addresses]
        if -1 in slots:
            for row in np.flatnonzero((np.array(slots) < 0) & (verdict == 0)).tolist():
                slots[row] = self._slot(addresses[row])
                if slots[row] < 0:
                    verdict[row] = CODE[Rejection.TOO_MANY_TRACKS]
        return np.array(slots, np.intp)

    def _slot(self, address: str) -> int:
        slot = self._slots.get(address)
        if slot is not None:
            return slot
        if self._room.left <= 0 or len(self._slots) >= self._settings.max_tracks_per_source:
            return -1
        self._room.left -= 1
        if self._free:
            slot = self._free.pop()
            self._addresses[slot] = address
        else:
            slot = len(self._addresses)
            self._addresses.append(address)
            if slot >= self._capacity:
                self._grow()
        if not address.startswith("~"):
            self.number[slot] = int(address, 16)
        self._slots[address] = slot
        return slot

    def _grow(self) -> None:
        more = max(_FIRST_CAPACITY, self._capacity)
        self._capacity += more
        for name, (kind, unknown) in _COLUMNS.items():
            setattr(self, name, np.concatenate([getattr(self, name), np.full(more, unknown, kind)]))

    def _follow(self, batch: ReportBatch, slot: NDArray[np.intp], at_us: Ints, verdict: Verdicts) -> None:
        """Judge the positions against the track's own last one, in their order."""
        rows = np.flatnonzero((verdict == 0) & ~np.isnan(batch.lat))
        if not len(rows):
            return
        rows = rows[np.argsort(slot[rows], kind="stable")]
        where = slot[rows]
        lat, lon, at = batch.lat[rows], batch.lon[rows], at_us[rows]
        first = np.ones(len(rows), np.bool_)
        first[1:] = where[1:] != where[:-1]
        current = self.velocity_us[where] >= at - round(self._settings.stale_after_s * 1e6)
        speed_mps = np.where(current, np.nan_to_num(self.ground_speed_mps[where]), 0.0)
        ok = moved_ok(
            lat=lat,
            lon=lon,
            at_us=at,
            before_lat=np.where(first, self.lat[where], np.roll(lat, 1)),
            before_lon=np.where(first, self.lon[where], np.roll(lon, 1)),
            before_us=np.where(first, self.observed_us[where], np.roll(at, 1)),
            speed_mps=speed_mps,
            settings=self._settings,
        )
        if ok.all():
            self.rivals[where] = 0
        else:
            odd = np.isin(where, where[~ok])
            self.rivals[where[~odd]] = 0
            self._follow_singly(batch, rows[odd], where[odd], at_us, speed_mps[odd], verdict)

    def _follow_singly(
        self,
        batch: ReportBatch,
        rows: NDArray[np.intp],
        where: NDArray[np.intp],
        at_us: Ints,
        speed_mps: Floats,
        verdict: Verdicts,
    ) -> None:
        motions: dict[int, Motion] = {}
        for row, slot, speed in zip(rows.tolist(), where.tolist(), speed_mps.tolist(), strict=True):
            motion = motions.get(slot)
            if motion is None:
                motion = motions[slot] = Motion(
                    float(self.lat[slot]),
                    float(self.lon[slot]),
                    int(self.observed_us[slot]),
                    float(self.rival_lat[slot]),
                    float(self.rival_lon[slot]),
                    int(self.rival_us[slot]),
                    int(self.rivals[slot]),
                )
            reason = motion.judge(
                lat=float(batch.lat[row]),
                lon=float(batch.lon[row]),
                at_us=int(at_us[row]),
                speed_mps=speed,
                settings=self._settings,
            )
            if reason is not None:
                verdict[row] = CODE[reason]
        for slot, motion in motions.items():
            self.rival_lat[slot] = motion.rival_lat
            self.rival_lon[slot] = motion.rival_lon
            self.rival_us[slot] = motion.rival_us
            self.rivals[slot] = motion.rivals

    def _merge(
        self,
        batch: ReportBatch,
        slot: NDArray[np.intp],
        at_us: Ints,
        good: NDArray[np.bool_],
        received_us: int,
        counters: Counters,
    ) -> None:
        """Write accepted reports into their tracks. Where two touch one field the later stays: by time where
        the field has one, by arrival where not."""
        settings = self._settings
        self.received_us[slot[good]] = received_us
        fields: tuple[tuple[Any, Ints, tuple[str, ...], str], ...] = (
            (~np.isnan(batch.altitude_m), self.altitude_us, ("altitude_m", "altitude_datum"), "altitude_us"),
            (
                ~np.isnan(batch.ground_speed_mps) | ~np.isnan(batch.track_deg),
                self.velocity_us,
                ("ground_speed_mps", "track_deg"),
                "velocity_us",
            ),
            (~np.isnan(batch.vertical_rate_mps), self.rate_us, ("vertical_rate_mps",), "rate_us"),
        )
        for present, last_us, names, time_name in fields:
            rows = np.flatnonzero(good & present)
            if len(rows):
                rows = rows[at_us[rows] >= last_us[slot[rows]]]
                rows = rows[np.argsort(at_us[rows], kind="stable")]
                for name in names:
                    getattr(self, name)[slot[rows]] = getattr(batch, name)[rows]
                getattr(self, time_name)[slot[rows]] = at_us[rows]
        for name, unknown in _WORDS:
            rows = np.flatnonzero(good & (getattr(batch, name) != unknown))
            if len(rows):
                getattr(self, name)[slot[rows]] = getattr(batch, name)[rows]
        differ_s = (received_us - batch.observed_us) / 1e6
        over_s = np.maximum(np.abs(differ_s) - settings.time_allowance_s, 0.0)
        counters.disagreeing += int(np.count_nonzero(over_s[good]))
        counters.note_offset(float(np.median(differ_s[good])))
        rows = np.flatnonzero(good & ~np.isnan(batch.lat))
        if len(rows):
            where = slot[rows]
            speed_mps = self.ground_speed_mps[where]
            speed_mps = np.where(np.isnan(speed_mps), settings.default_speed_mps, speed_mps)
            stated_m = batch.accuracy_m[rows]
            stated_m = np.where(np.isnan(stated_m), settings.default_accuracy_m, stated_m)
            self.lat[where] = batch.lat[rows]
            self.lon[where] = batch.lon[rows]
            self.observed_us[where] = at_us[rows]
            self.accuracy_m[where] = stated_m + speed_mps * over_s[rows]
            counters.positions += len(rows)

    # --- giving out

    def layer(self, now_us: int) -> Layer:
        """Let go of what has expired, and copy what has a position."""
        keep_us = now_us - round(self._settings.expire_after_s * 1e6)
        used = len(self._addresses)
        live = np.fromiter(self._slots.values(), np.intp, len(self._slots))
        gone = live[self.received_us[live] < keep_us]
        if len(gone):
            self._room.left += len(gone)
            for slot in gone.tolist():
                del self._slots[self._addresses[slot]]
                self._free.append(slot)
            for name, (_, unknown) in _COLUMNS.items():
                getattr(self, name)[gone] = unknown
        lost = np.flatnonzero(self.observed_us[:used] < keep_us)
        self.lat[lost] = self.lon[lost] = np.nan
        shown = np.flatnonzero(~np.isnan(self.lat[:used]))
        known = shown[self.number[shown] >= 0]
        known = known[np.argsort(self.number[known])]
        others = shown[self.number[shown] < 0]
        return Layer(
            addressed=self._rows(known, now_us),
            addresses=[self._addresses[slot] for slot in others.tolist()],
            numbered=self._rows(others, now_us),
        )

    def _rows(self, slots: NDArray[np.intp], now_us: int) -> Rows:
        settings = self._settings
        rows = np.zeros(len(slots), ROW)
        for name in _COPIED:
            rows[name] = getattr(self, name)[slots]
        fresh_us = rows["observed_us"] - round(settings.stale_after_s * 1e6)
        for names, time_name in (
            (("altitude_m", "altitude_datum"), "altitude_us"),
            (("ground_speed_mps", "track_deg"), "velocity_us"),
            (("vertical_rate_mps",), "rate_us"),
        ):
            current = getattr(self, time_name)[slots] >= fresh_us
            for name in names:
                rows[name] = np.where(current, getattr(self, name)[slots], _COLUMNS[name][1])
        rows["stale"] = rows["observed_us"] < now_us - round(settings.stale_after_s * 1e6)
        rows["source"] = self._provenance_code
        rows["sources"] = 1
        return rows
