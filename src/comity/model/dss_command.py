"""Commands that USSs give by the standards' interfaces, decoded and covered: ASTM F3548-21 and F3411-22a.

Each comes with cells and a box, never with an outline. ``ovn`` or ``version`` None creates; otherwise it is
what the path names. The envelope (``command.Submission``) says who asks: ``participant`` is
``model.f3548.peer(sub)``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from comity.ids import EntityId, ParticipantId
from comity.model.f3548 import AvailabilityState, CellBox, Notified
from comity.model.intent import IntentState
from comity.model.volume import Instant


class _Command(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="command"):
    pass


class NewSubscription(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An implicit subscription to be made with a reference."""

    url: str
    notify_for_constraints: bool = False


class PutReference(_Command, frozen=True, tag="put_reference"):
    """``ovn_suffix``: the extension by which a USS knows its ovn beforehand: ``{id}_{suffix}``."""

    id: EntityId
    ovn: str | None
    box: CellBox
    state: IntentState
    url: str
    key: tuple[str, ...] = ()
    subscription: EntityId | None = None
    new_subscription: NewSubscription | None = None
    ovn_suffix: str | None = None


class RemoveReference(_Command, frozen=True, tag="remove_reference"):
    id: EntityId
    ovn: str


class PutConstraintReference(_Command, frozen=True, tag="put_constraint_reference"):
    id: EntityId
    ovn: str | None
    box: CellBox
    url: str


class RemoveConstraintReference(_Command, frozen=True, tag="remove_constraint_reference"):
    id: EntityId
    ovn: str


class PutSubscription(_Command, frozen=True, tag="put_subscription"):
    """A missing time in ``box`` is the standard's default, or stays as it is on an update."""

    id: EntityId
    version: str | None
    box: CellBox
    url: str
    notify_for_operational_intents: bool
    notify_for_constraints: bool


class RemoveSubscription(_Command, frozen=True, tag="remove_subscription"):
    id: EntityId
    version: str


class SetAvailability(_Command, frozen=True, tag="set_availability"):
    uss: str
    state: AvailabilityState
    old_version: str


class FileReport(_Command, frozen=True, tag="file_report"):
    """A DSS report (F3548-21 makeDssReport) or one from USS to USS (makeUssReport), as it came."""

    record: dict[str, object]


class PutServiceArea(_Command, frozen=True, tag="put_service_area"):
    """A missing start is now."""

    id: EntityId
    version: str | None
    box: CellBox
    url: str


class RemoveServiceArea(_Command, frozen=True, tag="remove_service_area"):
    id: EntityId
    version: str


class PutIsaSubscription(_Command, frozen=True, tag="put_isa_subscription"):
    id: EntityId
    version: str | None
    box: CellBox
    url: str


class RemoveIsaSubscription(_Command, frozen=True, tag="remove_isa_subscription"):
    id: EntityId
    version: str


class Owed(msgspec.Struct, frozen=True, gc=False):
    """One notification that this exchange's USS owes: which change of which entity, to which base URL, for
    which subscriptions with which indexes. A deleted entity's ``version`` is that of its deletion: one more
    than its last. Settled by entity, version and URL."""

    entity: EntityId
    version: int
    url: str
    subscriptions: tuple[Notified, ...] = ()
    kind: Literal["operational_intent", "constraint"] = "operational_intent"


class DetailsSeen(msgspec.Struct, frozen=True, gc=False):
    """What a peer told of its operational intent: a digest of it, and why it was refused, if it was."""

    id: EntityId
    manager: str
    version: int
    sha256: str
    refused: str | None = None


class PeersSeen(msgspec.Struct, frozen=True, gc=False):
    """What of other USSs' plans was looked at before a hosted plan was asked for: ``key`` holds the ovns of
    their references, ``seen`` what details were read for it."""

    key: tuple[str, ...] = ()
    seen: tuple[DetailsSeen, ...] = ()


class RecordDetails(_Command, frozen=True, tag="record_details"):
    """The exchange's own: details read of peers for the participant ``hosted``, where no plan came of it."""

    seen: tuple[DetailsSeen, ...]
    hosted: ParticipantId


class RecordDelivered(_Command, frozen=True, tag="record_delivered"):
    """The exchange's own: notifications that a peer has taken, and those given up after their last retry."""

    delivered: tuple[Owed, ...] = ()
    given_up: tuple[Owed, ...] = ()


class PruneSubscriptions(_Command, frozen=True, tag="prune_subscriptions"):
    """The exchange's own: subscriptions that ended over a day before ``before`` and serve nothing."""

    before: Instant
    ids: tuple[EntityId, ...]


class PruneIdentification(_Command, frozen=True, tag="prune_identification"):
    """The exchange's own: of remote identification, what ended over a day before ``before``."""

    before: Instant
    areas: tuple[EntityId, ...]
    subscriptions: tuple[EntityId, ...]


class AlignReferences(_Command, frozen=True, tag="align_references"):
    """The exchange's own: after rules changed, give these native intents and constraints their references,
    or take them away, as their owners now release them to the group ``f3548``."""

    items: tuple[EntityId, ...]


PeerCommand = (
    PutReference
    | RemoveReference
    | PutConstraintReference
    | RemoveConstraintReference
    | PutSubscription
    | RemoveSubscription
    | SetAvailability
    | FileReport
    | PutServiceArea
    | RemoveServiceArea
    | PutIsaSubscription
    | RemoveIsaSubscription
)

DssCommand = (
    PeerCommand | RecordDelivered | PruneSubscriptions | PruneIdentification | AlignReferences | RecordDetails
)
