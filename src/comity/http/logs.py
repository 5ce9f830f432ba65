"""Structured logs: one JSON object a line, of named fields from a closed list.

A line can hold a request id, a participant, a route template, a status, a duration. It cannot hold a token,
a body, a query value or anything that release withholds: whatever is not in ``FIELDS`` is dropped, and an
exception is told by its type and the places it passed, without its words, which may quote values.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

FIELDS: Final = (
    "request",
    "participant",
    "person",
    "method",
    "route",
    "status",
    "code",
    "duration_ms",
    "port",
    "clients",
    "keys",
    "at",
    "reason",
    "count",
    "seconds",
    "signal",
    "index",
)
"""The names that a log call may pass in ``extra``; none of them carries content."""

_QUIET: Final = ("uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets", "asyncio")
"""Libraries that would put paths with queries, or what a client sent, into their lower levels."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        for name in FIELDS:
            value = record.__dict__.get(name)
            if value is not None:
                line[name] = value
        if record.exc_info is not None and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["passed"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    """Our own messages are constants. Those of libraries are kept as their template, without what they
    would fill in."""
    return record.getMessage() if record.name.startswith("comity") else str(record.msg).strip()


def set_up_logging(level: str, stream: TextIO | None = None) -> logging.Handler:
    """Makes everything log as JSON lines to ``stream`` (standard error). Returns the handler, so that
    whoever set it up can take it away again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("comity").setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler
