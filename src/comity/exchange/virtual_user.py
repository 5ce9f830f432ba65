"""A user of one participant whom an automated qualifier leads: the flight planning test interface.

Whatever it does is a command such as a person gives, by ``Exchange.submit``, under the participant and person
of the configuration. What is not allowed is an answer (``Rejected``), as it would be to a person; what could
not be done is ``Failed``, and then nothing is planned that was not before.

Which plan of the qualifier's is which intent, the answers to its requests and the notifications are kept in
memory alone: a restart forgets them, and the intents stay.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from comity.clock import Clock, micros
from comity.coordination.conflicts import find
from comity.coordination.state import State
from comity.errors import (
    ComityError,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refused,
    StrategicConflict,
    TooLarge,
    WrongState,
)
from comity.exchange.uspace import problems_of_authorisation, problems_of_rpas
from comity.exchange.values import Outcome
from comity.geo.cells import cell_of, cells_touch
from comity.geo.coverage import holding
from comity.ids import EntityId, Ovn, ParticipantId, PersonId, Reference, RequestId
from comity.model.command import ChangeIntent, Command, EndIntent, FileIntent, Submission
from comity.model.intent import AircraftCategory, IntentState
from comity.model.participant import Role
from comity.model.released import ConflictItem, ItemKind, ReleasedItem
from comity.model.volume import Volumes, ends
from comity.wire import flight_planning as fp

HORIZON: Final = timedelta(days=30)
"""F3548-21 OiMaxPlanHorizon: nothing is planned that ends later from now."""

REMEMBERED: Final = 10_000
"""Answers and notifications kept of each; the oldest goes first. A test run has some hundreds."""

MOST_PLANS: Final = 1_000
"""Plans remembered; likewise. Each is looked at once a second, for some 50 µs."""

_STATUS: Final[dict[str, fp.Status]] = {
    IntentState.ACCEPTED: "Planned",
    IntentState.ACTIVATED: "OkToFly",
    IntentState.NONCONFORMING: "OffNominal",
    IntentState.CONTINGENT: "OffNominal",
    IntentState.ENDED: "Closed",
}
_IN_USE: Final = {
    "OffNominal": IntentState.NONCONFORMING,
    "Contingent": IntentState.CONTINGENT,
}


class Desk(Protocol):
    """What is needed of ``comity.exchange.Exchange``."""

    @property
    def clock(self) -> Clock: ...
    @property
    def state(self) -> State: ...
    async def submit(self, submission: Submission) -> Outcome: ...
    def item(self, who: ParticipantId, ref: str) -> ReleasedItem: ...
    def airspace(self, who: ParticipantId, kind: ItemKind | None = None) -> list[ReleasedItem]: ...


class _Plan(msgspec.Struct):
    """``known``: what the user has been told is in the plan's way."""

    intent: EntityId
    known: frozenset[str] = frozenset()


class VirtualUser:
    """See the file's head. ``boot`` names this run in request ids. Call ``look`` once a second."""

    def __init__(self, desk: Desk, participant: ParticipantId, person: PersonId, boot: str) -> None:
        self._desk = desk
        self._participant = participant
        self._person = person
        self._boot = boot
        self._requests = 0
        self._turn = asyncio.Lock()
        self._plans: OrderedDict[str, _Plan] = OrderedDict()
        self._answers: OrderedDict[str, fp.UpsertAnswer] = OrderedDict()
        self._notifications: deque[fp.UserNotification] = deque(maxlen=REMEMBERED)

    # --- what the qualifier asks

    async def upsert(
        self, id: str, request: fp.UpsertRequest, as_planned: dict[str, Any] | None
    ) -> fp.UpsertAnswer:
        """Plan, change, activate or close. A request id that was answered before is answered alike.

        ``as_planned``: the plan as it will be, where that is not all that was asked for."""
        async with self._turn:
            known = self._answers.get(request.request_id)
            if known is not None:
                return known
            answer = await self._tried(id, request)
            if answer.planning_result == "Completed":
                answer = msgspec.structs.replace(answer, as_planned=as_planned)
            self._answers[request.request_id] = answer
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
            return answer

    async def delete(self, id: str) -> fp.UpsertAnswer:
        """End a plan for good. Raises ``NotFound`` where there is none."""
        async with self._turn:
            if self._item(id) is None:
                self._plans.pop(id, None)
                raise NotFound("there is no flight plan with this id", field="flight_plan_id")
            try:
                return await self._close(id)
            except ComityError as error:
                return fp.UpsertAnswer("Failed", self._status(id), error.message)

    async def clear(self, area: fp.Volume4D) -> fp.ClearAreaOutcome:
        """End every live intent of the participant that may meet the area: by cells of about 1 km² and times,
        at any height. Raises ``InvalidInput`` where the area is none."""
        async with self._turn:
            cells = [cell_of(token) for token in holding(fp.shape_of(area.volume))]
            left, ended = [], 0
            for item in self._desk.airspace(self._participant, ItemKind.INTENT):
                if item.level != "own" or not _meets(item.volumes or (), cells, area):
                    continue
                if item.state == IntentState.ENDED:
                    continue
                try:
                    await self._submit(EndIntent(EntityId(item.ref), Ovn(item.ovn or "")))
                    ended += 1
                except ComityError as error:
                    left.append(f"{item.ref}: {error.message}")
            for id in [id for id in self._plans if self._status(id) == "Closed"]:
                del self._plans[id]
            message = "; ".join(left) if left else f"{ended} plans were ended"
            return fp.ClearAreaOutcome(not left, message)

    def notifications(self, after: datetime, before: datetime) -> tuple[fp.UserNotification, ...]:
        """What the user was notified of from ``after`` to ``before``."""
        return tuple(each for each in self._notifications if after <= each.observed_at.value <= before)

    def look(self, now: datetime) -> None:
        """Notify the user of conflicts that were not there when it last looked."""
        for id, plan in list(self._plans.items()):
            item = self._item(id)
            if item is None:
                del self._plans[id]
                continue
            if item.state == IntentState.ENDED:
                continue
            met = self._in_the_way(item, now)
            if met is None:
                continue
            if new := met - plan.known:
                words = f"flight plan {id} has come into conflict with {len(new)} of what is released to you"
                count: fp.Conflicts = "Single" if len(met) == 1 else "Multiple"
                self._notifications.append(fp.UserNotification(fp.time_form(now), words, count))
            plan.known = met

    # --- one plan

    async def _tried(self, id: str, request: fp.UpsertRequest) -> fp.UpsertAnswer:
        plan = request.flight_plan
        if request.execution_style == "Hypothetical":
            return fp.UpsertAnswer("NotSupported", "NotPlanned", "nothing is planned hypothetically here")
        if fp.takeoff_heights(plan.basic_information.area or ()):
            return fp.UpsertAnswer("NotSupported", self._status(id), "heights above a place of take-off")
        try:
            if plan.basic_information.usage_state == "Closed":
                return await self._close(id)
            return await self._planned(id, request)
        except (InvalidInput, TooLarge, WrongState, StrategicConflict) as error:
            return fp.UpsertAnswer("Rejected", self._status(id), _words(error))
        except ComityError as error:
            return fp.UpsertAnswer("Failed", self._status(id), _words(error))

    async def _close(self, id: str) -> fp.UpsertAnswer:
        item = self._item(id)
        if item is None:
            raise InvalidInput("there is no flight plan to close")
        if item.state != IntentState.ENDED:
            await self._submit(EndIntent(EntityId(item.ref), Ovn(item.ovn or "")))
        self._plans.pop(id, None)
        return fp.UpsertAnswer("Completed", "Closed")

    async def _planned(self, id: str, request: fp.UpsertRequest) -> fp.UpsertAnswer:
        plan = request.flight_plan
        wanted, priority = wanted_state(plan), _priority(plan)
        volumes = fp.volumes_of(plan.basic_information.area or ())
        now = self._desk.clock.now()
        check_plan(plan, volumes, now)
        item = self._item(id)
        if item is None or item.state == IntentState.ENDED:
            outcome = await self._file(id, volumes, priority, wanted)
        else:
            change = ChangeIntent(EntityId(item.ref), Ovn(item.ovn or ""), wanted, volumes, priority=priority)
            outcome = await self._change(change, priority, in_reality=request.execution_style == "InReality")
        self._remember(id, outcome)
        return fp.UpsertAnswer("Completed", self._status(id), includes_advisories=_advisories(outcome))

    async def _file(self, id: str, volumes: Volumes, priority: int, wanted: IntentState) -> Outcome:
        """File a plan, and bring it to its state; where that cannot be, it is not planned."""
        if wanted.off_nominal():
            raise InvalidInput("a flight that was not planned cannot be off nominal")
        file = FileIntent(volumes, AircraftCategory.UNCREWED, crewed=False, priority=priority)
        outcome = await self._over_lower(file, priority)
        if wanted is IntentState.ACCEPTED:
            return outcome
        filed = _own(outcome)
        try:
            return await self._over_lower(_activation(filed), priority)
        except ComityError:
            await self._submit(EndIntent(EntityId(filed.ref), Ovn(filed.ovn or "")))
            raise

    async def _change(self, change: ChangeIntent, priority: int, *, in_reality: bool) -> Outcome:
        """Change a plan. What the user does in reality and may not, is off nominal."""
        try:
            return await self._over_lower(change, priority)
        except StrategicConflict:
            if not in_reality or change.state is not IntentState.ACTIVATED:
                raise
        return await self._submit(
            msgspec.structs.replace(change, state=IntentState.NONCONFORMING, accept_conflicts=())
        )

    async def _over_lower(self, command: FileIntent | ChangeIntent, priority: int) -> Outcome:
        """Submit; where all that is in the way is known to give way to this priority, over that."""
        try:
            return await self._submit(command)
        except StrategicConflict as conflict:
            lower = _lower(conflict, priority, equal=self._desk.state.dss.equal_priority)
            if not lower:
                raise
        return await self._submit(msgspec.structs.replace(command, accept_conflicts=lower))

    async def _submit(self, command: Command) -> Outcome:
        person = self._desk.state.people.get((self._participant, self._person))
        if person is None or Role.DUTY_DESK not in person.roles:
            raise NotPermitted(f"{self._person} is not on the duty desk of {self._participant}")
        self._requests += 1
        now_us = micros(self._desk.clock.now())
        request = RequestId(f"qualifier-{self._boot}-{now_us}-{self._requests}")
        return await self._desk.submit(Submission(self._participant, self._person, request, command, request))

    # --- what there is

    def _remember(self, id: str, outcome: Outcome) -> None:
        item = _own(outcome)
        known = self._in_the_way(item, self._desk.clock.now()) or frozenset()
        self._plans.pop(id, None)
        self._plans[id] = _Plan(EntityId(item.ref), known)
        if len(self._plans) > MOST_PLANS:
            self._plans.popitem(last=False)

    def _item(self, id: str) -> ReleasedItem | None:
        plan = self._plans.get(id)
        if plan is None:
            return None
        try:
            return self._desk.item(self._participant, plan.intent)
        except NotFound:
            return None

    def _status(self, id: str) -> fp.Status:
        item = self._item(id)
        if item is None:
            return "Closed" if id in self._plans else "NotPlanned"
        return _STATUS[item.state or IntentState.ENDED]

    def _in_the_way(self, item: ReleasedItem, now: datetime) -> frozenset[str] | None:
        """What conflicts with a plan by what is released to its owner; None where nobody can tell."""
        id = EntityId(item.ref)
        try:
            found = find(self._desk.state, self._participant, item.volumes or (), now, id)
        except Refused:
            return None
        return frozenset({each.item.id for each in found} | set(item.peer_conflicts or ()))


def wanted_state(plan: fp.FlightPlan) -> IntentState:
    """The state of an operational intent that says what the user does."""
    usage, uas = plan.basic_information.usage_state, plan.basic_information.uas_state
    if usage == "InUse":
        return _IN_USE.get(uas or "Nominal", IntentState.ACTIVATED)
    if uas in _IN_USE:
        raise InvalidInput(f"an aircraft that is {uas} is in use, and not planned")
    return IntentState.ACCEPTED


def check_plan(plan: fp.FlightPlan, volumes: Volumes, now: datetime) -> None:
    """What a user's plan must be beyond what every intent must. Raises ``InvalidInput`` with all of it."""
    wrong = []
    end = ends(volumes)
    if end <= now:
        wrong.append("the plan's end has passed")
    if end > now + HORIZON:
        wrong.append(f"nothing is planned over {HORIZON.days} days ahead")
    if plan.uspace_flight_authorisation is not None:
        wrong += problems_of_authorisation(plan.uspace_flight_authorisation)
    if plan.rpas_operating_rules_2_6 is not None:
        wrong += problems_of_rpas(plan.rpas_operating_rules_2_6)
    if wrong:
        raise InvalidInput("; ".join(wrong))


def _priority(plan: fp.FlightPlan) -> int:
    return 0 if plan.astm_f3548_21 is None else plan.astm_f3548_21.priority or 0


def _activation(filed: ReleasedItem) -> ChangeIntent:
    return ChangeIntent(EntityId(filed.ref), Ovn(filed.ovn or ""), IntentState.ACTIVATED)


def _lower(conflict: StrategicConflict, priority: int, *, equal: bool) -> tuple[Reference, ...]:
    """The references of all that is in the way, where each is a plan that has to give way; else none.

    That is one whose priority is told and lower, or ``equal`` where that is permitted, and that is not off
    nominal, which counts as of the highest."""
    items: list[ConflictItem] = conflict.detail.get("conflicts", [])
    for each in items:
        theirs, state = each.item.priority, each.item.state
        if each.blocking or theirs is None or state in _IN_USE.values():
            return ()
        if theirs > priority or (theirs == priority and not equal):
            return ()
    return tuple(Reference(each.item.ref) for each in items)


def _meets(volumes: Volumes, cells: list[int], area: fp.Volume4D) -> bool:
    start, end = area.time_start, area.time_end
    return any(
        (end is None or volume.start <= end.value)
        and (start is None or volume.end >= start.value)
        and cells_touch([cell_of(token) for token in holding(volume.outline)], cells)
        for volume in volumes
    )


def _own(outcome: Outcome) -> ReleasedItem:
    assert isinstance(outcome.result, ReleasedItem)
    return outcome.result


def _advisories(outcome: Outcome) -> fp.Advisories:
    return "AtLeastOneAdvisoryOrCondition" if _own(outcome).accepted_conflicts else "NoAdvisoriesOrConditions"


def _words(error: ComityError) -> str:
    """An error as a person would be told, with what is in the way."""
    refs = [each.item.ref for each in error.detail.get("conflicts", ())]
    text = f"{error.field}: {error.message}" if error.field else error.message
    return f"{text}: {', '.join(refs)}" if refs else text
