"""One participant's own aircraft beside those that are hidden from it. Pure; runs beside the event loop.

Three checks, each from what the participant gets of the other side and from nothing else (law 4):

- *raised*: both aircraft are vouched for by somebody else and the other's owner raises in a conflict: the
  other's position as it would be released, rounded, against its own exact one. (Whoever let an invented
  aircraft of its own be raised would read in its account of raises whom it was near);
- *cells*: its own is vouched for and nothing is raised: its own exact one against the disc that holds the
  cells;
- *claims*: one of the two is reported by one participant alone: cells against cells. This is the same seen
  from either side, so whoever brings an invented aircraft near another's is seen by the other at the same
  moment, and learns no more than cells, however many it invents.

The last two have no numbers: what could be computed from cells would say more than they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.alerts.finding import Finding, finding_key
from comity.alerts.pairs import conflicts
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic, traffic
from comity.alerts.volumes import Item as WatchedItem
from comity.conflict.pairs import Found, find_pairs
from comity.exchange.anchors import Anchors
from comity.exchange.desk import CELLS_ONLY
from comity.exchange.discs import CELLS_DATUM, HIDDEN, Discs, Other, away_m, reach_m, still
from comity.exchange.sight import Hidden, Layers, Sight, inner_name, one_aircraft
from comity.geo.heights import Environment
from comity.ids import ParticipantId
from comity.model.alert import AlertKind, AlertLevel, Phase
from comity.model.batch import Floats
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.rule import Level
from comity.picture.coarse import coarse
from comity.picture.rows import Rows, none
from comity.release.policy import Policy
from comity.release.warned import in_conflict

CLAIM_OURS: Final = "nobody but you reports your aircraft"
CLAIM_THEIRS: Final = "nobody but its owner reports the other aircraft"


@dataclass(slots=True)
class Pair:
    """One own aircraft beside one hidden. ``raised``: the finding if its level is raised; ``advisory``: the
    one that holds in any case, None where only a raise shows it."""

    own: str
    other: Other
    raised: Finding | None = None
    advisory: Finding | None = None


MOST_BESIDE: Final = 2_000
"""Pairs with a hidden side that are kept for one participant at one sweep; the rest is counted, and told as a
number. More cost time at every sweep, and only inventions come in such numbers."""


@dataclass(slots=True)
class Beside:
    """``pairs`` by the finding's key. ``surplus``: how many more there are. ``entered``: hidden aircraft,
    shown as cells, that may be in a closed constraint of the reader's own."""

    pairs: dict[str, Pair] = field(default_factory=dict)
    surplus: int = 0
    entered: dict[str, tuple[Finding, Other]] = field(default_factory=dict)


Entered = Callable[[ParticipantId, Traffic], Sequence[tuple[int, WatchedItem]]]
"""Which of these discs meet which closed constraint of a participant's own (``watching``)."""


class Moment(NamedTuple):
    """What all checks of one sweep share."""

    layers: Layers
    anchors: Anchors
    policy: Policy
    settings: AlertSettings
    environment: Environment
    now_us: int


def beside(moment: Moment, sight: Sight, entered: Entered) -> Beside:
    """Every own aircraft of the reader that is, or may be, close to a hidden one, and every closed constraint
    of its own that a hidden one may be in."""
    own = np.flatnonzero(sight.own)
    found = Beside()
    others = _others(moment, sight)
    if not others:
        return found
    _entered(moment, sight, others, entered, found)
    if not len(own):
        return found
    sure = own[sight.vouched[own]]
    if len(sure):
        _raised(moment, sight, sure, others, found)
        _cells(moment, sight, sure, others, found)
    _claims(moment, sight, own, others, found)
    return found


def _others(moment: Moment, sight: Sight) -> Sequence[Other]:
    """Each aircraft once: an address that several sources have at one place, by the one whose owner raises
    highest. Where they have it at different places each of them counts: one may be invented, to hide the
    other. What is vouched for comes first, so that where not all can be listed it is."""
    best: dict[str, Other] = {}
    for hidden in sight.hidden:
        owner = hidden.key.participant
        level = in_conflict(moment.policy, owner, sight.who, hidden.key.provenance, corroborated=True)
        for name, row, vouched in zip(hidden.names, hidden.index, hidden.vouched, strict=True):
            other = Other(hidden.key, name, int(row), level, bool(vouched))
            held = best.get(other.name)
            if held is not None and not one_aircraft(_row(moment, held), _row(moment, other)):
                other = other._replace(apart=True)
                held = None
            if held is None:
                best[other.name] = other
                continue
            first = min(held, other, key=_says_most)
            best[other.name] = first._replace(vouched=held.vouched or other.vouched)
    return sorted(best.values(), key=lambda other: (not other.vouched, other.name))


def _says_most(other: Other) -> tuple[int, bool, SourceKey]:
    return -other.level.rank, other.key.provenance is not Provenance.OWN, other.key


def _row(moment: Moment, other: Other) -> Rows:
    layer = moment.layers[other.key]
    numbered = other.row - len(layer.addressed)
    rows, row = (layer.addressed, other.row) if numbered < 0 else (layer.numbered, numbered)
    return rows[row : row + 1]


def _rows_of(layers: Layers, others: Sequence[Other]) -> Rows:
    """Their rows as their sources show them."""
    shown = {key: np.concatenate([layers[key].addressed, layers[key].numbered]) for key, *_ in others}
    return np.concatenate([shown[other.key][other.row : other.row + 1] for other in others] or [none()])


def _raised(
    moment: Moment, sight: Sight, own: NDArray[np.intp], others: Sequence[Other], found: Beside
) -> None:
    """The hidden whose owners raise in a conflict, as they would then be released."""
    which = [
        place for place, other in enumerate(others) if other.vouched and other.level is not Level.RESERVED
    ]
    if not which:
        return
    rows = _rows_of(moment.layers, [others[place] for place in which])
    rounded = coarse(rows, now_us=moment.now_us, stale_after_s=15.0)
    whole = np.array([others[place].level is Level.IDENTITY for place in which])
    rows = np.where(whole, rows, rounded)
    names = [sight.names[place] for place in own.tolist()] + [others[place].name for place in which]
    of_name = {others[place].name: others[place] for place in which}
    both = traffic(
        np.concatenate([sight.rows[own], rows]),
        names,
        now_us=moment.now_us,
        settings=moment.settings,
        environment=moment.environment,
    )
    between = both.index >= len(own)
    for finding in conflicts(both, moment.settings, between=between):
        if finding.kind is AlertKind.CONFLICT:
            ours, theirs = sorted(finding.names, key=lambda name: name.startswith(HIDDEN))
            found.pairs[finding.key] = Pair(ours, of_name[theirs], raised=finding)


def _cells(
    moment: Moment, sight: Sight, own: NDArray[np.intp], others: Sequence[Other], found: Beside
) -> None:
    ours = _traffic(moment, sight, own)
    minima = moment.settings.default
    ahead_m = ours.radius_m + np.hypot(ours.east_mps, ours.north_mps) * minima.look_ahead_s
    reach = _Reach(ours.lat_deg, ours.lon_deg, ahead_m)
    for vouched in (True, False):
        which = [place for place, other in enumerate(others) if other.vouched is vouched]
        _meet(
            moment,
            ours,
            Discs(moment.anchors, others, _near_discs(moment, reach, others, which)),
            others,
            found,
        )


def _meet(moment: Moment, ours: Traffic, discs: Discs, others: Sequence[Other], found: Beside) -> None:
    """Which of ours may come too close to which discs. Where these are a crowd, to any of its members."""
    if not discs.places:
        return
    minima = moment.settings.default
    lat, lon = discs.lat, discs.lon
    mid_m, half_m = (discs.lower_m + discs.upper_m) / 2.0, (discs.upper_m - discs.lower_m) / 2.0
    first = len(ours)
    met = find_pairs(
        np.concatenate([ours.lat_deg, lat]),
        np.concatenate([ours.lon_deg, lon]),
        np.concatenate([ours.height_m, mid_m]),
        _and_still(ours.east_mps, lat),
        _and_still(ours.north_mps, lat),
        _and_still(ours.up_mps, lat),
        horizon_s=minima.look_ahead_s,
        d_m=minima.horizontal_m,
        h_m=minima.vertical_m,
        radius_m=np.concatenate([ours.radius_m, discs.radius_m]),
        datum=np.concatenate([ours.datum, np.full(len(lat), CELLS_DATUM)]).astype(np.int8),
        wgs84_mid_m=np.concatenate([ours.wgs84_mid_m, mid_m]),
        wgs84_half_m=np.concatenate([ours.wgs84_half_m, half_m]),
        between=np.arange(first + len(lat)) >= first,
        crowd=first + len(lat) + 2,
    )
    for one, two in _couples(met):
        if one < first <= two:
            _advise(moment, found, ours.keys[one], others[discs.places[two - first]], (CELLS_ONLY,))


def _couples(met: Found) -> Iterator[tuple[int, int]]:
    """All that may meet, also where so many do that the search took some together."""
    yield from zip(met.pairs.i.tolist(), met.pairs.j.tolist(), strict=True)
    crowds = [crowd.members.tolist() for crowd in met.crowds]
    near = zip(met.near_crowds.aircraft.tolist(), met.near_crowds.crowd.tolist(), strict=True)
    together = [([one], crowds[crowd]) for one, crowd in near]
    together += [(crowds[one], crowds[other]) for one, other in met.touching.tolist()]
    together += [(crowd, crowd) for crowd in crowds]
    for some, rest in together:
        for one in some:
            for two in rest:
                yield min(one, two), max(one, two)


def _claims(
    moment: Moment, sight: Sight, own: NDArray[np.intp], others: Sequence[Other], found: Beside
) -> None:
    """Cells against cells, where one of the two is nobody else's report."""
    minima = moment.settings.default
    places = _anchors_of(moment.layers, sight, own)
    flown = own[_traffic(moment, sight, own).index]
    ours = [place for place in flown.tolist() if place in places]
    sure = sight.vouched[ours]
    unsure = [place for place, other in enumerate(others) if not other.vouched]
    reach = _reach_of_forms(moment, [places[place] for place in ours])
    near = {
        vouched: Discs(moment.anchors, others, _near_discs(moment, reach.of(sure == vouched), others, which))
        for vouched, which in ((False, range(len(others))), (True, unsure))
    }
    for place, vouched in zip(ours, sure.tolist(), strict=True):
        if not near[vouched].places:
            continue
        mine = moment.anchors.form(*places[place])
        for candidate in near[vouched].close(mine, minima.horizontal_m, minima.vertical_m):
            reasons: tuple[str, ...] = (CELLS_ONLY,)
            reasons += (CLAIM_OURS,) if not vouched else ()
            reasons += (CLAIM_THEIRS,) if not others[candidate].vouched else ()
            _advise(moment, found, sight.names[place], others[candidate], reasons)


def _entered(moment: Moment, sight: Sight, others: Sequence[Other], entered: Entered, found: Beside) -> None:
    """First by the anchors' discs, so that only forms that matter are made; then by the forms' own."""
    lat, lon, radius_m = _anchored(moment, others)
    rough = still(lat, lon, reach_m(radius_m), np.zeros(len(lat)), np.full(len(lat), np.inf))
    near = sorted({place for place, _ in entered(sight.who, rough)})
    discs = Discs(moment.anchors, others, near)
    mid_m, half_m = (discs.lower_m + discs.upper_m) / 2.0, (discs.upper_m - discs.lower_m) / 2.0
    for place, item in entered(sight.who, still(discs.lat, discs.lon, discs.radius_m, mid_m, half_m)):
        other = others[near[place]]
        key = finding_key(AlertKind.INCURSION, (other.name,), item.key)
        found.entered[key] = (
            Finding(
                key=key,
                kind=AlertKind.INCURSION,
                level=AlertLevel.PREVENTIVE,
                phase=Phase.PREDICTED,
                sides=(),
                names=(other.name,),
                reasons=(CELLS_ONLY,),
                item=item.ref,
                item_kind=item.kind,
                item_label=item.label,
            ),
            other,
        )


def _advise(moment: Moment, found: Beside, own: str, other: Other, reasons: tuple[str, ...]) -> None:
    key = finding_key(AlertKind.CONFLICT, (own, other.name))
    pair = found.pairs.get(key)
    if pair is None:
        if len(found.pairs) >= MOST_BESIDE:
            found.surplus += 1
            return
        pair = found.pairs[key] = Pair(own, other)
    minima = moment.settings.default
    pair.advisory = Finding(
        key=key,
        kind=AlertKind.CONFLICT,
        level=AlertLevel.PREVENTIVE,
        phase=Phase.PREDICTED,
        sides=(),
        names=(own, other.name),
        reasons=reasons,
        minima_horizontal_m=minima.horizontal_m,
        minima_vertical_m=minima.vertical_m,
    )


def _traffic(moment: Moment, sight: Sight, own: NDArray[np.intp]) -> Traffic:
    return traffic(
        sight.rows[own],
        [sight.names[place] for place in own.tolist()],
        now_us=moment.now_us,
        settings=moment.settings,
        environment=moment.environment,
    )


class _Reach(NamedTuple):
    """Discs that hold each of the reader's own, as far as a check may reach."""

    lat: Floats
    lon: Floats
    radius_m: Floats

    def of(self, which: NDArray[np.bool_]) -> _Reach:
        return _Reach(self.lat[which], self.lon[which], self.radius_m[which])


def _reach_of_forms(moment: Moment, places: Sequence[tuple[SourceKey, int]]) -> _Reach:
    discs = {key: moment.anchors.discs(key) for key in {key for key, _ in places}}
    lat, lon, radius_m = (np.array([discs[key][part][row] for key, row in places]) for part in range(3))
    return _Reach(lat, lon, reach_m(radius_m))


def _near_discs(moment: Moment, ours: _Reach, others: Sequence[Other], which: Sequence[int]) -> list[int]:
    """Which of the hidden any of ours may be near; too many and never too few. Their forms need be made, no
    others."""
    if not len(ours.lat) or not which:
        return []
    lat, lon, anchor_m = _anchored(moment, [others[place] for place in which])
    radius_m = reach_m(anchor_m)
    near = np.zeros(len(lat), np.bool_)
    for own_lat, own_lon, own_m in zip(*(column.tolist() for column in ours), strict=True):
        away = away_m(own_lat, own_lon, lat, lon)
        near |= away <= moment.settings.default.horizontal_m + own_m + radius_m
    return [which[place] for place in np.flatnonzero(near).tolist()]


def _anchored(moment: Moment, others: Sequence[Other]) -> tuple[Floats, Floats, Floats]:
    """(lat, lon, radius_m) of their anchors."""
    discs = {key: moment.anchors.discs(key) for key in {other.key for other in others}}
    lat, lon, radius_m = (
        np.array([discs[other.key][part][other.row] for other in others]) for part in range(3)
    )
    return lat, lon, radius_m


def _and_still(moving: Floats, like: Floats) -> Floats:
    return np.concatenate([moving, np.zeros(len(like))])


def _anchors_of(layers: Layers, sight: Sight, own: NDArray[np.intp]) -> dict[int, tuple[SourceKey, int]]:
    """Of each own row: the source of the reader's own that anchors it, and its place there."""
    wanted = set(own.tolist())
    count = len(sight.frame.addressed)
    numbers = sight.frame.addressed.rows["number"]
    by_inner = {name: count + place for place, name in enumerate(sight.inner)}
    found: dict[int, tuple[SourceKey, int]] = {}
    for key in layers:
        if key.participant != sight.who or key.provenance is not Provenance.OWN:
            continue
        layer = layers[key]
        mine = layer.addressed["number"]
        for row, place in enumerate(np.searchsorted(numbers, mine).tolist()):
            if place in wanted:
                found.setdefault(place, (key, row))
        for row, address in enumerate(layer.addresses, len(mine)):
            numbered = by_inner.get(inner_name(key, address))
            if numbered is not None and numbered in wanted:
                found.setdefault(numbered, (key, row))
    return found


__all__ = ["HIDDEN", "Hidden", "Moment", "Other", "Pair", "beside"]
