"""Verification of a ledger with files alone: its entries, its checkpoints, and those that others hold.

Everything is recomputed from the headers. What a ledger says of itself can only show that it agrees with
itself: a host that has the signing key can rewrite a ledger and sign it anew. What it cannot do is to make
that agree with checkpoints that others hold. So pass those (``held``): they find a rewritten history, the
entries between which it begins, and entries cut off at the end.

Without the key file payloads are not opened, and a sealed payload that was touched is not seen; all else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import apsw
import msgspec

from comity.errors import IntegrityFailure, InvalidInput
from comity.ledger.audit import Finding, Flaw, Walk
from comity.ledger.entry import TREE
from comity.ledger.keyfile import KeyFile
from comity.ledger.merkle import EMPTY_ROOT
from comity.ledger.note import Checkpoint, is_signed_by, origin_of, parse
from comity.ledger.offline import open_offline
from comity.ledger.schema import close, row, rows
from comity.ledger.sealing import Master


class Report(msgspec.Struct, frozen=True, gc=False):
    """``entries``: how many are good. ``opened``, ``erased``, ``sealed``: of those, payloads that were opened
    and match, that were erased, and that could not be opened for want of the key file. ``key_from``: whose
    word it is that ``public_key`` is the exchange's: "given", "key file" or, worth least, "ledger"."""

    exchange: str
    entries: int
    root: str
    logs: dict[str, int]
    opened: int
    erased: int
    sealed: int
    checkpoints: int
    held: int
    public_key: str
    key_from: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def first_bad(self) -> Finding | None:
        """The finding with the lowest entry; one that names none counts last."""
        if not self.findings:
            return None
        return min(self.findings, key=lambda f: (f.index is None, f.index or 0))


class _Point(msgspec.Struct, frozen=True, gc=False):
    """A checkpoint to hold against the recomputed roots."""

    log: str
    checkpoint: Checkpoint
    held: bool


def verify(
    path: Path, held: Sequence[str] = (), public_key: bytes | None = None, keyfile: KeyFile | None = None
) -> Report:
    """Checks the ledger at ``path`` and says what is wrong. Raises only where nothing can be checked:
    ``NotFound``, or ``IntegrityFailure`` for a file that is no ledger at all."""
    connection = open_offline(path)
    try:
        return _verify(connection, held, public_key, keyfile)
    except (apsw.Error, UnicodeDecodeError) as error:
        raise IntegrityFailure(f"{path} cannot be read: {error}") from error
    finally:
        close(connection)


def _verify(
    connection: apsw.Connection, held: Sequence[str], public_key: bytes | None, keyfile: KeyFile | None
) -> Report:
    about: dict[str, str] = dict(rows(connection, "SELECT name, value FROM about"))
    exchange = about.get("exchange_name", "")
    key, key_from = _whose_key(about, public_key, keyfile)
    findings: list[Finding] = []
    if about.get("public_key") != key.hex():
        findings.append(Finding(Flaw.SIGNATURE, "the ledger names another signing key than the exchange's"))
    points = _held_points(held, exchange, key, findings) + _own_points(connection, exchange, key, findings)
    wanted: dict[str, set[int]] = {}
    for point in points:
        wanted.setdefault(point.log, set()).add(point.checkpoint.size)
    master = Master(keyfile.master) if keyfile is not None else None
    walk = Walk(connection, {log: frozenset(sizes) for log, sizes in wanted.items()}, master)
    bad = walk.run()
    if bad is not None:
        findings.insert(0, bad)
    findings += _compare(connection, points, walk, bad)
    if bad is None:
        findings += _file_check(connection)
    return Report(
        exchange=exchange,
        entries=walk.tree.size,
        root=walk.tree.root().hex(),
        logs={log: state.frontier.size for log, state in sorted(walk.own.items())},
        opened=walk.opened,
        erased=walk.erased,
        sealed=walk.sealed,
        checkpoints=sum(not point.held for point in points),
        held=len(held),
        public_key=key.hex(),
        key_from=key_from,
        findings=tuple(findings),
    )


def _whose_key(about: dict[str, str], public_key: bytes | None, keyfile: KeyFile | None) -> tuple[bytes, str]:
    if public_key is not None:
        return public_key, "given"
    if keyfile is not None:
        return keyfile.public_key(), "key file"
    try:
        return bytes.fromhex(about.get("public_key", "")), "ledger"
    except ValueError:
        return b"", "ledger"


def _held_points(held: Iterable[str], exchange: str, key: bytes, findings: list[Finding]) -> list[_Point]:
    points = []
    for number, note in enumerate(held):
        name = f"held checkpoint {number + 1}"
        try:
            signed = parse(note)
        except InvalidInput as error:
            findings.append(Finding(Flaw.CHECKPOINT, f"{name}: {error.message}"))
            continue
        origin = signed.checkpoint.origin
        log = _log_named(origin, exchange)
        if log is None:
            findings.append(Finding(Flaw.CHECKPOINT, f"{name} is of {origin!r}, not of this exchange"))
        elif not is_signed_by(signed, key):
            findings.append(
                Finding(Flaw.SIGNATURE, f"{name}, of {origin}, has no good signature of the exchange")
            )
        else:
            points.append(_Point(log, signed.checkpoint, held=True))
    return points


def _own_points(
    connection: apsw.Connection, exchange: str, key: bytes, findings: list[Finding]
) -> list[_Point]:
    points: list[_Point] = []
    sql = "SELECT l.name, c.size, c.time_s, c.note FROM checkpoints c JOIN logs l ON l.id = c.log"
    try:
        stored = rows(connection, sql)
    except (apsw.Error, UnicodeDecodeError) as error:
        findings.append(Finding(Flaw.UNREADABLE, f"the ledger's checkpoints cannot be read: {error}"))
        return points
    for log, size, time_s, note in stored:
        name = f"the ledger's checkpoint of {log} at size {size}"
        try:
            signed = parse(note)
        except InvalidInput as error:
            findings.append(Finding(Flaw.CHECKPOINT, f"{name}: {error.message}"))
            continue
        point = signed.checkpoint
        if (point.origin, point.size, point.time_s) != (origin_of(exchange, log), size, time_s):
            findings.append(Finding(Flaw.CHECKPOINT, f"{name} says something else"))
        elif not is_signed_by(signed, key):
            findings.append(Finding(Flaw.SIGNATURE, f"{name} has no good signature of the exchange"))
        else:
            points.append(_Point(log, point, held=False))
    return points


def _log_named(origin: str, exchange: str) -> str | None:
    if origin == origin_of(exchange, TREE):
        return TREE
    prefix = origin_of(exchange, "")
    return origin.removeprefix(prefix) if origin.startswith(prefix) else None


def _compare(
    connection: apsw.Connection, points: Sequence[_Point], walk: Walk, bad: Finding | None
) -> list[Finding]:
    """Holds the checkpoints against the roots. ``bad``: where the walk ended, if not at the ledger's end.

    A held checkpoint is bracketed by held ones alone: the host can have signed the others anew.
    """
    agreed: dict[tuple[str, bool], set[int]] = {}
    for point in points:
        if _root(walk, point) == point.checkpoint.root:
            agreed.setdefault((point.log, False), set()).add(point.checkpoint.size)
            if point.held:
                agreed.setdefault((point.log, True), set()).add(point.checkpoint.size)
    findings = []
    for point in sorted(points, key=lambda p: (p.log, p.checkpoint.size)):
        log, size, root = point.log, point.checkpoint.size, _root(walk, point)
        whose = "a held checkpoint" if point.held else "the ledger's own checkpoint"
        if root is None and bad is None:
            end = walk.size_of(log)
            message = f"{whose} of {log} counts {size} leaves; the ledger has {end}: the rest was cut off"
            findings.append(Finding(Flaw.TRUNCATED, message, end if log == TREE else None))
        elif root is not None and root != point.checkpoint.root:
            good = agreed.get((log, point.held), set())
            since = max((each for each in good if each < size), default=0)
            where = f"leaves {since} to {size - 1} of {log} were rewritten"
            if any(each >= size for each in good):
                where = "a later one agrees: two histories were signed"
            message = f"{whose} of {log} at size {size} has another root: {where}"
            explained = bad is not None and not point.held
            index = None if explained else _entry_at(connection, log, since)
            findings.append(Finding(Flaw.REWRITTEN, message, index))
    return findings


def _root(walk: Walk, point: _Point) -> bytes | None:
    size = point.checkpoint.size
    return EMPTY_ROOT if size == 0 else walk.roots.get((point.log, size))


def _entry_at(connection: apsw.Connection, log: str, position: int) -> int | None:
    if log == TREE:
        return position
    sql = (
        "SELECT CAST(o.entry AS INTEGER) FROM own_leaves o JOIN logs l ON l.id = o.log "
        "WHERE l.name = ? AND o.position = ?"
    )
    found = row(connection, sql, (log, position))
    return None if found is None else int(found[0])


def _file_check(connection: apsw.Connection) -> list[Finding]:
    """SQLite's own check: an index that lacks a row would make a filtered read lack it."""
    found = [str(message) for (message,) in rows(connection, "PRAGMA integrity_check(1)")]
    return [Finding(Flaw.UNREADABLE, f"the file is damaged: {text}") for text in found if text != "ok"]
