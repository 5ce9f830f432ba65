"""The configuration file: a mistake names its setting, nothing insecure starts, no secret has a default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.config import Config, is_loopback, load_config, parse_config
from comity.errors import InvalidInput

LEAST = '[exchange]\nname = "alps"\ndata_dir = "data"\nkey_file = "secret/key"\n'
GENESIS = """
[genesis.charter]
title = "The charter"
signed_commands = false
auditors = []
constraint_lead_s = 900
floor = {intent = "reserved", constraint = "volume", own_track = "none", sensed_track = "none"}
[genesis.centre]
id = "centre"
name = "The centre"
centre = true
[genesis.administrator]
id = "admin"
participant = "centre"
name = "The administrator"
roles = ["administrator"]
"""


def test_the_least_configuration_is_safe(tmp_path: Path) -> None:
    config = parse_config(LEAST, tmp_path)
    assert config.server.host == "127.0.0.1"
    assert not config.issuer.enabled
    assert not config.bench.echo
    assert config.auth.issuers == ()
    assert config.audiences() == ("alps",)
    assert config.genesis is None


def test_paths_start_at_the_files_own_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "comity.toml").write_text(LEAST)
    config = load_config(tmp_path / "etc" / "comity.toml")
    assert config.data_dir == tmp_path / "etc" / "data"
    assert config.key_file == tmp_path / "etc" / "secret" / "key"
    assert config.path("/abs/olute") == Path("/abs/olute")


def issuer(participants: str, keys: str = 'jwks = "j"') -> str:
    return f'[[auth.issuers]]\nissuer = "x"\n{keys}\nparticipants = {participants}\n'


SERVER, ENVIRONMENT = "[server]\n", "[environment]\n"
MISTAKES = {
    "[sever]\nport = 1": "sever",
    "colour = 1": "exchange.colour",
    'folder = "/"': "exchange.folder",
    SERVER + "port = 70000": "server.port",
    SERVER + 'port = "80"': "server.port",
    SERVER + 'host = "0.0.0.0"': "server.tls_cert",
    SERVER + 'host = "::"': "server.tls_cert",
    SERVER + 'host = "exchange.example"': "server.tls_cert",
    SERVER + 'tls_cert = "c.pem"': "server.tls_cert",
    SERVER + "head_timeout_s = nan": "server.head_timeout_s",
    "[issuer]\nenabled = true": "issuer.key_file",
    "[auth]\nmax_lifetime_s = 5": "auth.max_lifetime_s",
    issuer('["*"]', ""): "auth.issuers[0].public_keys",
    issuer('["*"]', 'jwks = "j"\npublic_keys = ["p"]'): "auth.issuers[0].public_keys",
    issuer("[]"): "auth.issuers[0].participants",
    issuer('["*", "north"]'): "auth.issuers[0].participants",
    issuer('["No One"]'): "auth.issuers[0].participants",
    issuer('["*"]') * 2: "auth.issuers[0].issuer",
    ENVIRONMENT + "qnh_hpa = 1013.0": "environment.qnh_hpa",
    ENVIRONMENT + "qnh_hpa = 29.92": "environment.qnh_hpa",
    ENVIRONMENT + "qnh_until = 2026-05-01T12:00:00": "environment.qnh_until",
    ENVIRONMENT + "geoid_lower_m = 90.0": "environment.geoid_lower_m",
    ENVIRONMENT + "terrain_upper_m = inf": "environment.terrain_upper_m",
    "[tracks]\nstale_s = 90.0": "tracks.expire_s",
    "[quotas]\nreads_per_s = 0": "quotas.reads_per_s",
    '[logging]\nlevel = "loud"': "logging.level",
    '[[feeds.sbs]]\nhost = "h"\nport = 0\nparticipant = "north"\nfeed = "f1"\nprovenance = "own"': (
        "feeds.sbs[0].port"
    ),
    GENESIS.replace("centre = true", "centre = false"): "genesis.centre.centre",
    GENESIS.replace('["administrator"]', '["observer"]'): "genesis.administrator.roles",
    GENESIS.replace('participant = "centre"', 'participant = "north"'): "genesis.administrator.participant",
    GENESIS.replace('own_track = "none"', 'own_track = "volume"'): "genesis.charter.floor.own_track",
    GENESIS.replace(', sensed_track = "none"', ""): "genesis.charter.floor.sensed_track",
    GENESIS.replace("[genesis.centre]", "version = 2\n[genesis.centre]"): "genesis.charter.version",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_names_its_setting(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_config(LEAST + text, tmp_path)
    assert refused.value.field == MISTAKES[text]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "exchange"),
        ("[exchange", "config"),
        ('[exchange]\nname = "alps"\n', "exchange.data_dir"),
        (LEAST.replace("alps", "The Alps"), "exchange.name"),
        ('folder = "/"\n' + LEAST, "folder"),
    ],
)
def test_the_least_that_must_be_said_is_asked_for(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_config(text, tmp_path)
    assert refused.value.field == field


def test_listening_elsewhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"set tls_cert and tls_key .* or listen on 127\.0\.0\.1"):
        parse_config(LEAST + '[server]\nhost = "192.0.2.1"\n', tmp_path)


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("none", "binary", "."):
        with pytest.raises(InvalidInput) as refused:
            load_config(tmp_path / name)
        assert refused.value.field == "config"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_what_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "local.host", "127.0.0.1.example", ""])
def test_what_is_not(host: str) -> None:
    assert not is_loopback(host)


def key_files(type_: Any, prefix: str = "") -> dict[str, Any]:
    """Every setting that names a key, with its default."""
    found = {}
    for field in msgspec.structs.fields(type_):
        if field.name in ("key_file", "tls_key", "jwks", "public_keys"):
            found[prefix + field.name] = field.default
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found |= key_files(field.type, f"{prefix}{field.name}.")
    return found


def test_no_secret_has_a_default() -> None:
    assert key_files(Config) == {
        "exchange.key_file": msgspec.NODEFAULT,
        "f3548.public_keys": (),
        "issuer.key_file": None,
        "server.tls_key": None,
    }


def test_genesis_is_read_as_values(tmp_path: Path) -> None:
    genesis = parse_config(LEAST + GENESIS, tmp_path).genesis
    assert genesis is not None
    assert genesis.charter.floor.constraint == "volume"
    assert genesis.administrator.roles == ("administrator",)
