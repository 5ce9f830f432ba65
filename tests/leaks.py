"""Leaks planted on purpose: each changes the running code so that it tells what it must not.

They show that the harness of law 2 (``tests/property``) would notice. Each is a context manager; under each
the harness has to find a difference, and without any of them none. A leak tells *whether* or *how often*
others did something, or how something exactly is that is released coarsened; none is a plain "show it".
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

import msgspec
import numpy as np
from msgspec.structs import replace

from comity.clock import from_micros
from comity.coordination import conflicts, intents
from comity.coordination.decision import Asked
from comity.errors import NotFound
from comity.exchange import beside, desk, search, sight, warnings
from comity.exchange.anchors import Anchors
from comity.exchange.desk import About, Desk
from comity.exchange.exchange import Exchange
from comity.exchange.logs import Logs
from comity.exchange.raises import Track
from comity.exchange.sides import raised_side, row_of
from comity.exchange.sight import Witnesses, _at_one_place, sight_of
from comity.geo.overlap import overlapping
from comity.http import access
from comity.http.access import Access, Caller, Gate
from comity.ids import EntityId, Ids, ParticipantId
from comity.ledger.entry import TREE
from comity.model.alert import AlertSide
from comity.model.batch import CATEGORIES
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.released import Change, ChangePage, Clearance, ReleasedItem
from comity.model.rule import Level
from comity.release import forms, view
from comity.release.peers import PeerReference
from comity.release.track_cells import TrackCells
from comity.release.view import View

Leak = Callable[[], AbstractContextManager[Any]]


def a_count() -> AbstractContextManager[Any]:
    """A clearance says among how many intents it was checked: everybody's."""
    honest = intents.clearance

    def telling(asked: Asked, near: Sequence[PeerReference] = ()) -> Clearance:
        words = f"clear of what is released to you, among {len(asked.state.intents)} intents"
        return replace(honest(asked, near), checked=words)

    return patch.object(intents, "clearance", telling)


def an_error_text() -> AbstractContextManager[Any]:
    """ "Not released to you" where there is something, "no such thing" where there is nothing."""
    honest = Exchange.item

    def telling(self: Exchange, who: ParticipantId, ref: str) -> ReleasedItem:
        if self.state.item(EntityId(ref)) is None:
            return honest(self, who, ref)
        try:
            return honest(self, who, ref)
        except NotFound as error:
            raise NotFound("this is not released to you", field="ref") from error

    return patch.object(Exchange, "item", telling)


def an_id() -> AbstractContextManager[Any]:
    """New ids count what everybody made."""
    made: dict[int, int] = {}

    def telling(self: Ids, kind: str, owner: str, request_id: str) -> EntityId:
        made[id(self)] = made.get(id(self), 0) + 1
        digest = hashlib.sha256(f"{kind}/{made[id(self)]}".encode()).digest()
        return EntityId(str(uuid.UUID(bytes=digest[:16], version=4)))

    return patch.object(Ids, "entity", telling)


def an_order() -> AbstractContextManager[Any]:
    """Items come in the order of how often their owners changed them, seen or unseen."""
    honest = Exchange.changes

    def telling(self: Exchange, who: ParticipantId, cursor: str | None, limit: int = 1000) -> ChangePage:
        page = honest(self, who, cursor, limit)
        held = self.views.of(who, self.clock.now()).entities

        def changed(change: Change) -> int:
            item = self.state.item(held.get(change.ref, EntityId("")))
            return 0 if item is None else item.version

        return replace(page, changes=tuple(sorted(page.changes, key=changed)))

    return patch.object(Exchange, "changes", telling)


@contextmanager
def a_version() -> Iterator[None]:
    """A reserved item carries its owner's version number."""
    honest = forms.reserved_form

    def telling(item: Any, *rest: Any) -> ReleasedItem:
        return replace(honest(item, *rest), version=item.version)

    with patch.object(view, "reserved_form", telling), patch.object(intents, "reserved_form", telling):
        yield


def a_conflict_answer() -> AbstractContextManager[Any]:
    """A conflict with a reserved item is told by where it exactly is."""
    honest = conflicts.find

    def telling(state: Any, asker: Any, volumes: Any, now: datetime, *rest: Any) -> list[conflicts.Conflict]:
        return [
            conflict
            for conflict in honest(state, asker, volumes, now, *rest)
            if conflict.level is not Level.RESERVED
            or any(overlapping(mine, conflict.item.volumes, state.environment, now).any() for mine in volumes)
        ]

    return patch.object(intents, "find", telling)


def a_timestamp() -> AbstractContextManager[Any]:
    """ "As of" is when anybody last wrote."""

    def telling(self: Exchange) -> datetime:
        return from_micros(self.ledger.last_time_us)

    return patch.object(Exchange, "as_of", telling)


def a_metric() -> AbstractContextManager[Any]:
    """The operator's figures for everybody who holds the scope."""
    honest = Gate.permit

    def telling(self: Gate, caller: Caller, asked: Access) -> None:
        if asked is access.OPERATOR:
            asked = replace(asked, standing=access.Standing.ANY)
        honest(self, caller, asked)

    return patch.object(Gate, "permit", telling)


def a_stream_gap() -> AbstractContextManager[Any]:
    """The feed's numbers go on for changes that do not show."""
    honest = View.update

    def telling(self: View, made: Iterable[tuple[str, EntityId, ReleasedItem | None]]) -> list[Change]:
        given = list(made)
        unseen = sum(1 for ref, _, form in given if self.items.get(ref) == form)
        changes = honest(self, given)
        self.seq += unseen
        return changes

    return patch.object(View, "update", telling)


def a_log_proof() -> AbstractContextManager[Any]:
    """A proof of inclusion in one's own log leads on into the whole tree."""
    honest = Logs.inclusion

    def telling(self: Logs, log: str, position: int, size: int) -> list[str]:
        proof = honest(self, log, position, size)
        whole = honest(self, TREE, 0, self._ledger.size)
        return proof if log == TREE else proof + whole[-1:]

    return patch.object(Logs, "inclusion", telling)


# --- beyond the ten that were asked for: what was once so, or nearly


@contextmanager
def a_landing() -> Iterator[None]:
    """What ends at level 0 leaves view at once, and so tells when."""

    def at_once(when: datetime) -> datetime:
        return when

    with patch.object(view, "lingers_until", at_once), patch.object(conflicts, "lingers_until", at_once):
        yield


@contextmanager
def a_forgetting() -> Iterator[None]:
    """What has ended stays to be read until anybody writes something."""

    def never(item: object, now: datetime) -> bool:
        return False

    with patch("comity.exchange.exchange.past", never), patch.object(intents, "past", never):
        yield


def a_receipt() -> AbstractContextManager[Any]:
    """A receipt names the entry's place in the whole tree."""
    honest = Exchange._outcome

    def telling(self: Exchange, done: Any) -> Any:
        outcome = honest(self, done)
        return replace(outcome, receipt=replace(outcome.receipt, position=done.first.index))

    return patch.object(Exchange, "_outcome", telling)


# --- warnings: levels 2 and 3, and ghosts


@contextmanager
def an_exact_place() -> Iterator[None]:
    """Whether there is an alert is decided on where a hidden aircraft is, and told with its cells."""
    honest = Anchors.form

    def telling(self: Anchors, key: SourceKey, row: int) -> TrackCells:
        form = honest(self, key, row)
        now = self._sources[key].rows_now[row]  # type: ignore[attr-defined]
        return form._replace(lat=float(now["lat"]), lon=float(now["lon"]), radius_m=0.0)

    def remembering(self: Anchors, source: Any, names: Any, rows: Any) -> None:
        follow(self, source, names, rows)
        source.rows_now = rows

    follow = Anchors._follow
    with patch.object(Anchors, "_follow", remembering), patch.object(Anchors, "form", telling):
        yield


def a_form_that_follows() -> AbstractContextManager[Any]:
    """Cells are made of where the aircraft is at each tick, and so tell which line of the grid it crosses."""
    honest = Anchors.follow

    def telling(self: Anchors, picture: Any, now: datetime) -> None:
        self._slot = -1
        honest(self, picture, now)

    return patch.object(Anchors, "follow", telling)


def a_callsign() -> AbstractContextManager[Any]:
    """An aircraft raised to its position carries its name."""
    honest = raised_side

    def telling(layers: Any, track: Track, level: Level) -> AlertSide:
        return replace(honest(layers, track, Level.IDENTITY), level=level.value)

    return patch.object(warnings, "raised_side", telling)


def a_category() -> AbstractContextManager[Any]:
    """Cells carry the aircraft's category."""
    honest = warnings.Warnings._about_pair

    def telling(self: warnings.Warnings, prepared: Any, found: Any, pair: Any, live: Any) -> About:
        about = honest(self, prepared, found, pair, live)
        row = row_of(prepared.moment.layers, pair.other.key, pair.other.address)
        category = CATEGORIES[int(row["category"])]
        sides = tuple(side if side.own else replace(side, category=category) for side in about.sides)
        return about._replace(sides=sides)

    return patch.object(warnings.Warnings, "_about_pair", telling)


def a_witness_of_ones_own() -> AbstractContextManager[Any]:
    """An invented aircraft is confirmed by its inventor's own broadcast feed."""
    honest = Witnesses.vouched

    def telling(self: Witnesses, by: ParticipantId, rows: Any, reader: ParticipantId | None = None) -> Any:
        sure = honest(self, by, rows, reader)
        for key, theirs in self._layers:
            if key.participant == by and key.provenance is Provenance.BROADCAST:
                sure |= _at_one_place(rows, theirs)
        return sure

    return patch.object(Witnesses, "vouched", telling)


def a_readers_word() -> AbstractContextManager[Any]:
    """What the reader itself reports confirms what is hidden from it, if it is there."""
    honest = Witnesses.vouched

    def telling(self: Witnesses, by: ParticipantId, rows: Any, reader: ParticipantId | None = None) -> Any:
        sure = honest(self, by, rows, reader)
        for key, theirs in self._layers:
            if key.participant == reader and key.provenance is not Provenance.OWN:
                sure |= _at_one_place(rows, theirs)
        return sure

    return patch.object(Witnesses, "vouched", telling)


def a_swallowed_plot() -> AbstractContextManager[Any]:
    """A hidden radar plot is taken for an aircraft that the reader alone says is there."""
    honest = sight._newest

    def telling(parts: Any) -> Any:
        return honest([*parts, *telling.own])  # type: ignore[attr-defined]

    def remembering(picture: Any, who: ParticipantId, released: Any, witnesses: Any) -> Any:
        own = [picture.layer(key).addressed for key in picture.sources() if key.participant == who]
        telling.own = own  # type: ignore[attr-defined]
        return made(picture, who, released, witnesses)

    made = sight_of
    stack = ExitStack()
    stack.enter_context(patch.object(sight, "_newest", telling))
    stack.enter_context(patch.object(search, "sight_of", remembering))
    return stack


@contextmanager
def a_number() -> Iterator[None]:
    """An advisory says how far away the aircraft in the cells is."""
    honest = beside._advise

    def telling(moment: Any, found: Any, own: str, other: Any, reasons: Any) -> None:
        honest(moment, found, own, other, reasons)
        row = row_of(moment.layers, other.key, other.address)
        for pair in found.pairs.values():
            if pair.other == other and pair.advisory is not None:
                pair.advisory = replace(pair.advisory, horizontal_m=float(row["lat"]) * 1e5)

    def careless(finding: Any) -> Any:
        return finding

    with patch.object(beside, "_advise", telling), patch.object(desk, "without_numbers", careless):
        yield


def a_count_of_alerts() -> AbstractContextManager[Any]:
    """References of alerts count everybody's."""
    honest = Ids.reference
    made: dict[int, int] = {}

    def telling(self: Ids, recipient: str, entity: EntityId, period: str) -> str:
        if period.startswith("alert/"):
            made[id(self)] = made.get(id(self), 0) + 1
            period += f"/{made[id(self)]}"
        return honest(self, recipient, entity, period)

    return patch.object(Ids, "reference", telling)


def a_raise_without_a_rule() -> AbstractContextManager[Any]:
    """Every conflict raises."""

    def telling(*_: Any, corroborated: bool) -> Level:
        return Level.POSITION if corroborated else Level.RESERVED

    return patch.object(beside, "in_conflict", telling)


def a_raised_invention() -> AbstractContextManager[Any]:
    """What nobody else reports is raised too, and its owner reads in its account whom it was near."""
    honest = Witnesses.vouched

    def telling(self: Witnesses, by: ParticipantId, rows: Any, reader: ParticipantId | None = None) -> Any:
        sure = honest(self, by, rows, reader)
        return np.ones(len(rows), np.bool_) if reader is not None else sure

    return patch.object(Witnesses, "vouched", telling)


def an_acknowledgement() -> AbstractContextManager[Any]:
    """That the other party acknowledged is told to one that sees cells."""
    honest = Desk.tell

    def telling(self: Desk, on: Any, *rest: Any) -> Any:
        known = honest(self, [(live, about._replace(advisory=False)) for live, about in on], *rest)
        for key, alive in self._alive.items():
            piece = msgspec.json.encode(alive.alert)
            self._alive[key] = alive._replace(piece=piece)
        return known

    return patch.object(Desk, "tell", telling)


LEAKS: Final[dict[Leak, str]] = {
    a_count: "POST /v1/intents ",
    an_error_text: "GET /v1/airspace/",
    an_id: "POST /v1/|GET /v1/|a tick",
    an_order: "GET /v1/(airspace|intents|constraints|changes)|stream",
    a_version: "GET /v1/(airspace|intents|changes)|stream",
    a_conflict_answer: "POST /v1/intents ",
    a_timestamp: "GET /v1/(airspace|intents|changes)",
    a_metric: "GET /(metrics|v1/operator/health)",
    a_stream_gap: "GET /v1/(airspace|changes)|stream",
    a_log_proof: "GET /v1/log/inclusion",
    a_landing: "GET /v1/(airspace|intents|changes)|POST /v1/intents|stream",
    a_forgetting: "GET /v1/(airspace|intents)/|DELETE /v1/intents/",
    a_receipt: "POST /v1/|PUT /v1/|DELETE /v1/",
}
"""Each with where the harness may notice it first: anywhere else it would be noticed for another reason."""

WARNING_LEAKS: Final[dict[Leak, str]] = {
    an_exact_place: "tick|GET /v1/alerts",
    a_form_that_follows: "tick|GET /v1/alerts",
    a_callsign: "tick|GET /v1/(alerts|log)",
    a_category: "tick|GET /v1/alerts",
    a_witness_of_ones_own: "tick|GET /v1/(alerts|picture)",
    a_readers_word: "tick|GET /v1/alerts",
    a_swallowed_plot: "tick|GET /v1/alerts",
    a_number: "tick|GET /v1/alerts",
    a_count_of_alerts: "tick|GET /v1/alerts",
    a_raise_without_a_rule: "tick|GET /v1/(alerts|picture)",
    a_raised_invention: "GET /v1/(log|what-others-see|alerts)|tick",
    an_acknowledgement: "tick|GET /v1/alerts",
}
