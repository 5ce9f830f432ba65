"""What a participant gets at this moment, in one place, for its history: from the same views, the same
picture and the same alerts from which everything else that leaves is read."""

from __future__ import annotations

from collections.abc import Iterator

from comity.clock import Clock
from comity.coordination.state import State
from comity.exchange.history import RAISED
from comity.exchange.tracks import Tracks
from comity.exchange.values import AlertFrame
from comity.exchange.views import Views
from comity.exchange.warnings import Warnings
from comity.ids import ParticipantId
from comity.model.observation import Provenance
from comity.model.released import ChangePage
from comity.picture.frame import Frame
from comity.picture.picture import Picture


class Released:
    """``history.Door`` onto an exchange's parts."""

    def __init__(
        self,
        state: State,
        picture: Picture,
        views: Views,
        tracks: Tracks,
        warnings: Warnings,
        clock: Clock,
    ) -> None:
        self._state = state
        self._picture = picture
        self._views = views
        self._tracks = tracks
        self._warnings = warnings
        self._clock = clock

    def changes(self, who: ParticipantId, cursor: str | None, limit: int) -> ChangePage:
        now = self._clock.now()
        return self._views.of(who, now).page(cursor, limit, now)

    def frame(self, who: ParticipantId) -> Frame:
        return self._tracks.frame(who, self._clock.now())

    def alerts(self, who: ParticipantId) -> AlertFrame:
        return self._warnings.frame(who, self._clock.now())

    def item_owner(self, who: ParticipantId, ref: str) -> ParticipantId | None:
        entity = self._views.of(who, self._clock.now()).entities.get(ref)
        item = None if entity is None else self._state.item(entity)
        return None if item is None else item.owner

    def track_owners(self, who: ParticipantId) -> Iterator[tuple[ParticipantId, str]]:
        kinds = {Provenance.OWN: "own_track", Provenance.SENSED: "sensed_track"}
        for key, _ in self._tracks.sources(who, self._clock.now()):
            kind = kinds.get(key.provenance)
            if kind is not None and key.participant != who and self._picture.shows(key):
                yield key.participant, kind
        for key, _, _ in self._tracks.raised(who):
            yield key.participant, RAISED
