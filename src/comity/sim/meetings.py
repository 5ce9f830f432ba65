"""The encounters of the demonstration, as data. Times are seconds of the cycle; points lie in a plane at
the site.

Minima are those of the built-in table for each pair of categories (a test compares). Sites lie so far
apart that no aircraft of one comes near another's, nor near the fleets and areas of ``own`` and
``areas``; the airliners' levels are left free by the background (``flight``). A test looks at everything
in every second.

The levels in ``told`` follow from the cast's rules. Whoever sees both aircraft is alerted as well as
their owners: broadcast by everybody, and what a rule shows.
"""

from __future__ import annotations

from typing import Final

from comity.ids import ParticipantId
from comity.model.intent import AircraftCategory
from comity.sim.areas import GOTTHARD, POPUP_CLOSURE_RADIUS_M, POPUP_CLOSURE_UPPER_M
from comity.sim.cast import ANS, NORTH, RELIEF, SOUTH
from comity.sim.encounters import Actor, Closed, Encounter, Kind, Told
from comity.sim.paths import Fix, Path, path
from comity.sim.sphere import Point
from comity.sim.truth import Minima, Span
from comity.units import metres_from_feet

EN_ROUTE: Final = Minima(9_260.0, 304.8, 120.0)
"""5 NM and 1,000 ft, two minutes ahead: the default, and what aircraft of unknown category keep."""

BY_SIGHT: Final = Minima(1_222.32, 213.36, 90.0)
"""0.66 NM and 700 ft: a rotorcraft with a drone or with another rotorcraft."""

APPEARS_S, GOES_S = -30.0, 150.0
CRUISE_MPS: Final = 230.0

_HELI, _DRONE = AircraftCategory.ROTORCRAFT, AircraftCategory.UNCREWED
_EVERYBODY: Final = tuple(Told(who, ("broadcast", "broadcast")) for who in (ANS, NORTH, SOUTH, RELIEF))


def _airliner(name: str, number: int, way: Path) -> Actor:
    return Actor(name, None, 0xF07000 + 16 * number, None, way, accuracy_m=185.2)


def _straight(y_m: float, z_m: float, *, back: bool = False) -> Path:
    """Along the x axis at cruising speed, at the site's line at 60 s."""
    way = -1.0 if back else 1.0
    fixes = (Fix(s, way * CRUISE_MPS * (s - 60.0), y_m, z_m) for s in (APPEARS_S, GOES_S))
    return Path(tuple(fixes))


def _level(hundreds_of_feet: float) -> float:
    return metres_from_feet(hundreds_of_feet * 100.0)


def _passing(way: float, z_m: float) -> Path:
    """Twelve kilometres beside the other, then slanting in to 800 m at 60 s, and out again."""
    slow_mps, straight_s, slant_s = 195.0, 42.0, 48.0
    near_x, far_x = slow_mps * slant_s, slow_mps * slant_s + CRUISE_MPS * straight_s
    return path(
        (APPEARS_S, -way * far_x, -way * 6_000.0, z_m),
        (12.0, -way * near_x, -way * 6_000.0, z_m),
        (60.0, 0.0, -way * 400.0, z_m),
        (108.0, way * near_x, -way * 6_000.0, z_m),
        (GOES_S, way * far_x, -way * 6_000.0, z_m),
    )


HEAD_ON: Final = Encounter(
    "head-on",
    Kind.HEAD_ON,
    Point(47.90, 6.60),
    (
        _airliner("JURA", 0, _passing(1.0, _level(310))),
        _airliner("VOGE", 1, _passing(-1.0, _level(310))),
    ),
    _EVERYBODY,
    EN_ROUTE,
    turn_deg=145.0,
)

_NORTHWARD: Final = path(
    (APPEARS_S, -11_400.0, -15_500.0, _level(310)),
    (16.0, -820.0, -15_500.0, _level(310)),
    (21.0, 0.0, -14_680.0, _level(310)),
    (GOES_S, 0.0, 14_990.0, _level(310)),
)
"""First beside the other on the same course, then across its way."""

CROSSING: Final = Encounter(
    "crossing",
    Kind.CROSSING,
    Point(45.50, 6.20),
    (
        _airliner("ISER", 2, _straight(0.0, _level(310))),
        _airliner("SAVO", 3, _NORTHWARD),
    ),
    _EVERYBODY,
    EN_ROUTE,
    turn_deg=350.0,
)

_CLIMBER: Final = path(
    *(
        (s, CRUISE_MPS * (s - 60.0), 3_000.0, _level(290) - below_m)
        for s, below_m in ((APPEARS_S, 800.0), (20.0, 800.0), (85.0, 150.0), (GOES_S, 800.0))
    )
)

VERTICAL: Final = Encounter(
    "vertical",
    Kind.VERTICAL,
    Point(46.90, 13.40),
    (
        _airliner("TAUE", 4, _straight(0.0, _level(290))),
        _airliner("DRAU", 5, _CLIMBER),
    ),
    _EVERYBODY,
    EN_ROUTE,
    turn_deg=45.0,
)

NEAR_MISS_ASIDE: Final = Encounter(
    "near miss aside",
    Kind.NEAR_MISS,
    Point(48.40, 9.60),
    (
        _airliner("ILLE", 6, _straight(5_800.0, _level(310))),
        _airliner("LECH", 7, _straight(-5_800.0, _level(310), back=True)),
    ),
    (),
    EN_ROUTE,
    turn_deg=45.0,
)

NEAR_MISS_ABOVE: Final = Encounter(
    "near miss above",
    Kind.NEAR_MISS,
    Point(44.80, 9.80),
    (
        _airliner("TARO", 8, _straight(0.0, _level(310))),
        _airliner("TREB", 9, _straight(0.0, _level(322), back=True)),
    ),
    (),
    EN_ROUTE,
    turn_deg=80.0,
)


def _abreast(side: float) -> Path:
    """Beside the other all the way, and away from it at last: of two of whom nothing is heard any more
    one could not say for long that they keep apart."""
    turned_s, slant = GOES_S - 90.0, 0.5
    straight_m = CRUISE_MPS * 30.0
    return path(
        (APPEARS_S, CRUISE_MPS * (APPEARS_S - 60.0), side * 5_800.0, _level(310)),
        (90.0, straight_m, side * 5_800.0, _level(310)),
        (
            GOES_S,
            straight_m + CRUISE_MPS * turned_s * (1.0 - slant**2) ** 0.5,
            side * (5_800.0 + CRUISE_MPS * turned_s * slant),
            _level(310),
        ),
    )


FORMATION: Final = Encounter(
    "formation",
    Kind.FORMATION,
    Point(45.65, 13.00),
    (
        _airliner("PIAV", 10, _abreast(1.0)),
        _airliner("LIVE", 11, _abreast(-1.0)),
    ),
    (),
    EN_ROUTE,
    turn_deg=30.0,
)


def _own(
    name: str,
    owner: ParticipantId,
    address: int,
    category: AircraftCategory,
    way: Path,
    *,
    seen_by: ParticipantId | None = None,
    distress: Span | None = None,
) -> Actor:
    return Actor(name, owner, address, category, way, seen_by, distress)


DRONE_AND_HELICOPTER: Final = Encounter(
    "drone and helicopter",
    Kind.DRONE_AND_HELICOPTER,
    Point(46.85, 7.45),
    (
        _own(
            "SOUTH31",
            SOUTH,
            0xF07B31,
            _HELI,
            path(
                (8, -3_600, 1_300, 1_950),
                (22, -3_600, 300, 1_950),
                (64, -1_000, 300, 1_950),
                (104, -3_600, 1_300, 1_950),
            ),
            seen_by=NORTH,
        ),
        _own("DRONE38", RELIEF, 0xF07C38, _DRONE, path((8, 0, 0, 1_900), (104, 0, 0, 1_900)), seen_by=NORTH),
    ),
    (
        Told(SOUTH, ("own", "position")),
        Told(RELIEF, ("position", "own")),
        Told(ANS, ("position", "identity")),
        Told(NORTH, ("own", "own")),
    ),
    BY_SIGHT,
)
"""Both are seen by a third one's sensors under the same address, which is what a raise of level asks for."""

CLAIMS: Final = Encounter(
    "claims",
    Kind.CLAIMS,
    Point(47.40, 7.25),
    (
        _own(
            "NORTH31",
            NORTH,
            0xF07D31,
            _HELI,
            path((60, -2_600, 0, 1_700), (86, -1_000, 0, 1_700), (112, -2_600, 0, 1_700)),
        ),
        _own("SOUTH32", SOUTH, 0xF07B32, _HELI, path((60, 0, 250, 1_750), (112, 0, 250, 1_750))),
    ),
    (
        Told(NORTH, ("own", "reserved"), advisory=True),
        Told(SOUTH, ("reserved", "own"), advisory=True),
        Told(ANS, ("identity", "position")),
    ),
    BY_SIGHT,
)
"""Nobody but its owner reports either: each is told in cells alone, with no position."""

OVERTAKING: Final = Encounter(
    "overtaking",
    Kind.OVERTAKING,
    Point(47.00, 12.30),
    (
        _own(
            "NORTH32",
            NORTH,
            0xF07D32,
            _HELI,
            path((18, 0, 0, 2_600), (66, 1_200, 0, 2_600), (114, 0, 0, 2_600)),
        ),
        _own(
            "RELIEF3",
            RELIEF,
            0xF07A03,
            _HELI,
            path((18, -2_600, 250, 2_680), (66, 280, 250, 2_680), (114, -2_600, 250, 2_680)),
        ),
    ),
    (
        Told(NORTH, ("own", "identity")),
        Told(RELIEF, ("position", "own")),
        Told(ANS, ("identity", "identity")),
    ),
    BY_SIGHT,
)

_DIAGONAL: Final = 0.5**0.5

INCURSION: Final = Encounter(
    "incursion",
    Kind.INCURSION,
    GOTTHARD,
    (
        _own(
            "RELIEF2",
            RELIEF,
            0xF07A02,
            _HELI,
            path(
                *(
                    (s, -r * _DIAGONAL, r * _DIAGONAL, 1_600.0)
                    for s, r in ((28.0, 13_800.0), (72.0, 11_160.0), (116.0, 13_800.0))
                )
            ),
        ),
    ),
    (
        Told(RELIEF, ("own",)),
        Told(ANS, ("identity",)),
    ),
    Minima(0.0, 0.0, 120.0),
    at_random=False,
    closed=Closed(POPUP_CLOSURE_RADIUS_M, POPUP_CLOSURE_UPPER_M, 36.0, Span(46.0, 90.0)),
)

EMERGENCY: Final = Encounter(
    "emergency",
    Kind.EMERGENCY,
    Point(45.20, 9.90),
    (
        _own(
            "SOUTH33",
            SOUTH,
            0xF07B33,
            _HELI,
            path((4, 0, 0, 1_200), (60, 2_400, 0, 1_200), (116, 0, 0, 1_200)),
            distress=Span(50.0, 85.0),
        ),
    ),
    (
        Told(SOUTH, ("own",)),
        Told(ANS, ("identity",)),
        Told(RELIEF, ("identity",)),
    ),
    Minima(0.0, 0.0, 0.0),
)

ENCOUNTERS: Final = (
    HEAD_ON,
    CROSSING,
    VERTICAL,
    OVERTAKING,
    DRONE_AND_HELICOPTER,
    CLAIMS,
    INCURSION,
    EMERGENCY,
    NEAR_MISS_ASIDE,
    NEAR_MISS_ABOVE,
    FORMATION,
)
