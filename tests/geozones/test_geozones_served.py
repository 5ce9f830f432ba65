"""Files of zones over the API and by the command line against a running exchange."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from comity.cli.main import main
from comity.geozones.reading import read
from comity.sim.cast import ANS, NORTH
from tests.geozones.test_json_formats import geojson
from tests.http.serving import Served, serving
from tests.running import Running, cast

FROM_TO = {"from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z"}
WINDOW = ["--from", "now", "--to", "2099-01-01T00:00:00Z"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with cast(tmp_path_factory.mktemp("exchange")) as it:
        yield it


def zones(*designators: str, **fields: Any) -> dict[str, Any]:
    features = [geojson(designator=name, **fields)["features"][0] for name in designators]
    return {"type": "FeatureCollection", "features": features}


def post(served: Served, body: bytes, params: dict[str, str] | None = None, who: str = "centre") -> Any:
    with served.client(who) as client:
        headers = {"Content-Type": "text/plain"}
        return client.post("/v1/geozones/read", content=body, params=params, headers=headers)


def test_a_file_is_read_and_nothing_is_published(served: Served) -> None:
    before = served.call(lambda: len(served.world.exchange.state.constraints))
    body = zones("A", "B")
    body["features"].append({"type": "Feature"})
    answer = post(served, json.dumps(body).encode(), {"source": "mine.json", **FROM_TO})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["format"], found["source"], found["records"]) == ("geojson", "mine.json", 3)
    first = found["zones"][0]
    assert first["zone"]["designator"] == "A"
    assert first["zone"]["provenance"]["place"] == "features[0]"
    assert found["unreadable"][0]["place"] == "features[2]"
    assert served.call(lambda: len(served.world.exchange.state.constraints)) == before
    publish = {"kind": "closed", "designator": "A", "volumes": first["volumes"]}
    publish["provenance"] = first["zone"]["provenance"]
    with served.client("centre") as client:
        written = served.put(client, "/v1/constraints", publish)
    assert written.status_code == 201
    assert written.json()["result"]["provenance"]["sha256"] == found["sha256"]


@pytest.mark.parametrize(
    ("body", "params", "status", "code"),
    [
        (b"nothing", {}, 400, "invalid_input"),
        (b"{}", {"format": "xml"}, 400, "invalid_input"),
        (b"{}", {"from": "2026-06-01T00:00:00Z"}, 400, "invalid_input"),
        (b"{" * (4 * 1024 * 1024 + 1), {}, 413, "too_large"),
    ],
)
def test_refusals_of_the_route(
    served: Served, body: bytes, params: dict[str, str], status: int, code: str
) -> None:
    answer = post(served, body, params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_one_file_at_a_time_for_each_participant(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, under_way = threading.Event(), threading.Event()

    def slowly(*of: Any, **limits: Any) -> Any:
        under_way.set()
        assert go_on.wait(30)
        return read(*of, **limits)

    monkeypatch.setattr("comity.http.routes.geozones.read", slowly)
    body = json.dumps(zones("A")).encode()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, served, body)
        assert under_way.wait(30)
        second = post(served, body)
        go_on.set()
        assert first.result().status_code == 200
    assert (second.status_code, second.json()["code"]) == (429, "quota_exceeded")
    assert second.headers["retry-after"] == "1"
    assert post(served, body).status_code == 200


def test_only_airspace_owners_may_have_files_read(served: Served) -> None:
    with served.client(None) as anyone:
        assert anyone.post("/v1/geozones/read", content=b"{}").status_code == 401


def comity(running: Running, *words: object, who: str = ANS, code: int = 0) -> Result:
    environment = {"COMITY_URL": running.url, "COMITY_TOKEN": running.token(who)}  # type: ignore[arg-type]
    result = CliRunner().invoke(main, ["geozones", *(str(word) for word in words)], env=environment)
    assert result.exit_code == code, result.output
    return result


def done(result: Result) -> dict[str, int]:
    counts = result.stdout.strip().splitlines()[-1].split(", ")
    return {word: int(number) for number, word in (count.split(" ") for count in counts)}


def test_a_file_is_published_changed_and_ended(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "zones.json"
    file.write_text(json.dumps(zones("GZ-1", "GZ-2", "GZ-3")))
    to = ["--to", running.clients[ANS].whoami().as_of.replace(year=2027).isoformat()]
    words = ["publish", file, "--kind", "advisory", "--from", "now", *to]
    dry = comity(running, *words, "--dry-run").stdout
    assert dry.startswith("would be: 3 published")
    assert done(comity(running, *words))["published"] == 3
    assert done(comity(running, *words)) == {
        "published": 0, "changed": 0, "ended": 0, "unchanged": 3, "refused": 0, "left": 0,
    }  # fmt: skip
    own = {item.designator: item for item in running.clients[ANS].constraints() if item.level == "own"}
    provenance = own["GZ-1"].provenance
    assert provenance is not None
    assert (provenance.source, provenance.place) == ("zones.json", "features[0]")

    file.write_text(json.dumps(zones("GZ-1", upper="FL65") | {}))
    changed = done(comity(running, *words, "--end-vanished"))
    assert (changed["changed"], changed["ended"]) == (1, 2)
    own = {item.designator: item for item in running.clients[ANS].constraints() if item.level == "own"}
    assert own["GZ-1"].volumes is not None
    assert own["GZ-1"].volumes[0].upper.value_m == pytest.approx(6_500 * 0.3048)
    assert "GZ-2" not in own

    broken = zones("GZ-1", upper="high")
    broken["features"].append(zones("GZ-4")["features"][0])
    file.write_text(json.dumps(broken))
    told = comity(running, *words, "--end-vanished", code=1)
    assert "not published: GZ-1: features[0]: no height: 'high'" in told.stderr
    assert done(told)["published"] == 1
    said = json.loads(comity(running, *words, "--json", code=1).stdout)
    assert said["unchanged"] == ["GZ-4"]
    assert said["left"][0]["designator"] == "GZ-1"


def test_others_are_told_format_and_authority_alone(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "secret-plans.json"
    file.write_text(json.dumps(zones("GZ-SEEN", authority="An office")))
    to = running.clients[ANS].whoami().as_of.replace(year=2027).isoformat()
    comity(running, "publish", file, "--kind", "advisory", "--from", "now", "--to", to)
    seen = [item for item in running.clients[NORTH].constraints() if item.designator == "GZ-SEEN"]
    assert [item.level for item in seen] == ["volume"]
    provenance = seen[0].provenance
    assert provenance is not None
    assert (provenance.format, provenance.authority) == ("geojson", "An office")
    assert (provenance.source, provenance.sha256, provenance.place) == (None, None, None)


def test_reading_asks_no_exchange_and_shows_what_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "zones.json"
    file.write_text(json.dumps(zones("GZ [/bold] 1") | {}))
    shown = CliRunner().invoke(main, ["geozones", "read", str(file)])
    assert shown.exit_code == 0
    assert "GZ [/bold] 1" in shown.stdout
    assert "geojson: 1 zones with 1 volumes, 1 read, 0 not" in shown.stdout
    file.write_text(json.dumps(zones("GZ 1", upper="high")))
    shown = CliRunner().invoke(main, ["geozones", "read", str(file), "--json"])
    assert json.loads(shown.stdout)["unreadable"][0]["designator"] == "GZ 1"
    file.write_text("{}")
    assert CliRunner().invoke(main, ["geozones", "read", str(file)]).exit_code == 1
