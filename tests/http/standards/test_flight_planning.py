"""The flight planning test interface over HTTP: lives of plans, refusals, clearing, notifications."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from comity import __version__
from comity.errors import InvalidInput, StrategicConflict
from comity.model.command import PutPerson
from comity.model.participant import Role
from comity.model.rule import Level
from tests.http.serving import changed
from tests.http.standards.asked import Asking, asking, refused, time
from tests.http.standards.planned import (
    AUTHORISATION,
    DIRECT,
    ON,
    PLAN,
    ROOT,
    area,
    check,
    outcome,
    upsert,
    wanted,
)
from tests.world import CENTRE, NORTH, SOUTH, levels, person, volume

PLANS = f"{ROOT}/flight_plans"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asking(tmp_path_factory.mktemp("planning"), ON, floor=levels(intent=Level.VOLUME)) as found:
        yield found


@pytest.fixture
def here(request: pytest.FixtureRequest) -> float:
    """A latitude of the test's own."""
    return Random(request.node.name).uniform(-60.0, 60.0)


def new_id(name: str) -> str:
    return str(uuid.UUID(int=Random(name).getrandbits(128), version=4))


def intents(asked: Asking, lat: float) -> list[str]:
    """States of the participant's live intents at a latitude."""
    found = asked.served.call(lambda: asked.served.world.exchange.airspace(NORTH))
    return [
        str(item.state)
        for item in found
        if item.level == "own" and item.volumes and abs(item.volumes[0].outline.centre.lat - lat) < 0.1  # type: ignore[union-attr]
    ]


def test_a_plan_lives_from_planned_to_closed(asked: Asking, here: float) -> None:
    id = new_id("life")
    volumes = [area(here)]
    steps = [
        ("Planned", "Nominal", "Planned", "Accepted"),
        ("InUse", "Nominal", "OkToFly", "Activated"),
        ("InUse", "OffNominal", "OffNominal", "Nonconforming"),
        ("InUse", "Nominal", "OkToFly", "Activated"),
        ("InUse", "NotSpecified", "OkToFly", "Activated"),
        ("InUse", "Contingent", "OffNominal", "Contingent"),
    ]
    for number, (usage, uas, status, state) in enumerate(steps):
        answer = upsert(asked, id, f"life-{number}", usage, uas, volumes=volumes)
        assert outcome(answer) == ("Completed", status), answer
        assert intents(asked, here) == [state]
    assert outcome(upsert(asked, id, "life-end", "Closed", volumes=volumes)) == ("Completed", "Closed")
    assert intents(asked, here) in ([], ["Ended"])
    refused(asked.ask("DELETE", f"{PLANS}/{id}", DIRECT), 404)


def test_a_plan_is_filed_and_activated_at_once(asked: Asking, here: float) -> None:
    answer = upsert(asked, new_id("at once"), "at-once", "InUse", volumes=[area(here)])
    assert outcome(answer) == ("Completed", "OkToFly")
    assert answer["includes_advisories"] == "NoAdvisoriesOrConditions"
    assert intents(asked, here) == ["Activated"]


def test_a_plan_is_removed_once(asked: Asking, here: float) -> None:
    path = f"{PLANS}/{new_id('removed')}"
    upsert(asked, new_id("removed"), "removed", volumes=[area(here)])
    gone = check(asked.ask("DELETE", path, DIRECT), "DeleteFlightPlanResponse")
    assert outcome(gone) == ("Completed", "Closed")
    assert "Accepted" not in intents(asked, here)
    refused(asked.ask("DELETE", path, DIRECT), 404, "no flight plan")


def test_a_request_that_was_answered_is_answered_alike(asked: Asking, here: float) -> None:
    id = new_id("again")
    first = upsert(asked, id, "again", volumes=[area(here)])
    assert upsert(asked, id, "again", "InUse", volumes=[area(here)]) == first
    assert intents(asked, here) == ["Accepted"]


BAD_PLANS: list[tuple[dict[str, Any], str]] = [
    ({"volumes": []}, "needs an area"),
    ({"volumes": [area(end_s=-1.0, start_s=-60.0)]}, "end has passed"),
    ({"volumes": [area(end_s=31 * 86_400.0)]}, "30 days"),
    ({"volumes": [changed(area(), "time_end", ...)]}, "both times"),
    ({"volumes": [changed(area(), "volume.altitude_lower", ...)]}, "both heights"),
    ({"volumes": [area(lower_m=2_000.0)]}, "lower must not be above"),
    ({"volumes": [area(start_s=3_601.0)]}, "start must be before"),
    ({"volumes": [changed(area(), "volume.outline_circle", ...)]}, "circle or a polygon"),
    ({"usage": "Planned", "uas": "OffNominal"}, "in use"),
    ({"usage": "InUse", "uas": "OffNominal"}, "not planned"),
    ({"usage": "Closed"}, "no flight plan to close"),
    ({"rpas_operating_rules_2_6": {"operator_type": "Nobody"}}, "operator_type"),
]


@pytest.mark.parametrize(("plan", "words"), BAD_PLANS, ids=[words for _, words in BAD_PLANS])
def test_a_plan_that_breaks_a_rule_is_rejected_and_leaves_nothing(
    asked: Asking, plan: dict[str, Any], words: str
) -> None:
    before = asked.served.world.exchange.ledger.size
    answer = upsert(asked, new_id(words), f"bad {words}", **plan)
    assert outcome(answer) == ("Rejected", "NotPlanned")
    assert words in answer["notes"]
    assert asked.served.world.exchange.ledger.size == before


BAD_AUTHORISATIONS: list[tuple[str, Any]] = [
    ("uas_serial_number", "MFR1C12345"),
    ("uas_serial_number", "MFRO1A"),
    ("uas_serial_number", ...),
    ("operator_id", "FIN87astrdge12k8-xyy"),
    ("operator_id", "fin87astrdge12k8"),
    ("operator_id", 7),
    ("operation_mode", "Undeclared"),
    ("operation_category", "Unknown"),
    ("uas_class", "C9"),
    ("uas_class", "Other"),
    ("identification_technologies", []),
    ("connectivity_methods", [""]),
    ("endurance_minutes", 0),
    ("endurance_minutes", "long"),
    ("emergency_procedure_url", "call me"),
]


@pytest.mark.parametrize(("name", "value"), BAD_AUTHORISATIONS)
def test_a_wrong_flight_authorisation_is_rejected(asked: Asking, name: str, value: Any) -> None:
    given = changed(AUTHORISATION, name, value)
    answer = upsert(asked, new_id(name), f"uspace {name} {value}", uspace_flight_authorisation=given)
    assert outcome(answer) == ("Rejected", "NotPlanned")
    expected = "uas_type_certificate" if value == "Other" else name
    assert expected in answer["notes"]


def test_a_good_flight_authorisation_is_taken(asked: Asking, here: float) -> None:
    for number, operator in enumerate(("FIN87astrdge12k8", "FIN87astrdge12k8-xyz")):
        given = {**AUTHORISATION, "operator_id": operator}
        how = {"volumes": [area(here + number)], "uspace_flight_authorisation": given}
        assert outcome(upsert(asked, new_id(operator), operator, **how)) == ("Completed", "Planned")


def test_what_is_not_supported_is_said_to_be(asked: Asking, here: float) -> None:
    hypothetical = upsert(asked, new_id("what if"), "what if", volumes=[area(here)], style="Hypothetical")
    assert outcome(hypothetical) == ("NotSupported", "NotPlanned")
    above = changed(area(here), "volume.altitude_lower.reference", "Takeoff")
    assert outcome(upsert(asked, new_id("take-off"), "take-off", volumes=[above]))[0] == "NotSupported"
    assert intents(asked, here) == []


def test_heights_above_the_surface_are_taken(asked: Asking, here: float) -> None:
    given = area(here, lower_m=0.0, upper_m=120.0)
    for name in ("altitude_lower", "altitude_upper"):
        given = changed(given, f"volume.{name}.reference", "SFC")
    assert outcome(upsert(asked, new_id("surface"), "surface", volumes=[given])) == ("Completed", "Planned")


def test_a_plan_in_anothers_way_is_rejected_and_stays_as_it_was(asked: Asking, here: float) -> None:
    asked.served.run(asked.served.world.file(SOUTH, volume(lat=here, start_s=0.0, end_s=3_600.0)))
    refused_plan = upsert(asked, new_id("in the way"), "in-the-way", volumes=[area(here)])
    assert outcome(refused_plan) == ("Rejected", "NotPlanned")
    assert "conflicts with 1" in refused_plan["notes"]
    above = [area(here, lower_m=3_000.0, upper_m=3_500.0)]
    id = new_id("above")
    assert outcome(upsert(asked, id, "above", volumes=above)) == ("Completed", "Planned")
    down = upsert(asked, id, "down", "InUse", volumes=[area(here)])
    assert outcome(down) == ("Rejected", "Planned")
    real = upsert(asked, id, "really down", "InUse", volumes=[area(here)], style="InReality")
    assert outcome(real) == ("Completed", "OffNominal")


def test_a_new_plan_that_cannot_be_activated_is_not_planned(asked: Asking, here: float) -> None:
    """What was filed on the way is ended again: here somebody else is let in between."""
    exchange = asked.served.world.exchange
    submit = exchange.submit

    async def one_too_late(submission: Any) -> Any:
        if type(submission.command).__name__ == "ChangeIntent":
            raise StrategicConflict("somebody was faster", field="volumes", detail={"conflicts": []})
        return await submit(submission)

    exchange.submit = one_too_late  # type: ignore[method-assign]  # in its stead
    try:
        answer = upsert(asked, new_id("late"), "late", "InUse", volumes=[area(here)])
    finally:
        del exchange.submit
    assert outcome(answer) == ("Rejected", "NotPlanned")
    assert "Accepted" not in intents(asked, here)


def test_a_plan_of_higher_priority_goes_over_ones_own_of_lower(asked: Asking, here: float) -> None:
    assert outcome(upsert(asked, new_id("low"), "low", volumes=[area(here)])) == ("Completed", "Planned")
    equal = upsert(asked, new_id("equal"), "equal", volumes=[area(here)])
    assert outcome(equal) == ("Rejected", "NotPlanned")
    high = upsert(asked, new_id("high"), "high", volumes=[area(here)], priority=100)
    assert outcome(high) == ("Completed", "Planned")
    assert high["includes_advisories"] == "AtLeastOneAdvisoryOrCondition"


def test_no_priority_goes_over_a_plan_that_is_off_nominal(asked: Asking, here: float) -> None:
    upsert(asked, new_id("strayed"), "strayed 1", "InUse", volumes=[area(here)])
    upsert(asked, new_id("strayed"), "strayed 2", "InUse", "OffNominal", volumes=[area(here)])
    high = upsert(asked, new_id("over it"), "over it", volumes=[area(here)], priority=100)
    assert outcome(high) == ("Rejected", "NotPlanned")


def test_equal_priority_goes_over_ones_own_where_that_is_permitted(tmp_path: Path) -> None:
    with asking(tmp_path, 'equal_priority = "permitted"\n' + ON) as asked:
        assert outcome(upsert(asked, new_id("one"), "one")) == ("Completed", "Planned")
        assert outcome(upsert(asked, new_id("two"), "two")) == ("Completed", "Planned")
        assert outcome(upsert(asked, new_id("low"), "low", priority=-1)) == ("Rejected", "NotPlanned")


def test_it_needs_to_know_whom_it_leads(tmp_path: Path) -> None:
    switched_on = asking(tmp_path, "\n[f3548.flight_planning]\nenabled = true\n")
    with pytest.raises(InvalidInput, match="needs a participant and a person"), switched_on:
        pass


def test_a_state_that_cannot_follow_is_rejected(asked: Asking, here: float) -> None:
    id = new_id("back")
    upsert(asked, id, "back 1", "InUse", volumes=[area(here)])
    assert outcome(upsert(asked, id, "back 2", "Planned", volumes=[area(here)])) == ("Rejected", "OkToFly")


def test_what_cannot_be_done_is_failed(tmp_path: Path) -> None:
    with asking(tmp_path, ON.replace('"desk"', '"nobody"')) as asked:
        answer = upsert(asked, new_id("nobody"), "nobody")
        assert outcome(answer) == ("Failed", "NotPlanned")
        assert "not on the duty desk" in answer["notes"]


def test_a_person_without_the_role_plans_nothing(asked: Asking, here: float) -> None:
    world = asked.served.world
    observer = replace(person(NORTH), roles=(Role.OBSERVER,))
    asked.served.run(world.do(NORTH, PutPerson(observer)))
    try:
        answer = upsert(asked, new_id("observer"), "observer", volumes=[area(here)])
    finally:
        asked.served.run(world.do(CENTRE, PutPerson(person(NORTH))))
    assert outcome(answer) == ("Failed", "NotPlanned")
    assert intents(asked, here) == []


def test_telemetry_is_not_flown_and_said_not_to_be(asked: Asking, here: float) -> None:
    plan = {"volumes": [area(here)], "telemetry": {"states": []}, "additional_information": {"a": 1}}
    answer = upsert(asked, new_id("telemetry"), "telemetry", **plan)
    assert "telemetry" not in answer["as_planned"]
    assert answer["as_planned"]["additional_information"] == {"a": 1}
    assert "as_planned" not in upsert(asked, new_id("telemetry"), "telemetry 2", volumes=[area(here)])


def test_an_area_is_cleared_of_ones_own(asked: Asking, here: float) -> None:
    for number in range(2):
        how = {"volumes": [area(here, lower_m=number * 1_000.0, upper_m=number * 1_000.0 + 500.0)]}
        upsert(asked, new_id(f"clear {number}"), f"clear {number}", **how)
    asked.served.run(asked.served.world.file(NORTH, volume(lat=here, lower_m=5_000.0, upper_m=5_100.0)))
    upsert(asked, new_id("elsewhere"), "elsewhere", volumes=[area(here + 1.0)])
    upsert(asked, new_id("later"), "later", volumes=[area(here, start_s=7_200.0, end_s=9_000.0)])
    extent = changed(area(here), "volume.altitude_lower", ...)
    body = {"request_id": "clear", "extent": extent}
    answer = check(asked.ask("POST", f"{ROOT}/clear_area_requests", DIRECT, body), "ClearAreaResponse")
    assert answer["outcome"] == {"success": True, "message": "3 plans were ended"}
    assert [s for s in intents(asked, here) if s != "Ended"] == ["Accepted"]
    assert intents(asked, here + 1.0) == ["Accepted"]
    refused(asked.ask("DELETE", f"{PLANS}/{new_id('clear 0')}", DIRECT), 404)
    assert asked.ask("DELETE", f"{PLANS}/{new_id('later')}", DIRECT).status_code == 200


def test_the_user_is_notified_of_a_conflict_that_comes_later(tmp_path: Path) -> None:
    with asking(tmp_path, ON, floor=levels(intent=Level.VOLUME)) as asked:
        id = new_id("noticed")
        upsert(asked, id, "noticed", volumes=[area()])
        asked.served.advance(1.0)
        assert notified(asked) == []
        far_in = volume(start_s=0.0, end_s=3_600.0)
        world = asked.served.world
        taken = asked.served.call(lambda: world.exchange.airspace(SOUTH))
        asked.served.run(world.file(SOUTH, far_in, accept=[item.ref for item in taken]))
        asked.served.advance(1.0)
        first = {"observed_at": time(2), "conflicts": "Single"}
        found = notified(asked)
        assert [{k: each[k] for k in first} for each in found] == [first]
        assert id in found[0]["message"]
        asked.served.advance(1.0)
        assert notified(asked) == found
        assert notified(asked, after_s=2.5) == []
        assert notified(asked, before_s=1.5) == []
        assert notified(asked, before_s=2.0) == found


def notified(asked: Asking, after_s: float = 0.0, before_s: float | None = None) -> list[dict[str, Any]]:
    query = {"after": time(after_s)["value"]}
    if before_s is not None:
        query["before"] = time(before_s)["value"]
    answer = asked.ask("GET", f"{ROOT}/user_notifications", PLAN, params=query)
    found: list[dict[str, Any]] = check(answer, "QueryUserNotificationsResponse")["user_notifications"]
    return found


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"after": "soon"},
        {"after": "2026-06-01T08:00:00"},
        {"after": "2026-06-01T08:00:00Z", "before": "2026-06-01T08:00:00Z"},
        {"after": "2026-06-01T08:00:00Z", "before": "late"},
    ],
)
def test_bad_times_of_notifications_are_400(asked: Asking, query: dict[str, str]) -> None:
    refused(asked.ask("GET", f"{ROOT}/user_notifications", PLAN, params=query), 400)


def test_it_is_ready(asked: Asking) -> None:
    answer = check(asked.ask("GET", f"{ROOT}/status", DIRECT), "StatusResponse")
    assert answer == {
        "status": "Ready",
        "api_name": "Flight Planning Automated Testing Interface",
        "api_version": "v0.7.0",
    }


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", f"{ROOT}/status", DIRECT),
        ("POST", f"{ROOT}/clear_area_requests", DIRECT),
        ("PUT", f"{PLANS}/no-uuid", PLAN),
        ("DELETE", f"{PLANS}/no-uuid", DIRECT),
        ("GET", f"{ROOT}/user_notifications", PLAN),
        ("GET", "/versions/comity", "interuss.versioning.read_system_versions"),
    ],
)
def test_who_may_ask_comes_first(asked: Asking, method: str, path: str, scope: str) -> None:
    refused(asked.ask(method, path, None), 401)
    other = PLAN if scope == DIRECT else DIRECT
    refused(asked.ask(method, path, other), 403)
    assert asked.ask(method, path, scope).status_code == (200 if path.endswith(("status", "comity")) else 400)


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("request_id", ...),
        ("request_id", 5),
        ("execution_style", "Maybe"),
        ("flight_plan", ...),
        ("flight_plan.basic_information", ...),
        ("flight_plan.basic_information.usage_state", "Used"),
        ("flight_plan.basic_information.uas_state", "Fine"),
        ("flight_plan.basic_information.area.0.volume.altitude_lower.units", "FT"),
        ("flight_plan.basic_information.area.0.time_start.value", "2026-06-01T08:00:00"),
    ],
)
def test_a_malformed_request_is_400(asked: Asking, at: str, value: Any) -> None:
    body = changed(wanted("malformed"), at, value)
    refused(asked.ask("PUT", f"{PLANS}/{new_id('malformed')}", PLAN, body), 400)


def test_an_area_to_clear_that_is_none_is_400(asked: Asking) -> None:
    extents: tuple[Any, ...] = ({"volume": {}}, 5, None)
    for extent in extents:
        body = {"request_id": "none", "extent": extent}
        refused(asked.ask("POST", f"{ROOT}/clear_area_requests", DIRECT, body), 400)


def test_versions_are_told(asked: Asking) -> None:
    scope = "interuss.versioning.read_system_versions"
    answer = asked.ask("GET", "/versions/gov.eu.uspace.v1.netid", scope)
    assert answer.json() == {"system_identity": "gov.eu.uspace.v1.netid", "system_version": f"v{__version__}"}
    refused(asked.ask("GET", "/versions/no%20such", scope), 404)
    refused(asked.ask("GET", "/versions/", scope), 404)


def test_without_its_switch_there_is_none_of_it(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        for path in (f"{ROOT}/status", "/versions/comity"):
            assert asked.ask("GET", path, DIRECT).status_code == 404


def test_a_restart_forgets_the_names_of_plans_and_no_intent(tmp_path: Path) -> None:
    id = new_id("kept")
    with asking(tmp_path, ON) as asked:
        upsert(asked, id, "kept")
    (tmp_path / "issuer.pem").unlink()
    with asking(tmp_path, ON) as asked:
        asked.served.advance(1.0)
        refused(asked.ask("DELETE", f"{PLANS}/{id}", DIRECT), 404)
        assert intents(asked, 47.0) == ["Accepted"]
        assert outcome(upsert(asked, id, "kept")) == ("Rejected", "NotPlanned")
        body = {"request_id": "clear", "extent": area()}
        cleared = asked.ask("POST", f"{ROOT}/clear_area_requests", DIRECT, body)
        assert cleared.json()["outcome"]["success"] is True
        assert outcome(upsert(asked, id, "kept 2")) == ("Completed", "Planned")
