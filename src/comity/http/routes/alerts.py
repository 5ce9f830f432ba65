"""Alerts: what the caller's participant is warned of, and a person's word that it is known."""

from __future__ import annotations

from comity.http.access import DUTY, READER
from comity.http.answers import Alerts, AlertWritten, Answer, ok
from comity.http.quota import Use
from comity.http.routing import Call, Route
from comity.http.writes import submit
from comity.model.alert import Alert
from comity.wire.encode import encode, encode_object, encode_time
from comity.wire.native import Acknowledgement


async def list_alerts(call: Call) -> Answer:
    frame = call.exchange.alerts(call.caller.participant.id)
    members = (
        ("alerts", frame.json),
        ("as_of", encode_time(frame.as_of)),
        ("swept_at", encode_time(frame.swept_at)),
        ("late_s", encode(frame.late_s)),
    )
    return Answer(200, encode_object(members))


async def read_alert(call: Call) -> Answer:
    return ok(call.exchange.alert(call.caller.participant.id, call.id("ref")))


async def acknowledge_alert(call: Call) -> Answer:
    return await submit(call, call.body(Acknowledgement).command(call.id("ref")))


ROUTES = (
    Route(
        "GET",
        "/v1/alerts",
        READER,
        list_alerts,
        "Alerts, the most urgent first, with the sweep that they rest on",
        {200: Alerts},
    ),
    Route("GET", "/v1/alerts/{ref}", READER, read_alert, "One alert", {200: Alert}),
    Route(
        "POST",
        "/v1/alerts/{ref}/acknowledgement",
        DUTY,
        acknowledge_alert,
        "Acknowledge an alert by name; the first acknowledgement stands",
        {200: AlertWritten},
        use=Use.WRITE,
        body=Acknowledgement,
        write=True,
    ),
)
