"""The endpoint that only decodes and echoes: the baseline that benchmarks compare writes with.

Present only with ``[bench] echo = true``. It authenticates, takes a write's headers and quota and decodes
the body exactly like ``POST /v1/intents``, so that what is left of a comparison is the exchange's work.
"""

from __future__ import annotations

from comity.http.access import DUTY
from comity.http.answers import Answer, ok
from comity.http.quota import Use
from comity.http.routing import Call, Route
from comity.wire.native import IntentBody


async def echo(call: Call) -> Answer:
    return ok(call.body(IntentBody))


ROUTES = (
    Route(
        "PUT",
        "/v1/bench/echo",
        DUTY,
        echo,
        "Decode an intent and echo it (benchmarks only)",
        {200: IntentBody},
        use=Use.WRITE,
        body=IntentBody,
        write=True,
    ),
)
