"""Says in words what a decoder expected at a place in a body, so that an error can name it.

Works on msgspec's own description of a type (``msgspec.inspect``), so there is no second description
to keep in step. Only the error path comes here; nothing is decided by it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

_TOKEN = re.compile(r"\.?(?P<name>[^.\[\]]+)|\[(?P<index>\d+|\.\.\.)\]")


def expected_at(type_: Any, path: str) -> str | None:
    """What stands at ``path`` (``volumes[0].lower``) of a ``type_``, in words; None where that is unknown."""
    nodes = [_info(type_)]
    for token in _TOKEN.finditer(path):
        nodes = [after for node in nodes for after in _step(node, token["name"])]
    words = list(dict.fromkeys(word for node in nodes for word in _words(node)))
    return " or ".join(words) or None


@lru_cache(maxsize=256)
def _info(type_: Any) -> inspect.Type:
    return inspect.type_info(type_)


def _plain(node: inspect.Type) -> list[inspect.Type]:
    """A union's members, without ``None``, and without annotations around them."""
    if isinstance(node, inspect.Metadata):
        return _plain(node.type)
    if isinstance(node, inspect.UnionType):
        return [one for member in node.types for one in _plain(member)]
    return [] if isinstance(node, inspect.NoneType) else [node]


def _step(node: inspect.Type, name: str | None) -> list[inspect.Type]:
    found: list[inspect.Type] = []
    for one in _plain(node):
        if name is None and isinstance(one, inspect.VarTupleType | inspect.ListType):
            found.append(one.item_type)
        elif isinstance(one, inspect.StructType):
            found += [field.type for field in one.fields if field.encode_name == name]
            if one.tag_field is not None and one.tag_field == name:
                found.append(inspect.LiteralType((one.tag,)))
    return found


def _words(node: inspect.Type) -> list[str]:
    return [word for one in _plain(node) for word in [_word(one)] if word]


def _word(node: inspect.Type) -> str:
    match node:
        case inspect.EnumType():
            return "one of " + ", ".join(str(member.value) for member in node.cls)
        case inspect.LiteralType():
            return ", ".join(str(value) for value in node.values)
        case inspect.DateTimeType():
            return "a time with its zone, such as 2026-05-01T12:00:00Z"
        case inspect.StructType():
            return "an object with " + ", ".join(_names(node))
        case inspect.IntType():
            return "a whole number" + _between(node.ge, node.le)
        case inspect.FloatType():
            return "a number" + _between(node.ge, node.le)
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "a string" + (f" matching {node.pattern}" if node.pattern else "")
        case inspect.VarTupleType() | inspect.ListType():
            return "a list"
        case _:
            return ""


def _between(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    if low is not None:
        return f" of at least {low:g}"
    return f" of at most {high:g}" if high is not None else ""


def _names(node: inspect.StructType) -> list[str]:
    tag = [node.tag_field] if node.tag_field is not None else []
    return tag + [field.encode_name for field in node.fields]


def field_names(type_: type[msgspec.Struct]) -> tuple[str, ...]:
    """The names a struct's object may have on the wire, its tag first."""
    node = _info(type_)
    return tuple(_names(node)) if isinstance(node, inspect.StructType) else ()
