"""Reading what was released to the caller, whole and at one moment."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from comity.errors import InvalidInput, TooLarge
from comity.http.answers import Answer, Items, ok
from comity.http.routing import Call
from comity.model.released import ItemKind

_ALL: Final = 1_000_000_000
"""More items than any view holds: the exchange refuses a view past its limit, it never shortens one."""


class Near(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All three or none: only what may lie within ``radius_m`` of a place. It returns too much rather
    than too little."""

    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    radius_m: Annotated[float, Meta(gt=0, le=5_000_000)] | None = None

    def area(self) -> tuple[float, float, float] | None:
        if self.lat is None and self.lon is None and self.radius_m is None:
            return None
        for name in ("lat", "lon", "radius_m"):
            if getattr(self, name) is None:
                raise InvalidInput("lat, lon and radius_m are given together", field=name)
        return (self.lat or 0.0, self.lon or 0.0, self.radius_m or 0.0)


def items(call: Call, kind: ItemKind | None = None) -> Answer:
    """Items, the moment and the cursor from one page, so that nothing falls between them."""
    area = call.query(Near).area()
    if area is not None:
        near = call.exchange.airspace(call.caller.participant.id, kind, area)
        return ok(Items(tuple(near), call.now))
    page = call.exchange.changes(call.caller.participant.id, None, _ALL)
    if page.more:
        raise TooLarge("too many volumes for one answer are released to you; ask for an area", field="area")
    found = tuple(
        change.item
        for change in page.changes
        if change.item is not None and (kind is None or change.item.kind is kind)
    )
    return ok(Items(found, page.as_of, page.cursor))
