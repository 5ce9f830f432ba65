"""What was kept of a frame gives the JSON that was released, byte for byte."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from comity.clock import micros
from comity.picture.encoded import Encoded, Overlaid
from comity.picture.frame import Frame
from comity.picture.kept import columns, compressed, restored
from comity.picture.rows import ROW, Rows
from tests.picture.making import ANNA, SOURCES, START, at, feed, picture, reports


def again(tracks: Encoded, now_us: int) -> Encoded:
    data = compressed(columns(tracks, now_us=now_us))
    return restored(data, by_address=tracks.by_address, now_us=now_us)


def rebuilt(frame: Frame) -> bytes:
    now_us = micros(frame.as_of)
    addressed = [again(layer, now_us) for layer in frame.addressed.layers()]
    (referenced,) = [again(layer, now_us) for layer in frame.referenced.layers()]
    whole = addressed[0] if len(addressed) == 1 else Overlaid(addressed[0], addressed[1])
    return Frame(frame.as_of, whole, referenced).json


@given(st.data())
def test_a_frame_comes_back_as_it_was_released(data: st.DataObject) -> None:
    it = picture()
    for second in range(3):
        for source in SOURCES:
            given_reports = data.draw(st.lists(reports(float(second)), max_size=6))
            feed(it, source, *given_reports, seconds=float(second))
    it.tick(at(3.0))
    levels = data.draw(st.tuples(*[st.sampled_from(["position", "identity", None])] * 3))
    given_levels = ["broadcast", "broadcast", *levels]
    released = [(key, level) for key, level in zip(SOURCES, given_levels, strict=True) if level]
    frame = it.frame(ANNA, released)
    assert rebuilt(frame) == frame.json


def random_rows(count: int, seed: int = 1) -> Rows:
    draw = np.random.default_rng(seed)
    rows = np.zeros(count, ROW)
    rows["number"] = np.sort(draw.choice(2**24, count, replace=False))
    rows["observed_us"] = micros(START) - draw.integers(-5_000, 60_000_000, count)
    for name, low, high in (
        ("lat", -90, 90),
        ("lon", -180, 180),
        ("accuracy_m", 0, 20_000),
        ("altitude_m", -500, 60_000),
        ("ground_speed_mps", 0, 900),
        ("track_deg", 0, 360),
        ("vertical_rate_mps", -150, 150),
    ):
        rows[name] = draw.uniform(low, high, count)
        if name not in ("lat", "lon", "accuracy_m"):
            rows[name][draw.random(count) < 0.2] = np.nan
    rows["callsign"] = [b"" if n % 5 == 0 else b"DLH%d" % n for n in draw.integers(1, 9_999, count)]
    rows["squawk"] = draw.integers(-1, 7_777, count)
    rows["sources"] = draw.integers(1, 4, count)
    rows["on_ground"] = draw.integers(-1, 2, count)
    return rows


def test_no_rounding_is_off_by_one_in_many_rows_and_each_takes_few_bytes() -> None:
    rows = random_rows(20_000)
    tracks = Encoded(rows, None, now_us=micros(START))
    data = compressed(columns(tracks, now_us=micros(START)))
    back = restored(data, by_address=True, now_us=micros(START))
    everything = range(len(rows))
    assert back.pieces(everything) == tracks.pieces(everything)
    assert len(data) < 40 * len(rows), "random in every digit; real traffic takes about 24"


def test_the_number_behind_a_reference_is_not_kept() -> None:
    rows = random_rows(3)
    tracks = Encoded(rows, ["a", "b", "c"], now_us=micros(START))
    back = again(tracks, micros(START))
    assert back.names() == ["a", "b", "c"]
    assert back.rows["number"].tolist() == [0, 0, 0]


def test_nothing_is_kept_of_nothing() -> None:
    empty: list[str] = []
    for ids in (None, empty):
        back = again(Encoded(random_rows(0), ids, now_us=0), 0)
        assert (len(back), back.names()) == (0, [])
