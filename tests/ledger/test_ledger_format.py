"""docs/ledger-format.md as an outsider reads it: each block recomputed from the rules, without our code.

Then the ledger itself is made to write that example, so that document and program cannot drift apart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from comity.ids import EXCHANGE, ParticipantId, SeededEntropy
from comity.ledger.entry import Draft
from comity.ledger.keyfile import KeyFile
from comity.ledger.note import cosign, parse
from comity.ledger.store import Ledger

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger-format.md"
ENTROPY = SeededEntropy(b"docs/ledger-format.md")
OWNER, OTHER, CENTRE = ParticipantId("relief-air"), ParticipantId("civil-ans"), ParticipantId("centre")


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    found = re.findall(r"```([a-z-]+)\n(.*?)\n```", DOCUMENT.read_text(), re.S)
    assert len(found) == len(dict(found))
    return dict(found)


def test_header_and_leaves(blocks: dict[str, str]) -> None:
    header = blocks["header"].encode("ascii")
    content = json.loads(header)
    assert json.dumps(content, sort_keys=True, separators=(",", ":")).encode() == header
    assert hashlib.sha256(b"\x00" + header).hexdigest() == blocks["leaf"]
    log, position = content["logs"][0]
    own = {key: content[key] for key in ("commitment", "kind", "time_us", "v")} | {
        "log": log,
        "position": position,
    }
    assert json.dumps(own, sort_keys=True, separators=(",", ":")) == blocks["own-leaf"]
    assert hashlib.sha256(b"\x00" + blocks["own-leaf"].encode()).hexdigest() == blocks["own-leaf-hash"]
    assert datetime.fromtimestamp(content["time_us"] / 1e6, UTC).strftime("%Y-%m") == content["period"]


def test_commitment_and_seal(blocks: dict[str, str]) -> None:
    header, payload = json.loads(blocks["header"]), blocks["payload"].encode()
    key = bytes.fromhex(blocks["period-key"])
    salt_key = hmac.digest(key, b"comity/v1/salt\x01", "sha256")
    salt = hmac.digest(salt_key, header["logs"][0][1].to_bytes(8, "big") + payload, "sha256")
    assert salt.hex() == blocks["salt"]
    assert hashlib.sha256(b"comity/v1/commitment\x00" + salt + payload).hexdigest() == header["commitment"]
    seal_key = hmac.digest(key, b"comity/v1/seal\x01", "sha256")
    nonce = bytes.fromhex(blocks["own-leaf-hash"])[:12]
    bound = header["period"].encode() + b"\x00" + blocks["own-leaf"].encode()
    assert AESGCM(seal_key).decrypt(nonce, bytes.fromhex(blocks["sealed"]), bound) == payload


def test_checkpoint(blocks: dict[str, str]) -> None:
    body, _, tail = (blocks["checkpoint"] + "\n").partition("\n\n")
    body += "\n"
    (name, ours), (witness, theirs) = (line.removeprefix("— ").split(" ") for line in tail.splitlines())
    key, witness_key = bytes.fromhex(blocks["exchange-key"]), bytes.fromhex(blocks["witness-key"])
    signed, cosigned = base64.b64decode(ours), base64.b64decode(theirs)
    assert signed[:4] == hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
    assert cosigned[:4] == hashlib.sha256(witness.encode() + b"\n\x04" + witness_key).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key).verify(signed[4:], body.encode())
    when = int.from_bytes(cosigned[4:12], "big")
    message = f"cosignature/v1\ntime {when}\n{body}".encode()
    Ed25519PublicKey.from_public_bytes(witness_key).verify(cosigned[12:], message)
    assert name == body.splitlines()[0]


def test_the_ledger_writes_the_documents_example(blocks: dict[str, str], tmp_path: Path) -> None:
    keys = KeyFile.create(tmp_path / "keys.json", ENTROPY)
    ledger = Ledger.open(tmp_path / "ledger.db", keys, "alps.example", ENTROPY)
    _, made = ledger.append(
        [
            Draft(1_772_532_000_000_000, "participant.put", CENTRE, (OWNER,), b"{}"),
            Draft(
                1_772_532_000_250_000, "rule.removed", EXCHANGE, (OWNER, OTHER), blocks["payload"].encode()
            ),
        ]
    )
    assert made.header.decode() == blocks["header"]
    assert made.leaf.hex() == blocks["leaf"]
    assert made.counted[0].leaf.hex() == blocks["own-leaf-hash"]
    ledger.checkpoint_all(datetime(2026, 3, 3, 10, 1, tzinfo=UTC))
    note = ledger.reader.checkpoint(OWNER)
    witness = Ed25519PrivateKey.from_private_bytes(ENTROPY.bytes("witness", 32))
    line = cosign(parse(note).checkpoint, "relief-air/witness", witness, 1_772_532_065)
    key = witness.public_key().public_bytes_raw()
    ledger.add_cosignature(OWNER, note + line.text(), key, datetime(2026, 3, 3, 10, 2, tzinfo=UTC))
    assert ledger.reader.checkpoint(OWNER) == blocks["checkpoint"] + "\n"
    ledger.close()
    raw = apsw.Connection(str(tmp_path / "ledger.db"))
    assert str(raw.execute("SELECT hex(sealed) FROM entries WHERE idx = 1").get).lower() == blocks["sealed"]
    assert raw.pragma("application_id") == 0x436F6D79
    assert raw.pragma("user_version") == 1
    raw.close()


def test_the_documents_tables_are_the_files(tmp_path: Path) -> None:
    keys = KeyFile.create(tmp_path / "keys.json", ENTROPY)
    Ledger.open(tmp_path / "ledger.db", keys, "alps.example", ENTROPY).close()
    raw = apsw.Connection(str(tmp_path / "ledger.db"))
    tables = {str(name) for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    raw.close()
    text = DOCUMENT.read_text()
    assert [name for name in sorted(tables) if f"`{name}`" not in text] == []
