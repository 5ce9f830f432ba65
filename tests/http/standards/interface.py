"""The standards' own interface files, read as JSON Schema, so that answers are held to them word for word.

The files are handed to everybody beside the checkout and are no part of it; without them the tests that need
them are skipped. Three things are mended when they are read: OpenAPI 3.0 writes ``exclusiveMinimum`` as a
boolean; the pattern of ``UUIDv4Format`` has its backslashes doubled, so that no UUID could match it; and an
``ExchangeRecord`` demands a ``request_source`` that is declared nowhere.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

FOLDER = Path(__file__).resolve().parents[3].parent / "shared" / "standards"
F3548 = "astm-f3548-21-utm.yaml"
F3411 = "astm-f3411-22a-remoteid.yaml"

BESIDE = {
    ("PUT", "/dss/v1/uss_availability/{uss_id}", "409"),
    ("GET", "/uss/v1/log_sets/{log_set_id}", "404"),
}
"""Answers that the interface files leave out; their bodies are an ErrorResponse."""

REFUSAL = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}}

UUID4 = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"


def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or re.match(UUID4, value) is not None


def _is_time(value: object) -> bool:
    """RFC 3339, and as F3548 has it, in UTC with ``Z``."""
    return not isinstance(value, str) or (value.endswith("Z") and datetime.fromisoformat(value) is not None)


_formats = FormatChecker(formats=())
_formats.checks("uuid")(_is_uuid)
_formats.checks("date-time", raises=ValueError)(_is_time)


def needed(name: str) -> Path:
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the interface file {name} is not beside this checkout", allow_module_level=True)
    return path


class Interface:
    """One interface file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.document: dict[str, Any] = _mended(yaml.safe_load(needed(name).read_text(encoding="utf-8")))
        record = self.document["components"]["schemas"].get("ExchangeRecord", {"required": []})
        record["required"] = [one for one in record["required"] if one != "request_source"]

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Method, path and description of each."""
        return [
            (method.upper(), path, described)
            for path, methods in self.document["paths"].items()
            for method, described in methods.items()
            if method in ("get", "put", "post", "delete")
        ]

    def responses(self, method: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.document["paths"][path][method.lower()]["responses"]
        return found

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        """The answer's status is one of those that the file has for it, and its body is as it says."""
        responses = self.responses(method, path)
        status = str(answer.status_code)
        if (method, path, status) in BESIDE:
            responses = responses | {status: REFUSAL}
        assert status in responses, f"{method} {path} answered {status}: {answer.text}"
        content = responses[status].get("content")
        if status == "204":
            assert not answer.content
            return
        assert answer.headers["content-type"] == "application/json"
        if content is not None:
            problems = self.problems(content["application/json"]["schema"], answer.json())
            assert not problems, f"{method} {path} {status}: {problems}\n{answer.text}"

    def problems(self, schema: dict[str, Any], value: Any) -> list[str]:
        whole = {"components": self.document["components"], **schema}
        found = Draft202012Validator(whole, format_checker=_formats).iter_errors(value)
        return [f"{error.json_path}: {error.message}" for error in found]


@cache
def interface(name: str) -> Interface:
    return Interface(name)


def _mended(value: Any) -> Any:
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if not isinstance(value, dict):
        return value
    mended = {name: _mended(inner) for name, inner in value.items()}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(mended.get(exclusive), bool) and mended.pop(exclusive):
            mended[exclusive] = mended.pop(bound)
    if mended.get("format") == "uuid" and "pattern" in mended:
        mended["pattern"] = UUID4
    return mended
