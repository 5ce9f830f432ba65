"""That the harness of law 2 notices: under each leak of ``tests/leaks.py`` it tells two worlds apart.

The same worlds without a leak cannot be told apart (``test_noninterference.py``), so what is found here is
the leak's. The plans made by hand are tried first, then up to ``MOST_DRAWN`` drawn ones.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.leaks import LEAKS, WARNING_LEAKS, Leak
from tests.property.drafting import Plan
from tests.property.pair import Difference, Parted, play
from tests.property.plans import plans
from tests.property.skies import SKIES
from tests.property.suspects import SUSPECTS

MOST_DRAWN = 10


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_planted_leak_is_seen(leak: Leak) -> None:
    with leak(), pytest.raises(Difference, match=LEAKS[leak]):
        _try_everything()


@pytest.mark.parametrize("leak", WARNING_LEAKS, ids=lambda leak: leak.__name__)
def test_a_planted_leak_of_warnings_is_seen(leak: Leak) -> None:
    with leak(), pytest.raises(Difference, match=WARNING_LEAKS[leak]):
        _try_skies()


def _try_skies() -> None:
    for sky in SKIES:
        _try(sky())


def _try_everything() -> None:
    for suspect in SUSPECTS:
        _try(suspect())
    _try_drawn()


def _try(plan: Plan) -> None:
    """A leak may change what others are answered, and so part the worlds: then nothing is shown by them."""
    try:
        play(plan)
    except Parted:
        return


@settings(
    max_examples=MOST_DRAWN,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(plan=plans())
def _try_drawn(plan: Plan) -> None:
    _try(plan)
