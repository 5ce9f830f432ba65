"""What a new user does: init, serve, token, look; verify, backup, restore; and the demonstration itself.

Programs run as processes of their own here, because that is where signals, exit codes and start-up live.
"""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from comity.cli.main import main
from comity.client import Client
from comity.sim.guide import HINTS

PROGRAM = [sys.executable, "-c", "from comity.cli.main import main; main()"]


def comity(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory made by ``comity init``, on a free port, with frequent checkpoints."""
    place = tmp_path / "exchange"
    comity("init", place, "--name", "test.example")
    config = place / "comity.toml"
    text = config.read_text().replace("#port = 8787", "port = 0")
    config.write_text(text.replace("#checkpoint_s = 60.0", "checkpoint_s = 0.5"))
    return place


@contextmanager
def process(*words: object) -> Iterator[subprocess.Popen[str]]:
    command = [*PROGRAM, *(str(word) for word in words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


@contextmanager
def serving(home: Path) -> Iterator[str]:
    with process("serve", home / "comity.toml") as running:
        assert running.stderr is not None
        for line in running.stderr:
            if ready := re.search(r"is ready at (\S+)", line):
                break
        else:
            pytest.fail("it ended before it was ready")
        yield ready[1]
        running.send_signal(signal.SIGTERM)
        for line in running.stderr:
            assert '"level": "error"' not in line, line
        assert running.wait(20) == 0


def test_init_makes_a_configuration_and_keys_that_only_their_owner_can_read(home: Path) -> None:
    for name in ("exchange.key", "issuer.key"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert "not overwritten" in comity("init", home, code=1).stderr
    public = comity("keygen", "public", home / "exchange.key").stdout.strip()
    assert re.fullmatch(r"[0-9a-f]{64}", public)


def test_keys_are_never_overwritten_and_never_readable_by_others(tmp_path: Path) -> None:
    for kind in ("exchange", "issuer", "signing"):
        file = tmp_path / kind
        comity("keygen", kind, file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "not overwritten" in comity("keygen", kind, file, code=1).stderr
    (tmp_path / "exchange").chmod(0o644)
    assert "mode 0644" in comity("keygen", "public", tmp_path / "exchange", code=1).stderr


def test_tokens_are_for_as_long_as_the_exchange_takes_them(home: Path) -> None:
    words = ["token", "--config", home / "comity.toml", "--participant", "centre", "--person", "admin"]
    assert comity(*words).stdout.count(".") == 2
    assert "/#token=" in comity(*words, "--link").stdout
    assert "(lifetime)" in comity(*words, "--lifetime", "30d", code=1).stderr
    assert "no such scope" in comity(*words, "--scope", "comity.everything", code=1).stderr
    comity(*words, "--lifetime", "soon", code=2)
    text = (home / "comity.toml").read_text()
    (home / "comity.toml").write_text(text.replace("enabled = true", "enabled = false"))
    assert "(issuer.enabled)" in comity(*words, code=1).stderr


def test_from_init_to_a_verified_backup(home: Path, tmp_path: Path) -> None:
    words = ["token", "--config", home / "comity.toml", "--participant", "centre", "--person", "admin"]
    token = comity(*words).stdout.strip()
    with serving(home) as url, Client(url, token) as client:
        assert client.whoami().exchange == "test.example"
        client.set_group("somebody", [])
        time.sleep(1.2)
        held = tmp_path / "held.txt"
        held.write_text(client.log.checkpoint())
        ledger = home / "data" / "ledger.sqlite"
        backup = tmp_path / "backup.sqlite"
        assert "verified" in comity("backup", ledger, backup, "--key-file", home / "exchange.key").stdout
    public = comity("keygen", "public", home / "exchange.key").stdout.strip()
    checked = comity("verify", ledger, "--checkpoint", held, "--public-key", public, "--json")
    report = json.loads(checked.stdout)
    assert (report["findings"], report["held"], report["key_from"]) == ([], 1, "given")
    assert "1 held by others" in comity("verify", ledger, "--checkpoint", held).stdout
    assert "proves nothing" in comity("verify", ledger).stdout
    restored = tmp_path / "restored.sqlite"
    comity("restore", backup, restored, "--checkpoint", held)
    assert "not overwritten" in comity("restore", backup, restored, code=1).stderr


def test_verify_finds_a_ledger_that_was_cut_off(home: Path, tmp_path: Path) -> None:
    token = comity(
        "token", "--config", home / "comity.toml", "--participant", "centre", "--person", "admin"
    ).stdout.strip()
    ledger, early, held = home / "data" / "ledger.sqlite", tmp_path / "early.sqlite", tmp_path / "held.txt"
    with serving(home) as url, Client(url, token) as client:
        comity("backup", ledger, early)
        client.set_group("somebody", [])
        time.sleep(1.2)
        held.write_text(client.log.checkpoint())
    found = comity("verify", early, "--checkpoint", held, code=1)
    assert "WRONG" in found.stdout


def test_a_configuration_with_a_mistake_names_the_setting(home: Path) -> None:
    config = home / "comity.toml"
    config.write_text(config.read_text().replace("port = 0", "prot = 0"))
    with process("serve", config) as running:
        _, told = running.communicate(timeout=30)
        assert running.returncode == 1
        assert "invalid_input (server.prot)" in told


def test_the_demonstration_stops_in_order_and_has_kept_everything(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    with process("demo", "--directory", place, "--port", "0") as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "files a patrol area" in line:
                break
        running.send_signal(signal.SIGINT)
        lines += running.stdout.readlines()
        assert running.wait(30) == 0
    said = "".join(lines)
    links = re.findall(r"/#token=[\w.-]+&guide=demo&cycle=(\d+)", said)
    assert len(links) == 4
    assert len(set(links)) == 1
    for hint in HINTS:
        assert hint.title in said
    assert re.search(r"parcel-uss +has its parcel line Basel to Liestal Activated by F3548", said)
    assert "lost the USS" not in said
    assert "stopped; what was acknowledged is in" in said
    ledger = place / "data" / "ledger.sqlite"
    entries = json.loads(comity("verify", ledger, "--json").stdout)["entries"]
    started = time.monotonic()
    with process("demo", "--directory", place, "--port", "0", "--seconds", "0.5") as again:
        told, _ = again.communicate(timeout=60)
        assert again.returncode == 0
    assert time.monotonic() - started < 30
    assert "items kept from before" in told
    assert "publishes" not in told
    assert json.loads(comity("verify", ledger, "--json").stdout)["entries"] > entries


def test_no_two_exchanges_on_one_ledger(home: Path) -> None:
    with serving(home), process("serve", home / "comity.toml") as second:
        _, told = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "unavailable" in told
