"""The smallest change of each kind that passes: one trial after the other, the kinds in turn.

Pure: whoever holds a ``Looking`` takes its trials, checks them in its own time and tells what came of each,
and may stop at any moment. In turn, so that a search that is stopped early has looked at every kind alike.
What is found depends on the question and on the verdicts, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from comity.model.plan import Alternative, ChangeKind
from comity.planning.around import around
from comity.planning.question import Question, Trial, Verdict, Way
from comity.planning.shifts import earlier, higher, later, lower

_WAYS: Final[Mapping[ChangeKind, Callable[[Question], Way]]] = {
    ChangeKind.LATER: later,
    ChangeKind.EARLIER: earlier,
    ChangeKind.HIGHER: higher,
    ChangeKind.LOWER: lower,
    ChangeKind.AROUND: around,
}


class Looking:
    """A search under way: ``trial`` and ``tell`` in turn, until there is no trial any more."""

    def __init__(self, question: Question) -> None:
        self._question = question
        kinds = dict.fromkeys(question.search.kinds)
        self._waiting: list[tuple[Way, Trial]] = []
        self._next: list[Way] = [_WAYS[kind](question) for kind in kinds]
        self._found: list[Alternative] = []
        self._begun = False

    def trial(self) -> Trial | None:
        """The next plan to check; None when everything has been looked at."""
        while not self._begun and self._next:
            self._step(self._next.pop(0), None)
        self._begun = True
        return self._waiting[0][1] if self._waiting else None

    def tell(self, verdict: Verdict) -> None:
        """What came of the trial."""
        way, _ = self._waiting.pop(0)
        self._step(way, verdict, begun=True)

    def found(self) -> tuple[Alternative, ...]:
        """What has been found, the cheapest first; equals in the order of the kinds asked for."""
        ranked = sorted(self._found, key=lambda one: (one.cost, list(ChangeKind).index(one.kind)))
        return tuple(ranked[: self._question.search.most])

    def _step(self, way: Way, verdict: Verdict, *, begun: bool = False) -> None:
        try:
            trial = way.send(verdict) if begun else next(way)
        except StopIteration as done:
            if done.value is not None:
                self._found.append(done.value)
        else:
            self._waiting.append((way, trial))
