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
from comity.model.batch import Ints
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.rule import Level
from comity.picture.picture import Picture, Released
from comity.picture.rows import Rows, pick
from comity.picture.views import EMERGENCIES
from comity.release.policy import Policy
from comity.release.warned import standing

MOST_LISTED: Final = 500
"""Pairs told one by one to one participant. Nobody reads more; each costs time at every sweep, and whoever
invents aircraft by the thousand must not make everybody's warnings late. Continental traffic that is
controlled has a few at any time. The rest is told as a number."""


MOST_SINGLY: Final = 500
"""Of one's own aircraft so many are paired one by one with what is taken together for everybody else. Larger:
a flood costs more; smaller: large fleets rely on what is said of crowds."""


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
        visible = _urgent(_with_own_in_crowds(prepared.moment, sight, swept, findings), sight, swept)
        visible += _emergencies(sight)
        visible += _urgent(watching.incursions(sight, swept), sight, swept, "incursions")
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


def _with_own_in_crowds(
    moment: Moment, sight: Sight, swept: Traffic, findings: Sequence[Finding]
) -> Sequence[Finding]:
    """Where there are crowds, the reader's own aircraft are paired one by one all the same: whoever pours
    reports onto a place must not take away the warnings of those who fly there."""
    own = sight.own[swept.index]
    if np.count_nonzero(own) > MOST_SINGLY:
        own = own & sight.vouched[swept.index]
    mine = np.flatnonzero(own)
    if not any(finding.kind is AlertKind.CROWD for finding in findings) or not 0 < len(mine) <= MOST_SINGLY:
        return findings
    near = np.flatnonzero(own | _may_meet(swept, mine, moment.settings))
    rows = swept.index[near]
    few = traffic(
        pick(sight.rows, rows),
        [swept.keys[place] for place in near.tolist()],
        now_us=moment.now_us,
        settings=moment.settings,
        environment=moment.environment,
    )
    settings = msgspec.structs.replace(moment.settings, crowd=len(near) + 2)
    singly = conflicts(few, settings, between=own[near][few.index], groups=sight.group[rows][few.index])
    known = {finding.key for finding in findings}
    return [
        *findings,
        *(
            msgspec.structs.replace(each, sides=tuple(int(near[few.index[side]]) for side in each.sides))
            for each in singly
            if each.kind is not AlertKind.CROWD and each.key not in known
        ),
    ]


def _may_meet(swept: Traffic, mine: Ints, settings: AlertSettings) -> Bools:
    """Which may come within any pair's minima of one of ``mine``; too many and never too few: in a plane
    around it, on which distances are a few parts in a hundred off."""
    table = settings.table()
    reach_m, ahead_s = float(table.horizontal_m.max()), float(table.look_ahead_s.max())
    near = np.zeros(len(swept), np.bool_)
    for one in mine.tolist():
        lat = float(swept.lat_deg[one])
        turns = (swept.lon_deg - swept.lon_deg[one] + 180.0) % 360.0 - 180.0
        north = np.radians(swept.lat_deg - lat) * _RADIUS_M
        east = np.radians(turns) * np.cos(np.radians(swept.lat_deg + lat) / 2.0) * _RADIUS_M
        east_mps, north_mps = swept.east_mps - swept.east_mps[one], swept.north_mps - swept.north_mps[one]
        speed2 = np.maximum(east_mps**2 + north_mps**2, 1e-9)
        closest_s = np.clip(-(east * east_mps + north * north_mps) / speed2, 0.0, ahead_s)
        miss_m = np.hypot(east + east_mps * closest_s, north + north_mps * closest_s)
        unsure_m = swept.radius_m + swept.radius_m[one] + 0.1 * (np.sqrt(speed2) * ahead_s + reach_m)
        near |= miss_m <= reach_m + unsure_m + 0.1 * np.minimum(np.hypot(east, north), _FAR_M)
        near |= abs(lat) > _POLAR_DEG
    return near


_RADIUS_M: Final = 6_371_000.0
_FAR_M: Final = 400_000.0
"""Farther than anything flies in the look-ahead, and than any minima."""
_POLAR_DEG: Final = 65.0
"""Nearer to a pole the meridians of two that may meet differ by too much: there all are taken."""


def _urgent(findings: Sequence[Finding], sight: Sight, swept: Traffic, what: str = "pairs") -> list[Finding]:
    """What is said of crowds, and of the rest the most urgent, the reader's own aircraft first; what is left
    is counted and told."""
    if len(findings) <= MOST_LISTED:
        return list(findings)
    own = sight.own[swept.index]

    def order(finding: Finding) -> tuple[bool, bool, int, float, str]:
        whole = finding.kind is AlertKind.CROWD and not finding.sides
        mine = any(bool(own[side]) for side in finding.sides)
        enters_s = math.inf if finding.enters_s is None else finding.enters_s
        return not whole, not mine, -finding.level.rank, enters_s, finding.key

    ordered = sorted(findings, key=order)
    rest = ordered[MOST_LISTED:]
    level = max((finding.level for finding in rest), key=lambda each: each.rank)
    return [*ordered[:MOST_LISTED], not_listed(len(rest), what, level)]


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
    places = np.flatnonzero(np.isin(sight.rows["squawk"], list(EMERGENCIES)))
    places = places[np.argsort(~sight.own[places], kind="stable")]
    for place in places[:MOST_LISTED].tolist():
        yield emergency(sight.names[place], sight.rows[place : place + 1])
    if len(places) > MOST_LISTED:
        yield not_listed(len(places) - MOST_LISTED, "aircraft in distress", AlertLevel.CORRECTIVE)


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
