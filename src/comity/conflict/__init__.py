"""What comes too close to what: pure functions over arrays and numbers, compiled, callable with nothing
running.

``find_pairs`` searches all pairs of many aircraft; ``cylinder``, ``well_clear`` and ``alerting`` judge one
pair or arrays of relative states, ``assess`` the pairs that were found; ``reference`` says all of it again
slowly. ``warm.warm`` compiles what would else be compiled by the first call.
"""

from comity.conflict.assess import Assessment, assess
from comity.conflict.pairs import Found, Pairs, find_pairs

__all__ = ["Assessment", "Found", "Pairs", "assess", "find_pairs"]
