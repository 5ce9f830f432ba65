"""``Client``: one method for each route of the native API, in the model's own values.

Intents and constraints go in as volumes and come back as :class:`ReleasedItem`; what others own comes only
as it was released. Every write takes an optional ``request_id``: give one to make a repetition in another
process the same command, leave it out and each call is a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

import msgspec

from comity.client.answers import (
    Airspace,
    Alerts,
    Frame,
    HistoryMoment,
    HistorySpan,
    Picture,
    Seen,
    Whoami,
    Written,
)
from comity.client.logs import Log
from comity.client.plans import Plans
from comity.client.stream import Form, follow
from comity.client.transport import Identity, Signer, Token, Transport
from comity.clock import Clock
from comity.ids import Ovn, ParticipantId, PersonId, Reference
from comity.model.alert import Alert
from comity.model.charter import Charter
from comity.model.constraint import ConstraintKind, ConstraintState, ZoneProvenance
from comity.model.intake import Intake
from comity.model.intent import AircraftCategory, IntentState
from comity.model.observation import Provenance, Report
from comity.model.participant import Participant, Person
from comity.model.released import ChangePage, ReleasedItem
from comity.model.rule import Group, Levels, Recipient, ReleaseRule
from comity.model.volume import Volumes
from comity.wire import native
from comity.wire.encode import encode

T = TypeVar("T")

LONGEST_WAIT_S: Final = 30.0
"""How long the exchange holds a question for changes open."""


class Near(NamedTuple):
    """A place, for those who may see more than fits in one answer."""

    lat: float
    lon: float
    radius_m: float


class Client:
    """A person's connection to an exchange. Use it as a context manager, or call :meth:`close`."""

    def __init__(
        self,
        url: str,
        token: Token | None = None,
        *,
        signer: Signer | None = None,
        timeout_s: float = 10.0,
        attempts: int = 6,
        ca_file: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._transport = Transport(
            url,
            token,
            signer=signer,
            timeout_s=timeout_s,
            attempts=attempts,
            ca_file=ca_file,
            clock=clock,
        )
        self.plans = Plans(self._transport)
        """Plans before they are filed."""
        self.log = Log(self._transport, "/v1/log")
        """The participant's own log."""
        self.tree = Log(self._transport, "/v1/tree")
        """The whole tree: for auditors named in the charter, and the centre."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    # Who and whether

    def whoami(self) -> Whoami:
        return self._transport.read("/v1/whoami", Whoami)

    def healthy(self) -> bool:
        return bool(self._transport.read("/healthy", dict[str, Any]).get("status") == "ok")

    def operator_health(self) -> dict[str, Any]:
        """For the centre's administrators."""
        return self._transport.read("/v1/operator/health", dict[str, Any])

    def metrics(self) -> str:
        """Prometheus text, for the centre's administrators."""
        return self._transport.text("/metrics")

    # Operational intents

    def intents(self, *, near: Near | None = None) -> tuple[ReleasedItem, ...]:
        return self._transport.read("/v1/intents", Airspace, near and near._asdict()).items

    def intent(self, id: str) -> ReleasedItem:
        return self._read(f"/v1/intents/{id}", ReleasedItem)

    def file_intent(
        self,
        volumes: Volumes,
        *,
        category: AircraftCategory | str,
        crewed: bool,
        accept_conflicts: Sequence[str] = (),
        priority: int = 0,
        alternatives_ms: int = 0,
        request_id: str | None = None,
    ) -> Written[ReleasedItem]:
        """Raises ``StrategicConflict`` with what is in the way, as released to the asker; with
        ``alternatives_ms`` its detail also has what would be accepted instead."""
        accepted = tuple(Reference(ref) for ref in accept_conflicts)
        body = native.IntentBody(
            volumes, AircraftCategory(category), crewed, accepted, priority, alternatives_ms
        )
        return self._write("POST", "/v1/intents", body, Written[ReleasedItem], request_id)

    def change_intent(
        self,
        id: str,
        ovn: str,
        *,
        state: IntentState | str | None = None,
        volumes: Volumes | None = None,
        accept_conflicts: Sequence[str] = (),
        priority: int | None = None,
        alternatives_ms: int = 0,
        request_id: str | None = None,
    ) -> Written[ReleasedItem]:
        accepted = tuple(Reference(ref) for ref in accept_conflicts)
        wanted = IntentState(state) if state is not None else None
        body = native.IntentChange(Ovn(ovn), wanted, volumes, accepted, priority, alternatives_ms)
        return self._write("PUT", f"/v1/intents/{id}", body, Written[ReleasedItem], request_id)

    def end_intent(self, id: str, ovn: str, *, request_id: str | None = None) -> Written[ReleasedItem]:
        return self._write(
            "DELETE", f"/v1/intents/{id}", None, Written[ReleasedItem], request_id, {"ovn": ovn}
        )

    # Constraints

    def constraints(self, *, near: Near | None = None) -> tuple[ReleasedItem, ...]:
        return self._transport.read("/v1/constraints", Airspace, near and near._asdict()).items

    def constraint(self, id: str) -> ReleasedItem:
        return self._read(f"/v1/constraints/{id}", ReleasedItem)

    def publish_constraint(
        self,
        volumes: Volumes,
        *,
        kind: ConstraintKind | str,
        designator: str,
        provenance: ZoneProvenance | None = None,
        request_id: str | None = None,
    ) -> Written[ReleasedItem]:
        body = native.ConstraintBody(ConstraintKind(kind), designator, volumes, provenance)
        return self._write("POST", "/v1/constraints", body, Written[ReleasedItem], request_id)

    def change_constraint(
        self,
        id: str,
        ovn: str,
        *,
        state: ConstraintState | str | None = None,
        kind: ConstraintKind | str | None = None,
        designator: str | None = None,
        volumes: Volumes | None = None,
        provenance: ZoneProvenance | None = None,
        request_id: str | None = None,
    ) -> Written[ReleasedItem]:
        """``state`` released (once active) or cancelled (before); time does the rest."""
        body = native.ConstraintChange(
            Ovn(ovn),
            ConstraintState(state) if state is not None else None,
            ConstraintKind(kind) if kind is not None else None,
            designator,
            volumes,
            provenance,
        )
        return self._write("PUT", f"/v1/constraints/{id}", body, Written[ReleasedItem], request_id)

    # What was released to the reader

    def airspace(self, *, near: Near | None = None) -> Airspace:
        """Everything one may see, or with ``near`` what may lie there (never too little)."""
        return self._transport.read("/v1/airspace", Airspace, near and near._asdict())

    def item(self, ref: str) -> ReleasedItem:
        return self._read(f"/v1/airspace/{ref}", ReleasedItem)

    def picture(self) -> Picture:
        return self._read("/v1/picture", Picture)

    def change_page(
        self, cursor: str | None = None, *, limit: int | None = None, wait_s: float | None = None
    ) -> ChangePage:
        """One page; with ``wait_s`` (up to 30) the exchange waits for something to change."""
        params = {"cursor": cursor, "limit": limit, "wait_s": wait_s}
        return self._transport.read(
            "/v1/changes", ChangePage, {k: v for k, v in params.items() if v is not None}
        )

    def changes(self, cursor: str | None = None, *, follow: bool = False) -> Iterator[ChangePage]:
        """Pages up to the present; with ``follow`` for ever. Keep the last page's ``cursor`` to resume."""
        while True:
            page = self.change_page(cursor, wait_s=LONGEST_WAIT_S if follow and cursor else None)
            yield page
            cursor = page.cursor
            if not page.more and not follow:
                return

    def stream(
        self, cursor: str | None = None, *, reconnect: bool = True, frames: Form = "json"
    ) -> Iterator[Frame]:
        """Frames of the WebSocket, once a second; a cut connection is opened again from its cursor. The same
        frames come of both forms; ``binary`` is a tenth of the bytes."""
        return follow(self._transport, cursor, reconnect=reconnect, form=frames)

    # Looking back

    def history(self) -> HistorySpan:
        """From when to when :meth:`history_at` has an answer."""
        return self._read("/v1/history", HistorySpan)

    def history_at(self, at: datetime) -> HistoryMoment:
        """What was released to you at an earlier moment. Raises ``NotFound`` outside of the span."""
        return self._transport.read("/v1/history", HistoryMoment, {"at": at.isoformat()})

    # Alerts

    def alerts(self) -> Alerts:
        return self._read("/v1/alerts", Alerts)

    def alert(self, ref: str) -> Alert:
        return self._read(f"/v1/alerts/{ref}", Alert)

    def acknowledge_alert(self, ref: str, *, request_id: str | None = None) -> Written[Alert]:
        """By whoever this client is signed in as. Raises ``WrongState`` where somebody has already."""
        path = f"/v1/alerts/{ref}/acknowledgement"
        return self._write("POST", path, native.Acknowledgement(), Written[Alert], request_id)

    # Observations

    def report(self, feed: str, provenance: Provenance | str, reports: Sequence[Report]) -> Intake:
        body = native.Reports(feed, Provenance(provenance), tuple(reports))
        return self._transport.write("POST", "/v1/reports", encode(body), Intake)

    def report_sbs(
        self, feed: str, provenance: Provenance | str, lines: bytes, *, time_offset_s: float = 0.0
    ) -> Intake:
        """SBS text; ``time_offset_s`` is added to the times that it carries."""
        params = {"feed": feed, "provenance": Provenance(provenance).value, "time_offset_s": time_offset_s}
        return self._transport.write(
            "POST", "/v1/feeds/sbs", lines, Intake, params=params, content_type="text/plain"
        )

    # Release

    def rules(self) -> tuple[ReleaseRule, ...]:
        return self._list("/v1/rules", "rules", ReleaseRule)

    def rule(self, id: str) -> ReleaseRule:
        return self._read(f"/v1/rules/{id}", ReleaseRule)

    def set_rule(
        self,
        recipient: Recipient,
        levels: Levels,
        *,
        expires: datetime | None = None,
        request_id: str | None = None,
    ) -> Written[ReleaseRule]:
        body = native.RuleBody(recipient, levels, expires)
        return self._write("POST", "/v1/rules", body, Written[ReleaseRule], request_id)

    def change_rule(
        self,
        id: str,
        ovn: str,
        levels: Levels,
        *,
        expires: datetime | None = None,
        request_id: str | None = None,
    ) -> Written[ReleaseRule]:
        body = native.RuleChange(Ovn(ovn), levels, expires)
        return self._write("PUT", f"/v1/rules/{id}", body, Written[ReleaseRule], request_id)

    def withdraw_rule(self, id: str, ovn: str, *, request_id: str | None = None) -> Written[Any]:
        """Answered only when nothing is sent under it any more."""
        return self._write("DELETE", f"/v1/rules/{id}", None, Written[Any], request_id, {"ovn": ovn})

    def groups(self) -> tuple[Group, ...]:
        return self._list("/v1/groups", "groups", Group)

    def set_group(
        self, id: str, members: Sequence[str], *, ovn: str | None = None, request_id: str | None = None
    ) -> Written[Group]:
        body = native.GroupBody(tuple(ParticipantId(m) for m in members), Ovn(ovn) if ovn else None)
        return self._write("PUT", f"/v1/groups/{id}", body, Written[Group], request_id)

    def remove_group(self, id: str, ovn: str, *, request_id: str | None = None) -> Written[Any]:
        return self._write("DELETE", f"/v1/groups/{id}", None, Written[Any], request_id, {"ovn": ovn})

    def what_others_see(
        self, *, at: datetime | None = None, recipient: str | None = None
    ) -> tuple[Seen, ...]:
        params = {"at": at.isoformat() if at else None, "recipient": recipient}
        return self._list("/v1/what-others-see", "seen", Seen, params)

    # Membership

    def participants(self) -> tuple[Participant, ...]:
        return self._list("/v1/participants", "participants", Participant)

    def admit(self, participant: Participant, *, request_id: str | None = None) -> Written[Participant]:
        """Also replaces the record of one that is a member already."""
        return self._write(
            "PUT", f"/v1/participants/{participant.id}", participant, Written[Participant], request_id
        )

    def people(self) -> tuple[Person, ...]:
        return self._list("/v1/people", "people", Person)

    def put_person(self, person: Person, *, request_id: str | None = None) -> Written[Person]:
        return self._write(
            "PUT", f"/v1/people/{person.participant}/{person.id}", person, Written[Person], request_id
        )

    def remove_person(self, participant: str, id: str, *, request_id: str | None = None) -> Written[Any]:
        return self._write("DELETE", f"/v1/people/{participant}/{id}", None, Written[Any], request_id)

    def revoke_tokens(
        self, participant: str, person: str, *, token_id: str | None = None, request_id: str | None = None
    ) -> Written[Any]:
        """Every token of the person issued up to now, or the one named; their streams close."""
        body = native.Revocation(ParticipantId(participant), PersonId(person), token_id)
        return self._write("POST", "/v1/revocations", body, Written[Any], request_id)

    def charter(self) -> Charter:
        return self._read("/v1/charter", Charter)

    def adopt_charter(self, charter: Charter, *, request_id: str | None = None) -> Written[Charter]:
        return self._write("PUT", "/v1/charter", charter, Written[Charter], request_id)

    def erase(self, owner: str, period: str, *, request_id: str | None = None) -> Written[Any]:
        """Destroys keys and payloads of one owner's month (``YYYY-MM``), for good."""
        body = native.Erasure(ParticipantId(owner), period)
        return self._write("POST", "/v1/erasures", body, Written[Any], request_id)

    def _read(self, path: str, type_: type[T]) -> T:
        return self._transport.read(path, type_)

    def _list(
        self, path: str, name: str, type_: type[T], params: dict[str, Any] | None = None
    ) -> tuple[T, ...]:
        """Lists come as an object with one member, so that more can be said beside it later."""
        whole = self._transport.read(path, dict[str, msgspec.Raw], params)
        return msgspec.json.decode(whole[name], type=tuple[type_, ...])  # type: ignore[valid-type]  # a type at run time

    def _write(
        self,
        method: str,
        path: str,
        body: msgspec.Struct | None,
        type_: type[T],
        request_id: str | None,
        params: dict[str, Any] | None = None,
    ) -> T:
        if self._transport.needs_identity():
            me = self.whoami()
            self._transport.learn(Identity(me.exchange, me.participant, me.person))
        raw = encode(body) if body is not None else b""
        return self._transport.write(method, path, raw, type_, request_id=request_id, params=params)
