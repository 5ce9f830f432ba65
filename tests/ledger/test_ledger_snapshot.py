"""Snapshots: what was written is read; anything else is refused, wherever the damage sits."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.errors import IntegrityFailure, InvalidInput, LedgerFull, NotFound
from comity.ids import SeededEntropy
from comity.ledger.reader import LogHead
from comity.ledger.snapshot import (
    Meta,
    file_sha256,
    newest,
    prune,
    read_snapshot,
    snapshot_path,
    snapshots,
    write_snapshot,
)

KEY = bytes(range(32))
META = Meta(3, "digest", "00" * 32, 5, (LogHead("tree", 3, bytes(32)),))


@given(chunks=st.lists(st.binary(max_size=200), max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read(tmp_path: Path, chunks: list[bytes]) -> None:
    path = snapshot_path(tmp_path, 3)
    written = write_snapshot(path, META, iter(chunks), KEY)
    assert written.sha256 == file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert written.bytes_written == path.stat().st_size
    meta, read = read_snapshot(path, KEY)
    assert (meta, list(read)) == (META, chunks)


def _refused(path: Path, key: bytes = KEY) -> bool:
    try:
        list(read_snapshot(path, key)[1])
    except IntegrityFailure:
        return True
    return False


def test_every_changed_bit_and_every_cut_is_refused(tmp_path: Path) -> None:
    path = snapshot_path(tmp_path, 3)
    write_snapshot(path, META, [b"first", b"", b"third"], KEY)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert _refused(path), at
        path.write_bytes(whole[:at])
        assert _refused(path), at
    path.write_bytes(whole + b"x")
    assert _refused(path)
    path.write_bytes(whole)
    assert not _refused(path)
    assert _refused(path, bytes(32))


def test_chunks_of_another_file_do_not_fit(tmp_path: Path) -> None:
    one, two = snapshot_path(tmp_path, 1), snapshot_path(tmp_path, 2)
    write_snapshot(one, META, [b"same"], KEY, SeededEntropy(b"one"))
    write_snapshot(two, META, [b"same"], KEY, SeededEntropy(b"two"))
    a, b = one.read_bytes(), two.read_bytes()
    assert a != b
    tail = 4 + 4 + 16 + 4 + 16
    one.write_bytes(a[:-tail] + b[-tail:])
    assert _refused(one)


def test_a_failed_write_leaves_the_older_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = snapshot_path(tmp_path, 3)
    write_snapshot(path, META, [b"old"], KEY)

    def breaking() -> Iterator[bytes]:
        yield b"new"
        raise OSError(errno.ENOSPC, "no space left")

    with pytest.raises(LedgerFull):
        write_snapshot(path, META, breaking(), KEY)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert list(read_snapshot(path, KEY)[1]) == [b"old"]


def test_the_newest_is_found_and_old_ones_go(tmp_path: Path) -> None:
    assert newest(tmp_path / "nowhere") is None
    assert newest(tmp_path) is None
    for size in (5, 100, 20):
        write_snapshot(snapshot_path(tmp_path, size), META, [], KEY)
    (tmp_path / "snapshot-000000000000900.comity.part").write_bytes(b"unfinished")
    (tmp_path / "snapshot-notes.txt").write_bytes(b"")
    assert newest(tmp_path) == snapshot_path(tmp_path, 100)
    assert prune(tmp_path, 2) == [snapshot_path(tmp_path, 5)]
    assert snapshots(tmp_path) == [snapshot_path(tmp_path, 100), snapshot_path(tmp_path, 20)]
    with pytest.raises(InvalidInput):
        prune(tmp_path, 0)
    with pytest.raises(NotFound):
        read_snapshot(snapshot_path(tmp_path, 5), KEY)


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    written = write_snapshot(snapshot_path(tmp_path, 1), META, [b"x"], KEY)
    assert written.path.stat().st_mode & 0o077 == 0
