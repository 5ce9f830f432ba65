"""What the four do in each cycle of two minutes, as data: who, when, what, and what should come of it.

Times are seconds from the cycle's start. A step that is to be refused names the code: a refusal is part of
the story, and the player says so if it does not come. Items are known by a name within the cycle; what a
step leaves to the exchange's own clock (an intent that ends, a closure that becomes active) is not a step.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from comity.ids import ParticipantId
from comity.model.constraint import ConstraintKind
from comity.model.intent import AircraftCategory, IntentState
from comity.sim import areas
from comity.sim.areas import Area
from comity.sim.cast import ANS, NORTH, RELIEF, SOUTH


class File(NamedTuple):
    """``over``: name as accepted whatever the step before was refused for."""

    name: str
    area: Area
    from_s: float
    until_s: float
    category: AircraftCategory
    crewed: bool = True
    over: bool = False


class Become(NamedTuple):
    name: str
    state: IntentState


class Redraw(NamedTuple):
    name: str
    area: Area
    from_s: float
    until_s: float


class End(NamedTuple):
    name: str


class Acknowledge(NamedTuple):
    """The alert about an aircraft of this callsign, one's own or one whose identity is released."""

    about: str


class Publish(NamedTuple):
    name: str
    area: Area
    from_s: float
    until_s: float
    kind: ConstraintKind
    designator: str


Act = File | Become | Redraw | End | Publish | Acknowledge


class Step(NamedTuple):
    at_s: float
    actor: ParticipantId
    act: Act
    says: str
    refused: str | None = None


_JET, _HELI, _DRONE = AircraftCategory.AEROPLANE, AircraftCategory.ROTORCRAFT, AircraftCategory.UNCREWED
_ACTIVE, _OFF = IntentState.ACTIVATED, IntentState.NONCONFORMING

STEPS: Final = (
    Step(0, NORTH, File("patrol", areas.NORTH_PATROL, 6, 112, _JET), "files a patrol area, FL200 to FL260"),
    Step(1, SOUTH, File("training", areas.SOUTH_TRAINING, 10, 115, _JET), "files a training area"),
    Step(2, RELIEF, File("supply", areas.DRONE_ROUTES, 12, 110, _DRONE, False), "files three supply routes"),
    Step(4, RELIEF, File("survey", areas.DRONE_SURVEY, 12, 108, _DRONE, False), "files a survey at Brig"),
    Step(
        6, ANS, File("calibration", areas.CALIBRATION, 15, 80, _JET), "files a calibration flight at Geneva"
    ),
    Step(8, NORTH, Become("patrol", _ACTIVE), "activates its patrol"),
    Step(12, SOUTH, Become("training", _ACTIVE), "activates its training area"),
    Step(14, RELIEF, Become("supply", _ACTIVE), "activates its supply routes"),
    Step(15, RELIEF, Become("survey", _ACTIVE), "activates its survey"),
    Step(
        20,
        RELIEF,
        File("transport", areas.RELIEF_TRANSPORT, 28, 104, _JET),
        "files a transport through the patrol area",
        refused="strategic_conflict",
    ),
    Step(
        25,
        RELIEF,
        File("transport", areas.RELIEF_TRANSPORT, 30, 104, _JET, over=True),
        "files it again, over the patrol on purpose",
    ),
    Step(28, SOUTH, Acknowledge("SOUTH31"), "acknowledges the alert about its helicopter"),
    Step(30, RELIEF, Become("transport", _ACTIVE), "activates its transport"),
    Step(
        32,
        RELIEF,
        File("southern", areas.RELIEF_SOUTHERN, 40, 100, _JET),
        "files a flight to Verona",
        refused="strategic_conflict",
    ),
    Step(
        36,
        ANS,
        Publish("closure", areas.POPUP_CLOSURE, 46, 90, ConstraintKind.CLOSED, "GOTTHARD POP-UP"),
        "closes the airspace around the Gotthard",
    ),
    Step(38, RELIEF, Acknowledge("DRONE38"), "acknowledges the alert about its drone"),
    Step(
        44,
        SOUTH,
        File("helicopter", areas.SOUTH_HELICOPTER, 54, 105, _HELI),
        "files a helicopter through the closure",
        refused="strategic_conflict",
    ),
    Step(
        50,
        SOUTH,
        File("helicopter", areas.SOUTH_HELICOPTER_AROUND, 56, 105, _HELI),
        "files the helicopter around it",
    ),
    Step(54, ANS, Acknowledge("SOUTH33"), "acknowledges the emergency of an aircraft of Air Force South"),
    Step(58, RELIEF, Redraw("supply", areas.DRONE_ROUTES_WIDER, 12, 110), "widens its supply routes"),
    Step(62, RELIEF, Become("survey", _OFF), "reports its survey drone outside its volume"),
    Step(66, SOUTH, Become("helicopter", _ACTIVE), "activates the helicopter"),
    Step(72, RELIEF, Become("survey", _ACTIVE), "has its survey drone back"),
    Step(95, SOUTH, End("training"), "ends its training early"),
    Step(100, RELIEF, End("transport"), "has landed its transport"),
)


class Standing(NamedTuple):
    """A constraint that is published when its owner has none of this designator, and then left alone."""

    owner: ParticipantId
    designator: str
    kind: ConstraintKind
    area: Area
    starts_in_s: float
    lasts_s: float


STANDING: Final = (
    Standing(ANS, "ALP-R1", ConstraintKind.CLOSED, areas.STANDING_CLOSURE, 20, 86_400),
    Standing(ANS, "ALP-G7 GLIDERS", ConstraintKind.ADVISORY, areas.GLIDER_AREA, 150, 3_600),
    Standing(NORTH, "NORD-D2", ConstraintKind.ADVISORY, areas.NORTH_RANGE, 20, 86_400),
    Standing(SOUTH, "SUD-D4", ConstraintKind.CLOSED, areas.SOUTH_RANGE, 20, 86_400),
)
