"""Verification finds what was done to a ledger, and names the first bad entry.

Each hostile change is made the way its author would make it: on the file, with SQLite, after an orderly
stop; the rewriting host has the signing key and rebuilds a ledger that agrees with itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.errors import IntegrityFailure, NotFound
from comity.ids import ParticipantId, SeededEntropy
from comity.ledger.audit import Flaw
from comity.ledger.entry import TREE, own_leaf
from comity.ledger.keyfile import KeyFile
from comity.ledger.merkle import leaf_hash
from comity.ledger.verify import Report, verify
from tests.ledger.ledger_making import NOW, T0_US, A, B, C, draft, key_file, open_ledger

COUNT = 40


def build(
    directory: Path, *, count: int = COUNT, changed: int | None = None, note_every: int = 10
) -> list[str]:
    """A ledger of ``count`` entries in four-entry batches; returns every checkpoint that was handed out."""
    directory.mkdir(exist_ok=True)
    notes: list[str] = []
    ledger = open_ledger(directory)
    for start in range(0, count, 2):
        ledger.append(
            [
                draft(
                    (A, B, C)[i % 3],
                    b"rewritten" if i == changed else b"payload %d" % i,
                    at_us=T0_US + i,
                    also=(B,) if i % 5 == 0 else (),
                )
                for i in range(start, min(start + 2, count))
            ]
        )
        if (start + 2) % note_every == 0:
            ledger.checkpoint_all(NOW + timedelta(seconds=start))
            notes += [ledger.reader.checkpoint(log) for log in (TREE, A, B, C)]
    ledger.close()
    return notes


def check(directory: Path, held: list[str] | None = None, *, keys: bool = True) -> Report:
    return verify(directory / "ledger.db", held or (), keyfile=key_file(directory) if keys else None)


def change(directory: Path, *statements: str) -> None:
    raw = apsw.Connection(str(directory / "ledger.db"))
    for statement in statements:
        raw.execute(statement)
    raw.close()


def tree_notes(notes: list[str]) -> list[str]:
    return [note for note in notes if "/tree\n" in note.split("\n\n")[0] + "\n"]


def test_an_untouched_ledger_is_good(tmp_path: Path) -> None:
    notes = build(tmp_path)
    report = check(tmp_path, notes)
    assert report.ok, report.findings
    assert report.first_bad is None
    assert (report.entries, report.opened, report.erased, report.sealed) == (COUNT, COUNT, 0, 0)
    assert report.held == len(notes)
    assert report.checkpoints == 4 * 4
    assert sum(report.logs.values()) > COUNT
    assert report.key_from == "key file"
    without = check(tmp_path, keys=False)
    assert without.ok
    assert (without.opened, without.sealed, without.key_from) == (0, COUNT, "ledger")


def test_an_empty_ledger_is_good(tmp_path: Path) -> None:
    build(tmp_path, count=0)
    assert check(tmp_path).ok


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_of_a_header_a_payload_or_an_own_leaf_is_missed(
    tmp_path_factory: pytest.TempPathFactory, good: Path, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("touched")
    shutil.copytree(good, directory, dirs_exist_ok=True)
    table, column, key, entry = data.draw(
        st.sampled_from(
            [
                ("entries", "header", "idx", "idx"),
                ("entries", "sealed", "idx", "idx"),
                ("entries", "leaf", "idx", "idx"),
                ("own_leaves", "leaf", "log * 1000 + position", "entry"),
            ]
        )
    )
    raw = apsw.Connection(str(directory / "ledger.db"))
    rows = raw.execute(f"SELECT {key}, {entry}, {column} FROM {table} ORDER BY 1").fetchall()
    chosen, index, blob = rows[data.draw(st.integers(0, len(rows) - 1))]
    assert isinstance(blob, bytes)
    assert isinstance(index, int)
    at = data.draw(st.integers(0, len(blob) - 1))
    bent = bytearray(blob)
    bent[at] ^= 1 << data.draw(st.integers(0, 7))
    raw.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (bytes(bent), chosen))
    raw.close()
    report = check(directory)
    assert not report.ok
    bad = report.first_bad
    assert bad is not None
    assert bad.index is not None
    assert bad.index <= index
    assert bad.index == index, "a single change is named exactly"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("good")
    build(directory)
    return directory


_CONTENT = (
    "SELECT idx, kind, key, leaf, header, sealed FROM entries ORDER BY idx",
    "SELECT log, position, entry, owned, leaf FROM own_leaves ORDER BY log, position",
    "SELECT log, level, number, hash FROM nodes ORDER BY log, level, number",
    "SELECT log, size, time_s, note FROM checkpoints ORDER BY log, size, time_s",
    "SELECT idx, kind FROM entries INDEXED BY entries_by_kind ORDER BY kind, idx",
    "SELECT id, name FROM logs ORDER BY id",
    "SELECT id, owner, period, wrapped FROM period_keys ORDER BY id",
    "SELECT * FROM about",
)


def content(path: Path) -> list[object]:
    raw = apsw.Connection(
        path.absolute().as_uri() + "?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    )
    try:
        return [raw.execute(sql).fetchall() for sql in _CONTENT]
    finally:
        raw.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_of_the_file_is_missed_or_means_nothing(
    tmp_path_factory: pytest.TempPathFactory, good: Path, data: st.DataObject
) -> None:
    """A changed byte of the file either fails verification or changes nothing that anybody reads."""
    directory = tmp_path_factory.mktemp("flipped")
    shutil.copytree(good, directory, dirs_exist_ok=True)
    path = directory / "ledger.db"
    before = content(path)
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    try:
        passed = check(directory).ok
    except (IntegrityFailure, NotFound):
        return
    if passed:
        assert content(path) == before


def renumber(index: int, statement: str) -> str:
    return statement.format(i=index)


@pytest.mark.parametrize(
    ("statement", "flaw", "named"),
    [
        ("DELETE FROM entries WHERE idx = 7", Flaw.MISSING, 7),
        ("DELETE FROM entries WHERE idx = 39", Flaw.OWN_LOG, 39),
        ("UPDATE entries SET header = x'7b7d' WHERE idx = 7", Flaw.UNDECODABLE, 7),
        ("UPDATE entries SET header = CAST(header || ' ' AS BLOB) WHERE idx = 7", Flaw.UNDECODABLE, 7),
        ("UPDATE entries SET kind = kind + 1 WHERE idx = 7", Flaw.INDEXED, 7),
        ("UPDATE entries SET key = key + 1 WHERE idx = 7", Flaw.INDEXED, 7),
        ("UPDATE entries SET sealed = NULL WHERE idx = 7", Flaw.PAYLOAD, 7),
        ("UPDATE period_keys SET wrapped = NULL WHERE id = 1", Flaw.PAYLOAD, 0),
        ("UPDATE period_keys SET wrapped = zeroblob(60) WHERE id = 1", Flaw.PAYLOAD, 0),
        ("UPDATE own_leaves SET owned = 0 WHERE entry = 7", Flaw.OWN_LOG, 7),
        ("DELETE FROM own_leaves WHERE entry = 7", Flaw.OWN_LOG, 7),
        ("INSERT INTO own_leaves VALUES (1, 999, 3, 1, x'00')", Flaw.OWN_LOG, None),
        ("UPDATE own_leaves SET log = 3 WHERE log = 1 AND position = 13", Flaw.OWN_LOG, 39),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE log = 0 AND number = 1", Flaw.NODES, 31),
        ("DELETE FROM nodes", Flaw.NODES, 15),
        ("INSERT INTO nodes VALUES (0, 4, 99, x'00')", Flaw.NODES, None),
        ("UPDATE logs SET name = 'another' WHERE id = 2", Flaw.CHECKPOINT, 0),
        ("UPDATE checkpoints SET size = size + 1 WHERE log = 0", Flaw.CHECKPOINT, None),
        ("UPDATE checkpoints SET note = replace(note, 'tree', 'trea') WHERE log = 0", Flaw.CHECKPOINT, None),
        ("UPDATE checkpoints SET note = 'nothing' WHERE log = 0", Flaw.CHECKPOINT, None),
        ("UPDATE about SET value = 'aa' WHERE name = 'public_key'", Flaw.SIGNATURE, None),
    ],
)  # fmt: skip
def test_each_change_has_its_name(
    tmp_path: Path, good: Path, statement: str, flaw: Flaw, named: int | None
) -> None:
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    change(tmp_path, statement)
    report = check(tmp_path)
    assert flaw in {finding.flaw for finding in report.findings}, report.findings
    assert report.first_bad is not None
    assert report.first_bad.index == named, report.findings


def test_a_header_and_its_leaf_changed_together_break_the_chain(tmp_path: Path) -> None:
    """Only the originator differs, which no own leaf holds: the link of the next entry shows it."""
    build(tmp_path)
    raw = apsw.Connection(str(tmp_path / "ledger.db"))
    (header,) = raw.execute("SELECT header FROM entries WHERE idx = 7").fetchall()[0]
    assert isinstance(header, bytes)
    forged = header.replace(b'"originator":"air-b"', b'"originator":"civil"')
    assert forged != header
    raw.execute("UPDATE entries SET header = ?, leaf = ? WHERE idx = 7", (forged, leaf_hash(forged)))
    raw.close()
    report = check(tmp_path)
    assert report.first_bad is not None
    assert (report.first_bad.flaw, report.first_bad.index) == (Flaw.LINK, 7)


def test_entries_cut_off_are_found_by_whoever_holds_a_checkpoint(tmp_path: Path) -> None:
    notes = build(tmp_path / "whole")
    build(tmp_path / "cut", count=30)
    assert check(tmp_path / "cut").ok, "by itself a shorter ledger is as good as any"
    report = check(tmp_path / "cut", tree_notes(notes))
    assert report.first_bad is not None
    assert (report.first_bad.flaw, report.first_bad.index) == (Flaw.TRUNCATED, 30)
    own = [note for note in notes if "/log/air-a\n14\n" in note]
    report = check(tmp_path / "cut", own)
    assert [f.flaw for f in report.findings] == [Flaw.TRUNCATED]


@pytest.mark.parametrize("changed", [0, 9, 10, 25, 39])
def test_a_host_that_rewrites_with_its_key_is_found_and_bracketed(tmp_path: Path, changed: int) -> None:
    notes = build(tmp_path / "told")
    build(tmp_path / "shown", changed=changed)
    assert check(tmp_path / "shown").ok, "the rewritten ledger agrees with itself"
    report = check(tmp_path / "shown", tree_notes(notes))
    bad = report.first_bad
    assert bad is not None
    assert bad.flaw is Flaw.REWRITTEN
    assert bad.index == changed // 10 * 10
    assert f"leaves {changed // 10 * 10} to {changed // 10 * 10 + 9} " in bad.message
    (own, log) = [
        (n, p) for p in (A, B, C) for n in notes if f"/log/{p}\n" in n and (A, B, C)[changed % 3] == p
    ][-1]
    report = check(tmp_path / "shown", [own])
    assert [f.flaw for f in report.findings] == [Flaw.REWRITTEN], log


def test_two_histories_under_one_key_are_found_by_holding_one_of_each(tmp_path: Path) -> None:
    notes = build(tmp_path / "told")
    other = build(tmp_path / "shown", changed=3)
    report = check(tmp_path / "shown", [tree_notes(notes)[1], tree_notes(other)[3]])
    assert [f.flaw for f in report.findings] == [Flaw.REWRITTEN]
    assert "two histories were signed" in report.findings[0].message


def test_a_forged_or_foreign_checkpoint_is_not_believed(tmp_path: Path) -> None:
    notes = build(tmp_path)
    body, _, tail = notes[-1].partition("\n\n")
    bent = body.replace("time 1", "time 2") + "\n\n" + tail
    other = KeyFile.create(tmp_path / "other.json", SeededEntropy(b"other"))
    for held, flaw in (
        (bent, Flaw.SIGNATURE),
        (notes[-1].replace("alps", "alpe"), Flaw.CHECKPOINT),
        ("", Flaw.CHECKPOINT),
    ):
        assert [f.flaw for f in check(tmp_path, [held]).findings] == [flaw]
    report = verify(tmp_path / "ledger.db", notes, public_key=other.public_key())
    assert {f.flaw for f in report.findings} == {Flaw.SIGNATURE}
    assert report.key_from == "given"


def test_a_checkpoint_that_the_host_stored_of_another_tree_is_found(tmp_path: Path) -> None:
    build(tmp_path / "a")
    build(tmp_path / "b", changed=25)
    raw = apsw.Connection(str(tmp_path / "b" / "ledger.db"))
    raw.execute("ATTACH ? AS a", (str(tmp_path / "a" / "ledger.db"),))
    raw.execute("DELETE FROM checkpoints WHERE log = 0")
    raw.execute("INSERT INTO checkpoints SELECT * FROM a.checkpoints WHERE log = 0")
    raw.close()
    report = check(tmp_path / "b")
    assert {f.flaw for f in report.findings} == {Flaw.REWRITTEN}


def test_erasure_leaves_verification_intact(tmp_path: Path) -> None:
    notes = build(tmp_path)
    ledger = open_ledger(tmp_path)
    ledger.erase(A, "2026-03", NOW)
    ledger.append([draft(A, b"after")])
    ledger.close()
    report = check(tmp_path, notes)
    assert report.ok, report.findings
    assert report.erased == 14
    assert report.opened == COUNT - 14 + 1


def test_a_payload_put_back_after_its_erasure_is_found(tmp_path: Path) -> None:
    build(tmp_path)
    ledger = open_ledger(tmp_path)
    ledger.erase(A, "2026-03", NOW)
    ledger.close()
    change(tmp_path, "UPDATE entries SET sealed = zeroblob(30) WHERE idx = 3")
    report = check(tmp_path)
    assert report.first_bad is not None
    assert (report.first_bad.flaw, report.first_bad.index) == (Flaw.PAYLOAD, 3)


def _listing(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def test_verifying_changes_no_file_and_makes_none(tmp_path: Path) -> None:
    build(tmp_path)
    before = _listing(tmp_path)
    assert check(tmp_path).ok
    assert _listing(tmp_path) == before


def test_a_copy_with_its_write_ahead_log_is_read_whole_and_left_alone(tmp_path: Path) -> None:
    """As after a crash: the newest entries are in the log only, and there may be no index beside it."""
    source = tmp_path / "live"
    source.mkdir()
    ledger = open_ledger(source)
    ledger.append([draft(A, b"x")])
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copy(source / name, copy / name)
    before = _listing(copy)
    os.chmod(copy, 0o500)
    try:
        report = verify(copy / "ledger.db", keyfile=key_file(source))
        assert (report.ok, report.entries) == (True, 1), report.findings
    finally:
        os.chmod(copy, 0o700)
    assert _listing(copy) == before
    live = verify(source / "ledger.db", keyfile=key_file(source))
    assert (live.ok, live.entries) == (True, 1), "while the writer has it open"
    ledger.append([draft(A, b"y")])
    ledger.close()


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.ledger.ledger_making import A, draft, open_ledger
ledger = open_ledger(Path(sys.argv[1]))
for number in range(50):
    ledger.append([draft(A, b"%d" % number)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_is_verified_before_anybody_repairs_it(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    before = _listing(tmp_path)
    assert "ledger.db-wal" in before
    report = check(tmp_path)
    assert (report.ok, report.entries) == (True, 50), report.findings
    assert _listing(tmp_path) == before


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda path: path.unlink(), NotFound),
        (lambda path: path.write_bytes(b""), IntegrityFailure),
        (lambda path: path.write_bytes(b"x" * 5000), IntegrityFailure),
    ],
)
def test_what_is_no_ledger_is_an_error(
    tmp_path: Path, spoil: Callable[[Path], object], error: type[Exception]
) -> None:
    build(tmp_path, count=2)
    spoil(tmp_path / "ledger.db")
    with pytest.raises(error):
        check(tmp_path)


def test_a_file_cut_short_is_found(tmp_path: Path) -> None:
    build(tmp_path)
    path = tmp_path / "ledger.db"
    whole = path.read_bytes()
    for keep in range(4096, len(whole), 8192):
        path.write_bytes(whole[:keep])
        with contextlib.suppress(IntegrityFailure):
            assert not check(tmp_path).ok


def test_participants_named_in_a_report_are_those_with_a_log(tmp_path: Path) -> None:
    build(tmp_path, count=4)
    assert set(check(tmp_path).logs) == {A, B, C}
    assert ParticipantId(TREE) not in check(tmp_path).logs


def forge_last(directory: Path, change_header: Callable[[dict[str, object]], None]) -> None:
    """Changes the last entry and everything that hangs on it, so that only the change itself is wrong."""
    raw = apsw.Connection(str(directory / "ledger.db"))
    index, header = raw.execute("SELECT idx, header FROM entries ORDER BY idx DESC LIMIT 1").fetchall()[0]
    assert isinstance(header, bytes)
    content = json.loads(header)
    change_header(content)
    forged = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    raw.execute("UPDATE entries SET header = ?, leaf = ? WHERE idx = ?", (forged, leaf_hash(forged), index))
    for log, position in content["logs"]:
        own = own_leaf(content["commitment"], content["kind"], log, position, content["time_us"])
        raw.execute(
            "UPDATE own_leaves SET leaf = ? WHERE entry = ? AND log = (SELECT id FROM logs WHERE name = ?)",
            (leaf_hash(own), index, log),
        )
    raw.close()


@pytest.mark.parametrize(
    ("change_header", "flaw", "index"),
    [
        (lambda header: header.update(time_us=T0_US), Flaw.TIME, 38),
        (lambda header: header.update(index=37), Flaw.HEADER, 38),
        (lambda header: header.update(v=2), Flaw.HEADER, 38),
        (lambda header: header.update(period="2026-04"), Flaw.INDEXED, 38),
        (lambda header: header.update(kind="rule.put"), Flaw.INDEXED, 38),
        (lambda header: header.update(logs=[["nobody", 0]]), Flaw.INDEXED, 38),
        (lambda header: header["logs"].append(["nobody", 0]), Flaw.OWN_LOG, 38),
        (lambda header: header["logs"].append(["tree", 0]), Flaw.OWN_LOG, 38),
        (lambda header: header["logs"][0].__setitem__(1, 99), Flaw.OWN_LOG, 38),
        (lambda header: header.update(commitment="00" * 32), Flaw.PAYLOAD, 38),
        (lambda header: header.update(previous="00" * 32), Flaw.LINK, 37),
    ],
)
def test_what_a_forger_changes_with_all_that_hangs_on_it(
    tmp_path: Path, change_header: Callable[[dict[str, object]], None], flaw: Flaw, index: int
) -> None:
    build(tmp_path, count=39)
    forge_last(tmp_path, change_header)
    bad = check(tmp_path).first_bad
    assert bad is not None
    assert (bad.flaw, bad.index) == (flaw, index)


def test_a_payload_sealed_anew_under_the_key_does_not_match_its_commitment(tmp_path: Path) -> None:
    """The host has every key; the commitment still holds it to what was said."""
    build(tmp_path, count=3)
    ledger = open_ledger(tmp_path)
    held, _ = ledger._keys.key_for(C, ledger._heads.logs[C], "2026-03", 99)
    leaf = ledger.reader.leaves(C, 0, 1)[0].leaf
    sealed = held.key.seal(b"something else", leaf, leaf_hash(leaf))
    ledger.close()
    raw = apsw.Connection(str(tmp_path / "ledger.db"))
    raw.execute("UPDATE entries SET sealed = ? WHERE idx = 2", (sealed,))
    raw.close()
    bad = check(tmp_path).first_bad
    assert bad is not None
    assert (bad.flaw, bad.index) == (Flaw.PAYLOAD, 2)
    assert "not the one committed to" in bad.message
    ledger = open_ledger(tmp_path)
    with pytest.raises(IntegrityFailure, match="does not match its commitment"):
        ledger.reader.opening(2)
    ledger.close()


def test_a_ledger_whose_own_key_is_unreadable_is_not_believed(tmp_path: Path) -> None:
    build(tmp_path)
    change(tmp_path, "UPDATE about SET value = 'not hex' WHERE name = 'public_key'")
    report = check(tmp_path, keys=False)
    assert {finding.flaw for finding in report.findings} == {Flaw.SIGNATURE}
