"""Asking the standards' interfaces for any path, with an authority's tokens or without.

``forms(file)`` gives a check of answers against the schemas of an interface's file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.http.serving import Served, serving
from tests.http.standards.interface import interface
from tests.http.standards.standing import SETTINGS, claims, public_pem, signed, signing_key
from tests.world import START

Check = Callable[[httpx.Response, str], dict[str, Any]]


class Asking(NamedTuple):
    """``client`` carries no token of its own."""

    served: Served
    client: httpx.Client

    def ask(
        self,
        method: str,
        path: str,
        scope: str | None,
        body: Any = None,
        *,
        sub: str = "anna.example",
        **how: Any,
    ) -> httpx.Response:
        """``scope`` None: without a token."""
        headers = {}
        if scope is not None:
            text = signed(claims(sub, scope, now=self.served.clock.now()))
            headers["Authorization"] = f"Bearer {text}"
        more = {} if body is None else {"json": body}
        return self.client.request(method, path, headers=headers, **more, **how)


@contextmanager
def asking(directory: Path, extra: str = "", **how: Any) -> Iterator[Asking]:
    """``extra``: more of the configuration's text, at first of its section ``f3548``."""
    for name in ("authority", "other"):
        (directory / f"{name}.pem").write_bytes(public_pem(signing_key(name)))
    with serving(directory, SETTINGS + extra, **how) as served, served.client(None) as client:
        yield Asking(served, client)


def forms(file: str) -> Check:
    """A check that an answer is JSON of the named schema of a file; gives the answer."""

    def check(answer: httpx.Response, name: str) -> dict[str, Any]:
        assert answer.headers["content-type"] == "application/json"
        found: dict[str, Any] = answer.json()
        problems = interface(file).problems({"$ref": f"#/components/schemas/{name}"}, found)
        assert not problems, f"{problems}\n{answer.text}"
        return found

    return check


def refused(answer: httpx.Response, status: int, words: str = "") -> None:
    """Holds a refusal to its status and to the one form of all errors."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["message"]
    assert words in answer.json()["message"]


def time(seconds: float) -> dict[str, str]:
    """Seconds after the start, as the standards write it."""
    when = START + timedelta(seconds=seconds)
    return {"value": when.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}
