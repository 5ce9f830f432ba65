"""The index returns all that overlaps, whatever was put in and taken out before."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from comity.clock import seconds
from comity.geo import earth
from comity.geo.boxes import PAD_M, Box, coarsened, diameter_m, outline_box, outline_boxes
from comity.geo.cells import FINEST_FITS_M, GRID_LEVELS, corners, grid_cells, level_of
from comity.geo.grid import SIDES_M, cell_for, cells_for
from comity.geo.heights import WORST_CASE, Environment
from comity.geo.index import VolumeIndex
from comity.geo.overlap import overlapping
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from tests.geo import reference
from tests.geo.making import NOON, environments, examples, near, outlines, places, volumes


def brute(kept: dict[int, Box], box: Box) -> set[int]:
    """Every box compared with every other, in double precision."""
    found = set()
    for handle, b in kept.items():
        space = all(b[k] <= box[k + 3] and b[k + 3] >= box[k] for k in range(3))
        height = b.lower_m <= box.upper_m and b.upper_m >= box.lower_m
        if space and height and b.start_s <= box.end_s and b.end_s >= box.start_s:
            found.add(handle)
    return found


def shrunk(box: Box, by_m: float = 0.5) -> Box:
    """A box without what is there for single precision, which an answer may or may not include."""
    return box._replace(
        x_low=box.x_low + by_m,
        y_low=box.y_low + by_m,
        z_low=box.z_low + by_m,
        x_high=box.x_high - by_m,
        y_high=box.y_high - by_m,
        z_high=box.z_high - by_m,
    )


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), places())
def test_every_place_of_an_outline_is_in_its_box(data: st.DataObject, centre: LatLon) -> None:
    shape = data.draw(outlines(centre, 5_000_000.0))
    box = np.array(outline_box(shape))
    lats, lons = reference.boundary(shape, 20)
    azimuths, lengths = earth.geodesics(lats_a=centre.lat, lons_a=centre.lon, lats_b=lats, lons_b=lons)
    for share in (0.0, 0.4, 0.9, 1.0):
        inner_lats, inner_lons = earth.destinations(
            lats=centre.lat, lons=centre.lon, azimuths_deg=azimuths, distances_m=lengths * share
        )
        points = earth.xyz(lats=inner_lats, lons=inner_lons)
        assert (points >= box[:3] + PAD_M / 2).all()
        assert (points <= box[3:] - PAD_M / 2).all()
    assert np.allclose(outline_boxes([shape, shape])[1], box, rtol=0.0, atol=1e-6)
    assert cells_for(box[None])[0] == cell_for(tuple(box.tolist()))


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), places(), st.sampled_from([5_000.0, 30_000.0, 300_000.0, 5_000_000.0]))
def test_a_coarsened_box_holds_the_grid_cells(data: st.DataObject, centre: LatLon, extent_m: float) -> None:
    shape = data.draw(outlines(centre, extent_m))
    plain = Box(*outline_box(shape), 0.0, 100.0, 0.0, 1.0)
    box = coarsened(plain, 10.0, 1.0)
    assert box[6:] == (-10.0, 110.0, -1.0, 2.0)
    cells = grid_cells(shape)
    if diameter_m(plain) <= FINEST_FITS_M:
        assert {level_of(cell) for cell in cells} == {GRID_LEVELS[0]}
    for cell in cells:
        lats, lons = zip(*corners(cell), strict=True)
        points = earth.xyz(lats=lats, lons=lons)
        assert (points >= box[:3]).all()
        assert (points <= box[3:6]).all()


@settings(max_examples=examples(35), deadline=None)
@given(
    st.lists(volumes(), max_size=6),
    st.lists(volumes(at=LatLon(90.0, 0.0)), max_size=4),
    st.lists(volumes(at=LatLon(-17.0, 180.0), largest_m=50_000.0), max_size=4),
    volumes() | volumes(at=LatLon(-17.0, -180.0)) | volumes(at=LatLon(90.0, 120.0)),
    environments(),
    st.booleans(),
)
def test_a_search_returns_all_that_overlaps(
    somewhere: list[Volume4D],
    polar: list[Volume4D],
    pacific: list[Volume4D],
    query: Volume4D,
    environment: Environment,
    bulk: bool,
) -> None:
    kept = somewhere + polar + pacific
    index = VolumeIndex(environment)
    if bulk:
        handles = index.bulk_insert(kept, list(range(len(kept))), [7] * len(kept)).tolist()
    else:
        handles = [index.insert(v, k, 7) for k, v in enumerate(kept)]
    found = index.search(query)
    assert len(set(found.tolist())) == len(found)
    exact = overlapping(query, kept, environment, NOON)
    assert {h for h, yes in zip(handles, exact, strict=True) if yes} <= set(found.tolist())
    boxes = {h: index.box_of(v) for h, v in zip(handles, kept, strict=True)}
    assert brute(boxes, shrunk(index.box_of(query))) <= set(found.tolist())
    assert index.item[found].tolist() == [handles.index(h) for h in found.tolist()]
    assert set(index.owner[found].tolist()) <= {7}


def plain(place: LatLon, radius_m: float, lower_m: float, upper_m: float, start: int, end: int) -> Volume4D:
    return Volume4D(
        Circle(place, radius_m),
        Altitude(lower_m, Datum.W84),
        Altitude(upper_m, Datum.W84),
        NOON + timedelta(minutes=start),
        NOON + timedelta(minutes=end),
    )


def test_ties_in_height_and_time_are_returned() -> None:
    index = VolumeIndex(WORST_CASE)
    place = LatLon(46.0, 7.0)
    handle = index.insert(plain(place, 100.0, 100.0, 200.0, 0, 10), 42, 3)
    assert index.search(plain(place, 100.0, 200.0, 300.0, 10, 20)).tolist() == [handle]
    assert index.search(plain(place, 100.0, 0.0, 100.0, -10, 0)).tolist() == [handle]
    assert index.search(plain(place, 100.0, 200.001, 300.0, 0, 10)).tolist() == []
    assert index.search(plain(place, 100.0, 100.0, 200.0, 11, 20)).tolist() == []
    assert (index.item[handle], index.owner[handle]) == (42, 3)
    assert (index.lower_m[handle], index.upper_m[handle]) == (100.0, 200.0)
    assert index.start_s[handle] == seconds(NOON)
    assert index.end_s[handle] == seconds(NOON + timedelta(minutes=10))


def test_a_small_search_in_a_crowd_and_a_large_search_over_it() -> None:
    rng = np.random.default_rng(5)
    town = LatLon(47.0, 8.0)
    kept = [
        plain(near(town, float(d), float(a)), 60.0, float(h), float(h) + 30.0, 0, 30)
        for d, a, h in zip(
            rng.uniform(0, 40_000, 3_000), rng.uniform(0, 360, 3_000), rng.uniform(0, 500, 3_000), strict=True
        )
    ]
    routes = [plain(near(town, 400_000.0, 9.0 * k), 500_000.0, 9e3, 9.5e3, 0, 60) for k in range(40)]
    index = VolumeIndex(WORST_CASE)
    index.bulk_insert(kept, list(range(3_000)), [0] * 3_000)
    index.bulk_insert(routes, list(range(3_000, 3_040)), [1] * 40)
    boxes = {h: index.box_of(v) for h, v in enumerate(kept + routes)}
    for query in (
        *kept[:50],
        *routes[:3],
        plain(town, 5_000.0, 0.0, 400.0, 0, 5),
        plain(town, 30_000.0, 0.0, 100.0, 0, 5),
        plain(town, 1_500_000.0, 0.0, 20_000.0, 0, 5),
        plain(LatLon(-47.0, 8.0), 60.0, 0.0, 100.0, 0, 5),
    ):
        found = index.search(query)
        box = index.box_of(query)
        assert brute(boxes, shrunk(box)) <= set(found.tolist())
        wider = shrunk(box, -1.0)
        assert set(found.tolist()) <= brute(boxes, wider)


class Comings(RuleBasedStateMachine):
    """Insertions and removals in any order, against a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.index = VolumeIndex(WORST_CASE)
        self.kept: dict[int, tuple[Volume4D, int]] = {}
        self.count = 0

    @rule(volume=volumes(at=LatLon(46.0, 7.0), largest_m=20_000.0) | volumes(), copies=st.integers(1, 4))
    def insert(self, volume: Volume4D, copies: int) -> None:
        for _ in range(copies):
            handle = self.index.insert(volume, self.count, self.count % 5)
            assert handle not in self.kept
            self.kept[handle] = (volume, self.count)
            self.count += 1

    @rule(many=st.lists(volumes(at=LatLon(46.0, 7.0), largest_m=2_000.0), max_size=8))
    def insert_many(self, many: list[Volume4D]) -> None:
        items = list(range(self.count, self.count + len(many)))
        handles = self.index.bulk_insert(many, items, [k % 5 for k in items]).tolist()
        assert not set(handles) & set(self.kept)
        self.kept.update({h: (v, k) for h, v, k in zip(handles, many, items, strict=True)})
        self.count += len(many)

    @rule(pick=st.integers(0, 10**6))
    def remove(self, pick: int) -> None:
        if self.kept:
            handle = sorted(self.kept)[pick % len(self.kept)]
            self.index.remove(handle)
            del self.kept[handle]
            with pytest.raises(KeyError):
                self.index.remove(handle)

    @rule(query=volumes(at=LatLon(46.0, 7.0)) | volumes())
    def search(self, query: Volume4D) -> None:
        found = set(self.index.search(query).tolist())
        assert found <= set(self.kept)
        boxes = {h: self.index.box_of(v) for h, (v, _) in self.kept.items()}
        assert brute(boxes, shrunk(self.index.box_of(query))) <= found
        for handle in found:
            assert self.index.item[handle] == self.kept[handle][1]

    @invariant()
    def counts(self) -> None:
        assert len(self.index) == len(self.kept)


Comings.TestCase.settings = settings(max_examples=examples(10), stateful_step_count=25, deadline=None)
test_comings_and_goings = Comings.TestCase


def test_an_emptied_index_holds_no_cells() -> None:
    index = VolumeIndex(WORST_CASE)
    handles = [
        index.insert(plain(near(LatLon(0.0, 0.0), 10.0 * 1.5**k, 33.0 * k), 10.0 * 1.4**k, 0, 9, 0, 9), k, 0)
        for k in range(36)
    ]
    for handle in handles:
        index.remove(handle)
    assert len(index) == 0
    assert index._grid._held == {}
    assert index._grid._listed == {}
    assert index.search(plain(LatLon(0.0, 0.0), 4_000_000.0, 0, 9, 0, 9)).tolist() == []


def test_a_handle_is_not_given_out_twice_while_in_use() -> None:
    index = VolumeIndex(WORST_CASE)
    volume = plain(LatLon(46.0, 7.0), 100.0, 0.0, 100.0, 0, 10)
    first, second = index.insert(volume, 1, 0), index.insert(volume, 2, 0)
    index.remove(first)
    third = index.insert(volume, 3, 0)
    assert third == first
    assert sorted(index.item[index.search(volume)].tolist()) == [2, 3]
    assert second != third


def test_unequal_columns_are_refused() -> None:
    index = VolumeIndex(WORST_CASE)
    with pytest.raises(ValueError, match="equally many"):
        index.bulk_insert([plain(LatLon(46.0, 7.0), 1.0, 0.0, 1.0, 0, 1)], [], [])


def test_sides_grow_beyond_the_earth() -> None:
    assert SIDES_M[-1] > 2.0 * (earth.A_M + PAD_M)
