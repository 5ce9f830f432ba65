"""Labelled encounters: who meets whom, where and when in each cycle of two minutes, as pure functions of
(seed, t).

``t`` is seconds since the first cycle began. Aircraft of a participant stand on the ground, take off, fly
their path and land where they were, in every cycle. Airliners come and go: each cycle has its own, under
other addresses and on courses turned against those of the cycle before, so that one that has gone is near
nobody's way.

``truths`` says from the paths alone (``truth``) when each pair is within its minima or predicted to be,
and from the cast's rules who is told, and how much of the other. The data itself is in ``meetings``.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple

from comity.clock import from_micros
from comity.ids import ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from comity.model.observation import Provenance, Report
from comity.sim.draws import Draws
from comity.sim.flight import Seen
from comity.sim.paths import Path, Place
from comity.sim.sphere import Point
from comity.sim.truth import Closest, Minima, Span, closest, entering, inside, predicted, within

CYCLE_S: Final = 120
ADDRESS_SETS: Final = 3
"""Airliners of so many cycles have different addresses: a track is forgotten long before its address
returns."""


class Kind(StrEnum):
    HEAD_ON = "head-on"
    CROSSING = "crossing"
    OVERTAKING = "overtaking"
    VERTICAL = "vertical"
    DRONE_AND_HELICOPTER = "drone and helicopter"
    CLAIMS = "each reported by its owner alone"
    FORMATION = "formation, outside the minima"
    NEAR_MISS = "near miss, outside the minima"
    INCURSION = "incursion"
    EMERGENCY = "emergency"


class Actor(NamedTuple):
    """One aircraft. ``owner`` None: an airliner that everybody hears. ``seen_by``: whose sensors see it
    besides. ``path`` while it flies; a participant's own stands on the ground before and after it.
    ``distress``: when it squawks 7700."""

    name: str
    owner: ParticipantId | None
    address: int
    category: AircraftCategory | None
    path: Path
    seen_by: ParticipantId | None = None
    distress: Span | None = None
    accuracy_m: float = 8.0


class Told(NamedTuple):
    """That ``who`` is alerted, and the level at which it has each of the aircraft, in their order.
    ``advisory``: on cells alone."""

    who: ParticipantId
    levels: tuple[str, ...]
    advisory: bool = False


class Closed(NamedTuple):
    """Airspace that is entered: a circle around the site, and in the cycle when it is published and in
    force."""

    radius_m: float
    upper_m: float
    published_s: float
    in_force: Span


class Encounter(NamedTuple):
    """``turn_deg``: by how much its courses turn from cycle to cycle; ``at_random``: and whether the seed
    turns them too. ``minima``: those of the pair's categories."""

    name: str
    kind: Kind
    site: Point
    actors: tuple[Actor, ...]
    told: tuple[Told, ...]
    minima: Minima
    turn_deg: float = 0.0
    at_random: bool = True
    closed: Closed | None = None

    def course_deg(self, seed: int, cycle: int) -> float:
        drawn = Draws(seed, f"encounter {self.name}").between("course", 0.0, 360.0) if self.at_random else 0.0
        return drawn + self.turn_deg * cycle


class Truth(NamedTuple):
    """Seconds of the cycle. ``alerted``: when it is, or is predicted to be; ``comes_about``: when it is."""

    encounter: Encounter
    alerted: tuple[Span, ...]
    comes_about: tuple[Span, ...]
    closest: Closest | None


class Sighting(NamedTuple):
    """One of an encounter's aircraft at one moment."""

    actor: Actor
    address: str
    callsign: str
    place: Place
    on_ground: bool
    squawk: str


@cache
def truth_of(encounter: Encounter) -> Truth:
    first = encounter.actors[0].path
    if encounter.closed is not None:
        area = encounter.closed
        circle = ((0.0, 0.0), area.radius_m, area.upper_m, area.in_force)
        ahead_s = encounter.minima.look_ahead_s
        return Truth(
            encounter, entering(first, *circle, area.published_s, ahead_s), inside(first, *circle), None
        )
    if len(encounter.actors) == 1:
        distress = encounter.actors[0].distress
        spans = (distress,) if distress is not None else ()
        return Truth(encounter, spans, spans, None)
    second = encounter.actors[1].path
    return Truth(
        encounter,
        predicted(first, second, encounter.minima),
        within(first, second, encounter.minima),
        closest(first, second),
    )


def sightings(encounter: Encounter, seed: int, t: float) -> Iterator[Sighting]:
    """Its aircraft at ``t`` seconds after the first cycle began."""
    now = int(t // CYCLE_S)
    for cycle in (now - 1, now, now + 1):
        s = t - cycle * CYCLE_S
        for actor in encounter.actors:
            path = actor.path.turned(encounter.course_deg(seed, cycle))
            place = path.place(encounter.site, s)
            on_ground = place is None and actor.owner is not None and cycle == now
            if on_ground:
                place = path.place(encounter.site, path.fixes[0].s)
                assert place is not None
                place = place._replace(ground_speed_mps=0.0, vertical_rate_mps=0.0)
            if place is not None:
                yield _sighting(actor, cycle, s, place, on_ground)


def _sighting(actor: Actor, cycle: int, s: float, place: Place, on_ground: bool) -> Sighting:
    address, callsign = actor.address, actor.name
    if actor.owner is None:
        address += cycle % ADDRESS_SETS
        callsign += f"{cycle % 100:02d}"
    distress = actor.distress is not None and actor.distress.start_s <= s < actor.distress.end_s
    return Sighting(actor, f"{address:06X}", callsign, place, on_ground, "7700" if distress else "2000")


def heard(encounters: tuple[Encounter, ...], seed: int, t: float) -> list[Seen]:
    """What a receiver hears of them."""
    return [
        Seen(
            each.address,
            each.callsign,
            each.place.at,
            each.place.height_m,
            each.place.ground_speed_mps,
            each.place.track_deg,
            each.place.vertical_rate_mps,
            each.squawk,
        )
        for encounter in encounters
        for each in sightings(encounter, seed, t)
        if each.actor.owner is None
    ]


def reports(
    encounters: tuple[Encounter, ...], seed: int, t: float, at_s: float, who: ParticipantId, what: Provenance
) -> list[Report]:
    """What ``who`` reports of its own of them, or sees with its sensors; ``at_s``: seconds since 1970."""
    found = []
    for encounter in encounters:
        for each in sightings(encounter, seed, t):
            whose = each.actor.owner if what is Provenance.OWN else each.actor.seen_by
            if whose == who and (what is Provenance.OWN or not each.on_ground):
                found.append(_report(each, at_s, own=what is Provenance.OWN))
    return found


SENSOR_ACCURACY_M: Final = 30.0
"""What wide-area multilateration is good for: it knows the 24-bit address and a geometric height."""


def _report(sighting: Sighting, at_s: float, *, own: bool) -> Report:
    place = sighting.place
    moving = place.ground_speed_mps > 0.0
    return Report(
        address=sighting.address,
        observed_at=from_micros(round(at_s * 1_000_000)),
        lat=round(place.at.lat, 6),
        lon=round(place.at.lon, 6),
        altitude=Altitude(round(place.height_m, 1), Datum.W84),
        ground_speed_mps=round(place.ground_speed_mps, 2),
        track_deg=round(place.track_deg, 2) % 360.0 if moving else None,
        vertical_rate_mps=round(place.vertical_rate_mps, 2),
        callsign=sighting.callsign if own else None,
        squawk=sighting.squawk,
        on_ground=sighting.on_ground,
        accuracy_m=sighting.actor.accuracy_m if own else SENSOR_ACCURACY_M,
        category=sighting.actor.category if own else None,
    )
