"""An overlay behaves as a dict that was copied, and never writes to what it lies over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from comity.coordination.tables import Overlay

KEYS = st.integers(0, 5)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), KEYS, st.integers(1, 99)))


@given(st.dictionaries(KEYS, st.integers(1, 99)), STEPS)
def test_an_overlay_is_a_copy_that_costs_nothing(
    base: dict[int, int], steps: list[tuple[str, int, int]]
) -> None:
    before = dict(base)
    overlay, copy = Overlay(base), dict(base)
    for what, key, value in steps:
        if what == "put":
            overlay[key] = value
            copy[key] = value
        else:
            assert overlay.pop(key, None) == copy.pop(key, None)
        assert dict(overlay) == copy
        assert len(overlay) == len(copy)
        assert overlay.get(key) == copy.get(key)
    assert base == before
