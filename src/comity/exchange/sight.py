"""What one participant sees at a tick, and what is hidden from it, as the sweep needs it.

Seen is exactly its frame: the sweep's numbers for it come from nothing else. Hidden are tracks of others' own
and sensed sources of which it has nothing; they matter only beside its own aircraft.

Whether two rows are one aircraft: by the 24-bit address, also where one of them is shown under a reference;
and a sensed plot without an address belongs to the nearest aircraft within the gate, at most one plot of each
source to each aircraft, so that a second aircraft close by stays one.

A hidden track is passed over as one that the reader sees already only if it is at the same place as what
somebody else than the reader reports, or as an aircraft of the reader's own that somebody else vouches for.
Nothing that the reader alone says makes a difference to what is hidden from it, nor to who vouches for that:
otherwise an invented aircraft under another's address would find it, or keep others from being warned of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.ids import ParticipantId
from comity.model.batch import Floats
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.picture.frame import Frame
from comity.picture.picture import Picture, Released
from comity.picture.rows import Layer, Rows, join, none, pick

Bools = NDArray[np.bool_]
Groups = NDArray[np.int32]

CONSISTENT_M: Final = 1_852.0
"""Two sources speak of one aircraft at one place if they differ by no more than this, beyond their accuracies
and what it can fly between their times. Larger: a false claim near the truth counts as corroborated."""

FASTEST_MPS: Final = 350.0

GATE_M: Final = 926.0
"""A plot without an address and an aircraft this close, beyond their accuracies, may be one: half a nautical
mile, a terminal radar's resolution at 60 NM. Larger: a second aircraft is more often taken for the first."""

_EARTH_M: Final = 6_400_000.0


Layers = Mapping[SourceKey, Layer]
"""What every source shows at one tick, in canonical order: it stays as it is while the picture goes on."""


def layers_of(picture: Picture) -> Layers:
    return {key: picture.layer(key) for key in picture.sources() if picture.shows(key)}


@dataclass(slots=True)
class Hidden:
    """The tracks of one source that are hidden from the reader. ``index``: places among the rows that the
    source shows. ``names``: the source's own names, 24-bit address or ``~`` number. ``vouched``: reported by
    a third participant as well, neither the owner nor the reader."""

    key: SourceKey
    index: NDArray[np.intp]
    rows: Rows
    names: list[str]
    vouched: Bools


@dataclass(slots=True)
class Sight:
    """``own``: the reader's own feeds bring it. ``vouched``: another participant reports it as well.
    ``group``: equal and not negative for rows that are one aircraft. Every array has one entry a row.
    ``inner``: what rows under references are to the exchange: never told, only compared. ``places``: where
    the rows under references stand."""

    who: ParticipantId
    frame: Frame
    rows: Rows
    names: Sequence[str]
    own: Bools
    vouched: Bools
    group: Groups
    inner: list[str]
    places: dict[str, int]
    hidden: list[Hidden] = field(default_factory=list)


class Names(Sequence[str]):
    """A frame's ids, each made when asked for: few of ten thousand are."""

    def __init__(self, frame: Frame) -> None:
        self._numbers = frame.addressed.rows["number"]
        self._refs = frame.referenced.names()

    def __len__(self) -> int:
        return len(self._numbers) + len(self._refs)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # Sequence's overloads; only integers are asked
        count = len(self._numbers)
        return f"{self._numbers[index]:06X}" if index < count else self._refs[index - count]


class Witnesses:
    """Who reports which 24-bit address, and where; made once a tick for all readers."""

    def __init__(self, layers: Layers) -> None:
        self._layers = [(key, layer.addressed) for key, layer in layers.items()]

    def vouched(self, by: ParticipantId, rows: Rows, reader: ParticipantId | None = None) -> Bools:
        """Of rows with addresses that ``by`` reports: which another participant has at the same place, and
        no other participant claims as its own. What ``reader`` says counts for nothing."""
        found = np.zeros(len(rows), np.bool_)
        claimed = np.zeros(len(rows), np.bool_)
        for key, theirs in self._layers:
            if key.participant in (by, reader) or not len(theirs) or not len(rows):
                continue
            if key.provenance is Provenance.OWN:
                claimed |= (_places(theirs["number"], rows["number"]) >= 0) & (rows["number"] >= 0)
            found |= _at_one_place(rows, theirs)
        return np.asarray(found & ~claimed)


def sight_of(
    picture: Picture,
    who: ParticipantId,
    released: Sequence[Released],
    witnesses: Witnesses,
) -> Sight:
    """``released``: every source that ``who`` gets, with its level."""
    frame = picture.frame(who, released)
    addressed = frame.addressed.rows
    rows = join([addressed, frame.referenced.rows])
    count = len(addressed)
    group = np.full(len(rows), -1, np.int32)
    group[:count] = addressed["number"]
    own = np.zeros(len(rows), np.bool_)
    vouched = np.zeros(len(rows), np.bool_)
    given = dict(released)
    known: list[Rows] = []
    references = {ref: place for place, ref in enumerate(frame.referenced.names(), count)}
    inner = [""] * len(references)
    for key, level in given.items():
        if not picture.shows(key):
            continue
        layer = picture.layer(key)
        mine = key.participant == who and key.provenance is Provenance.OWN
        if mine:
            numbers = layer.addressed["number"]
            places = _places(addressed["number"], numbers)
            own[places[places >= 0]] = True
            sure = witnesses.vouched(who, layer.addressed)
            vouched[places[(places >= 0) & sure]] = True
            known.append(pick(layer.addressed, sure))
        elif level == "position":
            for number in layer.addressed["number"].tolist():
                place = references[picture.reference(who, key, f"{number:06X}")]
                group[place] = number
                inner[place - count] = f"{number:06X}"
        for address in layer.addresses:
            place = references[picture.reference(who, key, address)]
            inner[place - count] = inner_name(key, address)
            own[place] = mine
    sure_own = np.flatnonzero(vouched[:count])
    vouched[sure_own] &= witnesses.vouched(who, pick(addressed, sure_own))
    sight = Sight(who, frame, rows, Names(frame), own, vouched, group, inner, references)
    _join_plots(picture, sight, given, references)
    sight.hidden = list(_hidden(picture, sight, given, witnesses, known))
    return sight


def inner_name(key: SourceKey, address: str) -> str:
    """One name for one aircraft: its 24-bit address, or the source with the number it gave."""
    return "\x1f".join((*key, address)) if address.startswith("~") else address


def _join_plots(
    picture: Picture, sight: Sight, given: dict[SourceKey, str], references: dict[str, int]
) -> None:
    """Let each sensed plot that the reader sees be one with the nearest aircraft within the gate."""
    known = np.flatnonzero(sight.group >= 0)
    for key in given:
        if key.provenance is not Provenance.SENSED or not picture.shows(key):
            continue
        layer = picture.layer(key)
        plots = np.array(
            [references[picture.reference(sight.who, key, address)] for address in layer.addresses], np.intp
        )
        for plot, aircraft in _nearest(pick(sight.rows, plots), pick(sight.rows, known)):
            sight.group[plots[plot]] = sight.group[known[aircraft]]


def _hidden(
    picture: Picture,
    sight: Sight,
    given: dict[SourceKey, str],
    witnesses: Witnesses,
    known: Sequence[Rows],
) -> Iterator[Hidden]:
    """``known``: what is the reader's own and vouched for. What stands on the ground is in nobody's way."""
    who = sight.who
    seen = [picture.layer(key).addressed for key in given if key.participant != who and picture.shows(key)]
    sure: Rows | None = None
    for key in picture.sources():
        if key in given or key.provenance is Provenance.BROADCAST or key.participant == who:
            continue
        layer = picture.layer(key)
        sensed = key.provenance is Provenance.SENSED
        passed = layer.addressed["on_ground"] == 1
        for theirs in (*seen, *(known if sensed else ())):
            passed |= _at_one_place(layer.addressed, theirs)
        addressed = np.flatnonzero(~passed)
        ones: set[int] = set()
        if sensed and len(layer.numbered):
            sure = _newest([*seen, *known]) if sure is None else sure
            ones = {plot for plot, _ in _nearest(layer.numbered, sure)}
        flying = np.flatnonzero(layer.numbered["on_ground"] != 1).tolist()
        numbered = np.array([plot for plot in flying if plot not in ones], np.intp)
        if len(addressed) + len(numbered) == 0:
            continue
        rows = join([pick(layer.addressed, addressed), pick(layer.numbered, numbered)])
        names = [f"{number:06X}" for number in layer.addressed["number"][addressed].tolist()]
        names += [layer.addresses[plot] for plot in numbered.tolist()]
        index = np.concatenate([addressed, len(layer.addressed) + numbered]).astype(np.intp)
        yield Hidden(key, index, rows, names, witnesses.vouched(key.participant, rows, who))


def _newest(parts: Sequence[Rows]) -> Rows:
    """Of each 24-bit address its newest row."""
    rows = join([part for part in parts if len(part)] or [none()])
    rows = pick(rows, np.lexsort((-rows["observed_us"], rows["number"])))
    return pick(rows, np.unique(rows["number"], return_index=True)[1])


def one_aircraft(a: Rows, b: Rows) -> bool:
    """Whether two rows of one address, one each, are at the same place."""
    return bool(_consistent(a, b)[0])


def _at_one_place(rows: Rows, theirs: Rows) -> Bools:
    """Which of ``rows`` are in ``theirs``, sorted by number, under the same address and at the same place."""
    if not len(theirs) or not len(rows):
        return np.zeros(len(rows), np.bool_)
    place = _places(theirs["number"], rows["number"])
    same = (place >= 0) & (rows["number"] >= 0)
    return np.asarray(same & _consistent(rows, pick(theirs, np.maximum(place, 0))))


def _places(numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where each wanted number stands in sorted ``numbers``; -1 for nowhere."""
    if not len(numbers):
        return np.full(len(wanted), -1, np.intp)
    place = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.where(numbers[place] == wanted, place, -1)


def _consistent(a: Rows, b: Rows) -> Bools:
    apart_s = np.abs(a["observed_us"] - b["observed_us"]) / 1e6
    allowed_m = CONSISTENT_M + a["accuracy_m"] + b["accuracy_m"] + FASTEST_MPS * apart_s
    return np.asarray(_distances_m(a, b) <= allowed_m)


def _distances_m(a: Rows, b: Rows) -> Floats:
    phi_a, phi_b = np.radians(a["lat"]), np.radians(b["lat"])
    half = (
        np.sin((phi_b - phi_a) / 2.0) ** 2
        + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(b["lon"] - a["lon"]) / 2.0) ** 2
    )
    return np.asarray(2.0 * _EARTH_M * np.arcsin(np.minimum(1.0, np.sqrt(half))))


def _nearest(plots: Rows, aircraft: Rows) -> Iterator[tuple[int, int]]:
    """(plot, aircraft) that are one: nearest first, each of them once."""
    if not len(plots) or not len(aircraft):
        return
    order = np.argsort(aircraft["lat"], kind="stable")
    lats = aircraft["lat"][order]
    found: list[tuple[float, int, int]] = []
    for plot in range(len(plots)):
        one = plots[plot : plot + 1]
        gate_m = GATE_M + float(one["accuracy_m"][0]) + _WIDEST_M
        reach = np.degrees(gate_m / 6_335_000.0)
        low, high = np.searchsorted(lats, [one["lat"][0] - reach, one["lat"][0] + reach])
        near = order[low:high]
        away_m = _distances_m(np.repeat(one, len(near)), aircraft[near])
        allowed = GATE_M + one["accuracy_m"] + aircraft["accuracy_m"][near]
        close = (away_m <= allowed) & ~_apart_in_height(one, aircraft[near])
        found += [(float(away_m[k]), plot, int(near[k])) for k in np.flatnonzero(close).tolist()]
    taken_plots: set[int] = set()
    taken_aircraft: set[int] = set()
    for _, plot, one_aircraft in sorted(found):
        if plot not in taken_plots and one_aircraft not in taken_aircraft:
            taken_plots.add(plot)
            taken_aircraft.add(one_aircraft)
            yield plot, one_aircraft


_WIDEST_M: Final = 10_000.0
"""An aircraft whose position is less sure than this is no one's plot."""

_APART_M: Final = 300.0
"""Heights on one datum that differ by more are two aircraft: 1,000 ft, what separates traffic."""


def _apart_in_height(one: Rows, others: Rows) -> Bools:
    same = (others["altitude_datum"] == one["altitude_datum"]) & (one["altitude_datum"] >= 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(same & (np.abs(others["altitude_m"] - one["altitude_m"]) > _APART_M))
