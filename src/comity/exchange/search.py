"""One sweep: everything that one tick's picture holds for each participant, found beside the event loop.

What is prepared on the loop (``prepare``) does not change afterwards, so the search may take as long as it
takes; the picture goes on meanwhile, and how late the findings are is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from comity.alerts.finding import Finding, finding_key
from comity.alerts.pairs import conflicts
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic, traffic
from comity.clock import micros
from comity.exchange.anchors import Anchors
from comity.exchange.beside import Beside, Moment, beside
from comity.exchange.discs import HIDDEN
from comity.exchange.sides import inner_of
from comity.exchange.sight import Bools, Sight, Witnesses, inner_name, layers_of, sight_of
from comity.exchange.watching import Watching
from comity.geo.heights import Environment
from comity.ids import ParticipantId
from comity.model.alert import AlertKind, AlertLevel, Phase
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.rule import Level
from comity.picture.picture import Picture, Released
from comity.picture.rows import Rows
from comity.picture.views import EMERGENCIES
from comity.release.policy import Policy
from comity.release.warned import standing

MOST_LISTED: Final = 500
"""Pairs told one by one to one participant. Nobody reads more; each costs time at every sweep, and whoever
invents aircraft by the thousand must not make everybody's warnings late. Continental traffic that is
controlled has a few at any time. The rest is told as a number."""


class Distress(NamedTuple):
    """A hidden track whose owner tells this reader more while it is in distress."""

    key: SourceKey
    address: str
    row: int
    level: Level
    finding: Finding


class Found(NamedTuple):
    """What one participant is to be warned of. ``visible``: from what it sees, their
    sides as places in ``rows``, the sight's; ``beside``: its own aircraft
    beside hidden ones; ``distress``: hidden ones that are raised for their own sake."""

    sight: Sight
    rows: NDArray[np.int64]
    visible: Sequence[Finding]
    beside: Beside
    distress: Sequence[Distress]


class Prepared(NamedTuple):
    at: datetime
    moment: Moment
    sights: Sequence[Sight]


def prepare(
    picture: Picture,
    anchors: Anchors,
    policy: Policy,
    readers: Iterable[tuple[ParticipantId, Sequence[Released]]],
    settings: AlertSettings,
    environment: Environment,
) -> Prepared:
    """What the search rests on, as of the picture's last tick."""
    now = picture.as_of
    anchors.follow(picture, now)
    layers = layers_of(picture)
    witnesses = Witnesses(layers)
    sights = [sight_of(picture, who, released, witnesses) for who, released in readers]
    return Prepared(now, Moment(layers, anchors, policy, settings, environment, micros(now)), sights)


def search(prepared: Prepared, watching: Watching) -> list[Found]:
    """Everything found, reader by reader. Readers who see the same share the search."""
    shared: dict[int, tuple[Traffic, Sequence[Finding]]] = {}
    seen: list[tuple[Sight, Traffic, list[Finding]]] = []
    contingent: set[tuple[ParticipantId, str]] = set()
    for sight in prepared.sights:
        key = id(sight.frame.addressed) if not len(sight.frame.referenced) else -1
        if key not in shared:
            shared[key] = _among_visible(prepared.moment, sight)
        swept, findings = shared[key]
        if key == -1:
            del shared[key]
        visible = _urgent(findings, sight.own[swept.index])
        visible += [*_emergencies(sight), *watching.incursions(sight, swept)]
        contingent |= {(sight.who, inner_of(sight, name)) for name in watching.contingent(sight, swept)}
        missing = watching.not_watched(sight.who)
        if missing:
            visible.append(not_listed(missing, "volumes", AlertLevel.PREVENTIVE))
        seen.append((sight, swept, visible))
    found = []
    for sight, swept, visible in seen:
        near = beside(prepared.moment, sight, watching.entered_unseen)
        distress = list(_distress(prepared.moment, sight, contingent))
        found.append(Found(sight, swept.index, visible, near, distress))
    return found


def _among_visible(moment: Moment, sight: Sight) -> tuple[Traffic, Sequence[Finding]]:
    swept = traffic(
        sight.rows,
        sight.names,
        now_us=moment.now_us,
        settings=moment.settings,
        environment=moment.environment,
    )
    return swept, conflicts(swept, moment.settings, groups=sight.group[swept.index])


def _urgent(findings: Sequence[Finding], own: Bools) -> list[Finding]:
    """The most urgent, the reader's own aircraft first; the rest is counted and told."""
    if len(findings) <= MOST_LISTED:
        return list(findings)

    def order(finding: Finding) -> tuple[bool, int, float, str]:
        mine = any(bool(own[side]) for side in finding.sides)
        enters_s = math.inf if finding.enters_s is None else finding.enters_s
        return not mine, -finding.level.rank, enters_s, finding.key

    ordered = sorted(findings, key=order)
    return [
        *ordered[:MOST_LISTED],
        not_listed(len(findings) - MOST_LISTED, "pairs", ordered[MOST_LISTED].level),
    ]


def not_listed(count: int, what: str, level: AlertLevel) -> Finding:
    """That there is more than is listed. ``level``: of the most urgent of them."""
    return Finding(
        key=finding_key(AlertKind.CROWD, (), what),
        kind=AlertKind.CROWD,
        level=level,
        phase=Phase.NOW,
        sides=(),
        names=(),
        reasons=(f"{count:,} more {what}, less urgent than those listed, are not listed one by one",),
    )


def _emergencies(sight: Sight) -> Iterable[Finding]:
    for place in np.flatnonzero(np.isin(sight.rows["squawk"], list(EMERGENCIES))).tolist():
        yield emergency(sight.names[place], sight.rows[place : place + 1])


def emergency(name: str, row: Rows, why: str | None = None) -> Finding:
    squawk = int(row["squawk"][0])
    return Finding(
        key=finding_key(AlertKind.EMERGENCY, (name,)),
        kind=AlertKind.EMERGENCY,
        level=AlertLevel.CORRECTIVE,
        phase=Phase.NOW,
        sides=(),
        names=(name,),
        reasons=(why or f"squawks {squawk}: {EMERGENCIES[squawk]}",),
        observed_us=(int(row["observed_us"][0]),),
    )


def _distress(moment: Moment, sight: Sight, contingent: set[tuple[ParticipantId, str]]) -> Iterable[Distress]:
    """What its owners tell this reader for its own sake: they squawk it, or are Contingent."""
    for key, layer in moment.layers.items():
        if key.provenance is not Provenance.OWN or key.participant == sight.who:
            continue
        owner = key.participant
        level = moment.policy.levels(owner, sight.who).own_track_in_emergency
        if level.rank <= standing(moment.policy, owner, sight.who, key.provenance).rank:
            continue
        rows = np.concatenate([layer.addressed, layer.numbered])
        names = [f"{number:06X}" for number in layer.addressed["number"].tolist()] + layer.addresses
        squawking = np.isin(rows["squawk"], list(EMERGENCIES)).tolist()
        for row, (address, squawks) in enumerate(zip(names, squawking, strict=True)):
            inner = inner_name(key, address)
            if squawks:
                finding = emergency(HIDDEN + inner, rows[row : row + 1])
            elif (owner, inner) in contingent:
                finding = _contingency(HIDDEN + inner, rows[row : row + 1])
            else:
                continue
            yield Distress(key, address, row, level, finding)


def _contingency(name: str, row: Rows) -> Finding:
    return msgspec.structs.replace(
        emergency(name, row, "its intent is Contingent"),
        key=finding_key(AlertKind.EMERGENCY, (name,), "intent"),
    )
