"""What raises a level, said on the command line, in listings and in the charter that the demo begins with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from comity.cli.demo_setup import prepare
from comity.cli.main import main
from comity.model.rule import Level, Levels
from comity.sim.cast import CHARTER, NORTH, SOUTH
from tests.running import Running

AT_REST = ("--intent", "reserved", "--constraint", "volume", "--own-track", "none", "--sensed-track", "none")


def comity(running: Running, *words: str, code: int = 0) -> Result:
    env = {"COMITY_URL": running.url, "COMITY_TOKEN": running.token(NORTH)}
    result = CliRunner().invoke(main, list(words), env=env)
    assert result.exit_code == code, result.output
    return result


def test_a_rule_says_what_a_conflict_and_an_emergency_raise(running: Running) -> None:
    raised = (
        "--own-track-in-conflict",
        "position",
        "--sensed-track-in-conflict",
        "identity",
        "--own-track-in-emergency",
        "identity",
    )
    said = comity(running, "rules", "set", "--to", SOUTH, *AT_REST, *raised, "--json")
    rule = json.loads(said.stdout)["result"]
    assert running.clients[NORTH].rule(rule["id"]).levels == Levels(
        Level.RESERVED,
        Level.VOLUME,
        Level.NONE,
        Level.NONE,
        own_track_in_conflict=Level.POSITION,
        sensed_track_in_conflict=Level.IDENTITY,
        own_track_in_emergency=Level.IDENTITY,
    )
    listed = " ".join(comity(running, "rules", "list").stdout.split())
    for words in ("position in conflict", "identity in conflict", "identity in emergency"):
        assert words in listed
    comity(running, "rules", "change", rule["id"], *AT_REST)
    levels = running.clients[NORTH].rule(rule["id"]).levels
    assert levels == Levels(Level.RESERVED, Level.VOLUME, Level.NONE, Level.NONE)
    comity(running, "rules", "withdraw", rule["id"])


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--own-track-in-conflict", "none"),
        ("--sensed-track-in-conflict", "volume"),
        ("--own-track-in-emergency", "reserved"),
        ("--own-track", "volume"),
    ],
)
def test_a_level_that_the_kind_does_not_have_is_a_usage_error(option: str, word: str) -> None:
    words = ["rules", "set", "--to", SOUTH, *AT_REST, option, word]
    result = CliRunner().invoke(main, words, env={"COMITY_URL": "http://127.0.0.1:1", "COMITY_TOKEN": "t"})
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output


def test_the_charter_of_the_demo_states_what_raises_a_level(tmp_path: Path) -> None:
    config = prepare(tmp_path / "demo")
    assert config.genesis is not None
    assert config.genesis.charter == CHARTER
    text = (tmp_path / "demo" / "comity.toml").read_text()
    assert "own_track_in_conflict" in text


def test_the_demo_knows_the_air_over_the_alps(tmp_path: Path) -> None:
    """Or else pressure heights and heights above the sea would be compared at the worldwide worst case."""
    air = prepare(tmp_path / "demo").environment
    assert (air.qnh_hpa, air.qnh_error_hpa) == (1_013.25, 3.0)
    assert air.geoid_upper_m - air.geoid_lower_m < 20.0
