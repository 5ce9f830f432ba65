"""The endpoint that only decodes and echoes: the baseline that benchmarks compare the DSS's writes with.

Present only with ``[bench] echo = true``. It does everything that a PUT of an operational intent reference
does before the DSS is asked: token, quota, body, cells; so that what is left of a comparison is the DSS.
"""

from __future__ import annotations

from comity.http.answers import Answer
from comity.http.standards.routing import StandardCall, StandardRoute, answer, any_of
from comity.wire import f3548_bodies as bodies


async def echo(call: StandardCall) -> Answer:
    body = call.body(bodies.OperationalIntentBody)
    id = bodies.entity_id(call.path["entityid"], "entityid")
    bodies.put_reference(body, id, None, call.now, allow_http=call.config.f3548.allow_http)
    return answer(body)


ROUTES = (
    StandardRoute(
        "PUT",
        "/dss/v1/bench/{entityid}",
        any_of("utm.strategic_coordination"),
        echo,
        "Decode an operational intent reference and echo it (benchmarks only)",
        write=True,
    ),
)
