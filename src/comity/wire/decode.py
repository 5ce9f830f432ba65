"""Strict reading of JSON bodies and query strings. What is not exactly expected is refused by name.

Unknown fields, times without a zone, numbers that are not finite, a key given twice and trailing bytes
are errors, not guesses: a signed command's bytes are evidence, so no second reader may understand them
otherwise. Every refusal is ``InvalidInput`` with ``field`` written like ``volumes[0].lower.value_m``.
Depth is bounded by the types (an unknown field ends the reading); size is bounded by the caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from comity.errors import InvalidInput
from comity.wire.expectation import expected_at

T = TypeVar("T")

WHOLE_BODY: Final = "body"
"""The ``field`` of an error that concerns no single field."""

_LONGEST_ECHO: Final = 200
"""Characters of a sender's own words that an error repeats; more would let a body be mirrored."""

_NAMED = re.compile(
    r"(?P<what>Object missing required field|Object contains unknown field) `(?P<name>.*)`\Z", re.S
)


class Reader(Generic[T]):
    """Reads bodies of one type. Made once per route; reading keeps no state."""

    def __init__(self, type_: type[T], *, evidence: bool = True) -> None:
        """``evidence``: also refuse a key given twice. Off only for position reports, which are many and
        are not evidence."""
        self.type = type_
        self._decoder = msgspec.json.Decoder(type_)
        self._evidence = evidence

    def read(self, body: bytes) -> T:
        try:
            value = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise explain(error, self.type) from error
        except RecursionError as error:
            raise InvalidInput("the body is nested too deeply", field=WHOLE_BODY) from error
        except ValueError as error:  # msgspec.DecodeError and UnicodeDecodeError
            raise InvalidInput(_malformed(body, error), field=WHOLE_BODY) from error
        if self._evidence:
            _refuse_repeated_keys(body)
        return value


def from_query(values: Mapping[str, str], type_: type[T]) -> T:
    """A query string's values as a struct; words that look like numbers or times are read as such."""
    for name, text in values.items():
        if not text:
            raise InvalidInput(f"{name} is empty; leave it out or give it a value", field=name)
    try:
        return msgspec.convert(dict(values), type_, strict=False)
    except msgspec.ValidationError as error:
        raise explain(error, type_) from error


def explain(error: msgspec.ValidationError, type_: Any) -> InvalidInput:
    """msgspec's words, or those of a value's own check, as an ``InvalidInput`` that names the field."""
    what, path = _split(str(error))
    cause = error.__cause__
    if isinstance(cause, InvalidInput):
        return InvalidInput(cause.message, field=_join(path, cause.field), detail=cause.detail)
    named = _NAMED.match(what)
    if named is None:
        wanted = expected_at(type_, path)
        message = f"{_short(what)}; expected {wanted}" if wanted else _short(what)
        return InvalidInput(message, field=path or WHOLE_BODY)
    name = _short(named["name"])
    place = _join(path, name)
    if named["what"] == "Object missing required field":
        wanted = expected_at(type_, place)
        return InvalidInput(f"{name} is required" + (f": {wanted}" if wanted else ""), field=place)
    wanted = expected_at(type_, path)
    return InvalidInput(
        f"{name} is not a known field" + (f"; expected {wanted}" if wanted else ""), field=place
    )


def _split(text: str) -> tuple[str, str]:
    what, _, place = text.rpartition(" - at `")
    if not what:
        return text, ""
    return what, place.removesuffix("`").removeprefix("$").removeprefix(".")


def _join(path: str, name: str | None) -> str:
    if not name:
        return path or WHOLE_BODY
    return f"{path}.{name}" if path else name


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO] + "…"


def _malformed(body: bytes, error: ValueError) -> str:
    if not body:
        return "a JSON body is required and this one is empty"
    if isinstance(error, UnicodeDecodeError):
        return "the body must be UTF-8 text"
    return f"the body must be one JSON value: {error}"


def _refuse_repeated_keys(body: bytes) -> None:
    """The body is known to be well formed and shallow here, so this cannot fail otherwise."""
    json.loads(body, object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f"{_short(twice)} is given twice in one object", field=_short(twice))
    return found
