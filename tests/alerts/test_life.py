"""What is raised stays long enough to be read, and nothing is raised by a flicker or lost in one."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.alerts.finding import Finding
from comity.alerts.life import Lives, Step
from comity.alerts.settings import AlertSettings, Confirmation
from comity.model.alert import AlertLevel
from tests.alerts.making import at, finding

PREVENTIVE, CORRECTIVE, WARNING = AlertLevel


def run(lives: Lives, seconds: Sequence[float], found: Sequence[Sequence[Finding]]) -> list[Step]:
    return [lives.update(at(s), each) for s, each in zip(seconds, found, strict=True)]


def marks(pattern: str, level: AlertLevel = PREVENTIVE) -> list[list[Finding]]:
    """One sweep a letter: ``x`` finds it, ``.`` does not."""
    return [[finding(level=level)] if letter == "x" else [] for letter in pattern]


def lived(pattern: str, level: AlertLevel = PREVENTIVE) -> str:
    """What each sweep did: ``R`` raised, ``u`` updated, ``C`` cleared, ``-`` nothing."""
    steps = run(Lives(AlertSettings()), range(len(pattern)), marks(pattern, level))
    return "".join("R" if s.raised else "u" if s.updated else "C" if s.cleared else "-" for s in steps)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("x.........", "----------"),
        ("xx........", "-RuuuuC---"),
        ("x.x.......", "--RuuuuC--"),
        ("x..x..x...", "----------"),
        ("xxxxxxxxxx", "-Ruuuuuuuu"),
        ("xx....xx..", "-Ruuuuuuuu"),
        ("xx.....xx.", "-RuuuuC-Ru"),
        ("x.x.x.x.x.", "--Ruuuuuuu"),
        ("..........", "----------"),
    ],
)
@pytest.mark.parametrize("level", [PREVENTIVE, CORRECTIVE])
def test_two_of_three_raise_and_five_seconds_without_clear(
    pattern: str, expected: str, level: AlertLevel
) -> None:
    assert lived(pattern, level) == expected


def test_a_warning_never_waits() -> None:
    assert lived("x.........", WARNING) == "RuuuuC----"


def test_an_alert_keeps_its_moment_and_a_later_one_of_the_same_pair_has_another() -> None:
    steps = run(Lives(AlertSettings()), range(9), marks("xx.....xx"))
    assert steps[1].raised[0].raised_at == steps[6].cleared[0].raised_at == at(1)
    assert steps[8].raised[0].raised_at == at(8)


def test_what_is_not_found_is_still_told_and_says_so() -> None:
    steps = run(Lives(AlertSettings()), range(5), marks("xx..."))
    told = steps[4].updated[0]
    assert told.finding is not None
    assert not told.found
    assert told.finding.reasons == ("projected along its velocity", "not confirmed for 3 s")
    assert told.finding.enters_s == 60.0 - 3.0
    assert told.finding.sides == ()
    assert told.finding.names == ("A", "B")
    assert steps[2].updated[0].finding is not None
    assert steps[2].updated[0].finding.reasons[-1] == "not confirmed for 1 s"


def test_the_level_rises_when_confirmed_and_says_so_once() -> None:
    lives = Lives(AlertSettings())
    levels = [PREVENTIVE, PREVENTIVE, CORRECTIVE, CORRECTIVE, WARNING, WARNING]
    steps = run(lives, range(6), [[finding(level=level)] for level in levels])
    told = [live for step in steps for live in (*step.raised, *step.updated)]
    assert [live.level for live in told] == [PREVENTIVE, PREVENTIVE, CORRECTIVE, WARNING, WARNING]
    assert [live.level_rose for live in told] == [True, False, True, True, False]


def test_the_level_falls_only_after_the_lower_one_has_held() -> None:
    levels = [WARNING] + [PREVENTIVE] * 7
    steps = run(Lives(AlertSettings()), range(8), [[finding(level=level)] for level in levels])
    told = [live.level for step in steps for live in (*step.raised, *step.updated)]
    assert told == [WARNING] * 5 + [PREVENTIVE] * 3


def test_a_level_that_flickers_stays_up() -> None:
    levels = [WARNING, CORRECTIVE, CORRECTIVE] * 6
    steps = run(Lives(AlertSettings()), range(18), [[finding(level=level)] for level in levels])
    assert {live.level for step in steps for live in (*step.raised, *step.updated)} == {WARNING}


def test_one_finding_twice_is_one_and_the_more_urgent_counts() -> None:
    lives = Lives(AlertSettings())
    step = lives.update(at(0), [finding(), finding()])
    assert step == Step((), (), ())
    step = lives.update(at(1), [finding(), finding(level=WARNING), finding()])
    assert [live.level for live in step.raised] == [WARNING]


def test_one_sweep_told_twice_is_one() -> None:
    lives = Lives(AlertSettings())
    steps = run(lives, [0.0, 0.1, 0.4], marks("xxx"))
    assert not any(step.raised for step in steps)
    assert lives.update(at(1), [finding()]).raised


def test_one_sweep_told_twice_is_found_if_either_found_it() -> None:
    assert not Lives(AlertSettings()).update(at(0), []).raised
    lives = Lives(AlertSettings())
    steps = run(lives, [0.0, 0.2, 1.0, 1.2], marks("x..x"))
    assert [len(step.raised) for step in steps] == [0, 0, 0, 1]


def test_a_sweep_that_comes_late_clears_nothing() -> None:
    lives = Lives(AlertSettings())
    run(lives, [0, 1], marks("xx"))
    assert lives.update(at(61), []).updated
    assert lives.update(at(62), [finding()]).updated[0].raised_at == at(1)


def test_a_clock_that_steps_back_clears_nothing_and_counts_on() -> None:
    lives = Lives(AlertSettings())
    run(lives, [0, 1], marks("xx"))
    steps = run(lives, [-3_600, -3_599, 2], marks("..."))
    assert all(step.updated for step in steps)
    assert [live.updated_at for step in steps for live in step.updated] == [at(1), at(1), at(2)]


def seen(pattern: Sequence[tuple[float, float] | None], level: AlertLevel = PREVENTIVE) -> list[int]:
    """Raised in each sweep; an entry is when each side was last observed, None: not found."""
    sweeps = [[] if each is None else [finding(level=level, observed_s=each)] for each in pattern]
    return [len(step.raised) for step in run(Lives(AlertSettings()), range(len(sweeps)), sweeps)]


def test_one_bad_report_raises_nothing_however_often_it_is_looked_at() -> None:
    assert sum(seen([(0.0, 0.0)] * 4 + [None] * 3)) == 0
    # The other side reports each second; that makes the bad one no better.
    assert sum(seen([(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (0.0, 3.0), None, None])) == 0


def test_one_bad_report_of_a_warning_raises_at_once() -> None:
    assert seen([(0.0, 0.0), None], WARNING) == [1, 0]


def test_two_sides_that_report_anew_confirm() -> None:
    assert seen([(0.0, 0.0), (1.0, 1.0)]) == [0, 1]
    assert seen([(0.0, 0.0), (0.0, 1.0), (2.0, 2.0)]) == [0, 0, 1]


def test_reports_that_stay_away_delay_by_five_seconds_and_hide_nothing() -> None:
    assert seen([(0.0, 0.0)] * 7) == [0, 0, 0, 0, 0, 1, 0]


def test_a_report_that_comes_late_and_moves_a_time_back_is_another_report() -> None:
    assert seen([(5.0, 5.0), (4.0, 6.0)]) == [0, 1]


def test_the_same_report_that_grows_urgent_is_heard_when_the_next_one_comes() -> None:
    lives = Lives(AlertSettings())
    sweeps = [
        [finding(level=PREVENTIVE, observed_s=(0.0, 0.0))],
        [finding(level=CORRECTIVE, observed_s=(0.0, 0.0))],
        [finding(level=CORRECTIVE, observed_s=(2.0, 2.0))],
    ]
    steps = run(lives, range(3), sweeps)
    assert [live.level for live in steps[2].raised] == [CORRECTIVE]


def test_after_a_restart_an_alert_goes_on_with_its_moment() -> None:
    lives = Lives(AlertSettings())
    assert lives.resume(finding().key, at(-100), CORRECTIVE)
    first = lives.update(at(0), []).updated[0]
    assert (first.raised_at, first.level, first.finding, first.found) == (at(-100), CORRECTIVE, None, False)
    again = lives.update(at(8), [finding()]).updated[0]
    assert (again.raised_at, again.level, again.level_rose, again.found) == (
        at(-100),
        CORRECTIVE,
        False,
        True,
    )


def test_after_a_restart_an_alert_that_is_not_found_again_clears() -> None:
    lives = Lives(AlertSettings())
    lives.resume(finding().key, at(-100), WARNING)
    steps = run(lives, range(20), marks("." * 20))
    assert [len(step.cleared) for step in steps].index(1) == 15
    assert steps[15].cleared[0].level == WARNING
    assert len(lives) == 0


def test_what_is_followed_is_bounded_and_the_least_urgent_is_left_out_and_counted() -> None:
    lives = Lives(AlertSettings(most_followed=3))
    many = [finding(f"A{k}", "B", enters_s=10.0 * k) for k in range(5)]
    assert lives.update(at(0), many).left_out == 2
    step = lives.update(at(1), many)
    assert [live.finding.names[0] for live in step.raised if live.finding] == ["A0", "A1", "A2"]
    assert (len(lives), step.left_out) == (3, 2)
    assert not lives.resume("another", at(0), WARNING)


def test_a_warning_takes_the_room_of_what_is_not_raised() -> None:
    lives = Lives(AlertSettings(most_followed=2))
    lives.update(at(0), [finding("A", "B"), finding("C", "D")])
    step = lives.update(at(1), [finding("E", "F", level=WARNING)])
    assert [live.level for live in step.raised] == [WARNING]
    assert step.left_out == 0


def test_nothing_is_remembered_of_what_is_over() -> None:
    lives = Lives(AlertSettings())
    for second in range(200):
        lives.update(at(second), [finding(f"N{second}", "B")])
    assert len(lives) <= 3


@pytest.mark.parametrize("found", [1, 2, 3])
def test_confirmation_is_as_set(found: int) -> None:
    lives = Lives(AlertSettings(preventive=Confirmation(found, 3)))
    steps = run(lives, range(3), marks("xxx"))
    assert [len(step.raised) for step in steps].index(1) == found - 1


LEVELS = st.sampled_from([None, None, PREVENTIVE, PREVENTIVE, CORRECTIVE, WARNING])


@settings(max_examples=300, deadline=None)
@given(st.lists(LEVELS, max_size=40))
def test_whatever_is_found_each_alert_is_raised_once_and_cleared_once(found: list[AlertLevel | None]) -> None:
    lives = Lives(AlertSettings())
    on, since = False, 0
    for second, level in enumerate([*found, *[None] * 8]):
        step = lives.update(at(second), [] if level is None else [finding(level=level)])
        assert len(step.raised) + len(step.updated) + len(step.cleared) <= 1
        assert bool(step.updated or step.cleared) == on
        for live in (*step.raised, *step.updated):
            assert level != WARNING or live.level == WARNING
        if step.raised:
            recent = found[max(0, second - 2) : second + 1]
            assert level == WARNING or sum(each is not None for each in recent) >= 2
        if step.cleared:
            assert second - since == 5
        on = bool(step.raised or step.updated)
        since = since if level is None else second
    assert not on
    assert len(lives) == 0


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_findings_changes_nothing(dice: random.Random) -> None:
    one, other = Lives(AlertSettings(most_followed=6)), Lives(AlertSettings(most_followed=6))
    for second in range(12):
        many = [
            finding(f"A{k}", "B", level=dice.choice(list(AlertLevel)), enters_s=dice.random() * 60)
            for k in range(8)
            if dice.random() < 0.6
        ]
        shuffled = many[:]
        dice.shuffle(shuffled)
        assert one.update(at(second), many) == other.update(at(second), shuffled)
