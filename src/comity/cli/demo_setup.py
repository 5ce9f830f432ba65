"""What ``comity demo`` needs before it starts: a directory with a configuration and keys, tokens, a port.

The configuration is an ordinary one: ``comity serve`` runs it as well.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from comity.cli.keyfiles import create_ed25519, load_ed25519
from comity.clock import Clock
from comity.config import Config, load_config
from comity.http.issuer import Issuer
from comity.http.logs import set_up_logging
from comity.http.tokens import SCOPES
from comity.ids import ParticipantId, PersonId
from comity.sim.cast import CHARTER, DESKS, PARTICIPANTS, PEOPLE

LIFETIME: Final = timedelta(hours=12)
"""Of a sign-in link: a long working day; the longest that the exchange takes by default."""

RENEW: Final = timedelta(hours=6)

_HEAD: Final = """\
# Made by `comity demo`. An ordinary configuration: `comity serve` runs it as well. All settings with their
# comments are in the configuration that `comity init` makes.

[exchange]
name = "alps.demo"
data_dir = "data"
key_file = "exchange.key"

[issuer]
enabled = true
key_file = "issuer.key"

[ledger]
checkpoint_s = 10.0
snapshot_s = 300.0

# What a day over the Alps is like; without it heights above sea level and pressure heights are compared
# at the worldwide worst case.
[environment]
geoid_lower_m = 44.0
geoid_upper_m = 56.0
terrain_lower_m = 0.0
terrain_upper_m = 4_810.0
qnh_hpa = 1_013.25
qnh_error_hpa = 3.0
qnh_until = 2100-01-01T00:00:00Z

"""


def prepare(directory: Path) -> Config:
    """The directory's configuration, made if there is none."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = directory / "comity.toml"
    if not (directory / "issuer.key").exists():
        create_ed25519(directory / "issuer.key")
    if not target.exists():
        target.write_text(_HEAD + _genesis(), encoding="utf-8")
    return load_config(target)


@contextmanager
def logging_to(config: Config) -> Iterator[None]:
    """Logs go to a file beside the configuration, and leave the terminal to the story."""
    with (config.folder / "log.jsonl").open("a", encoding="utf-8") as file:
        handler = set_up_logging(config.logging.level, file)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)


def _genesis() -> str:
    """The charter, the centre and its desk as TOML."""
    centre = next(participant for participant in PARTICIPANTS if participant.centre)
    person = next(each for each in PEOPLE if each.id == DESKS[centre.id])
    sections = {"charter": CHARTER, "centre": centre, "administrator": person}
    return "\n".join(
        f"[genesis.{name}]\n" + "".join(_line(*each) for each in msgspec.to_builtins(value).items())
        for name, value in sections.items()
    )


def _line(name: str, value: object) -> str:
    if value is None or value == ():
        return ""
    return f"{name} = {_toml(value)}\n"


def _toml(value: object) -> str:
    """Plain values only; JSON's strings, numbers and truths are TOML's too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or a free one where it is 0 or something else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Tokens:
    """Tokens of the cast from the demonstration's own issuer."""

    def __init__(self, config: Config, clock: Clock) -> None:
        assert config.issuer.key_file is not None
        key = load_ed25519(config.path(config.issuer.key_file))
        self._issuer = Issuer(key, config.exchange.name, config.audiences()[0])
        self._clock = clock

    def issue(self, participant: ParticipantId, person: PersonId, scopes: Collection[str] = SCOPES) -> str:
        return self._issuer.issue(person, participant, scopes, LIFETIME, self._clock.now())

    def source(self, participant: ParticipantId, person: PersonId) -> Callable[[], str]:
        """Gives the current token, and a new one in good time."""
        held: tuple[str, datetime] | None = None

        def current() -> str:
            nonlocal held
            now = self._clock.now()
            if held is None or now - held[1] > RENEW:
                held = (self.issue(participant, person), now)
            return held[0]

        return current
