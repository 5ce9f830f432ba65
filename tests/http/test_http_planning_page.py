"""The examples of ``docs/planning.md`` are what the exchange answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from comity.model.rule import Level
from tests.http.serving import serving
from tests.rules.source import ROOT
from tests.world import NORTH, SOUTH, levels, volume

PAGE = ROOT / "docs" / "planning.md"


def shown() -> list[Any]:
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return [json.loads(block) for block in blocks]


def differs(shown: Any, real: Any, where: str = "") -> str | None:
    """Where what is shown is not what is answered. More may be answered: in objects, at the ends of lists."""
    if isinstance(shown, dict):
        pairs = [(shown[name], real.get(name), f"{where}.{name}") for name in shown]
    elif isinstance(shown, list):
        if len(shown) > len(real):
            return f"{where}: {len(real)} there"
        pairs = [(one, real[n], f"{where}[{n}]") for n, one in enumerate(shown)]
    else:
        return None if shown == real else f"{where}: {real!r}, not {shown!r}"
    return next((found for one, other, at in pairs if (found := differs(one, other, at))), None)


def test_the_examples_are_what_is_answered(tmp_path: Path) -> None:
    route, made, plan, checked, search, found = shown()
    with serving(tmp_path) as served, served.client("south") as south:
        served.run(served.world.release(NORTH, SOUTH, levels(intent=Level.VOLUME)))
        served.run(served.world.file(NORTH, volume()))
        for path, asked, answer in (
            ("volumes", route, made),
            ("check", plan, checked),
            ("alternatives", search, found),
        ):
            real = south.post(f"/v1/plans/{path}", json=asked)
            assert real.status_code == 200
            assert differs(answer, real.json()) is None
        assert len(south.post("/v1/plans/volumes", json=route).json()["volumes"]) == 3


def test_a_difference_would_be_found() -> None:
    assert differs({"a": [1]}, {"a": [2]}) == ".a[0]: 2, not 1"
    assert differs({"a": [1, 2]}, {"a": [1]}) == ".a: 1 there"
    assert differs({"a": 1}, {}) == ".a: None, not 1"
    assert differs({"a": [1]}, {"a": [1, 2], "b": 3}) is None
