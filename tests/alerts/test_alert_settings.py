"""Minima for every pair of categories, with the operator's word over the built-in one; mistakes are named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest

from comity.alerts.settings import (
    BUILT_IN,
    CATEGORIES,
    DEFAULT,
    AlertSettings,
    Confirmation,
    Minima,
    PairMinima,
    category_codes,
)
from comity.config import AlertsSection, parse_config
from comity.errors import InvalidInput
from comity.model.alert import AlertLevel
from comity.model.batch import CATEGORY_CODE
from comity.model.intent import AircraftCategory
from tests.rules.source import SOURCE

LEAST = '[exchange]\nname = "alps"\ndata_dir = "data"\nkey_file = "key"\n[alerts]\n'


def test_the_table_is_symmetric_and_says_what_the_settings_say() -> None:
    settings = AlertSettings()
    table = settings.table()
    for name in ("horizontal_m", "vertical_m", "look_ahead_s", "corrective_s", "warning_s", "well_clear"):
        matrix = getattr(table, name)
        assert matrix.shape == (len(CATEGORIES), len(CATEGORIES))
        assert np.array_equal(matrix, matrix.T), name
    for one, name_1 in enumerate(CATEGORIES):
        for other, name_2 in enumerate(CATEGORIES):
            minima = settings.of(str(name_1), str(name_2))
            assert table.horizontal_m[one, other] == minima.horizontal_m
            assert table.look_ahead_s[one, other] == minima.look_ahead_s


@pytest.mark.parametrize(
    ("one", "other", "horizontal_m", "vertical_m", "look_ahead_s"),
    [
        ("aeroplane", "aeroplane", 9_260.0, 304.8, 120.0),
        ("unknown", "unknown", 9_260.0, 304.8, 120.0),
        ("uncrewed", "uncrewed", 50.0, 30.0, 30.0),
        ("uncrewed", "aeroplane", 1_222.32, 213.36, 90.0),
        ("uncrewed", "unknown", 1_222.32, 213.36, 90.0),
        ("aeroplane", "rotorcraft", 5_556.0, 304.8, 120.0),
        ("rotorcraft", "rotorcraft", 1_222.32, 213.36, 90.0),
        ("balloon", "glider", 1_222.32, 213.36, 90.0),
        ("glider", "glider", 100.0, 50.0, 25.0),
        ("other", "airship", 9_260.0, 304.8, 120.0),
    ],
)
def test_built_in_minima(
    one: str, other: str, horizontal_m: float, vertical_m: float, look_ahead_s: float
) -> None:
    for minima in (AlertSettings().of(one, other), AlertSettings().of(other, one)):
        assert minima.horizontal_m == pytest.approx(horizontal_m)
        assert minima.vertical_m == pytest.approx(vertical_m)
        assert minima.look_ahead_s == look_ahead_s


def test_no_pair_is_built_in_twice() -> None:
    pairs = [frozenset(entry.pair) for entry in BUILT_IN]
    assert len(set(pairs)) == len(pairs)


def test_codes_are_the_pictures_and_whatever_else_is_unknown() -> None:
    codes = [CATEGORY_CODE[AircraftCategory.UNCREWED], -1, 99, len(CATEGORIES) - 1]
    assert [str(CATEGORIES[code]) for code in category_codes(np.array(codes))] == [
        "uncrewed", "unknown", "unknown", "unknown",
    ]  # fmt: skip


def test_levels_of_drones_come_in_proportion_to_how_far_ahead_one_looks() -> None:
    table = AlertSettings().table()
    drone, plane = CATEGORY_CODE[AircraftCategory.UNCREWED], CATEGORY_CODE[AircraftCategory.AEROPLANE]
    assert table.warning_s[drone, drone] == 25.0 * 30.0 / 120.0
    assert table.corrective_s[drone, drone] == 55.0 * 30.0 / 120.0
    assert table.warning_s[plane, drone] == table.warning_s[plane, plane] == 25.0
    assert not table.well_clear[drone, drone]
    assert table.well_clear[plane, drone]


def test_the_operator_overrides_any_pair_and_the_default() -> None:
    mine = PairMinima(("aeroplane", "aeroplane"), Minima(5_556.0, 300.0, 60.0))
    settings = AlertSettings(default=Minima(1_000.0, 100.0, 90.0), minima=(mine,))
    assert settings.of("aeroplane", "aeroplane") == mine.minima
    assert settings.of("other", "aeroplane").horizontal_m == 1_000.0
    assert settings.of("uncrewed", "uncrewed").horizontal_m == 50.0


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Minima(0.0, 1.0, 1.0), "horizontal_m"),
        (lambda: Minima(float("nan"), 1.0, 1.0), "horizontal_m"),
        (lambda: Minima(1.0, float("inf"), 1.0), "vertical_m"),
        (lambda: Minima(1.0, 1.0, 100_000.0), "look_ahead_s"),
        (lambda: PairMinima(("aeroplane", "jet"), DEFAULT), "pair"),
        (lambda: Confirmation(0, 3), "found"),
        (lambda: Confirmation(4, 3), "found"),
        (lambda: Confirmation(1, 61), "of"),
        (lambda: AlertSettings(warning_s=60.0), "warning_s"),
        (lambda: AlertSettings(corrective_s=-1.0), "corrective_s"),
        (lambda: AlertSettings(clear_after_s=float("nan")), "clear_after_s"),
        (lambda: AlertSettings(crowd=1), "crowd"),
        (lambda: AlertSettings(most_pairs=63), "most_pairs"),
    ],
)
def test_a_mistake_names_its_field(make: object, field: str) -> None:
    assert callable(make)
    with pytest.raises(InvalidInput) as caught:
        make()
    assert caught.value.field == field


def test_the_configuration_gives_the_same_settings_as_the_code() -> None:
    assert parse_config(LEAST, Path()).alerts.settings() == AlertSettings()
    assert AlertsSection().settings(expire_s=30.0).expire_s == 30.0


def test_what_the_example_shows_is_what_holds() -> None:
    text = (SOURCE / "cli" / "comity.example.toml").read_text(encoding="utf-8")
    shown = text[text.index("\n[alerts]\n") : text.index("# Receivers to read from")]
    on = "\n".join(line.removeprefix("#") for line in shown.splitlines() if not line.startswith("# "))
    values = tomllib.loads(on)["alerts"]
    minima = values.pop("minima")
    real = msgspec.to_builtins(AlertsSection())
    assert {name: list(v) if isinstance(v, tuple) else v for name, v in real.items()} == values | {
        "minima": []
    }
    one, other = minima[0].pop("pair")
    assert msgspec.to_builtins(AlertSettings().of(one, other)) == minima[0]


def test_an_override_of_the_file_keeps_well_clear_as_the_pair_has_it() -> None:
    text = LEAST + "".join(
        f"[[alerts.minima]]\npair = {pair}\nhorizontal_m = 70\nvertical_m = 40\nlook_ahead_s = 20\n"
        for pair in ('["uncrewed", "uncrewed"]', '["aeroplane", "other"]')
    )
    settings = parse_config(text, Path()).alerts.settings()
    assert settings.of("uncrewed", "uncrewed") == Minima(70.0, 40.0, 20.0, well_clear=False)
    assert settings.of("other", "aeroplane") == Minima(70.0, 40.0, 20.0)
    assert settings.confirmation(AlertLevel.WARNING) == Confirmation(1, 1)


ENTRY = '[[alerts.minima]]\npair = ["{0}", "{1}"]\nhorizontal_m = {2}\nvertical_m = 1\nlook_ahead_s = 1\n'


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("warning_s = 100", "alerts.warning_s"),
        ("horizontal_m = 0", "alerts.horizontal_m"),
        ("confirm_warning = [2, 1]", "alerts.confirm_warning"),
        ("confirm_warning = [1, 1, 1]", "alerts.confirm_warning"),
        ("raises_per_pair = 0", "alerts.raises_per_pair"),
        (ENTRY.format("aeroplane", "jet", 1), "alerts.minima[0].pair"),
        (ENTRY.format("aeroplane", "other", -1), "alerts.minima[0].horizontal_m"),
        (ENTRY.format("glider", "other", 1) + ENTRY.format("other", "glider", 2), "alerts.minima[1].pair"),
    ],
)
def test_a_mistake_in_the_file_names_its_setting(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_config(LEAST + text, Path())
    assert caught.value.field == field
