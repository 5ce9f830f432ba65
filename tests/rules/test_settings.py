"""Every setting stands in the example configuration, with a comment and its real default."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from comity.config import Config, parse_config
from tests.rules.source import SOURCE

EXAMPLE = (SOURCE / "cli" / "comity.example.toml").read_text(encoding="utf-8")
SETTING = re.compile(r"#?([a-z][a-z0-9_]*) = ")
HEADING = re.compile(r"#?\[+([a-z0-9_.]+)\]+$")
ALL_ON = re.sub(r"^#(?=[a-z][a-z0-9_]* = |\[)", "", EXAMPLE, flags=re.M)

NOT_IN_THE_FILE = {"folder"}


def structs_in(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """Struct types in an annotation: itself, in a union, in a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
    elif typing.get_origin(annotation) in (tuple, typing.Union, types.UnionType, typing.Annotated):
        for argument in typing.get_args(annotation):
            yield from structs_in(argument)


def settings(struct: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    hints = typing.get_type_hints(struct)
    for field in struct.__struct_fields__:
        inner = list(structs_in(hints[field]))
        written_inline = prefix.startswith("genesis.") and prefix.count(".") > 1
        if not prefix and field in NOT_IN_THE_FILE:
            continue
        if inner and not written_inline:
            for each in inner:
                yield from settings(each, f"{prefix}{field}.")
        else:
            yield f"{prefix}{field}"


def shown() -> Iterator[tuple[str, bool]]:
    """Each setting in the file, and whether a comment stands above it or above its group of lines."""
    section, commented = "", False
    for line in EXAMPLE.splitlines():
        if heading := HEADING.match(line):
            section = heading[1]
        elif setting := SETTING.match(line):
            yield f"{section}.{setting[1]}", commented
        elif line.startswith("# "):
            commented = True
        elif not line:
            commented = False


def test_every_setting_is_shown_and_none_that_is_not() -> None:
    assert sorted(name for name, _ in shown()) == sorted(settings(Config))


def test_every_setting_has_a_comment() -> None:
    assert [name for name, commented in shown() if not commented] == []


def test_the_example_is_a_configuration() -> None:
    config = parse_config(EXAMPLE, Path("/nowhere"))
    assert config.genesis is not None
    assert not config.issuer.enabled


def test_shown_defaults_are_the_real_ones() -> None:
    on = tomllib.loads(ALL_ON)
    for section in ("server", "stream", "auth", "tracks", "quotas", "ledger", "logging", "bench", "f3548"):
        real = msgspec.to_builtins(getattr(parse_config(EXAMPLE, Path("/nowhere")), section))
        for name, value in on[section].items():
            if name not in (
                "tls_cert",
                "tls_key",
                "issuers",
                "base_url",
                "ca_file",
                "oauth",
                "flight_planning",
            ):
                assert real[name] == value or list(real[name]) == value, f"{section}.{name}"


def test_the_example_with_everything_switched_on_is_a_configuration_but_for_what_excludes() -> None:
    text = ALL_ON.replace('public_keys = ["login.pem"]\n', "")
    config = parse_config(text, Path("/nowhere"))
    assert config.feeds.sbs[0].port == 30_003
    assert config.auth.issuers[0].jwks == "login.jwks.json"
