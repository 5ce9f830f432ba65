"""Plans made by hand about aircraft: pairs of worlds that warnings may not tell apart.

Others' aircraft are hidden, and stand elsewhere in each world within one level-0 form; ``south`` flies beside
them, with aircraft that others confirm and with inventions, and lets whom it likes see these. Around
``PLACE`` forms of 30 to 31 km are held by the same nine cells, with 5 km to spare in any direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from comity.ids import ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind
from comity.model.intent import AircraftCategory
from comity.model.observation import Provenance, Report
from comity.model.rule import Level, Levels, ToParticipant
from comity.model.shape import LatLon
from tests.property import happened as h
from tests.property.drafting import Plan
from tests.property.stack import CENTRE, NORTH, RELIEF, SOUTH
from tests.property.suspects import START, Story, volume

OWN, SENSED, BROADCAST = Provenance.OWN, Provenance.SENSED, Provenance.BROADCAST
DEGREE_M: Final = 111_200.0
PLACE: Final = LatLon(lat=45.97942, lon=9.0752)
LATE_S: Final = 18.0
"""The age of the first report: with it a form reaches 30 km at an airliner's speed."""


@dataclass(frozen=True)
class Craft:
    """Flies straight; at ``east_m`` and ``north_m`` of ``PLACE`` when it is first observed."""

    address: str
    east_m: float = 0.0
    north_m: float = 0.0
    speed: float = 200.0
    track: float = 90.0
    height_m: float = 3_300.0
    callsign: str | None = None
    category: AircraftCategory | None = None
    squawk: str | None = None
    on_ground: bool | None = None

    def report(self, now: datetime, age_s: float) -> Report:
        t = (now - START).total_seconds() - age_s + LATE_S
        east = self.east_m + self.speed * t * math.sin(math.radians(self.track))
        north = self.north_m + self.speed * t * math.cos(math.radians(self.track))
        return Report(
            address=self.address,
            observed_at=now - timedelta(seconds=age_s),
            lat=PLACE.lat + north / DEGREE_M,
            lon=PLACE.lon + east / (DEGREE_M * math.cos(math.radians(PLACE.lat))),
            altitude=Altitude(self.height_m, Datum.W84),
            ground_speed_mps=self.speed,
            track_deg=self.track,
            vertical_rate_mps=0.0,
            accuracy_m=20.0,
            callsign=self.callsign,
            squawk=self.squawk,
            on_ground=self.on_ground,
            category=self.category,
        )


@dataclass(frozen=True)
class Feed:
    """What one feed brings in each world; an empty one nothing."""

    by: ParticipantId
    provenance: Provenance
    first: tuple[Craft, ...]
    second: tuple[Craft, ...]
    name: str = "feed"

    def brings(self, which: int, now: datetime, age_s: float) -> h.Brought | None:
        crafts = (self.first, self.second)[which]
        reports = tuple(craft.report(now, age_s) for craft in crafts)
        return h.Brought(self.by, self.name, self.provenance, reports) if reports else None


def same(by: ParticipantId, provenance: Provenance, *crafts: Craft, name: str = "feed") -> Feed:
    return Feed(by, provenance, crafts, crafts, name)


def twins(by: ParticipantId, provenance: Provenance, first: Craft, second: Craft) -> Feed:
    return Feed(by, provenance, (first,), (second,))


def fly(story: Story, feeds: Sequence[Feed], ticks: int = 4, every_s: float = 1.0) -> Story:
    """Everybody reports, and the exchange ticks."""
    for _ in range(ticks):
        age_s = LATE_S if story.now == START else 0.4
        for feed in feeds:
            first, second = (feed.brings(which, story.now, age_s) for which in (0, 1))
            if first is not None and feed.by == SOUTH:
                story.south(first)
            elif first is not None and second is not None:
                story.twins(first, second)
            elif first is not None:
                story.first(first)
            elif second is not None:
                story.second(second)
        story.wait(seconds=every_s)
    return story


def raising(
    by: ParticipantId,
    to: ParticipantId = SOUTH,
    in_conflict: Level = Level.RESERVED,
    in_emergency: Level = Level.NONE,
) -> h.Ruled:
    nothing = Level.NONE
    levels = Levels(nothing, nothing, nothing, nothing, in_conflict, in_conflict, in_emergency)
    return h.Ruled(by, f"raising-for-{to}", ToParticipant(to), levels)


HIDDEN: Final = Craft("4CA111", callsign="NORTH1", category=AircraftCategory.AEROPLANE)
ELSEWHERE: Final = Craft(
    "4CA111", -1_500.0, 2_400.0, 220.0, 75.0, 3_400.0, "NORTH2", AircraftCategory.ROTORCRAFT
)
"""The same aircraft as it may be in the other world."""
MINE: Final = Craft("4CA222", east_m=14_000.0, north_m=-7_500.0, track=270.0)
"""Passes ``HIDDEN`` at 7.5 km, within the minima, and ``ELSEWHERE`` outside them."""


def real_beside_hidden() -> Plan:
    """Both aircraft are confirmed by others, and no rule raises anything. The other owner acknowledges."""
    feeds = [
        twins(NORTH, OWN, HIDDEN, ELSEWHERE),
        twins(CENTRE, SENSED, HIDDEN, ELSEWHERE),
        same(RELIEF, SENSED, MINE),
        same(SOUTH, OWN, MINE),
    ]
    story = fly(Story(), feeds).look().first(h.Acknowledged(NORTH, ("4CA111", "4CA222")))
    story = fly(story, feeds, 2).look().second(h.Acknowledged(NORTH, ("4CA111", "4CA222")))
    return fly(story, feeds, 2).look().plan()


def beside_nobody_confirms() -> Plan:
    """The other aircraft is nobody else's report, and its owner would raise it."""
    feeds = [twins(NORTH, OWN, HIDDEN, ELSEWHERE), same(RELIEF, SENSED, MINE), same(SOUTH, OWN, MINE)]
    return fly(Story().both(raising(NORTH, in_conflict=Level.IDENTITY)), feeds).look().plan()


def inventions() -> Plan:
    """South's inventions, which it confirms by its own broadcast and sensed feeds, and by a second one."""
    ghosts = [moved(MINE, f"4D000{n:X}", 1_500.0 * n, 800.0 * (n % 3)) for n in range(8)]
    feeds = [
        twins(NORTH, OWN, HIDDEN, ELSEWHERE),
        twins(CENTRE, SENSED, HIDDEN, ELSEWHERE),
        same(SOUTH, OWN, *ghosts),
        same(SOUTH, OWN, *ghosts, name="second"),
        same(SOUTH, SENSED, *ghosts),
        same(SOUTH, BROADCAST, *ghosts),
    ]
    return fly(Story().both(raising(NORTH, in_conflict=Level.IDENTITY)), feeds).look().plan()


def anothers_address() -> Plan:
    """South claims the hidden aircraft's own address, and says that its sensors see it, where it is in the
    first world."""
    claimed = Craft("4CA111", east_m=300.0, north_m=400.0)
    feeds = [
        twins(NORTH, OWN, HIDDEN, ELSEWHERE),
        same(SOUTH, OWN, claimed, MINE),
        same(SOUTH, SENSED, claimed),
        same(SOUTH, BROADCAST, moved(claimed, "4CA111", 200.0, 0.0)),
    ]
    return fly(Story().both(raising(NORTH, in_conflict=Level.POSITION)), feeds).look().plan()


def on_a_hidden_plot() -> Plan:
    """An invention upon a plot of another's radar, which has no address."""
    feeds = [
        twins(NORTH, SENSED, moved(HIDDEN, "~7", 0.0, 0.0), moved(ELSEWHERE, "~7", 0.0, 0.0)),
        same(SOUTH, OWN, moved(HIDDEN, "4D0001", 200.0, 300.0)),
        same(SOUTH, BROADCAST, moved(HIDDEN, "4D0001", 200.0, 300.0)),
    ]
    return fly(Story().both(raising(NORTH, in_conflict=Level.POSITION)), feeds).look().plan()


def an_airliners_address() -> Plan:
    """South says that the airliner everybody sees is its own, and flies beside the hidden aircraft."""
    airliner = Craft("4B1234", east_m=-60_000.0, north_m=40_000.0)
    feeds = [
        same(CENTRE, BROADCAST, airliner),
        twins(NORTH, OWN, HIDDEN, ELSEWHERE),
        twins(RELIEF, SENSED, HIDDEN, ELSEWHERE),
        same(SOUTH, OWN, moved(MINE, "4B1234", 0.0, 0.0)),
    ]
    return fly(Story().both(raising(NORTH, in_conflict=Level.POSITION)), feeds).look().plan()


def raised_position() -> Plan:
    """Raised to its position: neither its name, nor its squawk, nor where within a step it is."""
    first = named(HIDDEN, "NORTH1", "1000")
    second = named(moved(HIDDEN, "4CA111", 10.0, 5.0), "NORTH2", "2000")
    feeds = [
        twins(NORTH, OWN, first, second),
        twins(CENTRE, SENSED, first, second),
        same(RELIEF, SENSED, MINE),
        same(SOUTH, OWN, MINE),
    ]
    story = fly(Story().both(raising(NORTH, in_conflict=Level.POSITION)), feeds).look()
    both = h.Acknowledged(NORTH, ("4CA111", "4CA222"))
    story = fly(story.both(both), feeds, 2).look()
    return fly(story.both(h.Unruled(NORTH, "raising-for-south")), feeds, 2).look().plan()


def who_flies_where_in_a_minute() -> Plan:
    """A form is made when its minute begins, whichever way the aircraft flies then."""
    feeds = [
        twins(NORTH, OWN, HIDDEN, Craft("4CA111", speed=200.0, track=270.0)),
        same(RELIEF, SENSED, MINE),
        same(SOUTH, OWN, MINE),
    ]
    return fly(Story(), feeds, 10, every_s=5.0).look().plan()


def own_account_of_inventions() -> Plan:
    """South's rule lets another see what it invents: in its account it would read whom that was near."""
    ghosts = [moved(MINE, f"4D000{n:X}", 1_000.0 * n, 0.0) for n in range(6)]
    feeds = [
        twins(NORTH, OWN, HIDDEN, ELSEWHERE),
        twins(CENTRE, SENSED, HIDDEN, ELSEWHERE),
        same(SOUTH, OWN, *ghosts),
        same(SOUTH, BROADCAST, *ghosts[3:]),
    ]
    rule = raising(SOUTH, NORTH, in_conflict=Level.POSITION)
    story = Story().south(h.Ruled(SOUTH, rule.name, rule.recipient, rule.levels))
    return fly(story, feeds).look().plan()


def own_airspace_entered() -> Plan:
    """A hidden aircraft in a closed constraint of one's own: cells."""
    closed = h.Published(
        SOUTH,
        "closed",
        ConstraintKind.CLOSED,
        "LS-R9",
        (volume(PLACE, 5_000.0, 1_000.0, 9_000.0, (0.0, 50.0)),),
    )
    feeds = [twins(NORTH, OWN, HIDDEN, ELSEWHERE), same(RELIEF, OWN, moved(MINE, "4CA333", 5e3, 0.0))]
    return fly(Story().south(closed).wait(seconds=0), feeds).look().plan()


def distress_of_others() -> Plan:
    """One in distress is told to whom its owner said; another's distress is not."""
    told = named(HIDDEN, "NORTH1", "7700")
    feeds = [
        twins(NORTH, OWN, told, named(moved(told, "4CA111", 10.0, 5.0), "NORTH2", "7700")),
        twins(
            RELIEF,
            OWN,
            named(moved(MINE, "4CA333", 0.0, 0.0), None, "7700"),
            moved(MINE, "4CA333", 0.0, 2_000.0),
        ),
        same(SOUTH, OWN, MINE),
    ]
    story = Story().both(raising(NORTH, in_emergency=Level.POSITION))
    return fly(story, feeds).look().plan()


def others_among_themselves() -> Plan:
    """Conflicts, raises, budgets and acknowledgements of others far away, in one world only."""
    far = 1_500_000.0
    crowd = [moved(HIDDEN, f"4E00{n:02X}", 900.0 * n, far) for n in range(6)]
    others = [moved(MINE, f"4F00{n:02X}", 900.0 * n, far) for n in range(6)]
    feeds = [
        Feed(NORTH, OWN, tuple(crowd), (), "far"),
        Feed(CENTRE, SENSED, (*crowd, *others), (), "far"),
        Feed(RELIEF, OWN, tuple(others), (), "far"),
        same(NORTH, OWN, HIDDEN),
        same(RELIEF, SENSED, MINE),
        same(SOUTH, OWN, MINE),
    ]
    story = Story().first(raising(NORTH, RELIEF, Level.POSITION), raising(RELIEF, NORTH, Level.POSITION))
    story = fly(story, feeds).look().first(h.Acknowledged(NORTH, ("4E0000", "4F0000")))
    return fly(story, feeds, 3).look().restart().look().plan()


def moved(craft: Craft, address: str, east_m: float, north_m: float) -> Craft:
    """The same under another address, and so much further east and north."""
    return replace(craft, address=address, east_m=craft.east_m + east_m, north_m=craft.north_m + north_m)


def named(craft: Craft, callsign: str | None, squawk: str) -> Craft:
    return replace(craft, callsign=callsign, squawk=squawk)


SKIES: Final[tuple[Callable[[], Plan], ...]] = (
    real_beside_hidden,
    beside_nobody_confirms,
    inventions,
    anothers_address,
    on_a_hidden_plot,
    an_airliners_address,
    raised_position,
    who_flies_where_in_a_minute,
    own_account_of_inventions,
    own_airspace_entered,
    distress_of_others,
    others_among_themselves,
)
