"""Builds ``src/comity/sim/data/routes.csv``: ``python -m tests.sim.choose_routes > routes.csv``.

Pairs of airports in an order drawn once; each gets the first level and phase at which none of its flights
ever comes near one chosen before, nor a zone; those that find none are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from comity.sim.airports import Airport, airports
from comity.sim.draws import Draws
from comity.sim.flight import EVERY_S, Route
from comity.sim.sphere import ahead, bearing_deg, distance_m
from comity.units import metres_from_feet
from tests.sim.apart import AHEAD_S, HORIZONTAL_M, Swarm, near, still, stream
from tests.sim.zones import ZONES

STEP_S = 4
"""Sampled every so often, with as much further to keep apart as two can fly in that time."""

LEVELS = (350, 370, 390, 410)
PHASES = (0, 30, 60, 90)
WANTED = 26
SHORTEST_M = 250_000.0


def over_the_alps(a: Airport, b: Airport) -> bool:
    way, length_m = bearing_deg(a.at, b.at), distance_m(a.at, b.at)
    middle = [ahead(a.at, way, length_m * share) for share in (0.3, 0.4, 0.5, 0.6, 0.7)]
    return sum(44.6 <= each.lat <= 48.4 and 5.0 <= each.lon <= 14.5 for each in middle) >= 2


def pairs() -> list[tuple[Airport, Airport]]:
    draws = Draws(7, "routes")
    found = [
        (a, b)
        for a in airports()
        for b in airports()
        if a != b and distance_m(a.at, b.at) > SHORTEST_M and over_the_alps(a, b)
    ]
    return sorted(found, key=lambda pair: draws.unit(f"{pair[0].icao}{pair[1].icao}"))


def enters(swarm: Swarm) -> bool:
    moments = len(swarm.place)
    return any(
        near(
            swarm,
            still(zone.centre, zone.lower_m, zone.upper_m, moments),
            zone.radius_m + 1_000.0,
            (zone.upper_m - zone.lower_m) / 2.0 + 40.0,
        ).any()
        for zone in ZONES
    )


def choose() -> Iterator[Route]:
    chosen: list[Swarm] = []
    draws = Draws(7, "cruise")
    for a, b in pairs():
        cruise_mps = round(draws.between(f"{a.icao}{b.icao}", 215.0, 240.0))
        for level in LEVELS:
            height_m = metres_from_feet(level * 100.0)
            first = stream(Route(0, a, b, height_m, cruise_mps, 0.0), STEP_S)
            if enters(first):
                break
            found = None
            for phase in PHASES:
                swarm = stream(Route(0, a, b, height_m, cruise_mps, float(phase)), STEP_S)
                wider_m = HORIZONTAL_M + 2.0 * 240.0 * STEP_S
                if not any(near(swarm, other, wider_m, ahead_s=AHEAD_S).any() for other in chosen):
                    found = Route(len(chosen), a, b, height_m, cruise_mps, float(phase))
                    chosen.append(swarm)
                    yield found
                    break
            if found is not None:
                break
        if len(chosen) == WANTED:
            return


def main() -> None:
    print(f"# Builder: python -m tests.sim.choose_routes. A departure every {EVERY_S} s; hundreds of feet.")
    print("origin,destination,level,cruise_mps,phase_s")
    aloft = 0.0
    for route in choose():
        level = round(route.cruise_m / 30.48)
        ends = route.origin.icao, route.destination.icao
        print(*ends, level, f"{route.cruise_mps:g}", f"{route.phase_s:g}", sep=",", flush=True)
        aloft += route.airborne_s() / EVERY_S
        print(*ends, level, route.phase_s, round(aloft), file=sys.stderr)


if __name__ == "__main__":
    main()
