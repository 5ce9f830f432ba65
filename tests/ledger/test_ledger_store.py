"""The ledger as one writes and reads it: batches, positions, filters, keys, locks, versions."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import IntegrityFailure, InvalidInput, NotFound, OutcomeUnknown, TooLarge, Unavailable
from comity.ids import ParticipantId, SeededEntropy
from comity.ledger import schema
from comity.ledger.entry import MAX_PAYLOAD_BYTES, NO_ENTRY, TREE, Draft, commit, decode_header
from comity.ledger.keyfile import KeyFile
from comity.ledger.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from comity.ledger.reader import Reader
from comity.ledger.schema import MIGRATIONS, Migration
from comity.ledger.store import Ledger
from tests.ledger.ledger_making import NAME, NOW, T0_US, A, B, C, draft, key_file, open_ledger

DRAFTS = st.lists(
    st.builds(
        Draft,
        time_us=st.integers(T0_US - 10**12, T0_US + 40 * 86_400_000_000),
        kind=st.sampled_from(["intent.put", "rule.put", "charter.adopted"]),
        originator=st.sampled_from([A, B, C]),
        logs=st.lists(st.sampled_from([A, B, C]), min_size=1, max_size=4).map(tuple),
        payload=st.binary(max_size=60),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(DRAFTS, min_size=1, max_size=3))
def test_what_was_appended_is_read_back_in_every_way(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Draft]]
) -> None:
    directory = tmp_path_factory.mktemp("ledger")
    ledger = open_ledger(directory)
    made = [appended for batch in batches for appended in ledger.append(batch)]
    ledger.close()
    ledger = open_ledger(directory)
    drafts = [draft_ for batch in batches for draft_ in batch]
    stored = list(ledger.entries())
    assert [entry.payload for entry in stored] == [d.payload for d in drafts]
    assert [entry.header for entry in stored] == [decode_header(a.header) for a in made]
    times = [entry.header.time_us for entry in stored]
    assert times == [max(d.time_us for d in drafts[: i + 1]) for i in range(len(drafts))]
    for wanted in ([], ["rule.put"], ["rule.put", "intent.put", "not.known"]):
        expected = [i for i, d in enumerate(drafts) if d.kind in wanted]
        assert [e.header.index for e in ledger.entries(kinds=wanted)] == expected
        mine = [i for i, d in enumerate(drafts) if d.logs[0] == B and d.kind in wanted]
        assert [e.header.index for e in ledger.entries(owner=B, kinds=wanted)] == mine
        either = [i for i, d in enumerate(drafts) if d.logs[0] == B or d.kind in wanted]
        assert [e.header.index for e in ledger.reader.entries_either(B, wanted)] == either
        cut = [i for i in either if 3 <= i < 20]
        assert [e.header.index for e in ledger.reader.entries_either(B, wanted, 3, 20)] == cut
    for log in (A, B, C):
        counted = [c.leaf for a in made for c in a.counted if c.log == log]
        if counted:
            assert [leaf_hash(x.leaf) for x in ledger.reader.leaves(log, 0, len(counted))] == counted
    ledger.close()


def test_an_entry_is_bound_to_the_one_before_and_counted_where_it_says(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    first, second = ledger.append([draft(A, b"one"), draft(B, b"two", also=(A, B))])
    one, two = decode_header(first.header), decode_header(second.header)
    assert one.previous == NO_ENTRY
    assert two.previous == first.leaf.hex() == leaf_hash(first.header).hex()
    assert two.logs == ((B, 0), (A, 1))
    assert [(c.log, c.position) for c in second.counted] == [(B, 0), (A, 1)]
    assert two.owner == B
    assert (two.period, two.v) == ("2026-03", 1)
    opening = ledger.reader.opening(1)
    assert opening is not None
    assert opening.payload == b"two"
    assert hashlib.sha256(b"comity/v1/commitment\0" + opening.salt + b"two").hexdigest() == two.commitment
    ledger.close()


def test_every_proof_of_a_stored_log_verifies(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for i in range(75):
        ledger.append([draft((A, B, C)[j % 3], b"%d" % j) for j in range(i % 9)])
    reader = ledger.reader
    for log in (TREE, A, B):
        size = reader.log_size(log)
        leaves = [leaf_hash(x.leaf) for x in reader.leaves(log, 0, size)]
        roots, tree = [Frontier().root()], Frontier()
        for leaf in leaves:
            tree.append(leaf)
            roots.append(tree.root())
        for at in range(0, size + 1, 7):
            assert reader.root(log, at) == roots[at]
            proof = reader.consistency(log, at, size)
            assert verify_consistency(at, size, roots[at], roots[size], proof)
        for at in range(0, size, 5):
            assert verify_inclusion(leaves[at], at, size, reader.inclusion(log, at, size), roots[size])
    ledger.close()


def test_heads_at_an_earlier_size_are_those_that_were_then(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    then = []
    for i in range(40):
        ledger.append([draft((A, B)[i % 2], b"%d" % i, at_us=T0_US + i)])
        then.append(ledger.reader.heads())
    assert [ledger.reader.heads(i + 1) for i in range(40)] == then
    assert then[-1].last_time_us == T0_US + 39
    assert ledger.reader.heads(0).logs[0].root == Frontier().root()
    with pytest.raises(InvalidInput, match="size must lie in"):
        ledger.reader.heads(41)
    ledger.close()


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (draft(ParticipantId("Not A Slug")), "logs"),
        (draft(ParticipantId(TREE)), "logs"),
        (Draft(T0_US, "intent.put", A, (), b""), "logs"),
        (draft(A, kind="Intent Put"), "kind"),
        (draft(A, kind=""), "kind"),
        (Draft(T0_US, "intent.put", ParticipantId("ö"), (A,), b""), "originator"),
        (draft(A, at_us=-1), "time_us"),
        (draft(A, at_us=10**18), "time_us"),
    ],
)
def test_a_bad_draft_refuses_its_whole_batch(tmp_path: Path, bad: Draft, field: str) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        ledger.append([draft(A), bad])
    assert caught.value.field == field
    assert ledger.size == 0
    assert ledger.append([draft(A)])[0].counted[0].position == 0
    ledger.close()


def test_a_payload_has_a_limit(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(TooLarge):
        ledger.append([draft(A, bytes(MAX_PAYLOAD_BYTES + 1))])
    ledger.append([draft(A, bytes(MAX_PAYLOAD_BYTES))])
    assert next(ledger.entries()).payload == bytes(MAX_PAYLOAD_BYTES)
    assert ledger.append([]) == []
    ledger.close()


def test_what_others_do_does_not_show_in_an_owners_entries(tmp_path: Path) -> None:
    """Two worlds in which A does other things: B's leaves, sealed bytes, proofs and notes are the same."""
    worlds: list[tuple[list[bytes], list[bytes], list[bytes]]] = []
    for number, noise in enumerate((0, 7)):
        directory = tmp_path / str(number)
        directory.mkdir()
        ledger = open_ledger(directory)
        for i in range(20):
            ledger.append([draft(A, b"noise %d" % j, at_us=T0_US + i) for j in range(noise)])
            ledger.append([draft(B, b"b %d" % i, at_us=T0_US + i)])
            ledger.append([draft(C, b"c", at_us=T0_US + i, also=(A,))] if noise else [])
        ledger.checkpoint_all(NOW)
        reader = ledger.reader
        leaves = [x.leaf for x in reader.leaves(B, 0, 20)]
        salts = [o.salt for e in reader.entries(owner=B) if (o := reader.opening(e.header.index))]
        leaves += [reader.checkpoint(B).encode(), *reader.inclusion(B, 3, 20), *reader.consistency(B, 7, 20)]
        ledger.close()
        raw = apsw.Connection(str(directory / "ledger.db"))
        sealed = raw.execute(
            "SELECT e.sealed FROM own_leaves o JOIN entries e ON e.idx = o.entry JOIN logs l ON l.id = o.log "
            "WHERE l.name = ? ORDER BY o.position",
            (B,),
        ).fetchall()
        raw.close()
        worlds.append((leaves, salts, [bytes(str(row[0]).encode()) for row in sealed]))
    assert worlds[0] == worlds[1]
    assert len(worlds[0][1]) == 20


def test_a_position_used_again_with_other_content_has_another_salt_and_nonce(tmp_path: Path) -> None:
    """A ledger restored from a backup goes on at a position it had before: nothing may be sealed twice."""
    sealed: list[tuple[bytes, bytes]] = []
    for number, payload in enumerate((b"before the restore", b"after it")):
        directory = tmp_path / str(number)
        directory.mkdir()
        ledger = open_ledger(directory)
        (made,) = ledger.append([draft(A, payload)])
        opening = ledger.reader.opening(0)
        assert opening is not None
        sealed.append((opening.salt, made.counted[0].leaf[:12]))
        ledger.close()
    assert sealed[0][0] != sealed[1][0]
    assert sealed[0][1] != sealed[1][1]


def test_keys_change_with_the_month_of_the_entry(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    april = T0_US + 30 * 86_400_000_000
    ledger.append([draft(A), draft(A, at_us=april), draft(A, at_us=T0_US)])
    assert [e.header.period for e in ledger.entries()] == ["2026-03", "2026-04", "2026-04"]
    assert ledger.last_time_us == april
    ledger.close()


def test_erasing_destroys_payload_and_key_and_leaves_the_rest(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    secret = b"where the convoy waits"
    ledger.append([draft(A, secret), draft(B, b"b"), draft(A, b"next", at_us=T0_US + 40 * 86_400_000_000)])
    root = ledger.reader.root(TREE, 3)
    wrapped, sealed = _raw(tmp_path, "SELECT wrapped, sealed FROM entries JOIN period_keys ON id = key")
    done = ledger.erase(A, "2026-03", NOW)
    assert (done.keys, done.payloads, done.purged) == (1, 1, True)
    assert [e.payload for e in ledger.entries()] == [None, b"b", b"next"]
    assert ledger.reader.opening(0) is None
    assert ledger.reader.root(TREE, 3) == root
    for file in tmp_path.iterdir():
        assert wrapped not in file.read_bytes()
        assert sealed not in file.read_bytes()
    again = ledger.erase(A, "2026-03", NOW)
    assert (again.keys, again.payloads) == (0, 0)
    ledger.close()


def _raw(directory: Path, sql: str) -> tuple[bytes, bytes]:
    raw = apsw.Connection(str(directory / "ledger.db"), flags=apsw.SQLITE_OPEN_READONLY)
    wrapped, sealed = raw.execute(sql).fetchall()[0]
    raw.close()
    assert isinstance(wrapped, bytes)
    assert isinstance(sealed, bytes)
    assert any(wrapped in file.read_bytes() for file in directory.iterdir())
    assert any(sealed in file.read_bytes() for file in directory.iterdir())
    return wrapped, sealed


def test_after_an_erasure_the_same_month_goes_on_under_another_key(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for number in range(3):
        ledger.append([draft(A, b"%d" % number)])
        assert ledger.erase(A, "2026-03", NOW).payloads == 1
    ledger.append([draft(A, b"kept")])
    ledger.close()
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"kept too")])
    assert [e.header.period for e in ledger.entries()] == [
        "2026-03",
        "2026-03.1",
        "2026-03.2",
        "2026-03.3",
        "2026-03.3",
    ]
    assert [e.payload for e in ledger.entries()] == [None, None, None, b"kept", b"kept too"]
    ledger.close()


def test_erasing_while_a_reader_is_in_the_way_says_so_and_is_finished_later(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"x" * 50)])
    other = apsw.Connection(str(tmp_path / "ledger.db"), flags=apsw.SQLITE_OPEN_READONLY)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM entries").fetchall()
    assert not ledger.erase(A, "2026-03", NOW).purged
    other.execute("COMMIT")
    other.close()
    assert ledger.purge()
    ledger.close()


@pytest.mark.parametrize(
    ("owner", "period", "error"),
    [
        (A, "2026-3", InvalidInput),
        (A, "2026-13", InvalidInput),
        (A, "2026-03.1", InvalidInput),
        (C, "2026-03", NotFound),
        (TREE, "2026-03", NotFound),
    ],
)
def test_what_cannot_be_erased_is_an_error(
    tmp_path: Path, owner: str, period: str, error: type[Exception]
) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A)])
    with pytest.raises(error):
        ledger.erase(ParticipantId(owner), period, NOW)
    ledger.close()


def _try_to_open(directory: Path, answers: multiprocessing.SimpleQueue[str]) -> None:
    try:
        open_ledger(directory).close()
        answers.put("opened")
    except Unavailable as error:
        answers.put(error.message)


def test_a_second_writer_is_told_who_holds_the_ledger(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(Unavailable, match=rf"open for writing in another process \({os.getpid()}\)"):
        open_ledger(tmp_path)
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    child = context.Process(target=_try_to_open, args=(tmp_path, answers))
    child.start()
    child.join()
    assert f"({os.getpid()})" in answers.get()
    ledger.close()
    open_ledger(tmp_path).close()


def test_a_ledger_belongs_to_one_exchange_and_one_key_file(tmp_path: Path) -> None:
    open_ledger(tmp_path).close()
    with pytest.raises(InvalidInput) as caught:
        open_ledger(tmp_path, name="other.example")
    assert caught.value.field == "exchange_name"
    other = KeyFile.create(tmp_path / "other.json", SeededEntropy(b"other"))
    with pytest.raises(InvalidInput) as caught:
        Ledger.open(tmp_path / "ledger.db", other, NAME, SeededEntropy(b"other"))
    assert caught.value.field == "key_file"
    for name in ("", "with space", "a+b", "ö", "x" * 201, "line\n"):
        with pytest.raises(InvalidInput):
            open_ledger(tmp_path, name=name)


def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.close()
    ledger.close()
    with pytest.raises(OutcomeUnknown):
        ledger.append([draft(A)])


def test_readers_go_on_while_the_writer_writes(tmp_path: Path) -> None:
    """Each answer is a whole number of batches, whenever it is asked for."""
    ledger = open_ledger(tmp_path)
    stop = threading.Event()
    seen: list[int] = []

    def read() -> None:
        with_own = ledger.new_reader()
        while not stop.is_set():
            entries = list(with_own.entries())
            assert [e.header.index for e in entries] == list(range(len(entries)))
            seen.append(len(entries))
        with_own.close()

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(100):
        ledger.append([draft((A, B)[i % 2], b"%d" % number) for i in range(8)])
    stop.set()
    for thread in threads:
        thread.join()
    assert all(count % 8 == 0 for count in seen)
    ledger.close()


def test_a_reader_without_the_key_file_sees_headers_and_proofs(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"sealed")])
    reader = Reader.open(tmp_path / "ledger.db", None)
    (entry,) = reader.entries()
    assert entry.payload is None
    assert reader.root(A, 1) == leaf_hash(reader.leaves(A, 0, 1)[0].leaf)
    assert reader.opening(0) is None
    for missing in (lambda: reader.header(1), lambda: reader.opening(1), lambda: reader.root(C, 0)):
        with pytest.raises(NotFound):
            missing()
    with pytest.raises(InvalidInput):
        reader.leaves(A, 0, 2)
    with pytest.raises(InvalidInput):
        reader.inclusion(A, 1, 1)
    reader.close()
    ledger.close()


def test_an_own_log_opens_what_is_its_own_and_nothing_else(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(B, b"mine"), draft(A, b"not for B", also=(B,)), draft(B, b"mine too")])
    opened = ledger.reader.opened(B, 0, 3)
    assert [each.payload for each in opened] == [b"mine", None, b"mine too"]
    assert [each.salt is None for each in opened] == [False, True, False]
    assert [each.leaf for each in opened] == [each.leaf for each in ledger.reader.leaves(B, 0, 3)]
    for each in (opened[0], opened[2]):
        assert each.salt is not None
        assert each.payload is not None
        assert commit(each.salt, each.payload).encode() in each.leaf
    ledger.erase(B, "2026-03", NOW)
    assert [each.payload for each in ledger.reader.opened(B, 0, 3)] == [None, None, None]
    ledger.close()


def test_a_payload_that_was_touched_is_named_when_read(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"one"), draft(A, b"two")])
    ledger.close()
    raw = apsw.Connection(str(tmp_path / "ledger.db"))
    raw.execute("UPDATE entries SET sealed = zeroblob(length(sealed)) WHERE idx = 1")
    raw.close()
    ledger = open_ledger(tmp_path)
    with pytest.raises(IntegrityFailure) as caught:
        list(ledger.entries())
    assert caught.value.detail == {"index": 1}
    ledger.close()


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(IntegrityFailure):
        open_ledger(tmp_path)
    (tmp_path / "ledger.db").unlink()
    other = apsw.Connection(str(tmp_path / "ledger.db"))
    other.execute("CREATE TABLE something (x)")
    other.close()
    with pytest.raises(IntegrityFailure, match="not a ledger"):
        open_ledger(tmp_path)
    with pytest.raises(NotFound):
        Reader.open(tmp_path / "nowhere.db", None)


def test_a_newer_format_is_refused_and_an_older_one_brought_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"old")])
    assert [step.version for step in ledger.upgraded] == [1]
    ledger.close()
    newer = (*MIGRATIONS, Migration(2, "a note", "CREATE TABLE notes (x INTEGER) STRICT"))
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    ledger = open_ledger(tmp_path)
    assert [step.version for step in ledger.upgraded] == [2]
    assert [e.payload for e in ledger.entries()] == [b"old"]
    ledger.close()
    monkeypatch.undo()
    with pytest.raises(IntegrityFailure, match="format version 2; this program knows up to 1"):
        open_ledger(tmp_path)
    with pytest.raises(IntegrityFailure, match="format version 2"):
        Reader.open(tmp_path / "ledger.db", None)


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ledger(tmp_path).close()
    broken = (
        *MIGRATIONS,
        Migration(2, "a note", "CREATE TABLE notes (x INTEGER) STRICT"),
        Migration(3, "broken", "CREATE NONSENSE"),
    )
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(Unavailable):
        open_ledger(tmp_path)
    monkeypatch.undo()
    ledger = open_ledger(tmp_path)
    assert ledger.upgraded == ()
    ledger.close()


def test_the_commitment_is_over_domain_salt_and_payload() -> None:
    salt = bytes(range(32))
    expected = hashlib.sha256(b"comity/v1/commitment\x00" + salt + b"payload").hexdigest()
    assert commit(salt, b"payload") == expected


def test_the_reader_is_of_this_key_file(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"sealed")])
    other = KeyFile.create(tmp_path / "other.json", SeededEntropy(b"other"))
    reader = Reader.open(tmp_path / "ledger.db", other)
    with pytest.raises(IntegrityFailure, match="does not unwrap"):
        list(reader.entries())
    reader.close()
    ledger.close()
    assert key_file(tmp_path).public_key() != other.public_key()
