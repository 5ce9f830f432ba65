"""The OpenAPI 3.1 document, written from the route table and the types that bodies are read into.

Nothing in it is written twice: paths, parameters, bodies, answers, scopes and roles are the table's; schemas
are msgspec's, narrowed by ``BOUNDS`` where a value's own check says more than its type. A test holds each
bound to what the value really refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Final, get_args

import msgspec

from comity import __version__
from comity.config import Config
from comity.errors import STATUS
from comity.http.answers import ConflictError, ErrorBody
from comity.http.quota import Use
from comity.http.routing import LONGEST_ID, NoQuery, Route
from comity.http.socket import PATH as STREAM_PATH
from comity.ids import REQUEST_ID, SLUG
from comity.model.altitude import HIGHEST_M, LOWEST_M
from comity.model.shape import MAX_RADIUS_M, MAX_VERTICES
from comity.model.volume import MAX_VOLUMES

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{name}"


def _pattern(compiled: str) -> str:
    return "^" + compiled.replace(r"\Z", "$")


_SLUG: Final[Json] = {"pattern": _pattern(SLUG.pattern)}
_VOLUMES: Final[Json] = {"minItems": 1, "maxItems": MAX_VOLUMES}
_NAME: Final[Json] = {"minLength": 1, "maxLength": 80}

BOUNDS: Final[Mapping[tuple[str, str], Json]] = {
    ("LatLon", "lat"): {"minimum": -90, "maximum": 90},
    ("LatLon", "lon"): {"minimum": -180, "maximum": 180},
    ("Altitude", "value_m"): {"minimum": LOWEST_M, "maximum": HIGHEST_M},
    ("Circle", "radius_m"): {"exclusiveMinimum": 0, "maximum": MAX_RADIUS_M},
    ("Polygon", "vertices"): {"minItems": 3, "maxItems": MAX_VERTICES, "uniqueItems": True},
    ("IntentBody", "volumes"): _VOLUMES,
    ("ConstraintBody", "volumes"): _VOLUMES,
    ("ConstraintBody", "designator"): {"minLength": 1, "maxLength": 40},
    ("Report", "address"): {"minLength": 1, "maxLength": 16},
    ("Charter", "title"): {"minLength": 1, "maxLength": 120},
    ("Charter", "constraint_lead_s"): {"minimum": 0, "maximum": 86_400},
    ("Levels", "intent"): {"enum": ["none", "reserved", "volume"]},
    ("Levels", "constraint"): {"enum": ["none", "reserved", "volume"]},
    ("Levels", "own_track"): {"enum": ["none", "position", "identity"]},
    ("Levels", "sensed_track"): {"enum": ["none", "position", "identity"]},
    ("Levels", "own_track_in_conflict"): {"enum": ["reserved", "position", "identity"]},
    ("Levels", "sensed_track_in_conflict"): {"enum": ["reserved", "position", "identity"]},
    ("Levels", "own_track_in_emergency"): {"enum": ["none", "position", "identity"]},
    ("PersonBody", "name"): _NAME,
    ("PersonBody", "roles"): {"minItems": 1},
    ("ParticipantBody", "name"): _NAME,
    ("GroupBody", "members"): {"maxItems": 200, "uniqueItems": True},
    ("SigningKey", "key_id"): _SLUG,
    ("SigningKey", "public_key"): {"pattern": "^[A-Za-z0-9+/]{43}=$"},
}
"""What constructors refuse beyond the type, by (schema, property)."""

_WORDS: Final[Mapping[str, str]] = {
    "invalid_input": "a value is malformed; `field` names it",
    "undecidable": "well formed, but it cannot be decided",
    "unauthenticated": "no token, or one that cannot be accepted",
    "not_permitted": "the token is good; scope, role, standing or signature do not fit",
    "not_found": "no such thing that you may know of",
    "stale_ovn": "`ovn` is not the current one",
    "wrong_state": "the thing's state does not allow this",
    "strategic_conflict": "volumes conflict with what is released to you",
    "uss_down": "the exchange's own USS is marked Down among F3548 USSs",
    "request_id_reused": "the key was used before with another command",
    "too_large": "a body or an answer beyond its limit",
    "quota_exceeded": "your participant's quota is used up",
    "unavailable": "nothing was acknowledged; try again with the same key",
}

_INTRODUCTION: Final = """\
JSON over HTTP, bearer tokens (JSON Web Tokens by RS256 or EdDSA). Every write carries an `Idempotency-Key`: \
repeated with the same key it is the same command and is carried out once. Units are SI: metres, seconds, \
degrees, metres per second; times are RFC 3339 with a zone. A height is a value with its datum. An answer \
says what was checked: never "clear", only "clear of what is released to you".

**Stream.** `GET {stream}?cursor=&frames=` upgrades to a WebSocket: one JSON text frame a second. \
Programs send the `Authorization` header; browsers send `{{"token": "..."}}` as their first message \
within 5 s. Frames: `hello`; `snapshot` (`items`, `tracks`, `alerts`, `cursor`, `reason` start, slow or \
restart); `tick` (`changes`, changed `tracks`, `gone` track ids, changed `alerts`, `alerts_gone`, \
`cursor`); `bye` (`reason`). Both say when aircraft were last searched for conflicts (`swept_at`) and by \
how much that is overdue (`late_s`). `"more": true` marks a frame that does not yet reach the present; \
`"all_tracks": true` and `"all_alerts": true` a tick whose tracks or alerts are all there are. Close \
codes: 4401 token, 4403 role, 4413 too much, 4429 quota, 1012 stopping. The same changes come by pages \
from `/v1/changes`.

**Packed tracks.** With `frames=binary` (default `json`) the frames say the same in fewer bytes: `tracks` \
holds the words of tracks that are new or whose words changed, each with its `number`; `"binary": true` \
says that a binary message belongs to the frame and follows at once. It is little-endian: a header of 32 \
bytes (`CMTY`, version u8 = 1, kind u8: 0 what is new or moved, 1 the whole picture, record size u16 = \
32, count u32, u32, as-of i64 in microseconds since 1970, i64) and a record of 32 bytes for each track \
(number u32; lat and lon i32, 1e-7 degree; height i32, cm, -2^31 unknown; ground speed u16, 0.1 m/s, and \
track u16, 0.01 degree, 65535 unknown; vertical rate i16, cm/s, -32768 unknown; age u16, 0.1 s; accuracy \
u16, m; flags u16: 1 stale, 2 on the ground; u32). A number below 2^24 is the 24-bit address. Messages \
are not compressed.

**Signed commands.** Where the charter asks for it, a write carries `Comity-Signature` (base64, Ed25519), \
`Comity-Key-Id` and `Comity-Signed-At`, over the lines `comity-command-v1`, exchange, participant, person, \
idempotency key, `METHOD path?query`, signed-at, SHA-256 of the body in hex, each ended by a line feed.
"""


def document(routes: tuple[Route, ...], config: Config) -> bytes:
    """The document as JSON, in the order of the table and of each type's fields."""
    shown = [route for route in routes if route.documented]
    schemas = _schemas(shown)
    paths: dict[str, Json] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, config)
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Comity",
            "version": __version__,
            "description": _INTRODUCTION.format(stream=STREAM_PATH),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }
    return msgspec.json.encode(whole)


class _Schemas:
    """Component schemas, and the reference or inline form of each type."""

    def __init__(self, types: list[Any]) -> None:
        forms, components = msgspec.json.schema_components(types, ref_template=_REF)
        self._forms = dict(zip([repr(type_) for type_ in types], forms, strict=True))
        self.components: dict[str, Any] = components
        for (name, field), bounds in BOUNDS.items():
            component = components.get(name)
            if component is not None:
                component["properties"][field] = _narrowed(component["properties"][field], bounds)

    def of(self, type_: Any) -> Json:
        if isinstance(type_, UnionType):
            return {"anyOf": [self.of(one) for one in get_args(type_)]}
        return self._forms[repr(type_)]

    def of_query(self, type_: type[msgspec.Struct]) -> Json:
        """A query's schema, which is written as parameters and not as a component."""
        name = self.of(type_)["$ref"].rpartition("/")[2]
        found: Json = self.queries[name]
        return found

    def take_queries(self, types: list[type[msgspec.Struct]]) -> None:
        names = {self.of(type_)["$ref"].rpartition("/")[2] for type_ in types}
        self.queries = {name: self.components.pop(name) for name in sorted(names)}

    def drop_narrowed_away(self) -> None:
        """An enumeration whose every use a bound has narrowed is mentioned nowhere any more."""
        text = msgspec.json.encode([self.components, self.queries]).decode()
        for name in [name for name, schema in self.components.items() if "enum" in schema]:
            if f'"{_REF.format(name=name)}"' not in text:
                del self.components[name]


def _schemas(routes: list[Route]) -> _Schemas:
    types: list[Any] = [ErrorBody, ConflictError]
    queries = list({route.query: None for route in routes if route.query is not NoQuery})
    for route in routes:
        types += [route.body] if route.body is not None else []
        for answer in route.answers.values():
            types += get_args(answer) if isinstance(answer, UnionType) else [answer]
    unique = list({repr(type_): type_ for type_ in (*types, *queries)}.values())
    schemas = _Schemas(unique)
    schemas.take_queries(queries)
    schemas.drop_narrowed_away()
    return schemas


def _narrowed(schema: Json, bounds: Json) -> Json:
    if "$ref" in schema and "enum" in bounds:
        return {**bounds, "type": "string"}
    return {**schema, **bounds}


def _operation(route: Route, schemas: _Schemas, config: Config) -> Json:
    name = route.method.lower() + "".join(
        "_" + part.strip("{}").replace("-", "_").replace(".", "_") for part in route.path.split("/") if part
    )
    operation: Json = {
        "operationId": name,
        "summary": route.summary,
        "tags": [_tag(route.path)],
        "parameters": list(_parameters(route, schemas)),
        "responses": _responses(route, schemas),
    }
    if route.access.scope is None:
        operation["security"] = []
    else:
        operation["security"] = [{"bearer": [route.access.scope]}]
        operation["x-comity-access"] = {
            "scope": route.access.scope,
            "roles": sorted(route.access.roles),
            "standing": route.access.standing,
        }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas.of(route.body)}},
        }
    elif route.text_body:
        operation["requestBody"] = {
            "required": True,
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    return operation


def _tag(path: str) -> str:
    part = path.split("/")[2] if path.startswith("/v1/") else "operator"
    return {"healthy": "operator", "openapi.json": "description"}.get(part, part)


def _parameters(route: Route, schemas: _Schemas) -> Iterator[Json]:
    for name in route.parameters:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
        }
    if route.query is not NoQuery:
        query = schemas.of_query(route.query)
        for name, schema in query["properties"].items():
            yield {
                "name": name,
                "in": "query",
                "required": name in query.get("required", ()),
                "schema": _without_null(schema),
            }
    if route.write:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "Makes a repetition the same command.",
            "schema": {"type": "string", "pattern": _pattern(REQUEST_ID.pattern)},
        }


def _without_null(schema: Json) -> Json:
    """A query parameter is left out rather than null."""
    plain = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    members = [one for one in plain.get("anyOf", ()) if one != {"type": "null"}]
    if len(members) == 1:
        del plain["anyOf"]
        plain.update(members[0])
    return plain


def _responses(route: Route, schemas: _Schemas) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for status, type_ in route.answers.items():
        found[str(status)] = {
            "description": {200: "done", 201: "done; something new came of it"}[status],
            "content": {route.media: {"schema": schemas.of(type_)}},
        }
    by_status: dict[int, list[str]] = {}
    for code in refusals(route):
        by_status.setdefault(STATUS[code], []).append(code)
    for status, codes in sorted(by_status.items()):
        schema: Json = schemas.of(ErrorBody)
        if "strategic_conflict" in codes:
            schema = {"anyOf": [schemas.of(ConflictError), schema]}
        answer: Json = {
            "description": "; ".join(f"`{code}`: {_WORDS[code]}" for code in codes),
            "content": {"application/json": {"schema": schema}},
        }
        if status == STATUS["quota_exceeded"]:
            answer["headers"] = {
                "Retry-After": {
                    "description": "seconds until the quota allows it",
                    "required": True,
                    "schema": {"type": "integer", "minimum": 1},
                }
            }
        found[str(status)] = answer
    return found


def refusals(route: Route) -> tuple[str, ...]:
    """The error codes that a route may answer with, from what it declares."""
    found = ["invalid_input", "too_large"]
    if not route.access.public:
        found += ["unauthenticated", "not_permitted"]
        found += [] if route.use is Use.NONE else ["quota_exceeded"]
        found += ["not_found"]
    if route.use is not Use.READ and not route.access.public:
        found += ["unavailable"]
    if route.write:
        found += ["stale_ovn", "wrong_state", "request_id_reused", "undecidable"]
    return tuple(dict.fromkeys([*found, *route.refusals]))
