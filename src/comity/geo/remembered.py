"""Remembered coverings: like ``functools.lru_cache``, but bounded by the cells that are held, not by calls.

One outline needs one cell and another five thousand, and whoever sends outlines chooses; counted by calls, a
few thousand large ones would fill the memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Final, Generic, ParamSpec

P = ParamSpec("P")
Cells = tuple[str, ...]

MOST_CELLS_HELD: Final = 1_000_000
"""Of one function: some 75 MB. Larger: more memory, and fewer outlines that are covered twice."""

_OF_ITSELF: Final = 16
"""What an entry counts besides its cells, so that many small ones are bounded as well."""


class Remembered(Generic[P]):
    """Calls ``make`` for what it does not remember; the longest unused goes first. For several threads."""

    def __init__(self, make: Callable[P, Cells], most: int = MOST_CELLS_HELD) -> None:
        self._make = make
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, Cells] = OrderedDict()
        self.held = 0
        update_wrapper(self, make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Cells:
        if kwargs:
            return self._make(*args, **kwargs)
        with self._lock:
            known = self._known.get(args)
            if known is not None:
                self._known.move_to_end(args)
                return known
        made = self._make(*args, **kwargs)
        with self._lock:
            if args not in self._known:
                self._known[args] = made
                self.held += len(made) + _OF_ITSELF
            while self.held > self._most:
                _, dropped = self._known.popitem(last=False)
                self.held -= len(dropped) + _OF_ITSELF
        return made
