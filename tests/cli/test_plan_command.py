"""``comity plan`` against a real exchange: routes from words and files, checks, alternatives, filing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from comity.cli.main import main
from comity.sim.cast import DESKS, RELIEF
from tests.running import Running

Call = Callable[..., Result]

WORDS = (
    *("--level", "5000:MSL", "--speed-mps", "80", "--half-width-m", "500", "--half-height-m", "60"),
    *("--departs", "+40min"),
)
PLAN = ("--category", "aeroplane")


@pytest.fixture
def call(running: Running, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("COMITY_URL", running.url)

    def comity(*words: object, code: int = 0) -> Result:
        environment = {"COMITY_TOKEN": running.token(next(id for id in DESKS if id == RELIEF))}
        result = CliRunner().invoke(main, ["plan", *(str(word) for word in words)], env=environment)
        assert result.exit_code == code, result.output
        return result

    return comity


def said(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_route_of_the_southern_half_from_words(call: Call) -> None:
    made = said(call("volumes", "-33.9,151.2", "-34.1,150.9", *WORDS, "--json"))
    assert made["length_m"] == pytest.approx(35_500, rel=0.02)
    assert len(made["volumes"]) == 8
    shown = call("volumes", "-33.9,151.2", "-34.1,150.9", *WORDS, "--late", "5min").stdout
    assert "4940 m MSL" in shown
    assert "35.4 km, arrives" in shown or "35.5 km, arrives" in shown


def test_a_route_from_a_file_with_another_departure(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "route.json"
    file.write_text(
        json.dumps(
            {
                "waypoints": [{"lat": 46.0, "lon": 9.0}, {"lat": 46.1, "lon": 9.0}],
                "levels": [{"value_m": 100.0, "datum": "AGL"}],
                "speed_mps": 10.0,
                "half_width_m": 50.0,
                "half_height_m": 30.0,
                "departs": "2026-06-01T08:00:00Z",
            }
        )
    )
    one = said(call("volumes", "--route", file, "--json"))
    other = said(call("volumes", "--route", file, "--departs", "2026-06-01T09:00:00Z", "--json"))
    assert one["arrives"][11:13] == "08"
    assert other["arrives"][11:13] == "09"
    assert one["volumes"][0]["outline"] == other["volumes"][0]["outline"]


def test_filing_refused_checked_and_taken(call: Call) -> None:
    route = ("45.0,7.0", "45.0,7.3", *WORDS, *PLAN)
    assert "clear of what is released to you" in call("check", *route).stdout
    filed = said(call("file", *route, "--json"))
    assert filed["result"]["state"] == "Accepted"
    own = filed["result"]["ref"]
    checked = said(call("check", *route, "--json", code=1))
    assert [one["item"]["ref"] for one in checked["conflicts"]] == [own]
    assert said(call("check", *route, "--id", own, "--json"))["conflicts"] == []
    assert "the plan would be accepted" in call("alternatives", *route, "--id", own).stdout
    shown = call("alternatives", *route, "--kind", "higher", "--kind", "later").stdout
    assert "130 m higher" in shown
    assert "later" in shown
    assert "lower" not in shown
    refused = call("file", *route, code=1)
    assert "strategic_conflict" in refused.output
    taken = call("file", *route, "--take", "higher")
    assert "taken: 130 m higher" in taken.stderr
    assert "filed: intent" in taken.stdout


def test_what_a_route_lacks_is_named(call: Call) -> None:
    result = call("volumes", "45.0,7.0", "45.0,7.3", "--level", "5000:MSL", code=2)
    assert "--speed-mps, --half-width-m, --half-height-m, --departs" in result.output
    result = call("volumes", *WORDS, code=2)
    assert "two places LAT,LON" in result.output
    result = call("volumes", "45.0,7.0", "north", *WORDS, code=2)
    assert "is not latitude,longitude" in result.output
    result = call("volumes", "45.0,7.0", "45.0,7.3", *WORDS, "--speed-mps", "0", code=1)
    assert "speed_mps" in result.output
