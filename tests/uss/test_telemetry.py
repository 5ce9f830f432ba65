"""Where the aircraft of an off-nominal hosted intent is: told of one aircraft, as released, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from comity.ids import EntityId, GroupId, Ovn, ParticipantId
from comity.model import command as c
from comity.model.altitude import Altitude, Datum
from comity.model.intent import IntentState
from comity.model.observation import Provenance, Report
from comity.model.rule import Level, Levels, ToGroup
from tests.http.standards.standing import SA
from tests.uss.hosted import INTENTS, Hosted, hosted
from tests.world import CENTRE, NORTH, SOUTH, volume

AT = {"lat": 47.0, "lon": 11.0}


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with hosted(tmp_path_factory.mktemp("telemetry")) as one:
        yield one


def release(here: Hosted, own_track: Level, emergency: Level = Level.NONE) -> None:
    given = Levels(Level.VOLUME, Level.NONE, own_track, Level.NONE, own_track_in_emergency=emergency)
    here.served.run(here.world.do(NORTH, c.SetRule(ToGroup(GroupId("f3548"), CENTRE), given)))


def off_nominal(here: Hosted, state: IntentState = IntentState.NONCONFORMING) -> str:
    item = here.become(here.file(volume(start_s=-600.0)), IntentState.ACTIVATED)
    item = here.become(item, IntentState.NONCONFORMING, volume(start_s=-600.0))
    if state is IntentState.CONTINGENT:
        item = here.become(item, state)
    return here.reference(item).id


def fly(
    here: Hosted,
    address: str = "ABC123",
    *,
    who: ParticipantId = NORTH,
    provenance: Provenance = Provenance.OWN,
    feed: str = "own",
    **how: object,
) -> None:
    told = {"ground_speed_mps": 12.5, "track_deg": 90.0, "accuracy_m": 12.0} | AT | how
    report = Report(address=address, observed_at=here.dss.now, **told)  # type: ignore[arg-type]

    def seen() -> None:
        here.world.exchange.observe(who, feed, provenance, [report])
        here.world.exchange.picture.tick(here.dss.now)

    here.served.call(seen)


def ask(here: Hosted, id: str) -> httpx.Response:
    return here.call("GET", f"{INTENTS}/{id}/telemetry", scopes=(SA,))


def test_200_with_where_it_is(here: Hosted) -> None:
    release(here, Level.POSITION)
    id = off_nominal(here)
    fly(here, altitude=Altitude(1_200.0, Datum.W84))
    answer = ask(here, id)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "operational_intent_id": id,
        "telemetry": {
            "time_measured": {"value": "2026-06-01T08:00:00Z", "format": "RFC3339"},
            "position": {
                "latitude": 47.0,
                "longitude": 11.0,
                "accuracy_h": "HA30m",
                "accuracy_v": "VA1m",
                "altitude": {"value": 1_200.0, "reference": "W84", "units": "M"},
            },
            "velocity": {"speed": 12.5, "units_speed": "MetersPerSecond", "track": 90.0},
        },
        "next_telemetry_opportunity": {"value": "2026-06-01T08:00:01Z", "format": "RFC3339"},
    }


def test_what_is_not_known_is_left_out_or_said_to_be_unknown(here: Hosted) -> None:
    release(here, Level.IDENTITY)
    id = off_nominal(here)
    fly(here, "~77", ground_speed_mps=None, track_deg=None, accuracy_m=30_000.0)
    telemetry = ask(here, id).json()["telemetry"]
    assert telemetry["position"]["accuracy_h"] == "HA10NMPlus"
    assert telemetry["position"]["accuracy_v"] == "VAUnknown"
    assert "altitude" not in telemetry["position"]
    assert "velocity" not in telemetry
    here.served.advance(2.0)
    fly(here, "~77", track_deg=None)
    assert ask(here, id).json()["telemetry"]["velocity"]["track"] == 360.0


def test_a_pressure_height_comes_with_how_far_off_it_may_be(here: Hosted) -> None:
    release(here, Level.POSITION)
    id = off_nominal(here)
    fly(here, altitude=Altitude(1_200.0, Datum.PRESSURE))
    position = ask(here, id).json()["telemetry"]["position"]
    assert position["accuracy_v"] == "VA150mPlus"


def none_told(here: Hosted, id: str) -> None:
    answer = ask(here, id)
    assert answer.status_code == 412
    assert answer.json() == {"message": "no telemetry of this operational intent is available"}


def test_412_alike_where_it_is_hidden_and_where_nothing_is_known(here: Hosted) -> None:
    release(here, Level.NONE)
    id = off_nominal(here)
    none_told(here, id)
    fly(here)
    none_told(here, id)


def test_a_contingency_raises_it_where_its_owner_says_so(here: Hosted) -> None:
    release(here, Level.NONE, emergency=Level.POSITION)
    fly(here)
    none_told(here, off_nominal(here))


def test_and_then_it_is_told(here: Hosted) -> None:
    release(here, Level.NONE, emergency=Level.POSITION)
    id = off_nominal(here, IntentState.CONTINGENT)
    fly(here)
    assert ask(here, id).status_code == 200


def test_412_where_it_is_not_sure_which_aircraft_it_is(here: Hosted) -> None:
    release(here, Level.POSITION)
    id = off_nominal(here)
    fly(here)
    fly(here, "DEF456", feed="other")
    none_told(here, id)


def test_one_aircraft_of_two_feeds_is_one(here: Hosted) -> None:
    release(here, Level.POSITION)
    id = off_nominal(here)
    fly(here)
    fly(here, feed="other")
    assert ask(here, id).status_code == 200


@pytest.mark.parametrize(
    "how",
    [
        {"lat": 48.0},
        {"altitude": Altitude(5_000.0, Datum.W84)},
        {"provenance": Provenance.SENSED},
        {"who": SOUTH},
    ],
)
def test_412_for_what_is_elsewhere_or_not_the_owners_own(here: Hosted, how: dict[str, object]) -> None:
    release(here, Level.POSITION)
    id = off_nominal(here)
    fly(here, **how)  # type: ignore[arg-type]
    none_told(here, id)


def test_412_once_it_is_stale(here: Hosted) -> None:
    release(here, Level.POSITION)
    id = off_nominal(here)
    fly(here)
    assert ask(here, id).status_code == 200
    here.served.advance(20.0)
    none_told(here, id)


def test_412_once_it_has_ended_although_its_coarse_form_lingers(here: Hosted) -> None:
    given = Levels(Level.RESERVED, Level.NONE, Level.POSITION, Level.NONE)
    here.served.run(here.world.do(NORTH, c.SetRule(ToGroup(GroupId("f3548"), CENTRE), given)))
    item = here.become(here.file(volume(start_s=-600.0)), IntentState.ACTIVATED)
    item = here.become(item, IntentState.NONCONFORMING, volume(start_s=-600.0))
    id = here.reference(item).id
    here.served.advance(5.0)
    fly(here)
    assert ask(here, id).status_code == 200
    here.served.run(here.world.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(str(item.ovn)))))
    assert here.call("GET", f"{INTENTS}/{id}").status_code == 200
    none_told(here, id)
