"""The key file: made once, private, and never used after others could read it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from comity.errors import InvalidInput
from comity.ids import SeededEntropy, SystemEntropy
from comity.ledger.keyfile import KeyFile, parse_public_key


def test_it_is_made_once_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = KeyFile.load_or_create(path, SystemEntropy())
    read = KeyFile.load_or_create(path, SystemEntropy())
    assert (made.master, made.id_secret, made.public_key()) == (
        read.master,
        read.id_secret,
        read.public_key(),
    )
    assert len({made.master, made.id_secret, made.signing.private_bytes_raw()}) == 3
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InvalidInput, match="not overwritten"):
        KeyFile.create(path, SystemEntropy())


def test_a_seeded_one_is_repeatable(tmp_path: Path) -> None:
    one = KeyFile.create(tmp_path / "one", SeededEntropy(b"seed"))
    two = KeyFile.create(tmp_path / "two", SeededEntropy(b"seed"))
    assert one.public_key() == two.public_key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_one_that_others_could_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    KeyFile.create(path, SystemEntropy())
    path.chmod(mode)
    with pytest.raises(InvalidInput, match="it must be 0600") as caught:
        KeyFile.load_or_create(path, SystemEntropy())
    assert caught.value.field == "key_file"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"\xff",
        b'{"v":2,"master":"","signing":"","ids":""}',
        b'{"v":1,"master":"AA==","signing":"AA==","ids":"AA=="}',
        b'{"v":1,"master":"","signing":"","ids":"","more":1}',
    ],
)
def test_what_is_no_key_file_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_bytes(text)
    with pytest.raises(InvalidInput):
        KeyFile.load(path)


def test_it_does_not_show_its_secrets(tmp_path: Path) -> None:
    made = KeyFile.create(tmp_path / "keys.json", SystemEntropy())
    assert repr(made) == f"KeyFile(public_key={made.public_key().hex()})"


def test_a_public_key_in_hex_or_base64(tmp_path: Path) -> None:
    key = bytes(range(32))
    assert parse_public_key(key.hex()) == key
    assert parse_public_key(base64.b64encode(key).decode()) == key
    for wrong in ("", "zz" * 32, "AAAA", "not base64!"):
        with pytest.raises(InvalidInput):
            parse_public_key(wrong)
