"""Logs and proofs: each participant's own log, and the whole tree for those who may have it.

A participant's log holds what it originated, what concerns it alone, and the hashes of what was released to
it; its positions and checkpoints say nothing of anybody else. Who may ask for the whole tree is checked
by ``Exchange.check_auditor``; headers name owners and kinds, never a payload.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from comity.clock import from_micros
from comity.coordination.state import State
from comity.errors import NotFound, TooLarge, WrongState
from comity.exchange.values import LogLeaf, Receipt
from comity.ids import ParticipantId
from comity.ledger.entry import TREE, Header, OwnLeaf
from comity.ledger.merkle import leaf_hash
from comity.ledger.reader import OpenedLeaf
from comity.ledger.store import Ledger

MAX_OPENED_BYTES: Final = 8 * 1024 * 1024
"""Payloads in one answer: some 50 ms of everybody's waiting. One entry alone is always answered."""

AT_A_TIME: Final = 32
"""Entries opened between two looks at what they come to."""

_header = msgspec.json.Decoder(Header)
_own = msgspec.json.Decoder(OwnLeaf)


class Logs:
    def __init__(self, ledger: Ledger, state: State) -> None:
        self._ledger = ledger
        self._state = state

    def checkpoint(self, log: str) -> str:
        """The newest signed note, with the cosignatures taken in for it."""
        return self._ledger.reader.checkpoint(log)

    def entries(self, log: str, start: int, stop: int) -> list[LogLeaf]:
        """Leaves ``[start, stop)``; of an own log with the openings of their commitments."""
        reader = self._ledger.reader
        if log == TREE:
            return [_tree_leaf(leaf.position, leaf.leaf) for leaf in reader.leaves(log, start, stop)]
        found: list[LogLeaf] = []
        for opened in self._opened(log, start, stop):
            leaf = _own.decode(opened.leaf)
            found.append(
                LogLeaf(
                    leaf.position,
                    from_micros(leaf.time_us),
                    leaf.kind,
                    base64.b64encode(opened.leaf).decode(),
                    None if opened.salt is None else base64.b64encode(opened.salt).decode(),
                    None if opened.payload is None else opened.payload.decode(),
                )
            )
        return found

    def _opened(self, log: str, start: int, stop: int) -> Iterator[OpenedLeaf]:
        """A few at a time, so that what is too much is refused before all of it has been opened."""
        left = MAX_OPENED_BYTES
        for first in range(start, max(stop, start + 1), AT_A_TIME):
            for opened in self._ledger.reader.opened(log, first, min(stop, first + AT_A_TIME)):
                left -= len(opened.payload or b"")
                if left < 0 and stop - start > 1:
                    raise TooLarge("these entries are too much for one answer; ask for fewer", field="stop")
                yield opened

    def inclusion(self, log: str, position: int, size: int) -> list[str]:
        return [_text(each) for each in self._ledger.reader.inclusion(log, position, size)]

    def consistency(self, log: str, first: int, second: int) -> list[str]:
        return [_text(each) for each in self._ledger.reader.consistency(log, first, second)]

    def cosign(self, log: str, note: str, now: datetime) -> None:
        """Take in a participant's cosignature of a checkpoint of its own log."""
        participant = self._state.participants.get(ParticipantId(log))
        if participant is None:
            raise NotFound("only participants witness their own logs", field="log")
        if participant.witness_key is None:
            raise WrongState("no witness key is registered for you; the centre registers it", field="note")
        self._ledger.add_cosignature(log, note, participant.witness_key.raw(), now)

    def receipt(self, header: Header, participant: ParticipantId) -> Receipt:
        """Where an entry stands in a participant's own log, as it was answered when it was made."""
        for log, position in header.logs:
            if log == participant:
                leaf = self._ledger.reader.leaves(log, position, position + 1)[0]
                return Receipt(position, leaf_hash(leaf.leaf).hex())
        raise NotFound("the entry is not in your log")


def _tree_leaf(position: int, raw: bytes) -> LogLeaf:
    header = _header.decode(raw)
    return LogLeaf(position, from_micros(header.time_us), header.kind, _text(raw))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
