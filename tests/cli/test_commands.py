"""The command line against a real exchange: what is printed, as JSON and for people, and the exit codes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from comity.cli.main import COMMANDS, main
from comity.sim.cast import ANS, DESKS, NORTH, RELIEF, SOUTH
from tests.running import Running

Call = Callable[..., Result]


@pytest.fixture
def call(running: Running, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls ``comity`` as the desk of a participant."""
    monkeypatch.setenv("COMITY_URL", running.url)

    def comity(*words: object, who: str = RELIEF, code: int = 0) -> Result:
        environment = {"COMITY_TOKEN": running.token(next(id for id in DESKS if id == who))}
        result = CliRunner().invoke(main, [str(word) for word in words], env=environment)
        assert result.exit_code == code, result.output
        return result

    return comity


def said(result: Result) -> Any:
    return json.loads(result.stdout)


def file_words(lat: float, lon: float) -> list[str]:
    place = ["--circle", f"{lat},{lon},900", "--lower", "500:MSL", "--upper", "800:msl"]
    return [*place, "--start", "+5min", "--end", "+1h", "--category", "uncrewed", "--uncrewed"]


def test_help_names_every_command_with_its_own_words() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    context = click.Context(main)
    for name in COMMANDS:
        assert f"\n  {name} " in result.stdout
        command = main.get_command(context, name)
        assert command is not None
        assert command.help
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_help_is_not_about_something_else() -> None:
    """The line in the list starts with the words that the command's own help starts with."""
    context = click.Context(main)
    for name, (_, line) in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        first = (command.help or "").split()[0]
        assert line.split()[0] == first, name


def test_unknown_commands_and_options_are_usage_errors() -> None:
    assert CliRunner().invoke(main, ["fly"]).exit_code == 2
    assert CliRunner().invoke(main, ["picture", "--colour"]).exit_code == 2


def test_whoami(call: Call) -> None:
    assert "Samuel Okafor" in call("whoami").stdout
    assert said(call("whoami", "--json"))["participant"] == RELIEF


def test_an_intent_by_words(call: Call) -> None:
    filed = said(call("intents", "file", *file_words(43.0, 4.0), "--json"))
    ref = filed["result"]["ref"]
    assert filed["clearance"]["floor_intent"] == "reserved"
    changed = call("intents", "change", ref, "--state", "Activated")
    assert "changed: intent" in changed.stdout
    assert "receipt: position" in changed.stdout
    assert ref in call("intents", "list").stdout
    assert said(call("intents", "show", ref))["state"] == "Activated"
    assert ref in {item["ref"] for item in said(call("intents", "list", "--json"))["items"]}
    assert "ended" in call("intents", "end", ref).stdout


def test_a_refusal_is_one_line_names_the_field_and_leaves_with_1(call: Call) -> None:
    filed = said(call("intents", "file", *file_words(43.0, 5.0), "--json"))["result"]
    refused = call("intents", "file", *file_words(43.0, 5.0), who=NORTH, code=1)
    lines = refused.stderr.splitlines()
    assert lines[0].startswith("comity: strategic_conflict (volumes): ")
    assert lines[1].startswith("  in the way: intent volume ")
    over = call("intents", "file", *file_words(43.0, 5.0), "--over", lines[1].split()[-1], who=NORTH)
    assert "filed" in over.stdout
    call("intents", "end", filed["ref"])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--circle", "46.5,8.6"], "latitude,longitude,metres"),
        (["--circle", "96.5,8.6,100"], "lat must be from -90 to 90"),
        (["--polygon", "46,8 47,8"], "3 to 1000 points"),
        (["--lower", "500"], "metres and a datum"),
        (["--lower", "5e9:MSL"], "finite number of metres"),
        (["--start", "tomorrow"], "is not a time"),
        (["--start", "2026-05-01T12:00:00"], "is not a time"),
    ],
)
def test_a_wrong_word_is_a_usage_error_that_says_what_would_be_right(
    call: Call, words: list[str], complaint: str
) -> None:
    result = call("intents", "file", *words, "--category", "glider", code=2)
    assert complaint in " ".join(result.stderr.split())


def test_volumes_from_a_file_are_read_as_strictly_as_the_exchange_does(call: Call, tmp_path: Path) -> None:
    filed = said(call("intents", "file", *file_words(43.0, 6.0), "--json"))["result"]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(filed["volumes"]))
    call("intents", "end", filed["ref"])
    again = said(call("intents", "file", "--volumes", plan, "--category", "glider", "--json"))["result"]
    assert again["volumes"] == filed["volumes"]
    call("intents", "end", again["ref"])
    plan.write_text(json.dumps([filed["volumes"][0] | {"colour": "red"}]))
    refused = call("intents", "file", "--volumes", plan, "--category", "glider", code=1)
    assert "invalid_input" in refused.stderr
    assert "colour" in refused.stderr


def test_a_constraint_by_words(call: Call) -> None:
    words = [*file_words(43.0, 7.0)[:-3], "--kind", "closed", "--designator", "TEST 1", "--json"]
    item = said(call("constraints", "publish", *words))["result"]
    assert "TEST 1" in call("constraints", "list").stdout
    call("constraints", "change", item["ref"], "--designator", "TEST 2")
    assert said(call("constraints", "show", item["ref"]))["designator"] == "TEST 2"
    assert "cancelled" in call("constraints", "end", item["ref"]).stdout


def test_rules_groups_and_what_others_see(call: Call) -> None:
    levels = ["--intent", "volume", "--constraint", "volume", "--own-track", "none", "--sensed-track", "none"]
    call("rules", "set", "--to", NORTH, who=SOUTH, code=2)
    set_ = said(call("rules", "set", "--to", NORTH, *levels, "--expires", "+1h", "--json", who=SOUTH))
    id = set_["result"]["id"]
    item = said(call("intents", "file", *file_words(43.0, 8.0), "--json", who=SOUTH))["result"]
    assert id in call("rules", "list", who=SOUTH).stdout
    seen = said(call("what-others-see", "--recipient", NORTH, "--json", who=SOUTH))["seen"]
    assert [(each["level"], each["rule"]) for each in seen if each.get("ref") == item["ref"]] == [
        ("volume", id)
    ]
    assert id in call("what-others-see", "--recipient", NORTH, who=SOUTH).stdout
    call("intents", "end", item["ref"], who=SOUTH)
    call("rules", "change", id, *levels[:-1], "position", who=SOUTH)
    call("rules", "withdraw", id, who=SOUTH)
    call("groups", "set", "friends", NORTH, ANS, who=SOUTH)
    call("groups", "set", "friends", NORTH, who=SOUTH)
    assert f"{SOUTH}/friends" in call("groups", "list", who=SOUTH).stdout
    call("rules", "set", "--to-group", f"{SOUTH}/friends", *levels, who=SOUTH)
    call("groups", "remove", "friends", who=SOUTH, code=1)
    refused = call("rules", "set", "--to", "nobody-here", *levels, who=SOUTH, code=1)
    assert "recipient" in refused.stderr


def test_members_and_the_charter(call: Call, tmp_path: Path) -> None:
    assert RELIEF in call("participants", "list").stdout
    call("participants", "admit", "new-member", "New Member", who=ANS)
    call("participants", "admit", "new-member", "New Member", "--suspended", who=ANS)
    found = {p["id"]: p for p in said(call("participants", "list", "--json"))["participants"]}
    assert found["new-member"]["suspended"]
    call("people", "put", RELIEF, "temp", "A Temp", "--role", "observer")
    assert "A Temp" in call("people", "list").stdout
    call("revoke", RELIEF, "temp")
    call("people", "remove", RELIEF, "temp")
    charter = tmp_path / "charter.json"
    now = said(call("charter", "show"))
    charter.write_text(json.dumps(now | {"title": "Another", "version": now["version"] + 1}))
    assert "adopted: Another" in call("charter", "adopt", charter, who=ANS).stdout
    call("charter", "adopt", charter, who=ANS, code=1)
    refused = call("participants", "admit", "x-y", "X", who=NORTH, code=1)
    assert "not_permitted" in refused.stderr
    call("erase", "nobody-here", "2026-01", "--yes", who=ANS, code=1)


def test_health_is_for_the_operator(call: Call) -> None:
    assert said(call("health", who=ANS))
    assert "# TYPE" in call("health", "--metrics", who=ANS).stdout
    assert "not_permitted" in call("health", code=1).stderr


def test_the_log_is_proven_here(call: Call, running: Running, tmp_path: Path) -> None:
    key_file = running.config.key_file
    time.sleep(1.5)  # a checkpoint is made every half second
    public = CliRunner().invoke(main, ["keygen", "public", str(key_file)]).stdout.strip()
    note = call("log", "checkpoint", "--public-key", public).stdout
    held = tmp_path / "held.txt"
    held.write_text(note)
    position = said(call("log", "entries", "--json"))["entries"][0]["position"]
    proven = call("log", "prove", position, "--public-key", public)
    assert "proven" in proven.stdout
    assert "signature verified" in proven.stdout
    assert "continues" in call("log", "check", held).stdout
    assert "not the one of your receipt" in call("log", "prove", position, "--leaf", "00", code=1).stderr
    wrong = call("log", "checkpoint", "--public-key", "00" * 32, code=1)
    assert "integrity_failure" in wrong.stderr
    size = int(note.splitlines()[1])
    assert "try again" in call("log", "prove", size + 10_000, code=1).stderr
    assert "not_permitted" in call("log", "checkpoint", "--tree", who=NORTH, code=1).stderr


def test_changes_and_picture_and_airspace(call: Call) -> None:
    pages = [json.loads(line) for line in call("changes").stdout.splitlines()]
    assert pages[-1]["more"] is False
    assert call("changes", "--cursor", pages[-1]["cursor"]).stdout
    assert "as of" in call("airspace").stdout
    assert said(call("airspace", "--near", "0", "0", "1000", "--json"))["items"] == []
    assert "as of" in call("picture").stdout


def test_alerts_say_when_aircraft_were_searched(call: Call) -> None:
    assert "searched for conflicts at" in call("alerts").stdout
    assert set(said(call("alerts", "--json"))) == {"alerts", "as_of", "swept_at", "late_s"}
    refused = call("acknowledge", "never-was", code=1)
    assert "not_found (ref)" in refused.stderr


def test_without_a_token_or_an_exchange_it_says_so(running: Running) -> None:
    runner = CliRunner()
    no_token = runner.invoke(main, ["whoami", "--url", running.url], env={"COMITY_TOKEN": None})
    assert no_token.exit_code == 1
    assert "unauthenticated (token)" in no_token.stderr
    wrong = runner.invoke(main, ["whoami", "--url", running.url, "--token", "x"])
    assert wrong.exit_code == 1
    clear = runner.invoke(main, ["whoami", "--url", "http://exchange.example", "--token", "x"])
    assert "invalid_input (url)" in clear.stderr


def test_a_token_comes_from_a_file(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(running.token(NORTH) + "\n")
    result = CliRunner().invoke(main, ["whoami", "--url", running.url, "--token-file", str(file)])
    assert result.exit_code == 0
    assert "Air Force North" in result.stdout
