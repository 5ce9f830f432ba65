"""A batch of entries being made: an overlay over the committed heads, and the rows that it will be.

Nothing here touches the database but to read keys and frontiers on first use. The heads change only
when :meth:`Batch.publish` is called, which the store does after COMMIT; a batch that is dropped has
changed nothing. What an owner sees of an entry (leaf, commitment, salt, nonce, sealed bytes) follows
from the owner's own log, key and payload, and from time, alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from comity.errors import InvalidInput, TooLarge
from comity.ids import LOG_NAME, ParticipantId
from comity.ledger.entry import (
    KIND,
    MAX_PAYLOAD_BYTES,
    MAX_TIME_US,
    NO_ENTRY,
    TREE,
    VERSION,
    Appended,
    Counted,
    Draft,
    Header,
    commit,
    encode_header,
    month_of,
    own_leaf,
)
from comity.ledger.merkle import Frontier, leaf_hash
from comity.ledger.schema import TREE_LOG
from comity.ledger.sealing import PeriodKey


@dataclass(slots=True)
class HeldKey:
    """A period key in use, and its row."""

    id: int
    key: PeriodKey
    month: str


@dataclass(slots=True)
class NewKey:
    """A row of ``period_keys`` that a batch brings."""

    id: int
    owner: int
    period: str
    wrapped: bytes


class KeySource(Protocol):
    """Finds or makes the key of an owner's month; a made one is not yet stored."""

    def key_for(
        self, owner: str, owner_log: int, month: str, new_id: int
    ) -> tuple[HeldKey, NewKey | None]: ...


class FrontierSource(Protocol):
    def frontier_of(self, log: int) -> Frontier: ...


@dataclass(slots=True)
class Heads:
    """The committed end of the ledger, in memory."""

    tree: Frontier
    last_leaf: str = NO_ENTRY
    last_time_us: int = 0
    logs: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    frontiers: dict[str, Frontier] = field(default_factory=dict)
    keys: dict[str, HeldKey] = field(default_factory=dict)
    next_key: int = 1


class Batch:
    """Drafts become entries in order; each is numbered after the one before."""

    def __init__(self, heads: Heads, keys: KeySource, frontiers: FrontierSource) -> None:
        self._heads = heads
        self._keys = keys
        self._frontiers = frontiers
        self._tree = heads.tree.copy()
        self._last_leaf = heads.last_leaf
        self._last_time_us = heads.last_time_us
        self._own: dict[str, Frontier] = {}
        self._held: dict[str, HeldKey] = {}
        self._new_logs: dict[str, int] = {}
        self._new_kinds: dict[str, int] = {}
        self.new_keys: list[NewKey] = []
        self.entries: list[tuple[int, int, int, bytes, bytes, bytes]] = []
        self.own_leaves: list[tuple[int, int, int, int, bytes]] = []
        self.nodes: list[tuple[int, int, int, bytes]] = []

    @property
    def new_logs(self) -> list[tuple[int, str]]:
        return [(number, name) for name, number in self._new_logs.items()]

    @property
    def new_kinds(self) -> list[tuple[int, str]]:
        return [(number, name) for name, number in self._new_kinds.items()]

    def add(self, draft: Draft) -> Appended:
        logs = tuple(dict.fromkeys(draft.logs))
        numbers = [self._log(name) for name in logs]
        kind = self._kind(draft.kind)
        self._check(draft, logs)
        time_us = max(draft.time_us, self._last_time_us)
        owner = logs[0]
        held = self._key(owner, numbers[0], month_of(time_us))
        frontiers = [self._own_frontier(name, number) for name, number in zip(logs, numbers, strict=True)]
        position = frontiers[0].size
        index = self._tree.size

        commitment = commit(held.key.salt(position, draft.payload), draft.payload)
        counted: list[Counted] = []
        owner_leaf = b""
        for name, number, frontier in zip(logs, numbers, frontiers, strict=True):
            raw = own_leaf(commitment, draft.kind, name, frontier.size, time_us)
            own_hash = leaf_hash(raw)
            if not counted:
                owner_leaf = raw
            self.own_leaves.append((number, frontier.size, index, 0 if counted else 1, own_hash))
            counted.append(Counted(name, frontier.size, own_hash))
            self.nodes += [(number, *node) for node in frontier.append(own_hash)]
        sealed = held.key.seal(draft.payload, owner_leaf, counted[0].leaf)

        header = encode_header(
            Header(
                commitment=commitment,
                index=index,
                kind=draft.kind,
                logs=tuple((c.log, c.position) for c in counted),
                originator=draft.originator,
                period=held.key.period,
                previous=self._last_leaf,
                time_us=time_us,
                v=VERSION,
            )
        )
        leaf = leaf_hash(header)
        self.nodes += [(TREE_LOG, *node) for node in self._tree.append(leaf)]
        self.entries.append((index, kind, held.id, leaf, header, sealed))
        self._last_leaf = leaf.hex()
        self._last_time_us = time_us
        return Appended(index, time_us, header, leaf, tuple(counted))

    def publish(self) -> None:
        """The batch is on disk: its heads become the ledger's."""
        heads = self._heads
        heads.tree = self._tree
        heads.last_leaf = self._last_leaf
        heads.last_time_us = self._last_time_us
        heads.logs |= self._new_logs
        heads.kinds |= self._new_kinds
        heads.frontiers |= self._own
        heads.keys |= self._held
        heads.next_key += len(self.new_keys)

    def _check(self, draft: Draft, logs: tuple[ParticipantId, ...]) -> None:
        if not logs:
            raise InvalidInput("an entry counts in at least one log, its owner's", field="logs")
        if draft.originator not in self._heads.logs and not LOG_NAME.match(draft.originator):
            raise InvalidInput(f"originator {draft.originator!r} is not a participant id", field="originator")
        if not 0 <= draft.time_us <= MAX_TIME_US:
            raise InvalidInput("time_us must lie between the years 1970 and 9999", field="time_us")
        if len(draft.payload) > MAX_PAYLOAD_BYTES:
            raise TooLarge(f"a payload has at most {MAX_PAYLOAD_BYTES} bytes", field="payload")

    def _log(self, name: str) -> int:
        number = self._heads.logs.get(name) or self._new_logs.get(name)
        if number is None:
            if not LOG_NAME.match(name) or name == TREE:
                raise InvalidInput(f"{name!r} is not a participant id", field="logs")
            number = len(self._heads.logs) + len(self._new_logs)
            self._new_logs[name] = number
        return number

    def _kind(self, kind: str) -> int:
        number = self._heads.kinds.get(kind) or self._new_kinds.get(kind)
        if number is None:
            if not KIND.match(kind):
                raise InvalidInput(f"{kind!r} is not an entry kind", field="kind")
            number = len(self._heads.kinds) + len(self._new_kinds) + 1
            self._new_kinds[kind] = number
        return number

    def _key(self, owner: str, number: int, month: str) -> HeldKey:
        held = self._held.get(owner) or self._heads.keys.get(owner)
        if held is None or held.month != month:
            new_id = self._heads.next_key + len(self.new_keys)
            held, new = self._keys.key_for(owner, number, month, new_id)
            if new is not None:
                self.new_keys.append(new)
            self._held[owner] = held
        return held

    def _own_frontier(self, name: str, number: int) -> Frontier:
        frontier = self._own.get(name)
        if frontier is None:
            committed = self._heads.frontiers.get(name)
            if committed is None and name in self._heads.logs:
                committed = self._frontiers.frontier_of(number)
            frontier = committed.copy() if committed is not None else Frontier()
            self._own[name] = frontier
        return frontier
