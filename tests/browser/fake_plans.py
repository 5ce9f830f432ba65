"""The planning API and the writes of intents as the fake exchange answers them: enough to draw a route in.

Flat earth, boxes and heights without their datum: what conflicts here is what a test puts there on purpose,
and the real arithmetic has tests of its own. Writes keep their answers by idempotency key, as the exchange
does.
"""

from __future__ import annotations

import itertools
import math
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from comity.model.altitude import Altitude
from comity.model.constraint import ConstraintKind
from comity.model.intent import IntentState
from comity.model.released import Clearance, ConflictItem, ItemKind, ReleasedItem
from comity.model.shape import Circle, LatLon, Polygon
from comity.model.volume import Volume4D, Volumes

if TYPE_CHECKING:
    from tests.browser.fake_exchange import FakeExchange

METRES_PER_DEGREE: Final = 111_195.0
STEP_S: Final = 240.0
MARGIN_S: Final = 30.0
CLEARANCE: Final = Clearance(
    "clear of what is released to you, except what you accepted", "reserved", "volume"
)
TRIES: Final = (("later", 20.0), ("later", 40.0), ("higher", 1_500.0), ("around", 0.5))

Box = tuple[float, float, float, float, float, float, datetime, datetime]


class FakePlans:
    """``asked``: path, body and key of each request. ``down``: reads are not answered. ``lost``: so many
    answers to writes are lost on the way, after the write was done. ``refusal``: what the next write is
    refused with. ``at_first``: the items before any write."""

    def __init__(self, fake: FakeExchange) -> None:
        self._fake = fake
        self.reset()

    def reset(self) -> None:
        self.asked: list[tuple[str, Any, str | None]] = []
        self.down = False
        self.lost = 0
        self.refusal: dict[str, Any] | None = None
        self.at_first: list[ReleasedItem] = []
        self._answers: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/v1/plans/volumes", self._serve(self._volumes), methods=["POST"]),
            Route("/v1/plans/check", self._serve(self._check), methods=["POST"]),
            Route("/v1/plans/alternatives", self._serve(self._alternatives), methods=["POST"]),
            Route("/v1/intents", self._serve(self._file), methods=["POST"]),
            Route("/v1/intents/{id}", self._serve(self._change), methods=["PUT"]),
            Route("/v1/intents/{id}", self._serve(self._end), methods=["DELETE"]),
        ]

    def _serve(self, answer: Callable[[Request, Any], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def served(request: Request) -> Response:
            body = msgspec.json.decode(await request.body() or b"null")
            key = request.headers.get("idempotency-key")
            self.asked.append((request.url.path, body, key))
            if key is None and self.down:
                return JSONResponse({"code": "unavailable", "message": "not just now"}, 503)
            if key is None:
                return _asked(answer, request, body)
            if self.refusal is not None:
                refusal, self.refusal = self.refusal, None
                return JSONResponse(msgspec.to_builtins(refusal), 409)
            if key not in self._answers:
                item = answer(request, body)
                self._answers[key] = {"result": item, "receipt": {"position": 1, "leaf": "00"}}
                await self._fake.put(item)
            if self.lost > 0:
                self.lost -= 1
                return JSONResponse({"code": "outcome_unknown", "message": "no word from the ledger"}, 503)
            return _json(self._answers[key])

        return served

    # Reads.

    def _volumes(self, _request: Request, body: Any) -> Any:
        volumes, arrives, length = laid(body)
        return {"volumes": volumes, "arrives": arrives, "length_m": length}

    def _check(self, _request: Request, body: Any) -> Any:
        found = self.conflicts(volumes_of(body), body.get("id"))
        return {"conflicts": found, "clearance": CLEARANCE}

    def conflicts(self, volumes: Volumes, mine: str | None = None) -> list[ConflictItem]:
        found = []
        for item in self._fake.items:
            own_constraint = item.level == "own" and item.kind is ItemKind.CONSTRAINT
            if item.ref == mine or own_constraint or item.state is IntentState.ENDED:
                continue
            theirs = list(boxes(item))
            hit = [i for i, one in enumerate(volumes) if any(meet(box_of(one), box) for box in theirs)]
            if hit:
                blocking = item.level == "volume" and item.constraint_kind is ConstraintKind.CLOSED
                found.append(ConflictItem(item, blocking, tuple(hit)))
        return found

    def _alternatives(self, _request: Request, body: Any) -> Any:
        found = []
        for kind, by in TRIES:
            route = changed(body["route"], kind, by)
            volumes, arrives, _ = laid(route)
            if not self.conflicts(tuple(volumes), body.get("id")):
                more = {"volumes": volumes, "route": route, "arrives": arrives}
                found.append(_alternative(kind, by) | more)
        return {"alternatives": found, "tried": len(TRIES), "complete": True, "passes": False}

    # Writes.

    def _file(self, _request: Request, body: Any) -> ReleasedItem:
        return ReleasedItem(
            ref=str(uuid.uuid4()),
            kind=ItemKind.INTENT,
            level="own",
            contact="through the exchange",
            state=IntentState.ACCEPTED,
            volumes=volumes_of(body),
            category=body["category"],
            crewed=body["crewed"],
            ovn="1" * 32,
            version=1,
            accepted_conflicts=tuple(body["accept_conflicts"]),
        )

    def _change(self, request: Request, body: Any) -> ReleasedItem:
        before = self._own(request.path_params["id"], body["ovn"])
        return msgspec.structs.replace(
            before,
            state=IntentState(body.get("state", before.state)),
            volumes=volumes_of(body) if "volumes" in body else before.volumes,
            version=(before.version or 0) + 1,
            ovn=str((before.version or 0) + 1) * 32,
        )

    def _end(self, request: Request, _body: Any) -> ReleasedItem:
        before = self._own(request.path_params["id"], request.query_params["ovn"])
        return msgspec.structs.replace(before, state=IntentState.ENDED)

    def _own(self, ref: str, ovn: str) -> ReleasedItem:
        item = next(item for item in self._fake.items if item.ref == ref)
        if item.ovn != ovn:
            raise AssertionError(f"{ref} was changed at {ovn}, and is at {item.ovn}")
        return item


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _asked(answer: Callable[[Request, Any], Any], request: Request, body: Any) -> Response:
    try:
        return _json(answer(request, body))
    except msgspec.ValidationError as error:
        refusal = {"code": "invalid_input", "message": str(error), "field": "levels[0].value_m"}
        return JSONResponse(refusal, 400)


def volumes_of(body: Any) -> Volumes:
    return msgspec.convert(body["volumes"], Volumes)


def laid(body: Any) -> tuple[list[Volume4D], datetime, float]:
    """A box for each few minutes of each leg, at the first level."""
    at = datetime.fromisoformat(body["departs"])
    level, half = msgspec.convert(body["levels"][0], Altitude), body["half_height_m"]
    width = body["half_width_m"] / METRES_PER_DEGREE
    volumes, length = [], 0.0
    points = [(p["lat"], p["lon"]) for p in body["waypoints"]]
    for (lat1, lon1), (lat2, lon2) in itertools.pairwise(points):
        squeeze = math.cos(math.radians((lat1 + lat2) / 2))
        leg = math.hypot(lat2 - lat1, (lon2 - lon1) * squeeze) * METRES_PER_DEGREE
        length += leg
        steps = max(1, round(leg / body["speed_mps"] / STEP_S))
        for i in range(steps):
            ends = [
                (lat1 + (lat2 - lat1) * part, lon1 + (lon2 - lon1) * part)
                for part in (i / steps, (i + 1) / steps)
            ]
            seconds = leg / body["speed_mps"] / steps
            start, end = at - timedelta(seconds=MARGIN_S), at + timedelta(seconds=seconds + MARGIN_S)
            lower, upper = (Altitude(level.value_m + way * half, level.datum) for way in (-1, 1))
            volumes.append(Volume4D(_corridor(ends, width, squeeze), lower, upper, start, end))
            at += timedelta(seconds=seconds)
    return volumes, at, length


def _corridor(ends: list[tuple[float, float]], width: float, squeeze: float) -> Polygon:
    (lat1, lon1), (lat2, lon2) = ends
    north, east = lat2 - lat1, (lon2 - lon1) * squeeze
    size = math.hypot(north, east) or 1.0
    side_lat, side_lon = -east / size * width, north / size * width / squeeze
    corners = ((lat1, lon1, 1), (lat2, lon2, 1), (lat2, lon2, -1), (lat1, lon1, -1))
    return Polygon(tuple(LatLon(lat + way * side_lat, lon + way * side_lon) for lat, lon, way in corners))


def box_of(volume: Volume4D) -> Box:
    outline = volume.outline
    if isinstance(outline, Circle):
        reach = outline.radius_m / METRES_PER_DEGREE
        lats, lons = [outline.centre.lat - reach, outline.centre.lat + reach], [outline.centre.lon]
        lons = [lons[0] - reach * 1.4, lons[0] + reach * 1.4]
    else:
        lats, lons = [v.lat for v in outline.vertices], [v.lon for v in outline.vertices]
    heights = (volume.lower.value_m, volume.upper.value_m)
    return min(lats), max(lats), min(lons), max(lons), *heights, volume.start, volume.end


def boxes(item: ReleasedItem) -> Iterator[Box]:
    for volume in item.volumes or ():
        yield box_of(volume)
    for one in item.reserved or ():
        lats = [lat for ring in one.outlines for lat, _ in ring]
        lons = [lon for ring in one.outlines for _, lon in ring]
        heights = (one.lower_w84_m, one.upper_w84_m)
        yield min(lats), max(lats), min(lons), max(lons), *heights, one.start, one.end


def meet(one: Box, other: Box) -> bool:
    pairs = ((0, 1), (2, 3), (4, 5), (6, 7))
    return all(one[low] < other[high] and other[low] < one[high] for low, high in pairs)  # type: ignore[operator]  # a pair is of one kind


def changed(route: dict[str, Any], kind: str, by: float) -> dict[str, Any]:
    if kind == "later":
        later = datetime.fromisoformat(route["departs"]) + timedelta(minutes=by)
        return route | {"departs": later.isoformat()}
    if kind == "higher":
        raised = [level | {"value_m": level["value_m"] + by} for level in route["levels"]]
        return route | {"levels": raised}
    aside = [{"lat": point["lat"] + by, "lon": point["lon"]} for point in route["waypoints"]]
    return route | {"waypoints": aside}


def _alternative(kind: str, by: float) -> dict[str, Any]:
    words, more = {
        "later": (f"{by:.0f} minutes later", {"later_s": by * 60}),
        "higher": (f"{by:.0f} m higher", {"higher_m": by}),
        "around": ("around by 55 km to the north", {"aside_m": by * METRES_PER_DEGREE}),
    }[kind]
    return {"kind": kind, "cost": by, "words": words, **more}
