"""What to look at in the demonstration: the guide as data, by the second of the cycle.

The terminal prints it, and the map shows the same from ``web/data/demo_guide.json`` (a test keeps the two
equal; ``python -m comity.sim.guide`` prints that file). Each hint lies within the time in which there is
something to see, by the truth of the encounter that it is about.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from comity.ids import ParticipantId
from comity.sim.cast import ANS, NORTH, RELIEF, SOUTH


class Hint(NamedTuple):
    """``who`` empty: everybody. ``about``: an encounter's name, or "" for a step of the script."""

    at_s: int
    until_s: int
    who: tuple[ParticipantId, ...]
    title: str
    text: str
    about: str = ""


HINTS: Final = (
    Hint(
        0,
        14,
        (),
        "Four pictures of one sky",
        "Broadcast traffic is the same for all. Own aircraft, drones, patrol areas and routes are "
        "not: compare two windows, and look at what others see of you.",
    ),
    Hint(
        14,
        40,
        (),
        "Two airliners head-on over the Vosges",
        "Both are broadcast, so all four are warned: a line between the two, the time until they "
        "are closest, and how far apart they will be. The line changes its form as it becomes "
        "urgent.",
        "head-on",
    ),
    Hint(
        24,
        62,
        (RELIEF,),
        "A helicopter appears beside your drone",
        "South of Bern. Air Force South shows you nothing of its aircraft but in a conflict: "
        "before, there were only cells. Now there is a rounded position, because a third one's "
        "radar vouches for your drone.",
        "drone and helicopter",
    ),
    Hint(
        24,
        62,
        (SOUTH,),
        "A drone appears in your helicopter's way",
        "South of Bern. The relief agency shows you nothing of its drones but in a conflict: "
        "before, there were only cells. Your desk acknowledges the alert at 0:29; the other desk "
        "sees that you have.",
        "drone and helicopter",
    ),
    Hint(
        26,
        62,
        (ANS, NORTH),
        "A helicopter and a drone",
        "South of Bern. You see both all along, by rule or by your own sensors; the two parties "
        "are shown each other only while it lasts.",
        "drone and helicopter",
    ),
    Hint(
        26,
        68,
        (ANS, NORTH, RELIEF),
        "Overtaking over the Tauern",
        "A helicopter of the relief agency comes up behind one of Air Force North. Who overtakes "
        "is warned as early as who is overtaken.",
        "overtaking",
    ),
    Hint(
        40,
        72,
        (ANS, RELIEF),
        "Into closed airspace",
        "The Gotthard was closed at short notice, and a helicopter of the relief agency flies "
        "toward it. The alert says when it enters, then that it is inside, and ends when it has "
        "turned back.",
        "incursion",
    ),
    Hint(
        52,
        82,
        (ANS, RELIEF, SOUTH),
        "An aircraft in distress near Cremona",
        "It squawks 7700. While it does, its owner tells the civil service and the relief agency "
        "who it is; Air Force North is told nothing.",
        "emergency",
    ),
    Hint(
        64,
        88,
        (NORTH, SOUTH),
        "An aircraft that only its owner reports",
        "Over the Jura. Nobody else vouches for either, so neither is shown to the other: you get "
        "cells and an advisory, no position. Invented aircraft would find out no more than this.",
        "claims",
    ),
    Hint(
        64,
        88,
        (ANS,),
        "Two air forces over the Jura",
        "Both are told in cells alone that somebody is near, because nobody else vouches for "
        "their aircraft. The civil service, to whom both release theirs, sees distance and time.",
        "claims",
    ),
    Hint(
        90,
        118,
        (),
        "Clear again",
        "Aircraft have parted and landed: alerts end some seconds after the last sight of a "
        "conflict, and what was raised for it has fallen back. All of it is on the record. In a "
        "moment it begins anew.",
    ),
)


def as_json() -> str:
    """The guide as the map reads it."""
    hints: list[dict[str, Any]] = [
        {
            "at_s": hint.at_s,
            "until_s": hint.until_s,
            "who": list(hint.who),
            "title": hint.title,
            "text": hint.text,
        }
        for hint in HINTS
    ]
    return json.dumps(hints, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(as_json(), end="")
