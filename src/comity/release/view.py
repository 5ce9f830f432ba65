"""A recipient's view: every promised item it may have, in the form it may have, and its own feed of changes.

The view is the only thing that promised items are read from, on every interface. It is brought up to
date by ``refresh`` from the items that changed since; only a form that differs makes a change, so an
update that does not show at the recipient's level leaves no trace: no version, no sequence number, no
event. Changes found together are taken in order of their reference, never in the order in which owners
acted. ``seq`` counts this view's changes alone.

A cursor is ``<epoch>.<seq>``. The epoch changes when the process starts and when references rotate; a
cursor from another epoch, or older than the removals still remembered, starts over with a snapshot.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from comity.clock import micros
from comity.errors import InvalidInput, NotFound, TooLarge
from comity.ids import EntityId, ParticipantId
from comity.model.released import Change, ChangePage, ReleasedItem, ReservedVolume
from comity.model.rule import Level
from comity.release.coarsen import lingers_until
from comity.release.forms import (
    Item,
    References,
    level_of,
    own_form,
    reserved_form,
    volume_form,
)
from comity.release.peers import is_peers
from comity.release.policy import Policy

REMEMBERED_REMOVALS: Final = 20_000
"""A reader that was away for more removals than this starts over with a snapshot."""

PAGE_VOLUMES: Final = 20_000
"""Volumes in one page, about 10 MB of JSON; items of a thousand volumes would make a page of gigabytes."""

PEERS_ROOM: Final = 5
"""Of what USSs file by F3548 a view holds so many times its limit. Larger: more memory for each reader;
smaller: fewer USSs, each within its own bound, make everybody ask by place."""

Reserve = Callable[[Item], tuple[ReservedVolume, ...]]


def form_for(
    item: Item,
    who: ParticipantId,
    policy: Policy,
    references: References,
    reserve: Reserve,
    now: datetime,
) -> ReleasedItem | None:
    """What ``who`` has of ``item`` at ``now``; None for nothing."""
    if item.owner == who:
        return own_form(item) if item.state.live() else None
    level = level_of(item, policy.levels(item.owner, who))
    if level is Level.VOLUME:
        return volume_form(item, references.of(item, who, now)) if item.state.live() else None
    if level is Level.RESERVED and (item.state.live() or now < lingers_until(item.changed_at)):
        return reserved_form(item, references.of(item, who, now), reserve(item))
    return None


def _fitting(items: Iterable[ReleasedItem | None], limit: int) -> int:
    """How many of these make one page: at most ``limit``, and at least one."""
    volumes = count = 0
    for item in items:
        if item is not None:
            volumes += len(item.volumes or ()) + len(item.reserved or ())
        if count and (count >= limit or volumes > PAGE_VOLUMES):
            break
        count += 1
    return count


def too_large(limit: int) -> TooLarge:
    """What a reader is told past the limit; never a shortened answer."""
    return TooLarge(f"more than {limit} items are released to you; ask for an area instead", field="area")


def check_size(items: int, of_peers: int, limit: int) -> None:
    """What USSs file by F3548 needs nobody's consent, so it may not crowd out what participants release:
    there is room of its own for it."""
    if items > limit:
        raise too_large(limit)
    if of_peers > limit * PEERS_ROOM:
        raise too_large(limit * PEERS_ROOM)


class View:
    """One recipient's items and feed. ``limit``: a view past it is refused, never shortened."""

    def __init__(self, who: ParticipantId, epoch: str, limit: int) -> None:
        self.who = who
        self.epoch = epoch
        self.limit = limit
        self.items: dict[str, ReleasedItem] = {}
        self.entities: dict[str, EntityId] = {}
        self.dirty: set[EntityId] = set()
        self.seq = 0
        self.of_peers = 0
        self._seqs: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._gone_before = 0
        self._wake: list[tuple[int, EntityId]] = []

    def due(self, now: datetime) -> None:
        """Mark what leaves view by time alone."""
        us = micros(now)
        while self._wake and self._wake[0][0] <= us:
            self.dirty.add(heapq.heappop(self._wake)[1])

    def wake(self, entity: EntityId, when: datetime) -> None:
        heapq.heappush(self._wake, (micros(when), entity))

    def update(self, forms: Iterable[tuple[str, EntityId, ReleasedItem | None]]) -> list[Change]:
        """Take in new forms; returns the changes they make, in canonical order."""
        changes: list[Change] = []
        for ref, entity, form in sorted(forms, key=lambda entry: entry[0]):
            if self.items.get(ref) == form:
                continue
            self.seq += 1
            self._seqs.pop(ref, None)
            if is_peers(entity):
                self.of_peers += (form is not None) - (ref in self.items)
            if form is None:
                del self.items[ref]
                del self.entities[ref]
                self._gone[ref] = self.seq
            else:
                self.items[ref] = form
                self.entities[ref] = entity
                self._gone.pop(ref, None)
                self._seqs[ref] = self.seq
            changes.append(Change(self.seq, ref, form))
        while len(self._gone) > REMEMBERED_REMOVALS:
            ref = next(iter(self._gone))
            self._gone_before = max(self._gone_before, self._gone.pop(ref))
        return changes

    def check_size(self) -> None:
        check_size(len(self.items) - self.of_peers, self.of_peers, self.limit)

    def get(self, ref: str) -> ReleasedItem:
        item = self.items.get(ref)
        if item is None:
            raise NotFound("nothing with this reference is released to you", field="ref")
        return item

    def all(self) -> list[ReleasedItem]:
        self.check_size()
        return [self.items[ref] for ref in sorted(self.items)]

    def cursor(self) -> str:
        return f"{self.epoch}.{self.seq}"

    def page(self, cursor: str | None, limit: int, now: datetime) -> ChangePage:
        """Changes after ``cursor``, oldest first, or a snapshot where it cannot be continued.

        A snapshot is paged as well; its cursors name the last reference given and the ``seq`` at which
        it began, so that what changes meanwhile follows after it.
        """
        self.check_size()
        since, after = self._position(cursor)
        if since is None:
            return self._snapshot_page(self.seq, "", limit, now)
        if after is not None:
            return self._snapshot_page(since, after, limit, now)
        changes = self._since(since)
        page = changes[: _fitting((change.item for change in changes), limit)]
        more = len(changes) > len(page)
        reached = page[-1].seq if more else self.seq
        return ChangePage(tuple(page), f"{self.epoch}.{reached}", more, now)

    def _snapshot_page(self, began: int, after: str, limit: int, now: datetime) -> ChangePage:
        refs = sorted(self.items)
        first = bisect_right(refs, after) if after else 0
        taken = refs[first : first + limit]
        taken = taken[: _fitting((self.items[ref] for ref in taken), limit)]
        changes = tuple(Change(self._seqs[ref], ref, self.items[ref]) for ref in taken)
        more = first + len(taken) < len(refs)
        cursor = f"{self.epoch}.{began}.{taken[-1]}" if more else f"{self.epoch}.{began}"
        return ChangePage(changes, cursor, more, now, reset=after == "")

    def _position(self, cursor: str | None) -> tuple[int | None, str | None]:
        """``(since, after)``: since None starts over; after names where a snapshot goes on."""
        if cursor is None or cursor == "":
            return None, None
        parts = cursor.split(".")
        if len(parts) not in (2, 3) or not parts[1].isdecimal() or len(parts[1]) > 18:
            raise InvalidInput("cursor must be one that this exchange gave you", field="cursor")
        since = int(parts[1])
        if parts[0] != self.epoch or since > self.seq or since < self._gone_before:
            return None, None
        return since, parts[2] if len(parts) == 3 else None

    def _since(self, since: int) -> list[Change]:
        found: list[Change] = []
        for ref in reversed(self._seqs):
            if self._seqs[ref] <= since:
                break
            found.append(Change(self._seqs[ref], ref, self.items[ref]))
        for ref in reversed(self._gone):
            if self._gone[ref] <= since:
                break
            found.append(Change(self._gone[ref], ref, None))
        found.sort(key=lambda change: change.seq)
        return found
