"""The funnel: one participant's flood costs it its own reports, and nobody else more than a turn."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from comity.feeds.funnel import Funnel, FunnelSettings, Item
from comity.feeds.sbs import SbsDecoder
from comity.ids import ParticipantId
from comity.model.intake import SourceKey
from comity.model.observation import Provenance, Report
from tests.feeds.sbs_lines import line

NOW = datetime(2026, 2, 24, 15, 0, tzinfo=UTC)
SMALL = FunnelSettings(queue_bytes=1_000, feeds_per_participant=2, turn_bytes=100)


def source(who: str, feed: str = "adsb") -> SourceKey:
    return SourceKey(ParticipantId(who), feed, Provenance.BROADCAST)


class Sink:
    def __init__(self, settings: FunnelSettings = SMALL) -> None:
        self.taken: list[Item] = []
        self.lost: dict[SourceKey, int] = {}
        self.funnel = Funnel(self.taken.append, self.drop, settings)

    def drop(self, key: SourceKey, count: int) -> None:
        self.lost[key] = self.lost.get(key, 0) + count

    def offer(self, key: SourceKey, payload: bytes | tuple[Report, ...]) -> int:
        return self.funnel.offer(Item(key, payload, NOW))

    def drain(self) -> None:
        while self.funnel.turn():
            pass

    def bytes_of(self, key: SourceKey) -> bytes:
        return b"".join(
            item.payload for item in self.taken if item.source == key and isinstance(item.payload, bytes)
        )


def test_a_flood_drops_the_flooders_oldest_and_counts_it() -> None:
    sink = Sink()
    for number in range(1_000):
        sink.offer(source("flood"), b"%09d\n" % number)
        if number % 100 == 0:
            sink.offer(source("quiet"), b"%09d\n" % number)
    sink.drain()
    assert sink.lost == {source("flood"): 900}
    assert sink.bytes_of(source("quiet")).count(b"\n") == 10
    assert sink.bytes_of(source("flood")).endswith(b"000000999\n")


def test_another_waits_for_one_turn_at_most() -> None:
    sink = Sink()
    for feed in ("one", "two"):
        sink.offer(source("flood", feed), b"x" * 99 + b"\n" + b"y" * 899)
    sink.offer(source("quiet"), b"z\n")
    sink.funnel.turn()
    sink.funnel.turn()
    assert [item.source.participant for item in sink.taken][-1] == "quiet"
    assert sum(len(item.payload) for item in sink.taken if item.source != source("quiet")) <= 200


def test_feeds_of_one_participant_take_turns_and_are_bounded() -> None:
    sink = Sink()
    for feed in ("one", "two", "three"):
        sink.offer(source("anna", feed), b"x\n")
    sink.drain()
    assert [item.source.feed for item in sink.taken] == ["one", "two"]
    assert sink.lost == {source("anna", "three"): 1}
    assert sink.offer(source("anna", "three"), b"x\n") == 0


def test_halves_of_two_lines_do_not_make_a_third() -> None:
    """What follows a gap starts on a line of its own; else two halves could read as one whole line."""
    sink = Sink(FunnelSettings(queue_bytes=150, turn_bytes=1_000))
    first, second = line(address="A00001", lat="46", lon="7"), line(address="A00002", lat="-46", lon="7")
    cut = first.index(b",46,") + 1
    sink.offer(source("anna"), first[:cut])
    sink.drain()
    sink.offer(source("anna"), first[cut:])
    sink.offer(source("anna"), second[: second.index(b"-46")] + b"x" * 140)
    sink.offer(source("anna"), second[second.index(b"-46") :])
    sink.drain()
    batch = SbsDecoder().decode(sink.bytes_of(source("anna")), received_at=NOW, last=True)
    assert len(batch) == 0
    assert sink.lost[source("anna")] >= 2


@given(st.lists(st.tuples(st.sampled_from("ab"), st.binary(min_size=1, max_size=400)), max_size=15))
def test_what_is_not_dropped_arrives_in_order_and_whole(offers: list[tuple[str, bytes]]) -> None:
    sink = Sink(FunnelSettings(queue_bytes=1_000_000, turn_bytes=64))
    for who, payload in offers:
        sink.offer(source(who), payload)
    sink.drain()
    for who in "ab":
        assert sink.bytes_of(source(who)) == b"".join(payload for name, payload in offers if name == who)
        assert sink.funnel.waiting_bytes(source(who)) == 0
    assert sink.lost == {}


def test_reports_are_cut_to_turns_too() -> None:
    sink = Sink(FunnelSettings(queue_bytes=100_000, turn_bytes=200))
    sink.offer(source("anna"), tuple(Report(address=f"{n + 1:06X}", observed_at=NOW) for n in range(5)))
    sink.offer(source("anna"), ())
    sink.drain()
    assert [len(item.payload) for item in sink.taken] == [2, 2, 1, 0]


def test_run_takes_what_comes_and_lets_others_run() -> None:
    sink = Sink()

    async def scene() -> None:
        task = asyncio.create_task(sink.funnel.run())
        for _ in range(3):
            sink.offer(source("anna"), b"x\n")
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(scene())
    assert len(sink.taken) == 3
