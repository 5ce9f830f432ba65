"""The second door: bytes and reports from a participant's feeds, through one funnel, into the picture.

Each feed has a decoder of its own, so that a line cut in half by one request is completed by the next,
and nobody's tail meets another's. What came of each report goes back to its bringer, counted by reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from comity.errors import QuotaExceeded
from comity.feeds.sbs import SbsDecoder
from comity.ids import ParticipantId
from comity.model.intake import Intake, SourceKey
from comity.model.observation import Provenance, Report
from comity.picture.picture import Picture

MAX_DECODERS: Final = 16
"""Feeds of text that one participant may have open: each holds caches and a tail."""

IDLE_DECODER: Final = timedelta(seconds=600)
"""A feed silent for so long gives up its place; the same as an empty source of the picture."""


class _Fed:
    """One feed's decoder, and when it last had bytes."""

    __slots__ = ("at", "decoder")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.decoder = SbsDecoder()


class Observing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._decoders: dict[ParticipantId, dict[SourceKey, _Fed]] = {}

    def reports(
        self,
        who: ParticipantId,
        feed: str,
        provenance: Provenance,
        reports: Sequence[Report],
        received_at: datetime,
    ) -> Intake:
        return self._picture.ingest_reports(who, feed, provenance, reports, received_at=received_at)

    def sbs(
        self,
        who: ParticipantId,
        feed: str,
        provenance: Provenance,
        chunk: bytes,
        time_offset_s: float,
        received_at: datetime,
    ) -> Intake:
        """Decode SBS lines and take them in; a cut line waits for the feed's next bytes."""
        source = SourceKey(who, feed, provenance)
        decoder = self._decoder(source, received_at)
        batch = decoder.decode(chunk, received_at=received_at, time_offset_s=time_offset_s)
        return self._picture.ingest(
            source, batch, received_at=received_at, lines=chunk, time_offset_s=time_offset_s
        )

    def _decoder(self, source: SourceKey, received_at: datetime) -> SbsDecoder:
        """The feed's decoder, made where there is room; those long idle make room first."""
        own = self._decoders.setdefault(source.participant, {})
        fed = own.get(source)
        if fed is None:
            if len(own) >= MAX_DECODERS:
                for idle in [key for key, each in own.items() if received_at - each.at >= IDLE_DECODER]:
                    del own[idle]
            if len(own) >= MAX_DECODERS:
                raise QuotaExceeded(f"at most {MAX_DECODERS} text feeds at a time", field="feed")
            fed = own[source] = _Fed(received_at)
        fed.at = received_at
        return fed.decoder
