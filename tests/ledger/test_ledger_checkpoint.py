"""Checkpoints: the C2SP note to the byte, the cadence as it is kept, cosignatures as they are taken in."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import IntegrityFailure, InvalidInput, NotFound
from comity.ids import ParticipantId
from comity.ledger.entry import TREE
from comity.ledger.note import (
    COSIGNATURE,
    ED25519,
    Checkpoint,
    SignedCheckpoint,
    cosign,
    cosigned_at_s,
    is_signed_by,
    log_of,
    origin_of,
    parse,
    sign,
    verifier_key,
)
from comity.ledger.store import Ledger
from comity.ledger.verify import verify
from tests.ledger.ledger_making import NAME, NOW, A, B, C, draft, key_file, open_ledger

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = WITNESS.public_key().public_bytes_raw()
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SIGNER_KEY = SIGNER.public_key().public_bytes_raw()
POINT = Checkpoint("alps.example/tree", 3, bytes(range(32)), 1_772_532_060)
MINUTE = timedelta(minutes=1)


def test_the_note_is_c2sps_to_the_byte() -> None:
    """Written out from c2sp.org/signed-note and c2sp.org/tlog-checkpoint, sharing nothing with note.py."""
    body = f"alps.example/tree\n3\n{base64.b64encode(bytes(range(32))).decode()}\ntime 1772532060\n"
    identity = hashlib.sha256(b"alps.example/tree\n\x01" + SIGNER_KEY).digest()[:4]
    blob = base64.b64encode(identity + SIGNER.sign(body.encode())).decode()
    assert sign(POINT, SIGNER, SIGNER_KEY).text() == f"{body}\n— alps.example/tree {blob}\n"


def test_the_verifier_key_of_c2sps_example() -> None:
    """The key of the example in c2sp.org/signed-note (from Go's sumdb/note package)."""
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    raw = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    assert verifier_key("PeterNeumann", ED25519, raw) == vkey


def test_a_cosignature_is_c2sps_to_the_byte() -> None:
    line = cosign(POINT, "relief-air/witness", WITNESS, 1_772_532_070)
    message = b"cosignature/v1\ntime 1772532070\n" + POINT.body().encode()
    Ed25519PublicKey.from_public_bytes(WITNESS_KEY).verify(line.blob[12:], message)
    identity = hashlib.sha256(b"relief-air/witness\n\x04" + WITNESS_KEY).digest()[:4]
    assert line.blob[:12] == identity + (1_772_532_070).to_bytes(8, "big")
    assert cosigned_at_s(POINT, line, WITNESS_KEY) == 1_772_532_070
    assert cosigned_at_s(POINT, line, SIGNER_KEY) is None
    assert verifier_key("w", COSIGNATURE, WITNESS_KEY).split("+")[2].startswith("B")


@given(
    st.builds(
        Checkpoint,
        origin=st.sampled_from([origin_of("a.example", TREE), origin_of("ö/x", "air-a")]),
        size=st.integers(0, 10**18),
        root=st.binary(min_size=32, max_size=32),
        time_s=st.integers(0, 10**12),
    ),
    st.integers(0, 2),
)
def test_a_note_is_read_as_it_was_written(point: Checkpoint, witnesses: int) -> None:
    signed = sign(point, SIGNER, SIGNER_KEY)
    lines = tuple(cosign(point, f"w{i}", WITNESS, i) for i in range(witnesses))
    signed = SignedCheckpoint(point, signed.signatures + lines)
    assert parse(signed.text()) == signed
    assert is_signed_by(parse(signed.text()), SIGNER_KEY)
    assert not is_signed_by(signed, WITNESS_KEY)


@given(st.data())
def test_a_note_with_any_character_changed_is_refused_or_does_not_verify(data: st.DataObject) -> None:
    text = sign(POINT, SIGNER, SIGNER_KEY).text()
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[at]))
    bent = text[:at] + other + text[at + 1 :]
    with contextlib.suppress(InvalidInput):
        assert not is_signed_by(parse(bent), SIGNER_KEY)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note + "\n",
        lambda note: note.rstrip("\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("\n3\n", "\n03\n"),
        lambda note: note.replace("\n3\n", "\n-3\n"),
        lambda note: note.replace("time ", "when "),
        lambda note: note.replace("time 1772532060\n", ""),
        lambda note: note.replace("\n\n", "\nmore\n\n"),
        lambda note: note.replace("— ", "- "),
        lambda note: note + "— w AAAA\n" * 40,
        lambda note: "x" * 20_000 + note,
        lambda note: note.replace("\n", "\r\n"),
        lambda note: "",
    ],
)
def test_what_is_no_checkpoint_is_refused(change: Callable[[str], str]) -> None:
    note = sign(POINT, SIGNER, SIGNER_KEY).text()
    with pytest.raises(InvalidInput) as caught:
        parse(change(note))
    assert caught.value.field == "checkpoint"


def test_origins_name_exchange_and_log() -> None:
    assert origin_of(NAME, TREE) == "alps.example/tree"
    assert origin_of(NAME, A) == "alps.example/log/air-a"
    for log in (TREE, A):
        assert log_of(origin_of("a/b", log)) == ("a/b", log)
    for wrong in ("", "tree", "alps.example", "alps.example/log/"):
        with pytest.raises(InvalidInput):
            log_of(wrong)


def _kept(directory: Path, log: str) -> list[tuple[int, int]]:
    raw = apsw.Connection(str(directory / "ledger.db"), flags=apsw.SQLITE_OPEN_READONLY)
    sql = "SELECT size, time_s FROM checkpoints c JOIN logs l ON l.id = c.log WHERE name = ? ORDER BY 1, 2"
    found = raw.execute(sql, (log,)).fetchall()
    raw.close()
    return [(int(str(size)), int(str(time_s))) for size, time_s in found]


def test_every_log_gets_one_at_every_tick_and_idle_ones_stay_bounded(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(NotFound, match="no checkpoint yet"):
        ledger.reader.checkpoint(TREE)
    assert ledger.checkpoint_all(NOW) == 1, "the tree, though it is empty"
    ledger.append([draft(A), draft(B)])
    start = int(NOW.timestamp())
    for tick in range(1, 10):
        ledger.append([draft(A)])
        assert ledger.checkpoint_all(NOW + tick * MINUTE) == 3
        for log in (TREE, A, B):
            point = parse(ledger.reader.checkpoint(log)).checkpoint
            size = ledger.reader.log_size(log)
            assert (point.time_s, point.size) == (start + 60 * tick, size)
            assert point.root == ledger.reader.root(log, size)
    assert _kept(tmp_path, A) == [(1 + tick, start + 60 * tick) for tick in range(1, 10)]
    assert _kept(tmp_path, B) == [(1, start + 60), (1, start + 540)], (
        "the first and the newest of an idle log"
    )
    ledger.close()
    assert verify(tmp_path / "ledger.db", keyfile=key_file(tmp_path)).ok


def test_checkpoint_times_do_not_go_back(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A)])
    ledger.checkpoint_all(NOW)
    ledger.close()
    ledger = open_ledger(tmp_path)
    before = ledger.reader.checkpoint(A)
    ledger.checkpoint_all(NOW - MINUTE)
    assert ledger.reader.checkpoint(A) == before
    ledger.close()


def _cosigned(note: str, key: Ed25519PrivateKey = WITNESS, at: datetime = NOW) -> str:
    signed = parse(note)
    return note + cosign(signed.checkpoint, "air-a/witness", key, int(at.timestamp())).text()


def _with_checkpoint(directory: Path) -> Ledger:
    ledger = open_ledger(directory)
    ledger.append([draft(A), draft(B)])
    ledger.checkpoint_all(NOW)
    return ledger


def test_a_cosignature_is_stored_and_comes_back_with_the_note(tmp_path: Path) -> None:
    ledger = _with_checkpoint(tmp_path)
    note = ledger.reader.checkpoint(A)
    with pytest.raises(NotFound, match="no cosigned checkpoint"):
        ledger.reader.checkpoint(A, cosigned=True)
    ledger.add_cosignature(A, _cosigned(note), WITNESS_KEY, NOW)
    assert ledger.reader.checkpoint(A) == _cosigned(note)
    for tick in range(1, 5):
        ledger.checkpoint_all(NOW + tick * MINUTE)
    assert ledger.reader.checkpoint(A, cosigned=True) == _cosigned(note)
    assert ledger.reader.checkpoint(A) != _cosigned(note)
    ledger.add_cosignature(A, _cosigned(note), WITNESS_KEY, NOW)
    ledger.close()
    assert verify(tmp_path / "ledger.db", [_cosigned(note)]).ok


def test_a_cosignature_of_a_note_that_was_thinned_out_meanwhile_is_taken(tmp_path: Path) -> None:
    ledger = _with_checkpoint(tmp_path)
    notes = []
    for tick in range(1, 5):
        ledger.checkpoint_all(NOW + tick * MINUTE)
        notes.append(ledger.reader.checkpoint(A))
    assert len(_kept(tmp_path, A)) == 2
    for note in notes:
        ledger.add_cosignature(A, _cosigned(note), WITNESS_KEY, NOW)
    assert ledger.reader.checkpoint(A, cosigned=True) == _cosigned(notes[-1])
    ledger.add_cosignature(A, _cosigned(notes[1]), WITNESS_KEY, NOW)
    assert len(_kept(tmp_path, A)) == 2, "the bound holds whatever a witness sends"
    ledger.close()


def test_cosignatures_that_are_not_good_are_refused(tmp_path: Path) -> None:
    ledger = _with_checkpoint(tmp_path)
    note = ledger.reader.checkpoint(A)
    cases = {
        "no good cosignature": [note, _cosigned(note, SIGNER), _cosigned(note, at=NOW + timedelta(hours=1))],
        "not of this log": [
            _cosigned(ledger.reader.checkpoint(B)),
            _cosigned(ledger.reader.checkpoint(TREE)),
        ],
        "did not sign": [_cosigned(sign(parse(note).checkpoint, SIGNER, SIGNER_KEY).text())],
        "a body, an empty line": ["nonsense"],
    }
    for message, bad in cases.items():
        for each in bad:
            with pytest.raises(InvalidInput, match=message):
                ledger.add_cosignature(A, each, WITNESS_KEY, NOW)
    keys = key_file(tmp_path)
    forged = Checkpoint(origin_of(NAME, A), 1, bytes(32), int(NOW.timestamp()))
    signed = sign(forged, keys.signing, keys.public_key()).text()
    with pytest.raises(IntegrityFailure, match="not of this ledger"):
        ledger.add_cosignature(A, _cosigned(signed), WITNESS_KEY, NOW)
    assert ledger.reader.checkpoint(A) == note
    with pytest.raises(NotFound):
        ledger.reader.checkpoint(ParticipantId(C))
    ledger.close()


def test_a_checkpoint_says_when(tmp_path: Path) -> None:
    ledger = _with_checkpoint(tmp_path)
    text = ledger.reader.checkpoint(TREE)
    assert datetime.fromtimestamp(parse(text).checkpoint.time_s, UTC) == NOW
    ledger.close()
