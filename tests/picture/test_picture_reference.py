"""The picture equals the slow, obvious one: verdicts, merging, fusion, rounding, deltas."""

from __future__ import annotations

import math
import os

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.clock import micros
from comity.model.intake import SourceKey
from comity.model.released import TrackView
from comity.picture.frame import TrackDelta
from comity.picture.settings import PictureSettings
from tests.picture.making import ANNA, BERT, IDS, SOURCES, at, feed, picture, report, reports
from tests.picture.obvious import ObviousPicture

EXAMPLES = int(os.environ.get("COMITY_EXAMPLES", "40"))
"""More for a longer search."""

LIMITS = PictureSettings(max_tracks_per_source=3)
LEVELS = {
    "own": ["own", "identity", "position"],
    "broadcast": ["broadcast"],
    "sensed": ["own", "identity", "position"],
}

released_sources = st.lists(st.sampled_from(SOURCES), unique=True, max_size=5).flatmap(
    lambda keys: st.tuples(
        *[st.tuples(st.just(key), st.sampled_from(LEVELS[key.provenance.value])) for key in keys]
    )
)

raised_tracks = st.lists(
    st.tuples(
        st.sampled_from(SOURCES),
        st.sampled_from(["4CA7B5", "3C6666", "000001", "~7", "~8", "ABCDEF"]),
        st.sampled_from(["position", "identity"]),
    ),
    max_size=5,
)


def same(seen: TrackView, meant: TrackView) -> None:
    """Equal up to the digits that are told; accuracy and age never below."""
    for name in TrackView.__struct_fields__:
        a, b = getattr(seen, name), getattr(meant, name)
        if name in ("accuracy_m", "age_s"):
            assert 0.0 <= a - b <= 1.2, (name, a, b)
        elif isinstance(b, float):
            assert math.isclose(a, b, abs_tol={"lat": 1e-6, "lon": 1e-6}.get(name, 0.06)), (name, a, b)
        else:
            assert a == b, (name, a, b)


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_it_equals_the_obvious_picture(data: st.DataObject) -> None:
    quick = picture(max_tracks_per_source=3)
    slow = ObviousPicture(LIMITS)
    held: dict[str, TrackView] = {}
    stamp: int | None = None
    second = 0.0
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(0, 4))):
            second += data.draw(st.sampled_from([0.0, 0.5, 1.0, 20.0]))
            source = data.draw(st.sampled_from(SOURCES))
            batch = data.draw(st.lists(reports(second), max_size=8))
            rejected = feed(quick, source, *batch, seconds=second)
            assert rejected == slow.take_batch(source, batch, micros(at(second)))
        second += data.draw(st.sampled_from([1.0, 10.0, 70.0]))
        quick.tick(at(second))
        now_us = micros(at(second))
        slow.expire(now_us)
        released = data.draw(released_sources)
        period = str(now_us // 3_600_000_000)

        def refer(source: SourceKey, address: str, period: str = period) -> str:
            return IDS.reference(BERT, "\x1f".join((*source, address)), period)

        raised = data.draw(raised_tracks)
        frame = quick.frame(BERT, released, raised)
        seen = frame.views()
        meant = slow.views(released, refer, now_us, raised)
        assert [view.id for view in seen] == [view.id for view in meant] == frame.ids()
        for one, other in zip(seen, meant, strict=True):
            same(one, other)
        assert msgspec.json.decode(frame.json, type=list[TrackView]) == seen
        stamp = follow(quick.delta(BERT, released, stamp, raised), held, seen)


def follow(delta: TrackDelta, held: dict[str, TrackView], seen: list[TrackView]) -> int:
    """Apply a delta to what a reader holds: it then holds the frame, but for the age of what rests."""
    if delta.reset:
        held.clear()
    for name in delta.gone:
        del held[name]
    for view in msgspec.json.decode(delta.changed_json, type=list[TrackView]):
        held[view.id] = view
    assert {name: msgspec.structs.replace(view, age_s=0.0) for name, view in held.items()} == {
        view.id: msgspec.structs.replace(view, age_s=0.0) for view in seen
    }
    return delta.stamp


@given(st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_hidden_sources_change_no_byte(data: st.DataObject) -> None:
    """Two worlds that differ only in sources not released to Bert, whoever else looks on."""
    released = data.draw(released_sources)
    visible = [key for key, _ in released] + [SourceKey(BERT, "mine", SOURCES[2].provenance)]
    hidden = [key for key in SOURCES if key not in visible and key.participant != BERT]
    worlds = (picture(), picture())
    since: list[int | None] = [None, None]
    second = 0.0
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(data.draw(st.integers(0, 3))):
            second += 0.5
            source = data.draw(st.sampled_from(visible))
            batch = data.draw(st.lists(reports(second), max_size=6))
            for world in worlds:
                if hidden:
                    noise = data.draw(st.lists(reports(second), max_size=4))
                    feed(world, data.draw(st.sampled_from(hidden)), *noise, seconds=second)
                feed(world, source, *batch, seconds=second)
        second += data.draw(st.sampled_from([1.0, 30.0]))
        raised = [one for one in data.draw(raised_tracks) if one[0] in visible]
        answers = []
        for index, world in enumerate(worlds):
            world.tick(at(second))
            if data.draw(st.booleans()):
                world.delta(ANNA, [(key, "identity") for key in SOURCES if key in world.sources()], None)
            delta = world.delta(BERT, released, since[index], raised)
            since[index] = delta.stamp
            whole = world.frame(BERT, released, raised).since(None)
            forms = [(one.changed_json, one.words_json, one.packed) for one in (delta.step, whole)]
            answers.append((delta.stamp, delta.gone, delta.reset, forms, world.counters(BERT)))
        assert answers[0] == answers[1]


def test_order_of_released_does_not_matter() -> None:
    worlds = picture(), picture()
    for world in worlds:
        for key in SOURCES:
            feed(world, key, report(lat=46.0, lon=7.0, callsign="KLM1"), report("3C6666", lat=46.0, lon=8.0))
        world.tick(at(1))
    given_ = [(key, LEVELS[key.provenance.value][0]) for key in SOURCES]
    assert worlds[0].frame(BERT, given_).json == worlds[1].frame(BERT, given_[::-1]).json
