"""It is a safety system: no value has a field for unit, payload, stores, sensor, tasking or target.

Checked are the names of fields of everything that is promised, seen, released or accepted on the wire, and
the identifiers of the whole code for words that the vocabulary replaces. ``model.fact.Payload`` is the
ledger's word for the bytes it seals, and no field of an airspace value.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator

import msgspec
import pytest

from tests.rules.source import ROOT, python_files, tree

NEVER_A_FIELD = frozenset(
    {"unit", "units", "payload", "payloads", "stores", "ordnance", "weapon", "weapons", "armament"}
    | {"sensor", "sensors", "task", "tasking", "target", "targets", "mission", "squadron", "loadout"}
    | {"hostile", "foe", "enemy", "threat"}
)

VALUES = (
    *("altitude", "charter", "command", "constraint", "intake", "intent", "observation"),
    *("participant", "plan", "released", "route", "rule", "shape", "volume"),
)

NEVER_A_WORD = re.compile(
    r"hostile|enemy|foe\b|weapon|ordnance|nostrike|no_strike|blockchain|violation", re.I
)


def structs() -> Iterator[type[msgspec.Struct]]:
    for name in [f"comity.model.{value}" for value in VALUES] + ["comity.wire.native"]:
        for _, member in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if issubclass(member, msgspec.Struct) and member is not msgspec.Struct:
                yield member


def test_there_are_values_to_check() -> None:
    assert len(list(structs())) > 40


def test_no_value_has_a_forbidden_field() -> None:
    wrong = {
        f"{struct.__module__}.{struct.__name__}.{field}"
        for struct in structs()
        for field in struct.__struct_fields__
        if any(word in NEVER_A_FIELD for word in field.split("_"))
    }
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("field", ["payload", "target_id", "sensor"])
def test_a_forbidden_field_would_be_found(field: str) -> None:
    assert any(word in NEVER_A_FIELD for word in field.split("_"))


def test_the_vocabulary_is_kept_in_identifiers() -> None:
    wrong = []
    for path in python_files("src"):
        for node in ast.walk(tree(path)):
            match node:
                case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    pass
                case ast.Attribute(attr=name) | ast.arg(arg=name):
                    pass
                case _:
                    continue
            if NEVER_A_WORD.search(name):
                wrong.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {name}")
    assert not wrong, "\n".join(wrong)
