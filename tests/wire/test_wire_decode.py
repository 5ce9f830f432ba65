"""Strict reading: what was expected is read, everything else is refused by field."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.wire.decode import Reader, explain, from_query
from comity.wire.encode import encode, encode_object
from comity.wire.expectation import expected_at, field_names
from comity.wire.native import IntentBody, RuleBody
from tests.http.serving import INTENT, changed
from tests.world import volume

READER = Reader(IntentBody)


def refusal(body: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as refused:
        READER.read(body)
    return refused.value


def refused_field(body: bytes) -> str | None:
    """None where it was read, "" where the refusal names no field."""
    try:
        READER.read(body)
    except InvalidInput as error:
        return error.field or ""
    return None


@pytest.mark.parametrize(
    ("path", "new", "field", "words"),
    [
        ("volumes.0.lower.datum", ..., "volumes[0].lower.datum", "W84, MSL, PRESSURE, AGL"),
        ("volumes.0.start", "2026-06-01T08:10:00", "volumes[0].start", "with its zone"),
        ("volumes.0.outline.type", "square", "volumes[0].outline.type", "polygon or circle"),
        ("category", "fighter", "category", "aeroplane, rotorcraft"),
        ("crewed", 1, "crewed", "true or false"),
        ("volumes.0", 7, "volumes[0]", "outline, lower, upper, start, end"),
        ("colour", "red", "colour", "volumes, category, crewed"),
        ("volumes.0.outline.centre.lat", 4330, "volumes[0].outline.centre.lat", "-90 to 90"),
    ],
)
def test_a_refusal_names_the_field_and_the_expectation(path: str, new: Any, field: str, words: str) -> None:
    error = refusal(json.dumps(changed(INTENT, path, new)).encode())
    assert error.field == field
    assert words in error.message


def test_a_long_name_is_not_mirrored() -> None:
    error = refusal(json.dumps({"x" * 10_000: 1}).encode())
    assert len(error.message) < 700
    assert len(error.field or "") < 300


def test_a_repeated_key_is_found_at_any_depth() -> None:
    text = json.dumps(INTENT).replace('"lat": 47.0', '"lat": 1.0, "lat": 47.0')
    assert refusal(text.encode()).field == "lat"
    plain = Reader(IntentBody, evidence=False)
    assert plain.read(text.encode()).crewed


def test_field_names_come_with_their_tag() -> None:
    assert field_names(RuleBody) == ("recipient", "levels", "expires")
    assert expected_at(RuleBody, "recipient.type") == "participant or group"
    assert expected_at(RuleBody, "nothing.like.it") is None


def test_a_validation_error_without_a_place_is_about_the_body() -> None:
    assert explain(msgspec.ValidationError("odd"), IntentBody).field == "body"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert refused_field(body) != ""


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
places = st.sampled_from(
    [
        "volumes",
        "volumes.0",
        "volumes.0.outline",
        "volumes.0.outline.centre",
        "volumes.0.outline.centre.lat",
        "volumes.0.lower",
        "volumes.0.lower.datum",
        "volumes.0.start",
        "category",
        "crewed",
        "accept_conflicts",
    ]
)


@given(place=places, value=json_values)
def test_any_value_anywhere_is_read_or_refused_at_that_place(place: str, value: Any) -> None:
    whole = changed({**INTENT, "accept_conflicts": []}, place, value)
    field = refused_field(json.dumps(whole).encode())
    assert field is None or field.startswith(place.split(".")[0]) or isinstance(value, dict | list)


class Query(msgspec.Struct, forbid_unknown_fields=True):
    number: int = 1
    size: float | None = None
    word: str | None = None


def test_a_query_is_read_by_its_types() -> None:
    assert from_query({"number": "7", "word": "7"}, Query) == Query(7, None, "7")
    for values, field in (
        ({"number": "seven"}, "number"),
        ({"number": ""}, "number"),
        ({"other": "1"}, "other"),
        ({"number": "1.5"}, "number"),
    ):
        with pytest.raises(InvalidInput) as refused:
            from_query(values, Query)
        assert refused.value.field == field


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_equal_values_are_equal_bytes(value: dict[str, Any]) -> None:
    shuffled = dict(reversed(list(value.items())))
    assert encode(value) == encode(shuffled)
    assert msgspec.json.decode(encode(value)) == msgspec.json.decode(msgspec.json.encode(value))


def test_parts_that_are_json_already_are_joined() -> None:
    assert encode_object((("a", b"1"), ("b", b"[2]"))) == b'{"a":1,"b":[2]}'
    assert encode_object(()) == b"{}"


def test_a_volume_survives_the_wire() -> None:
    body = IntentBody((volume(),), INTENT["category"], crewed=True)
    assert READER.read(encode(body)).volumes == (volume(),)
