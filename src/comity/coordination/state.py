"""State: what is promised, as facts in tables, with the indexes derived from them.

Facts are exactly what the ledger's entries say; ``digest`` covers them and nothing derived. An overlay
is a state that reads through to this one and keeps its changes to itself.
"""

from __future__ import annotations

import heapq
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any, Final

import msgspec

from comity.coordination.cell_index import CellIndex, Cells, OverlayCellIndex, Places
from comity.coordination.overlay import OverlayVolumes
from comity.coordination.tables import Overlay
from comity.coordination.volumes import Volumes
from comity.geo.heights import Environment
from comity.ids import EntityId, ParticipantId, PersonId, RequestId, RuleId
from comity.model.alert import Raise, Told
from comity.model.charter import Charter
from comity.model.constraint import Constraint
from comity.model.dss_fact import NoticeOwed
from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import Availability, ConstraintReference, OperationalIntentReference, Subscription
from comity.model.intent import Intent
from comity.model.participant import Participant, Person
from comity.model.released import ItemKind
from comity.model.rule import Group, ReleaseRule
from comity.model.volume import Instant
from comity.release.forms import kind_of
from comity.release.policy import GroupKey, Policy

PersonKey = tuple[ParticipantId, PersonId]
RequestKey = tuple[ParticipantId, RequestId]
RaiseKey = tuple[ParticipantId, ParticipantId, str]
"""Owner, recipient and the owner's name for the track."""


TABLES: Final = (
    "participants",
    "people",
    "rules",
    "groups",
    "intents",
    "constraints",
    "revocations",
    "requests",
    "segments",
    "alerts",
    "raises",
    "references",
    "constraint_references",
    "subscriptions",
    "availability",
    "service_areas",
    "isa_subscriptions",
    "notices",
)
"""The tables of a state, by the names of its attributes."""


CELL_TABLES: Final = (
    "references",
    "constraint_references",
    "subscriptions",
    "service_areas",
    "isa_subscriptions",
)
"""Those of them that a DSS finds by cell."""

NoticeKey = tuple[EntityId, int, str]
"""Entity, version and base URL of a notification that this exchange's own USS owes."""


class DssSettings(msgspec.Struct, frozen=True):
    """What deciding for the standards' interfaces depends on, from the configuration. ``uss``: the name under
    which this exchange's own USS writes, the ``sub`` of its tokens; "" where the interfaces are off.
    ``base_url``: where peers reach it. ``counting``: notification indexes count; otherwise they are
    milliseconds since midnight UTC. ``equal_priority``: whether plans of equal priority may conflict."""

    uss: str = ""
    base_url: str = ""
    counting: bool = True
    equal_priority: bool = False
    entities_per_manager: int = 10_000


ITEMS_PER_PARTICIPANT: Final = 10_000
"""Live intents and constraints that one owner may have, unless the configuration says otherwise. Memory is
bounded by it, and nobody can crowd others' views past their limit alone."""


class Done(msgspec.Struct, frozen=True, gc=False):
    """A request that was carried out: where its answer stands in the ledger, and the body it came with."""

    index: int
    body_sha256: str
    time_us: int


class Revocation(msgspec.Struct, frozen=True, gc=False):
    """``until``: tokens of the person issued at or before it are void. ``tokens``: these one by one."""

    until: Instant | None = None
    tokens: tuple[str, ...] = ()


class State:
    """Everything promised.

    Derived from the facts: ``owned`` (everything still held) and ``lingers`` (what has ended and only
    level 0 still shows), both by owner and kind; ``deadlines`` and ``lingering`` as heaps; ``dependents``
    (references under a subscription), ``reference_of`` (of a native item, the reference that stands for it
    among F3548 peers), ``managed`` (how many entities of the DSS a USS has) and ``cells`` (an index for each
    of ``CELL_TABLES``), which overlays have as well.
    """

    def __init__(self, environment: Environment) -> None:
        self.charter: Charter | None = None
        self.participants: MutableMapping[ParticipantId, Participant] = {}
        self.people: MutableMapping[PersonKey, Person] = {}
        self.rules: MutableMapping[RuleId, ReleaseRule] = {}
        self.groups: MutableMapping[GroupKey, Group] = {}
        self.intents: MutableMapping[EntityId, Intent] = {}
        self.constraints: MutableMapping[EntityId, Constraint] = {}
        self.revocations: MutableMapping[PersonKey, Revocation] = {}
        self.requests: MutableMapping[RequestKey, Done] = {}
        self.segments: MutableMapping[ParticipantId, int] = {}
        self.alerts: MutableMapping[tuple[ParticipantId, str], Told] = {}
        self.raises: MutableMapping[RaiseKey, Raise] = {}
        self.references: MutableMapping[EntityId, OperationalIntentReference] = {}
        self.constraint_references: MutableMapping[EntityId, ConstraintReference] = {}
        self.subscriptions: MutableMapping[EntityId, Subscription] = {}
        self.availability: MutableMapping[str, Availability] = {}
        self.service_areas: MutableMapping[EntityId, ServiceArea] = {}
        self.isa_subscriptions: MutableMapping[EntityId, IsaSubscription] = {}
        self.notices: MutableMapping[NoticeKey, NoticeOwed] = {}
        self.dependents: MutableMapping[EntityId, frozenset[EntityId]] = {}
        self.reference_of: MutableMapping[EntityId, EntityId] = {}
        self.managed: MutableMapping[str, int] = {}
        places = Places()
        self.cells: dict[str, Cells] = {name: CellIndex(places) for name in CELL_TABLES}
        self.dss = DssSettings()
        self.items_per_participant = ITEMS_PER_PARTICIPANT
        self.owned: dict[tuple[ParticipantId, ItemKind], set[EntityId]] = {}
        self.lingers: dict[tuple[ParticipantId, ItemKind], set[EntityId]] = {}
        self.volumes: Volumes | OverlayVolumes = Volumes(environment)
        self.deadlines: list[tuple[int, str, str]] = []
        self.lingering: list[tuple[int, EntityId]] = []
        self._policy: Policy | None = None

    @property
    def environment(self) -> Environment:
        return self.volumes.environment

    def policy(self, now: datetime) -> Policy:
        """Who gets what of whom; made anew when a rule, group, member or the charter changed."""
        if self._policy is None or now >= self._policy.valid_until:
            self._policy = Policy(self.charter, self.rules.values(), self.groups, self.participants, now)
        return self._policy

    def rules_changed(self) -> None:
        self._policy = None

    def item(self, entity: EntityId) -> Intent | Constraint | None:
        return self.intents.get(entity) or self.constraints.get(entity)

    def hold(self, item: Intent | Constraint) -> None:
        """Count an item under its owner."""
        key = (item.owner, kind_of(item))
        self.owned.setdefault(key, set()).add(item.id)
        if item.state.live():
            self.lingers.get(key, set()).discard(item.id)
        else:
            self.lingers.setdefault(key, set()).add(item.id)

    def let_go(self, item: Intent | Constraint) -> None:
        key = (item.owner, kind_of(item))
        self.owned.get(key, set()).discard(item.id)
        self.lingers.get(key, set()).discard(item.id)

    def live_items(self, owner: ParticipantId) -> int:
        """How many live intents and constraints an owner has."""
        keys = [(owner, kind) for kind in ItemKind]
        return sum(len(self.owned.get(key, ())) - len(self.lingers.get(key, ())) for key in keys)

    def due(self, us: int, kind: str, id: str) -> None:
        heapq.heappush(self.deadlines, (us, kind, id))

    def heapify(self) -> None:
        """Restore the heaps after filling them at restart."""
        heapq.heapify(self.deadlines)
        heapq.heapify(self.lingering)

    def overlay(self) -> OverlayState:
        return OverlayState(self)


class OverlayState(State):
    """A private copy-on-write state for deciding a batch: over the state, or over another batch's."""

    def __init__(self, base: State) -> None:
        self.charter = base.charter
        self._tables: dict[str, Overlay[Any, Any]] = {name: Overlay(getattr(base, name)) for name in TABLES}
        for name, table in self._tables.items():
            setattr(self, name, table)
        self.raises: MutableMapping[RaiseKey, Raise] = {}
        self.dependents = Overlay(base.dependents)
        self.reference_of = Overlay(base.reference_of)
        self.managed = Overlay(base.managed)
        self.cells = {name: OverlayCellIndex(index) for name, index in base.cells.items()}
        self.dss = base.dss
        self.items_per_participant = base.items_per_participant
        self.owned = {}
        self.lingers = {}
        self._base = base
        self.volumes = OverlayVolumes(base.volumes)
        self.deadlines = []
        self.lingering = []
        self._policy = base._policy
        self._own_policy = False

    def rebase(self, base: State) -> None:
        """Read through to ``base`` from now on, which has taken in the batch that this one was over."""
        self._base = base
        for name, table in self._tables.items():
            table.rebase(getattr(base, name))
        for name in ("dependents", "reference_of", "managed"):
            derived = getattr(self, name)
            assert isinstance(derived, Overlay)
            derived.rebase(getattr(base, name))
        for name, index in self.cells.items():
            assert isinstance(index, OverlayCellIndex)
            index.rebase(base.cells[name])
        assert isinstance(self.volumes, OverlayVolumes)
        self.volumes.rebase(base.volumes)
        if not self._own_policy:
            self._policy = base._policy

    def rules_changed(self) -> None:
        self._own_policy = True
        super().rules_changed()

    def hold(self, item: Intent | Constraint) -> None:
        """Nothing: what is derived for readers and for time is the base's."""

    def live_items(self, owner: ParticipantId) -> int:
        """As the base counts them: what is under way is not in it yet."""
        return self._base.live_items(owner)

    def due(self, us: int, kind: str, id: str) -> None:
        """Nothing, likewise."""
