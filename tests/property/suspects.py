"""Plans made by hand for places where a leak was, or would be easy to make. Each is a pair of worlds.

They complete what is drawn at random: rare coincidences (an edge met exactly, a day gone by) stand here, and
each of those that once failed keeps its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from comity.ids import GroupId, ParticipantId, PersonId
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind, ZoneProvenance
from comity.model.intent import AircraftCategory, IntentState
from comity.model.participant import Person, Role
from comity.model.rule import Level, Levels, Recipient, ToGroup, ToParticipant
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from tests.property import happened as h
from tests.property.drafting import NOTHING, Act, Look, Move, Plan, Restart, South, Tick
from tests.property.happened import Event
from tests.property.stack import CENTRE, NORTH, RELIEF, SOUTH, utc

START: Final = utc(2026, 6, 1, 8, 7)
EVENING: Final = utc(2026, 6, 30, 23, 21)
"""Of the last day of a month."""
IN_CELL: Final = LatLon(lat=47.03, lon=11.054)
"""Well within a cell of level 10."""
BIG: Final = LatLon(lat=46.0019, lon=9.0752)
"""Circles of 24 to 30 km around it are held by the same nine cells of level 8."""


class Story:
    """A plan being written down."""

    def __init__(self, floor: Levels = NOTHING, start: datetime = START, view_limit: int = 20_000) -> None:
        self._view_limit = view_limit
        self._floor = floor
        self._start = self.now = start
        self._moves: list[Move] = []

    def both(self, *events: Event) -> Story:
        return self._act(*(Act(event, event) for event in events))

    def first(self, *events: Event) -> Story:
        return self._act(*(Act(event, None) for event in events))

    def second(self, *events: Event) -> Story:
        return self._act(*(Act(None, event) for event in events))

    def twins(self, first: Event, second: Event) -> Story:
        return self._act(Act(first, second))

    def south(self, event: Event, *, insist: bool = False) -> Story:
        return self._act(South(event, insist))

    def look(self) -> Story:
        return self._act(Look(again=True))

    def wait(self, **time: float) -> Story:
        self.now += timedelta(**time)
        return self._act(Tick(self.now))

    def restart(self) -> Story:
        self.now += timedelta(seconds=1)
        return self._act(Restart(self.now))

    def plan(self) -> Plan:
        return Plan(self._floor, self._start, tuple(self._moves), self._view_limit)

    def _act(self, *moves: Move) -> Story:
        self._moves += moves
        return self


def volume(
    centre: LatLon = IN_CELL,
    radius_m: float = 400.0,
    lower_m: float = 1_200.0,
    upper_m: float = 1_800.0,
    minutes: tuple[float, float] = (35.0, 50.0),
) -> Volume4D:
    """``minutes`` count from 08:00."""
    eight = START.replace(minute=0)
    return Volume4D(
        Circle(centre, radius_m),
        Altitude(lower_m, Datum.W84),
        Altitude(upper_m, Datum.W84),
        eight + timedelta(minutes=minutes[0]),
        eight + timedelta(minutes=minutes[1]),
    )


def filed(by: ParticipantId, name: str, *volumes: Volume4D, crewed: bool = True) -> h.Filed:
    return h.Filed(by, name, volumes, AircraftCategory.AEROPLANE, crewed)


def rule(by: ParticipantId, level: Level, to: Recipient | None = None) -> h.Ruled:
    levels = Levels(level, level, Level.NONE, Level.NONE)
    return h.Ruled(by, f"rule-of-{by}", to or ToParticipant(SOUTH), levels)


def hired(by: ParticipantId, id: str = "chief") -> h.PersonKept:
    """Something hidden that makes an entry, and nothing else."""
    return h.PersonKept(by, Person(PersonId(id), by, "Anna", (Role.OBSERVER,)))


def own_ended_intent() -> Plan:
    """What has ended is forgotten by the clock, not when somebody else happens to write."""
    story = Story().south(filed(SOUTH, "intent", volume())).look()
    story.south(h.IntentEnded(SOUTH, "intent")).look().wait(minutes=2).wait(minutes=29)
    return story.first(hired(NORTH)).look().wait(hours=2).second(hired(RELIEF)).look().plan()


def own_expired_constraint() -> Plan:
    event = h.Published(SOUTH, "closure", ConstraintKind.ADVISORY, "LS-D9", (volume(),))
    story = Story().south(event).look().wait(minutes=43).look()
    story.wait(minutes=2).wait(minutes=29)
    return story.first(hired(NORTH)).look().plan()


def old_request() -> Plan:
    """A retried request is recognised for a day, however much others write."""
    story = Story().south(filed(SOUTH, "intent", volume(minutes=(35.0, 4_000.0)))).look().wait(hours=25)
    for number in range(8):
        story.first(hired(NORTH, f"night-{number}"))
    return story.look().plan()


def edge_of_a_band() -> Plan:
    """A filing that only touches the band: whether it conflicts is for the band to say."""
    story = Story().both(rule(NORTH, Level.RESERVED))
    story.twins(
        filed(NORTH, "hidden", volume(lower_m=1_000.0, upper_m=2_000.0)),
        filed(NORTH, "hidden", volume(lower_m=1_200.0, upper_m=1_800.0)),
    )
    story.south(filed(SOUTH, "above", volume(lower_m=2_000.0, upper_m=2_300.0))).look()
    story.south(filed(SOUTH, "below", volume(lower_m=700.0, upper_m=1_000.0)))
    return story.look().plan()


def edge_of_a_slot() -> Plan:
    story = Story().both(rule(NORTH, Level.RESERVED))
    story.twins(
        filed(NORTH, "hidden", volume(minutes=(30.0, 60.0))),
        filed(NORTH, "hidden", volume(minutes=(40.0, 50.0))),
    )
    for name, minutes in (("before", (20.0, 30.0)), ("after", (60.0, 70.0)), ("in", (31.0, 32.0))):
        story.south(filed(SOUTH, name, volume(minutes=minutes)))
    return story.look().plan()


def beside_in_large_cells() -> Plan:
    """A large outline's cells are large: a small filing in them, far from the outline, conflicts."""
    story = Story().both(rule(NORTH, Level.RESERVED))
    story.twins(
        filed(NORTH, "hidden", volume(BIG, 24_000.0)),
        filed(NORTH, "hidden", volume(BIG, 30_000.0)),
    )
    for name, north_deg, east_deg in (("north", 0.25, 0.0), ("corner", 0.3, 0.35), ("in", 0.0, 0.1)):
        place = LatLon(lat=BIG.lat + north_deg, lon=BIG.lon + east_deg)
        story.south(filed(SOUTH, name, volume(place, 300.0)))
    return story.look().plan()


def erased_month() -> Plan:
    """Another's month is erased: one's own account of the past stays."""
    story = Story(start=EVENING).both(rule(NORTH, Level.VOLUME)).wait(minutes=5).look()
    story.wait(minutes=40).look()
    return story.first(h.Erasure(CENTRE, NORTH, "2026-06")).look().plan()


def hidden_changes() -> Plan:
    """Changes that do not show at level 0 leave no trace, and neither does how often they are made."""
    story = Story().both(rule(NORTH, Level.RESERVED))
    for name, lower_m in (("one", 1_100.0), ("two", 1_300.0), ("three", 1_500.0)):
        story.twins(
            filed(NORTH, name, volume(lower_m=lower_m), crewed=True),
            filed(NORTH, name, volume(lower_m=2_600.0 - lower_m), crewed=False),
        )
    story.look()
    for minute in (36.0, 40.0, 45.0):
        story.first(h.IntentChanged(NORTH, "one", None, (volume(minutes=(minute, 55.0)),)))
    story.second(h.IntentChanged(NORTH, "two", IntentState.ACTIVATED)).look()
    story.both(h.IntentChanged(NORTH, "three", None, (volume(lower_m=2_100.0, upper_m=2_200.0),)))
    story.look().wait(minutes=3)
    story.first(h.IntentEnded(NORTH, "one")).wait(minutes=1)
    return story.second(h.IntentEnded(NORTH, "one")).look().plan()


def ended_at_level_0() -> Plan:
    """When within its last half hour something ended is not told: not by its place, not by a conflict."""
    story = Story().both(rule(NORTH, Level.RESERVED))
    story.both(filed(NORTH, "hidden", volume(minutes=(10.0, 50.0)))).look()
    story.first(h.IntentEnded(NORTH, "hidden")).look()
    story.south(filed(SOUTH, "over", volume(minutes=(20.0, 25.0)))).look().wait(minutes=10)
    story.second(h.IntentEnded(NORTH, "hidden")).look().wait(minutes=13)
    return story.look().south(filed(SOUTH, "free", volume(minutes=(40.0, 45.0)))).look().plan()


def no_longer_off_nominal() -> Plan:
    """An intent that outlived its volumes off nominal ends when nominal again: within the half hour."""
    story = Story().both(rule(NORTH, Level.RESERVED), filed(NORTH, "late", volume(minutes=(10.0, 20.0))))
    story.both(h.IntentChanged(NORTH, "late", IntentState.NONCONFORMING)).look().wait(minutes=30).look()
    story.first(h.IntentChanged(NORTH, "late", IntentState.ACTIVATED)).look().wait(minutes=5).look()
    story.second(h.IntentChanged(NORTH, "late", IntentState.ACTIVATED)).look()
    return story.wait(minutes=18).look().plan()


def other_ways_to_one_level() -> Plan:
    """The same level by a rule, by an own group, by a group of the centre's, or twice over."""
    friends = GroupId("friends")
    story = Story().both(h.Grouped(CENTRE, friends, (SOUTH, RELIEF)))
    story.first(h.Grouped(NORTH, friends, (SOUTH,)))
    story.twins(
        rule(NORTH, Level.VOLUME, ToGroup(friends, NORTH)),
        rule(NORTH, Level.VOLUME, ToGroup(friends, CENTRE)),
    )
    story.both(filed(NORTH, "seen", volume())).look()
    again = h.Ruled(
        NORTH, "again", ToParticipant(SOUTH), Levels(Level.RESERVED, Level.NONE, Level.IDENTITY, Level.NONE)
    )
    story.second(again).look().second(h.Unruled(NORTH, "again")).look()
    return story.both(h.Unruled(NORTH, "rule-of-north")).look().plan()


def busy_elsewhere() -> Plan:
    """Everything that others do among themselves, in one world only; then both are started again."""
    story = Story().both(rule(NORTH, Level.VOLUME)).south(filed(SOUTH, "own", volume())).look()
    for number in range(6):
        story.first(filed(RELIEF, f"unseen-{number}", volume(lower_m=100.0 * number)))
        story.first(h.Published(CENTRE, f"closed-{number}", ConstraintKind.CLOSED, "LS-R7", (volume(),)))
    story.first(rule(RELIEF, Level.VOLUME, ToParticipant(NORTH)), hired(CENTRE))
    story.both(filed(NORTH, "seen", volume(lower_m=3_100.0, upper_m=3_500.0))).look().wait(minutes=2)
    story.south(filed(SOUTH, "another", volume(lower_m=100.0, upper_m=2_000.0)), insist=True).look()
    return story.restart().look().wait(minutes=61).look().plan()


def full_view() -> Plan:
    """How many items a view holds is counted by what it holds, not by what the state has yet to let go of.

    The view is made anew at midnight, when nothing has been written since the first three left it."""
    story = Story(start=EVENING, view_limit=3).both(rule(NORTH, Level.RESERVED))
    half_past_eleven = (EVENING - START.replace(minute=0)).total_seconds() // 60 + 9
    for number in range(3):
        short = (half_past_eleven, half_past_eleven + 10)
        story.both(filed(NORTH, f"early-{number}", volume(minutes=short)))
    story.wait(minutes=20).look().wait(minutes=3)
    story.both(filed(NORTH, "late", volume(minutes=(half_past_eleven, half_past_eleven + 90))))
    story.wait(minutes=20)
    return story.first(hired(RELIEF)).look().plan()


def nothing_to_withdraw() -> Plan:
    """A level that is lowered where nothing was shown under it takes nothing, and is not noticed."""
    given = h.Ruled(
        NORTH, "given", ToParticipant(SOUTH), Levels(Level.VOLUME, Level.NONE, Level.POSITION, Level.IDENTITY)
    )
    story = Story().both(rule(RELIEF, Level.RESERVED), filed(RELIEF, "seen", volume())).first(given).look()
    return (
        story.first(h.Unruled(NORTH, "given")).look().both(h.Unruled(RELIEF, "rule-of-relief")).look().plan()
    )


def another_file() -> Plan:
    """One zone, read from two files: which file it was, and where in it, is its owner's alone."""
    files = (
        ZoneProvenance("north.json", "ed269", "0" * 64, "features[1]", "A ministry"),
        ZoneProvenance("everything.json", "ed269", "1" * 64, "features[800]", "A ministry"),
    )
    twins = [h.Published(NORTH, "zone", ConstraintKind.CLOSED, "LS-R7", (volume(),), of) for of in files]
    story = Story().both(rule(NORTH, Level.VOLUME)).twins(twins[0], twins[1]).look()
    return story.both(h.Unruled(NORTH, "rule-of-north"), rule(NORTH, Level.RESERVED)).look().plan()


SUSPECTS: Final[tuple[Callable[[], Plan], ...]] = (
    hidden_changes,
    busy_elsewhere,
    ended_at_level_0,
    no_longer_off_nominal,
    own_ended_intent,
    own_expired_constraint,
    old_request,
    edge_of_a_band,
    edge_of_a_slot,
    beside_in_large_cells,
    erased_month,
    other_ways_to_one_level,
    full_view,
    nothing_to_withdraw,
    another_file,
)
