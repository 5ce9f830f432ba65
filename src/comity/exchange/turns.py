"""Turns: how writers that need each other's OVNs get through one contended place (decision 0019).

A key is optimistic: whoever reads a place, asks for the details and writes is refused if anybody wrote there
meanwhile, and where many write, nobody gets anywhere. So a write that is refused for its key gets a turn:
until its retry is decided, and no longer than ``turn_s`` after its answer left, other key-needing writes that
overlap it in cells, heights and times wait, first come, first served. What overlaps nothing waits for nobody.

A turn is fairness, never correctness: every write is decided by its key alone, and nothing rests on the
deciding process being this one. No write waits longer than ``LONGEST_WAIT_S`` for turns; then it is decided
as it is, and where that refuses it, its retry goes before all who wait.

What somebody hostile can do with it: hold one place for ``turn_s`` by each write that was refused, and no
more than ``MOST_IN_A_ROW`` times before everybody who waits there. A manager whose turns lapse unused for
more than ``IDLE_S`` in all gets none until that has leaked away, at ``LEAK`` of the time, or turns that were
used have made it good.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import Final

from comity.coordination.cell_index import Placed, overlap
from comity.ids import EntityId

LONGEST_WAIT_S: Final = 2.0
"""In the queue before the first decision. Longer: fewer tries in vain, later answers."""

IDLE_S: Final = 1.0
LEAK: Final = 0.1
"""Time that a manager may hold places for nothing: a second at once, and a tenth of the time for ever. More
lets it slow others; less takes turns from those whose network is slow or who, having seen the details, do not
ask again."""

MOST_IN_A_ROW: Final = 4
"""Turns that one write has before those who wait go first: what needs no key waits for nobody, and may change
a place in the middle of a turn. More holds others up for longer; fewer starves writers where aircraft are off
nominal."""

MOST: Final = 1_024
"""Writes that hold or wait for places at once; more go past. Each newcomer is compared with all."""

MOST_EACH: Final = 128
"""Places that one manager may hold at once."""

_LAST_CALLS: Final = 5
"""Rounds of the event loop after a turn's time is over: to read a request from its socket and to bring it
here takes four."""

_MOST_REMEMBERED: Final = 1_024

Name = tuple[str, EntityId]
"""Manager and entity: by which a retry is known."""


class _Stage(Enum):
    WAITING = auto()
    DECIDING = auto()
    REFUSED = auto()
    HOLDING = auto()
    OVER = auto()


class Turn:
    """One write's way through a place: ``Turns.enter``, ``decided`` by the writer, ``left`` at its answer."""

    __slots__ = (
        "_ahead",
        "_behind",
        "_gate",
        "_hurried",
        "_retries",
        "_timer",
        "_turns",
        "name",
        "placed",
        "stage",
    )

    def __init__(self, turns: Turns, name: Name, placed: Placed) -> None:
        self._turns = turns
        self.name = name
        self.placed = placed
        self.stage = _Stage.DECIDING
        self._ahead = 0
        self._behind: list[Turn] = []
        self._gate: asyncio.Future[None] | None = None
        self._timer: asyncio.Handle | None = None
        self._hurried = False
        self._retries = 0

    def decided(self, refused_for_key: bool) -> None:
        """The write has its decision, if not yet its answer. Kept only if refused for its key."""
        if self.stage is _Stage.DECIDING:
            if refused_for_key and self._turns.grants(self):
                self.stage = _Stage.REFUSED
                return
            if self._retries and not refused_for_key:
                self._turns.used(self.name[0])
            self._end()

    def left(self) -> None:
        """The answer is on its way, or there will be none: a turn begins to run out."""
        if self.stage is _Stage.REFUSED:
            self.stage = _Stage.HOLDING
            self._turns.hold(self)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._turns.turn_s, self._run_out, _LAST_CALLS)
        elif self.stage is not _Stage.HOLDING:
            self._end()

    @property
    def registered(self) -> bool:
        return self in self._turns.here

    @property
    def waiting(self) -> bool:
        """Whether it has not been let through."""
        return self.stage is _Stage.WAITING and self._gate is not None and not self._gate.done()

    @property
    def contested(self) -> bool:
        """Whether somebody waits for it."""
        return any(each.stage is _Stage.WAITING for each in self._behind)

    @property
    def first(self) -> bool:
        """Whether the place is its own: it waited for it, or waited too long; for so many retries."""
        return (self.registered and self._retries < MOST_IN_A_ROW) or self._hurried

    async def resume(self, there: list[Turn]) -> None:
        """The holder's retry has come. One that did not wait for its place until it was free goes before all
        who wait, and after whoever else has it now."""
        assert self._timer is not None
        self._timer.cancel()
        hurried, self._hurried = self._hurried, False
        self.stage = _Stage.DECIDING
        self._retries += 1
        ahead = [each for each in there if not each.waiting] if hurried else []
        if ahead:
            for each in there:
                if each.waiting and each not in self._behind:
                    self._behind.append(each)
                    each._ahead += 1
            await self.wait(ahead)

    async def wait(self, ahead: list[Turn]) -> None:
        """Until none of these is ahead any more; not for ever."""
        self._gate = asyncio.get_running_loop().create_future()
        self.stage, self._ahead = _Stage.WAITING, len(ahead)
        for each in ahead:
            each._behind.append(self)
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                await self._gate
        except TimeoutError:
            self._hurried = True
        except asyncio.CancelledError:
            self._end()
            raise
        self.stage = _Stage.DECIDING

    def _run_out(self, calls: int) -> None:
        """The time is over. A retry that has come and was not read yet, because this process was busy,
        counts: what waits in the sockets is seen first."""
        if calls > 0:
            self._timer = asyncio.get_running_loop().call_soon(self._run_out, calls - 1)
        else:
            self._lapse()

    def _lapse(self) -> None:
        if self.stage is _Stage.HOLDING:
            self._turns.lapsed(self.name[0])
            self._end()

    def _end(self) -> None:
        if self.stage is _Stage.OVER:
            return
        self.stage = _Stage.OVER
        self._turns.forget(self)
        for each in self._behind:
            each._step()
        self._behind.clear()

    def _step(self) -> None:
        self._ahead -= 1
        if self._ahead == 0 and self._gate is not None and not self._gate.done():
            self._gate.set_result(None)


class Turns:
    """Who holds and who waits for which places, in this process."""

    def __init__(self, turn_s: float) -> None:
        self.turn_s = turn_s
        self.here: dict[Turn, None] = {}
        self.waited = 0
        self.lapses = 0
        self._holding: dict[Name, Turn] = {}
        self._idle: dict[str, tuple[float, float]] = {}

    async def enter(self, manager: str, entity: EntityId, placed: Placed) -> Turn:
        """Returns when the write may be decided: at once where nobody holds the place."""
        name = (manager, entity)
        held = self._holding.pop(name, None)
        if held is not None:
            await held.resume(self._overlapping(held))
            return held
        turn = Turn(self, name, placed)
        ahead = self._overlapping(turn)
        if ahead and len(self.here) < MOST:
            self.waited += 1
            self.here[turn] = None
            await turn.wait(ahead)
        return turn

    def grants(self, turn: Turn) -> bool:
        """Whether a write that was refused for its key keeps its place, or gets one."""
        manager = turn.name[0]
        if self.turn_s <= 0 or self._overdrawn(manager) or turn.name in self._holding:
            return False
        if sum(1 for held in self._holding if held[0] == manager) >= MOST_EACH:
            return False
        if turn.first:
            return True
        if turn.registered:
            return not turn.contested
        if len(self.here) >= MOST or self._overlapping(turn):
            return False
        self.here[turn] = None
        return True

    def hold(self, turn: Turn) -> None:
        self._holding[turn.name] = turn

    def forget(self, turn: Turn) -> None:
        self.here.pop(turn, None)
        if self._holding.get(turn.name) is turn:
            del self._holding[turn.name]

    def lapsed(self, manager: str) -> None:
        """A turn ran out unused."""
        self.lapses += 1
        if len(self._idle) >= _MOST_REMEMBERED:
            self._idle = {each: idle for each, idle in self._idle.items() if self._left_s(each) > 0.0}
        self._idle[manager] = (self._left_s(manager) + self.turn_s, _now_s())

    def used(self, manager: str) -> None:
        """A turn led to something, which makes good for half of one that lapsed: writers whose retries come
        may now and then not ask again."""
        if manager in self._idle:
            self._idle[manager] = (max(0.0, self._left_s(manager) - self.turn_s / 2.0), _now_s())

    def _overdrawn(self, manager: str) -> bool:
        return manager in self._idle and self._left_s(manager) > IDLE_S

    def _left_s(self, manager: str) -> float:
        idle_s, at_s = self._idle.get(manager, (0.0, 0.0))
        return max(0.0, idle_s - LEAK * (_now_s() - at_s))

    def _overlapping(self, turn: Turn) -> list[Turn]:
        return [each for each in self.here if each is not turn and overlap(each.placed, turn.placed)]


def _now_s() -> float:
    return asyncio.get_running_loop().time()
