"""What can be set about the picture: each with its unit, its reason, and what making it larger does."""

from __future__ import annotations

from typing import Final

import msgspec

from comity.errors import InvalidInput
from comity.model.altitude import LOWEST_M


class PictureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stale_after_s: float = 15.0
    """Without a position for so long a track is marked stale. ADS-B is twice a second, a long-range radar
    turns once in 12 s. Larger: old positions look fresh."""
    expire_after_s: float = 60.0
    """Without a report for so long a track leaves the picture. Larger: ghosts of landed aircraft."""
    max_age_s: float = 60.0
    """Reports claimed to be older on arrival are rejected: they would expire at once."""
    max_future_s: float = 10.0
    """Reports claimed to be from further ahead are rejected: a clock or a zone is wrong."""
    time_allowance_s: float = 2.0
    """Claimed and received time may differ by so much before it counts as a disagreement and widens
    accuracy: the delay of an ordinary network and a receiver's buffer."""
    max_speed_mps: float = 1_030.0
    """About 2,000 kt, faster than any aircraft in service. Larger: wilder positions pass."""
    max_vertical_rate_mps: float = 200.0
    """Above what ADS-B can code (32,608 ft/min, 166 m/s)."""
    highest_m: float = 45_000.0
    """Above what ADS-B can code (126,750 ft, 38.6 km) and sounding balloons reach."""
    jump_tolerance_m: float = 1_000.0
    """A position may be off by so much beyond flying there: noise, and times in whole seconds."""
    jump_confirmations: int = 3
    """So many positions in a row that fit each other, and not the track, move the track."""
    frozen_m: float = 100.0
    """An aircraft whose stated speed would have carried it further than this, and that reports exactly the
    same place, repeats an old position: receivers do that when reception is poor. Such a report is a
    duplicate and makes nothing fresh. Larger: frozen positions look fresh for longer."""
    default_accuracy_m: float = 185.2
    """Taken where a report states none: NACp 7, the least that EASA CS-ACNS asks of ADS-B."""
    default_speed_mps: float = 250.0
    """Taken for widening where an aircraft's speed is not known: a jet's cruise."""
    max_tracks_per_source: int = 50_000
    """Several times the aircraft airborne worldwide. Further ones are refused and counted."""
    max_tracks_per_participant: int = 100_000
    """Over all its sources: everybody's frames grow with what one participant may put into them."""
    max_feeds_per_participant: int = 16
    reference_period_s: int = 3_600
    """How long a reference under which another's track is seen stays the same."""
    kept_frames: int = 4
    """Frames remembered per reader to tell what changed; a reader further behind gets a whole one."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 < getattr(self, name) < float("inf"):
                raise InvalidInput(f"{name} must be a finite number over 0", field=name)
        if self.stale_after_s > self.expire_after_s:
            raise InvalidInput("stale_after_s must not be over expire_after_s", field="stale_after_s")


LOWEST_ALTITUDE_M: Final = LOWEST_M
"""The model's own bound: below it a height is a unit mistake."""
