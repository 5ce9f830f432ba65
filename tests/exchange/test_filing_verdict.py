"""The table of priorities, and the plan in use that may stay: one case each, with nothing running."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from comity.coordination.dss_fold import apply_dss
from comity.coordination.f3548.footprint import box_of
from comity.coordination.state import DssSettings, State
from comity.errors import TooLarge
from comity.exchange.filing_verdict import Planned, Question
from comity.ids import EntityId, Ovn
from comity.model.dss_fact import ReferencePut
from comity.model.f3548 import OperationalIntentReference
from comity.model.intent import AircraftCategory, Intent, IntentState
from comity.model.volume import Volumes
from comity.uss.validate import PeerIntent
from tests.hosting import DSS, new_id
from tests.world import ENVIRONMENT, NORTH, START, volume

HERE, THERE = (volume(),), (volume(48.0),)
FROM_THEN_ON = (volume(start_s=4_200.0, end_s=5_000.0),)
"""Begins when ``HERE`` ends."""

REFERENCE = OperationalIntentReference(
    id=new_id(1),
    manager="uss1",
    state=IntentState.ACTIVATED,
    box=box_of(volume(), ENVIRONMENT),
    url="https://uss1.example",
    subscription=None,
    version=1,
    ovn=Ovn("an-ovn-of-16-characters"),
    filed_at=START,
    changed_at=START,
)


def theirs(
    volumes: Volumes = HERE, *, priority: int = 0, state: IntentState = IntentState.ACCEPTED
) -> PeerIntent:
    off = volumes if state.off_nominal() else ()
    nominal = () if state.off_nominal() else volumes
    return PeerIntent(REFERENCE.id, "uss1", 1, REFERENCE.ovn, state, priority, nominal, off, "")


def mine(volumes: Volumes = HERE, state: IntentState = IntentState.ACTIVATED, priority: int = 0) -> Intent:
    return Intent(
        EntityId("mine"), NORTH, state, volumes, AircraftCategory.UNCREWED, False, Ovn("o"), 1, START, START,
        priority=priority,
    )  # fmt: skip


def question(planned: Planned, dss: DssSettings = DSS) -> Question:
    state = State(ENVIRONMENT)
    state.dss = dss
    apply_dss(state, ReferencePut(REFERENCE))
    return Question(state, planned, START)


@pytest.mark.parametrize(
    ("details", "priority", "refused"),
    [
        (theirs(priority=1), 0, True),
        (theirs(priority=0), 0, True),
        (theirs(priority=-1), 0, False),
        (theirs(priority=-1, state=IntentState.NONCONFORMING), 1_000_000, True),
        (theirs(priority=-1, state=IntentState.CONTINGENT), 1_000_000, True),
        (theirs(THERE, priority=9), 0, False),
        (theirs(FROM_THEN_ON, priority=9), 0, False),
    ],
)
def test_priorities(details: PeerIntent, priority: int, refused: bool) -> None:
    found = question(Planned(HERE, priority)).refused_by(REFERENCE, details)
    assert (found is not None) is refused


def test_equal_priority_by_configuration() -> None:
    permitted = replace(DSS, equal_priority=True)
    assert question(Planned(HERE, 0), permitted).refused_by(REFERENCE, theirs()) is None
    assert question(Planned(HERE, 0), permitted).refused_by(REFERENCE, theirs(priority=1)) is not None


def test_it_says_which_volumes() -> None:
    found = question(Planned((*THERE, *HERE, *HERE), 0)).refused_by(REFERENCE, theirs())
    assert found is not None
    assert found.numbers == (1, 2)


@pytest.mark.parametrize(
    ("before", "volumes", "priority", "refused"),
    [
        (mine(), HERE, 0, False),
        (mine(state=IntentState.NONCONFORMING), HERE, 0, False),
        (mine(state=IntentState.ACCEPTED), HERE, 0, True),
        (mine(THERE), HERE, 0, True),
        (mine(priority=3), HERE, 2, True),
        (replace(mine(THERE, IntentState.NONCONFORMING), nominal_volumes=HERE), HERE, 0, False),
    ],
)
def test_a_plan_in_use_may_stay(before: Intent, volumes: Volumes, priority: int, refused: bool) -> None:
    asked = question(Planned(volumes, priority, before))
    assert (asked.refused_by(REFERENCE, theirs(priority=9)) is not None) is refused
    assert (asked.refused_by_all_of(REFERENCE) is not None) is refused


def test_what_cannot_be_asked_for_counts_with_all_of_its_box() -> None:
    assert question(Planned(HERE, 1_000_000)).refused_by_all_of(REFERENCE) is not None
    assert question(Planned(THERE, 0)).refused_by_all_of(REFERENCE) is None
    above = (volume(lower_m=1_501.0, upper_m=1_600.0),)
    assert question(Planned(above, 0)).refused_by_all_of(REFERENCE) is None


def test_too_much_to_compare_is_refused() -> None:
    many = HERE * 200
    with pytest.raises(TooLarge):
        question(Planned(many, 0)).refused_by(REFERENCE, theirs(many))
