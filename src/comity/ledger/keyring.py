"""Period keys in the ledger's file: found, made and destroyed.

A period is a month, ``2026-03``. Where its key was destroyed and the owner goes on writing in that
month, the next key is ``2026-03.1`` and so on: a period names one key for ever, and a row of a destroyed
key stays, without the key, so that an erased payload can be told from one that went missing.
"""

from __future__ import annotations

import apsw

from comity.errors import IntegrityFailure
from comity.ids import Entropy
from comity.ledger.batch import HeldKey, NewKey
from comity.ledger.schema import row, rows
from comity.ledger.sealing import Master, PeriodKey, new_period_key

_OF_MONTH = (
    "SELECT id, period, wrapped FROM period_keys "
    "WHERE owner = ? AND (period = ? OR period LIKE ? || '.%') ORDER BY id"
)


class Keyring:
    """Finds the key to seal with, or makes one. For the writer."""

    def __init__(self, connection: apsw.Connection, master: Master, entropy: Entropy) -> None:
        self._connection = connection
        self._master = master
        self._entropy = entropy

    def key_for(self, owner: str, owner_log: int, month: str, new_id: int) -> tuple[HeldKey, NewKey | None]:
        found = rows(self._connection, _OF_MONTH, (owner_log, month, month))
        if found and found[-1][2] is not None:
            number, period, wrapped = found[-1]
            key = self._master.unwrap(owner, period, wrapped)
            return HeldKey(number, PeriodKey(period, key), month), None
        period = f"{month}.{len(found)}" if found else month
        key = new_period_key(owner, period, self._entropy)
        new = NewKey(new_id, owner_log, period, self._master.wrap(owner, period, key, self._entropy))
        return HeldKey(new_id, PeriodKey(period, key), month), new


class OpeningKeys:
    """Keys to open payloads with, unwrapped once. For readers. ``None``: destroyed, or no key file."""

    def __init__(self, connection: apsw.Connection, master: Master | None) -> None:
        self._connection = connection
        self._master = master
        self._keys: dict[int, PeriodKey | None] = {}

    def get(self, key_id: int) -> PeriodKey | None:
        if key_id not in self._keys:
            self._keys[key_id] = self._load(key_id)
        return self._keys[key_id]

    def forget(self) -> None:
        self._keys.clear()

    def _load(self, key_id: int) -> PeriodKey | None:
        found = row(
            self._connection,
            "SELECT l.name, k.period, k.wrapped FROM period_keys k JOIN logs l ON l.id = k.owner "
            "WHERE k.id = ?",
            (key_id,),
        )
        if found is None:
            raise IntegrityFailure(f"there is no row for period key {key_id}")
        owner, period, wrapped = found
        if wrapped is None or self._master is None:
            return None
        return PeriodKey(period, self._master.unwrap(owner, period, wrapped))


def destroy(connection: apsw.Connection, owner_log: int, month: str, now_us: int) -> tuple[int, int]:
    """Inside a transaction: destroys all of a month's keys and the payloads under them; how many of each.

    ``secure_delete`` makes SQLite overwrite what these statements free.
    """
    found = rows(connection, _OF_MONTH, (owner_log, month, month))
    keys = [number for number, _, wrapped in found if wrapped is not None]
    payloads = 0
    for key in keys:
        connection.execute(
            "UPDATE entries SET sealed = NULL WHERE key = ? AND sealed IS NOT NULL AND idx IN "
            "(SELECT entry FROM own_leaves WHERE log = ? AND owned = 1)",
            (key, owner_log),
        )
        payloads += connection.changes()
        connection.execute("UPDATE period_keys SET wrapped = NULL, erased_us = ? WHERE id = ?", (now_us, key))
    return len(keys), payloads
