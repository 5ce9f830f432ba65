"""Law 2: two worlds whose ``permitted`` is equal throughout give a participant identical bytes.

Over real HTTP and the real stream, with clock and entropy fixed: see ``plans.py`` for how pairs of worlds are
made, ``pair.py`` for what is asked and compared, and ``tests/leaks.py`` for how it is known that this would
notice. ``COMITY_PROPERTY_EXAMPLES`` says how many pairs are drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, reject, settings

from tests.property.drafting import Plan
from tests.property.flights import flights
from tests.property.pair import Parted, play
from tests.property.plans import plans
from tests.property.sizes import TIMEOUT_S, examples
from tests.property.skies import SKIES
from tests.property.suspects import SUSPECTS

pytestmark = pytest.mark.timeout(TIMEOUT_S)


@pytest.mark.parametrize("suspect", SUSPECTS, ids=lambda suspect: suspect.__name__)
def test_worlds_made_by_hand_cannot_be_told_apart(suspect: Callable[[], Plan]) -> None:
    assert play(suspect()).compared > 50


@pytest.mark.parametrize("sky", SKIES, ids=lambda sky: sky.__name__)
def test_warnings_do_not_tell_where_hidden_aircraft_are(sky: Callable[[], Plan]) -> None:
    played = play(sky())
    assert played.compared > 50
    assert played.alerts > 0


@settings(
    max_examples=examples(8),
    deadline=None,  # an example starts four servers
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(plan=plans())
def test_worlds_with_equal_permitted_cannot_be_told_apart(plan: Plan) -> None:
    try:
        compared = play(plan).compared
    except Parted:
        reject()
    assert compared > 50


@settings(
    max_examples=examples(6),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(plan=flights())
def test_flights_with_equal_permitted_cannot_be_told_apart(plan: Plan) -> None:
    try:
        assert play(plan).compared > 20
    except Parted:
        reject()
