"""What happened in a world, as a plain list, and the same list read into plain tables.

Part of the specification that ``tests/permitted.py`` is: dictionaries and loops, nothing of
``comity.release``, ``comity.coordination`` or ``comity.geo``. Only what succeeded is in the list: what was
refused changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from comity.ids import GroupId, ParticipantId, PersonId
from comity.model.charter import Charter
from comity.model.constraint import ConstraintKind, ConstraintState, ZoneProvenance
from comity.model.intent import AircraftCategory, IntentState
from comity.model.observation import Provenance, Report
from comity.model.participant import Participant, Person
from comity.model.rule import Levels, Recipient
from comity.model.volume import Volumes

GRACE: Final = timedelta(hours=1)
"""By which a Nonconforming or Contingent intent outlives its last volume."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

Token = tuple[str, str]
"""The owner and the request that made the thing: a name that means nothing to anybody else."""


@dataclass(frozen=True)
class Adopted:
    by: ParticipantId
    charter: Charter


@dataclass(frozen=True)
class Admitted:
    by: ParticipantId
    participant: Participant


@dataclass(frozen=True)
class PersonKept:
    by: ParticipantId
    person: Person


@dataclass(frozen=True)
class PersonGone:
    by: ParticipantId
    participant: ParticipantId
    id: PersonId


@dataclass(frozen=True)
class Revoked:
    by: ParticipantId
    participant: ParticipantId
    person: PersonId


@dataclass(frozen=True)
class Grouped:
    by: ParticipantId
    id: GroupId
    members: tuple[ParticipantId, ...]


@dataclass(frozen=True)
class Ungrouped:
    by: ParticipantId
    id: GroupId


@dataclass(frozen=True)
class Ruled:
    """Set, or changed where ``name`` is a rule already (its recipient stays)."""

    by: ParticipantId
    name: str
    recipient: Recipient
    levels: Levels
    expires: datetime | None = None


@dataclass(frozen=True)
class Unruled:
    by: ParticipantId
    name: str


@dataclass(frozen=True)
class Filed:
    by: ParticipantId
    name: str
    volumes: Volumes
    category: AircraftCategory
    crewed: bool


@dataclass(frozen=True)
class IntentChanged:
    by: ParticipantId
    name: str
    state: IntentState | None = None
    volumes: Volumes | None = None


@dataclass(frozen=True)
class IntentEnded:
    by: ParticipantId
    name: str


@dataclass(frozen=True)
class Published:
    by: ParticipantId
    name: str
    kind: ConstraintKind
    designator: str
    volumes: Volumes
    provenance: ZoneProvenance | None = None


@dataclass(frozen=True)
class ConstraintChanged:
    """``state``: released or cancelled, or None."""

    by: ParticipantId
    name: str
    state: ConstraintState | None = None
    kind: ConstraintKind | None = None
    designator: str | None = None
    volumes: Volumes | None = None


@dataclass(frozen=True)
class Erasure:
    by: ParticipantId
    owner: ParticipantId
    period: str


@dataclass(frozen=True)
class Brought:
    by: ParticipantId
    feed: str
    provenance: Provenance
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class Ticked:
    """The exchange looked at the time: deadlines that have come are met."""


@dataclass(frozen=True)
class Restarted:
    """The exchange was stopped and opened again: what was seen before is forgotten."""


@dataclass(frozen=True)
class Acknowledged:
    """Somebody's word that its own alert about these two aircraft is known. Each by its 24-bit address."""

    by: ParticipantId
    pair: tuple[str, str]


Event = (
    Adopted
    | Admitted
    | PersonKept
    | PersonGone
    | Revoked
    | Grouped
    | Ungrouped
    | Ruled
    | Unruled
    | Filed
    | IntentChanged
    | IntentEnded
    | Published
    | ConstraintChanged
    | Erasure
    | Brought
    | Acknowledged
    | Ticked
    | Restarted
)


@dataclass(frozen=True)
class World:
    """``geoid_m`` above the ellipsoid, ``terrain_m`` above mean sea level: what is known of the area."""

    geoid_m: tuple[float, float]
    terrain_m: tuple[float, float]
    happened: tuple[tuple[datetime, Event], ...]


# --- the same as tables


@dataclass
class Item:
    """An intent or a constraint; what one has and the other has not is None."""

    kind: str
    state: str
    volumes: Volumes
    category: AircraftCategory | None = None
    crewed: bool | None = None
    constraint_kind: ConstraintKind | None = None
    designator: str | None = None
    provenance: ZoneProvenance | None = None
    changes: int = 1
    changed: datetime = EARLIEST
    ended: datetime | None = None

    def live(self) -> bool:
        return self.ended is None


@dataclass
class Rule:
    owner: ParticipantId
    recipient: Recipient
    levels: Levels
    expires: datetime | None
    changes: int = 1


@dataclass(frozen=True)
class Group:
    members: tuple[ParticipantId, ...]
    changes: int


@dataclass
class Tables:
    charter: Charter | None = None
    participants: dict[ParticipantId, Participant] = field(default_factory=dict)
    people: dict[tuple[ParticipantId, PersonId], Person] = field(default_factory=dict)
    groups: dict[tuple[ParticipantId, GroupId], Group] = field(default_factory=dict)
    rules: dict[Token, Rule] = field(default_factory=dict)
    items: dict[Token, Item] = field(default_factory=dict)
    reports: list[tuple[datetime, Brought]] = field(default_factory=list)
    acknowledged: list[tuple[datetime, Acknowledged]] = field(default_factory=list)
    ticks: list[tuple[datetime, int]] = field(default_factory=list)
    """With how many reports there were before."""
    began: int = 0
    """How many reports there were before the last restart."""
    logs: dict[ParticipantId, list[tuple[str, datetime]]] = field(default_factory=dict)

    def log(self, what: str, at: datetime, *whose: ParticipantId) -> None:
        for who in dict.fromkeys(whose):
            self.logs.setdefault(who, []).append((what, at))


def tables_of(world: World, at: datetime) -> Tables:
    """Everything that happened up to and including ``at``."""
    tables = Tables()
    for when, event in world.happened:
        if when > at:
            break
        _happen(tables, event, when)
    return tables


def _happen(tables: Tables, event: Event, at: datetime) -> None:
    if isinstance(event, Ticked | Restarted):
        _look_at_the_time(tables, event, at)
        return
    match event:
        case Brought():
            tables.reports.append((at, event))
            return
        case Filed() | IntentChanged() | IntentEnded():
            _intent(tables, event, at)
        case Published() | ConstraintChanged():
            _constraint(tables, event, at)
        case Ruled() | Unruled() | Grouped() | Ungrouped():
            _release(tables, event)
        case _:
            _membership(tables, event, at)
    about = event.by
    match event:
        case Admitted(participant=participant):
            about = participant.id
        case PersonKept(person=person):
            about = person.participant
        case PersonGone() | Revoked():
            about = event.participant
        case Erasure():
            about = event.owner
        case _:
            pass
    tables.log(type(event).__name__, at, about, event.by)


def _look_at_the_time(tables: Tables, event: Ticked | Restarted, at: datetime) -> None:
    if isinstance(event, Restarted):
        tables.began, tables.ticks = len(tables.reports), []
    else:
        tables.ticks.append((at, len(tables.reports)))
    _meet_deadlines(tables, at)


def _membership(tables: Tables, event: Event, at: datetime) -> None:
    match event:
        case Adopted():
            tables.charter = event.charter
        case Admitted():
            tables.participants[event.participant.id] = event.participant
        case PersonKept():
            tables.people[event.person.participant, event.person.id] = event.person
        case PersonGone():
            tables.people.pop((event.participant, event.id), None)
        case Acknowledged():
            tables.acknowledged.append((at, event))
        case _:
            pass


def _release(tables: Tables, event: Ruled | Unruled | Grouped | Ungrouped) -> None:
    match event:
        case Ruled():
            old = tables.rules.get((event.by, event.name))
            tables.rules[event.by, event.name] = Rule(
                event.by,
                event.recipient if old is None else old.recipient,
                event.levels,
                event.expires,
                1 if old is None else old.changes + 1,
            )
        case Unruled():
            del tables.rules[event.by, event.name]
        case Grouped():
            before = tables.groups.get((event.by, event.id))
            changes = 1 if before is None else before.changes + 1
            tables.groups[event.by, event.id] = Group(event.members, changes)
        case Ungrouped():
            del tables.groups[event.by, event.id]


def _intent(tables: Tables, event: Filed | IntentChanged | IntentEnded, at: datetime) -> None:
    key = (event.by, event.name)
    if isinstance(event, Filed):
        tables.items[key] = Item(
            "intent", IntentState.ACCEPTED, event.volumes, category=event.category, crewed=event.crewed
        )
        tables.items[key].changed = at
        return
    item = tables.items[key]
    item.changes += 1
    item.changed = at
    if isinstance(event, IntentEnded):
        item.state, item.ended = IntentState.ENDED, at
        return
    item.state = event.state or item.state
    item.volumes = event.volumes or item.volumes


def _constraint(tables: Tables, event: Published | ConstraintChanged, at: datetime) -> None:
    key = (event.by, event.name)
    if isinstance(event, Published):
        item = tables.items[key] = Item(
            "constraint",
            "",
            event.volumes,
            constraint_kind=event.kind,
            designator=event.designator,
            provenance=event.provenance,
        )
    else:
        item = tables.items[key]
        item.changes += 1
        item.constraint_kind = event.kind or item.constraint_kind
        item.designator = event.designator or item.designator
        item.volumes = event.volumes or item.volumes
        if event.state is not None:
            item.state, item.ended = event.state, at
            return
    item.changed = at
    item.state = _by_time(tables, item, at)
    if item.state == ConstraintState.EXPIRED:
        item.ended = at


def _by_time(tables: Tables, item: Item, at: datetime) -> ConstraintState:
    start, end = min(v.start for v in item.volumes), max(v.end for v in item.volumes)
    lead = timedelta(seconds=tables.charter.constraint_lead_s if tables.charter else 0)
    if at >= end:
        return ConstraintState.EXPIRED
    if at >= start:
        return ConstraintState.ACTIVE
    return ConstraintState.PENDING if at >= start - lead else ConstraintState.PLANNED


def _meet_deadlines(tables: Tables, at: datetime) -> None:
    """What the exchange writes down by itself. Each is an entry about its owner.

    A thing ends when its time came, however late the exchange looks, but never before its last change."""
    for (owner, _), item in tables.items.items():
        if not item.live():
            continue
        due = max(v.end for v in item.volumes)
        if item.kind == "constraint":
            after: str = _by_time(tables, item, at)
            over = after == ConstraintState.EXPIRED
        else:
            off_nominal = item.state in (IntentState.NONCONFORMING, IntentState.CONTINGENT)
            due += GRACE if off_nominal else timedelta(0)
            over = due <= at
            after = IntentState.ENDED if over else item.state
        if after != item.state:
            item.ended = max(due, item.changed) if over else None
            item.state, item.changed = after, item.ended or at
            item.changes += 1
            tables.log("deadline", at, ParticipantId(owner))
    for name, rule in list(tables.rules.items()):
        if rule.expires is not None and rule.expires <= at:
            del tables.rules[name]
            tables.log("deadline", at, rule.owner)
