"""Fields of a record that somebody else wrote: found, of the right kind, or refused by name.

Names are asked for in camelCase, as ED-269 and ED-318 write them, and found in snake_case too, as ASTM
F3548 writes the same fields. A null is a field that is not there. Times must carry a zone.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any, Final

from comity.errors import InvalidInput

_UPPER = re.compile(r"(?<=[a-z0-9])([A-Z])")
_NAMES: dict[str, str] = {}
_ECHO: Final = 60
MAX_NAME: Final = 120
MAX_DESIGNATOR: Final = 40


def found(of: dict[str, Any], name: str) -> Any:
    """The field, None where there is none."""
    value = of.get(name)
    if value is None:
        snake = _NAMES.setdefault(name, _UPPER.sub(r"_\1", name).lower())
        value = of.get(snake)
    return value


def record(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput(f"{field} must be an object", field=field)
    return value


def members(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput(f"{field} must be a list", field=field)
    return value


def text(value: Any, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{field} must be text", field=field)
    return value


def number(value: Any, field: str) -> float:
    """A number, or one written as text, as ED-269's files have limits."""
    try:
        given = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        given = math.nan
    if not math.isfinite(given):
        raise InvalidInput(f"{field} must be a finite number", field=field)
    return given


def moment(value: Any, field: str) -> datetime:
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise InvalidInput(f"{field} must be an RFC 3339 time with a zone: {shown(value)}", field=field)
    try:
        return when.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput(f"{field} is a time beyond reckoning", field=field) from error


def one_of(value: Any, allowed: frozenset[str], field: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        words = ", ".join(sorted(allowed))
        raise InvalidInput(f"{field} must be one of {words}: {shown(value)}", field=field)
    return value


def shown(value: Any) -> str:
    """Somebody's own words, in an error: short and on one line."""
    return repr(value)[:_ECHO]


def plain(value: Any, most: int = MAX_NAME) -> str | None:
    """Text on one line with nothing unprintable, cut to ``most``; None where nothing is left."""
    if not isinstance(value, str):
        return None
    words = " ".join("".join(c if c.isprintable() else " " for c in value[: 4 * most]).split())
    return (words if len(words) <= most else words[: most - 1] + "…") or None


def localized(value: Any) -> str | None:
    """A name that is text, or ED-318's list of texts with a language: English if there is, else the first."""
    if isinstance(value, list):
        texts = [one for one in value if isinstance(one, dict) and plain(one.get("text"))]
        english = [one for one in texts if str(one.get("lang", "")).startswith("en")]
        chosen = (english or texts)[:1]
        return plain(chosen[0]["text"]) if chosen else None
    return plain(value)
