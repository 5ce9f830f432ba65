"""The splitter gives the same lines however the stream is cut, and its memory is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from comity.feeds.lines import Splitter


def whole(data: bytes, limit: int) -> tuple[list[bytes], int]:
    """The obvious reference: split, trim, drop what is too long."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    trimmed = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    return [line for line in trimmed if len(line) <= limit], sum(len(line) > limit for line in trimmed)


@given(
    st.lists(st.sampled_from([b"a", b"bc,d", b"\r", b"\n", b"\r\n", b"x" * 7, b"\xff"]), max_size=40),
    st.data(),
)
def test_lines_do_not_depend_on_the_cuts(words: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    splitter = Splitter(max_line_bytes=8)
    lines: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        lines += splitter.feed(stream[start:end])
    lines += splitter.finish()
    assert (lines, splitter.too_long) == whole(stream, 8)


def test_an_endless_line_is_dropped_and_counted_once() -> None:
    splitter = Splitter(max_line_bytes=100)
    for _ in range(1_000):
        assert splitter.feed(b"x" * 1_000) == []
        assert len(splitter._tail) <= 101
    assert splitter.feed(b"x\nnext\n") == [b"next"]
    assert splitter.too_long == 1
