"""The picture, slowly and obviously: one report at a time, dictionaries, no arrays.

It shares no code with ``comity.picture``. Only the words and the settings' values are taken from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from comity.clock import micros
from comity.model.intake import SourceKey
from comity.model.intent import AircraftCategory
from comity.model.observation import Report
from comity.model.released import TrackView
from comity.picture.settings import PictureSettings

EMERGENCIES = {"7500": "unlawful interference", "7600": "radio failure", "7700": "emergency"}


@dataclass
class Track:
    position: tuple[float, float] | None = None
    observed_us: int = 0
    accuracy_m: float = 0.0
    altitude: tuple[float, str, int] | None = None
    velocity: tuple[float | None, float | None, int] | None = None
    rate: tuple[float, int] | None = None
    callsign: str | None = None
    squawk: str | None = None
    on_ground: bool | None = None
    category: AircraftCategory | None = None
    received_us: int = 0
    rivals: list[tuple[float, float, int]] = field(default_factory=list)


def arc_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """By the dot product of the two directions from the earth's middle."""

    def direction(place: tuple[float, float]) -> tuple[float, float, float]:
        lat, lon = math.radians(place[0]), math.radians(place[1])
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    u, v = direction(a), direction(b)
    chord = math.dist(u, v)
    return 2 * 6_371_008.8 * math.asin(min(chord / 2, 1.0))


class ObviousPicture:
    def __init__(self, settings: PictureSettings) -> None:
        self.settings = settings
        self.tracks: dict[SourceKey, dict[str, Track]] = {}
        self.speeds: dict[str, tuple[float, int]] = {}

    def take(self, source: SourceKey, report: Report, received_us: int) -> str | None:
        wrong = self.wrong_alone(report, micros(report.observed_at) - received_us)
        if wrong:
            return wrong
        tracks = self.tracks.setdefault(source, {})
        if report.address not in tracks and len(tracks) >= self.settings.max_tracks_per_source:
            return "too_many_tracks"
        track = tracks.setdefault(report.address, Track())
        at_us = min(micros(report.observed_at), received_us)
        if report.lat is not None and report.lon is not None:
            wrong = self.move(track, (report.lat, report.lon), at_us, self.speeds.get(report.address))
        if not wrong:
            self.merge(track, report, at_us, received_us)
        return wrong

    def wrong_alone(self, report: Report, ahead_us: int) -> str | None:
        s = self.settings
        lat = 1.0 if report.lat is None else report.lat
        lon = 1.0 if report.lon is None else report.lon
        altitude_m = report.altitude.value_m if report.altitude else 0.0
        speed_mps = report.ground_speed_mps or 0.0
        return next(
            (
                reason
                for reason, wrong in (
                    ("from_the_future", ahead_us > s.max_future_s * 1e6),
                    ("too_old", -ahead_us > s.max_age_s * 1e6),
                    ("latitude_out_of_range", not -90 <= lat <= 90),
                    ("longitude_out_of_range", not -180 <= lon <= 180),
                    ("zero_position", lat == 0 and lon == 0),
                    ("impossible_altitude", altitude_m > s.highest_m),
                    ("impossible_speed", not 0 <= speed_mps <= s.max_speed_mps),
                )
                if wrong
            ),
            None,
        )

    def near(self, a: tuple[float, float], a_us: int, b: tuple[float, float], b_us: int) -> bool:
        reach_m = self.settings.jump_tolerance_m + self.settings.max_speed_mps * (b_us - a_us) / 1e6
        return arc_m(a, b) <= reach_m

    def move(
        self, track: Track, place: tuple[float, float], at_us: int, speed: tuple[float, int] | None
    ) -> str | None:
        if track.position is not None:
            if at_us < track.observed_us:
                return "out_of_order"
            if place == track.position:
                moved_m = 0.0
                if speed and speed[1] >= at_us - self.settings.stale_after_s * 1e6:
                    moved_m = speed[0] * (at_us - track.observed_us) / 1e6
                if at_us == track.observed_us or moved_m > self.settings.frozen_m:
                    return "duplicate"
            if not self.near(track.position, track.observed_us, place, at_us):
                if track.rivals:
                    lat, lon, us = track.rivals[-1]
                    if at_us < us or not self.near((lat, lon), us, place, at_us):
                        track.rivals = []
                track.rivals.append((*place, at_us))
                if len(track.rivals) < self.settings.jump_confirmations:
                    return "impossible_jump"
        track.position, track.observed_us, track.rivals = place, at_us, []
        return None

    def merge(self, track: Track, report: Report, at_us: int, received_us: int) -> None:
        track.received_us = received_us
        if report.altitude and (track.altitude is None or at_us >= track.altitude[2]):
            track.altitude = (report.altitude.value_m, report.altitude.datum.value, at_us)
        moving = (report.ground_speed_mps, report.track_deg)
        if moving != (None, None) and (track.velocity is None or at_us >= track.velocity[2]):
            track.velocity = (*moving, at_us)
        if report.vertical_rate_mps is not None and (track.rate is None or at_us >= track.rate[1]):
            track.rate = (report.vertical_rate_mps, at_us)
        track.callsign = report.callsign or track.callsign
        track.squawk = report.squawk or track.squawk
        track.on_ground = track.on_ground if report.on_ground is None else report.on_ground
        track.category = report.category or track.category

    def widen(self, track: Track, report: Report, off_s: float) -> None:
        s = self.settings
        speed = track.velocity[0] if track.velocity and track.velocity[0] is not None else s.default_speed_mps
        stated = s.default_accuracy_m if report.accuracy_m is None else report.accuracy_m
        track.accuracy_m = stated + speed * max(off_s - s.time_allowance_s, 0.0)

    def take_batch(self, source: SourceKey, reports: Sequence[Report], received_us: int) -> dict[str, int]:
        """Accuracy is widened by the speed known at the end of the batch; whether a place is repeated is
        judged by the speed known before it."""
        self.speeds = {
            address: (track.velocity[0], track.velocity[2])
            for address, track in self.tracks.get(source, {}).items()
            if track.velocity and track.velocity[0] is not None
        }
        rejected: dict[str, int] = {}
        last: dict[str, Report] = {}
        for report in reports:
            reason = self.take(source, report, received_us)
            if reason:
                rejected[reason] = rejected.get(reason, 0) + 1
            elif report.lat is not None:
                last[report.address] = report
        for address, report in last.items():
            off_s = abs(received_us - micros(report.observed_at)) / 1e6
            self.widen(self.tracks[source][address], report, off_s)
        return rejected

    def expire(self, now_us: int) -> None:
        keep_us = now_us - self.settings.expire_after_s * 1e6
        for tracks in self.tracks.values():
            for address, track in list(tracks.items()):
                if track.received_us < keep_us:
                    del tracks[address]
                elif track.observed_us < keep_us:
                    track.position = None

    # --- out

    def views(
        self,
        released: Sequence[tuple[SourceKey, str]],
        refer: Callable[[SourceKey, str], str],
        now_us: int,
        raised: Sequence[tuple[SourceKey, str, str]] = (),
    ) -> list[TrackView]:
        by_source = dict(released)
        joined: dict[str, list[tuple[SourceKey, str, Track]]] = {}
        told: list[TrackView] = []
        for source in sorted(self.tracks):
            for address, track in self.tracks[source].items():
                if track.position is None:
                    continue
                level = by_source.get(source)
                lifts = {to for key, which, to in raised if (key, which) == (source, address)}
                if level in (None, "position") and "identity" in lifts:
                    told.append(self.whole(refer(source, address), [(source, "identity", track)], now_us))
                elif level == "position" or (level is None and "position" in lifts):
                    told.append(self.rounded(source, refer(source, address), track, now_us))
                elif level is None:
                    continue
                elif address.startswith("~"):
                    told.append(self.whole(refer(source, address), [(source, level, track)], now_us))
                else:
                    joined.setdefault(address, []).append((source, level, track))
        told.sort(key=lambda view: view.id)
        named = [self.whole(address, joined[address], now_us) for address in sorted(joined)]
        return named + told

    def whole(self, name: str, known: list[tuple[SourceKey, str, Track]], now_us: int) -> TrackView:
        s = self.settings
        order = sorted(known, key=lambda one: (-one[2].observed_us, one[0]))
        first = order[0][2]
        assert first.position
        altitude = velocity = rate = callsign = squawk = on_ground = category = None
        for _, _, track in order:
            fresh_us = track.observed_us - s.stale_after_s * 1e6
            if track.observed_us >= first.observed_us - s.stale_after_s * 1e6:
                if altitude is None and track.altitude and track.altitude[2] >= fresh_us:
                    altitude = track.altitude
                if velocity is None and track.velocity and track.velocity[2] >= fresh_us:
                    velocity = track.velocity
                if rate is None and track.rate and track.rate[1] >= fresh_us:
                    rate = track.rate
            callsign = callsign or track.callsign
            squawk = squawk or track.squawk
            on_ground = track.on_ground if on_ground is None else on_ground
            category = category or track.category
        kinds = {source.provenance.value for source, _, _ in known}
        levels = {level for _, level, _ in known}
        return TrackView(
            id=name,
            source=next(kind for kind in ("own", "broadcast", "sensed") if kind in kinds),
            level=next(level for level in ("own", "broadcast", "identity") if level in levels),
            lat=first.position[0],
            lon=first.position[1],
            age_s=(now_us - first.observed_us) / 1e6,
            accuracy_m=first.accuracy_m,
            stale=first.observed_us < now_us - s.stale_after_s * 1e6,
            altitude_m=altitude[0] if altitude else None,
            altitude_datum=altitude[1] if altitude else None,
            ground_speed_mps=velocity[0] if velocity else None,
            track_deg=velocity[1] if velocity else None,
            vertical_rate_mps=rate[0] if rate else None,
            on_ground=on_ground,
            callsign=callsign,
            squawk=squawk,
            emergency=EMERGENCIES.get(squawk or ""),  # type: ignore[arg-type]  # a closed set of words
            category=category,
            sources=len(known),
        )

    def rounded(self, source: SourceKey, name: str, track: Track, now_us: int) -> TrackView:
        s = self.settings
        exact = self.whole(name, [(source, "identity", track)], now_us)
        band = min(math.floor((exact.lat + 90) * 240), 180 * 240 - 1)
        lat = (band + 0.5) / 240 - 90
        cells = max(round(86_400 * math.cos(math.radians(lat))), 1)
        lon = (math.floor((exact.lon + 180) % 360 / 360 * cells) + 0.5) / cells * 360 - 180
        second_us = track.observed_us // 1_000_000 * 1_000_000

        def step(value: float | None, by: float) -> float | None:
            return None if value is None else round(value / by) * by

        course = step(exact.track_deg, 5.0)
        return TrackView(
            id=name,
            source=exact.source,
            level="position",
            lat=lat,
            lon=lon,
            age_s=(now_us - second_us) / 1e6,
            accuracy_m=math.ceil((exact.accuracy_m + 463.0) / 100.0) * 100.0,
            stale=second_us < now_us - s.stale_after_s * 1e6,
            altitude_m=step(exact.altitude_m, 15.24),
            altitude_datum=exact.altitude_datum,
            ground_speed_mps=step(exact.ground_speed_mps, 5.0),
            track_deg=None if course is None else course % 360.0,
            vertical_rate_mps=step(exact.vertical_rate_mps, 1.524),
            category=exact.category,
        )
