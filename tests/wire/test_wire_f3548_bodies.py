"""Bodies of F3548's operations to commands: ids, URLs, wished ovns, and what each command then holds."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.clock import micros
from comity.errors import InvalidInput
from comity.ids import EntityId
from comity.model import dss_command as d
from comity.model.f3548 import AvailabilityState
from comity.model.intent import IntentState
from comity.wire import f3548_bodies as bodies
from comity.wire.lenient import Lenient
from tests.http.standards.standing import URL, at, constraint, intent, subscription
from tests.world import START

T = TypeVar("T")
ID = EntityId("03e5572a-f733-49af-bc14-8a18bd53ee39")
SPOT = (47.0, 11.0)


def read(type_: type[T], value: Any) -> T:
    return Lenient(type_).read(json.dumps(value).encode())


@pytest.mark.parametrize(
    "text",
    [
        ID,
        ID.upper(),
        ID.replace("-", ""),
        ID.replace("-", "").upper(),
        "03E5572a-f733-49af-bc14-8a18bd53ee39",
    ],
)
def test_an_id_in_any_writing_is_one(text: str) -> None:
    assert bodies.entity_id(text, "id") == ID


@settings(deadline=None)
@given(st.uuids(version=4))
def test_every_uuid_of_version_4_is_an_id(made: uuid.UUID) -> None:
    assert bodies.entity_id(str(made), "id") == str(made)
    assert bodies.entity_id(made.hex, "id") == str(made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        ID + "\n",
        f" {ID}",
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        ID.replace("-4", "-1", 1).replace("49af", "19af"),
        ID.replace("bc14", "cc14"),
        ID.replace("-", "", 1),
        ID[:-1],
        "00000000-0000-0000-0000-000000000000",
        "٠" * 32,
    ],
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bodies.entity_id(text, "entityid")
    assert refused.value.field == "entityid"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_an_id_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert uuid.UUID(bodies.entity_id(text, "id")).version == 4


@pytest.mark.parametrize(
    "url",
    [
        "https://uss.example",
        "https://uss.example:8443/utm/",
        "https://127.0.0.1/a",
        "https://[::1]:8443/x",
        "HTTPS://U",
    ],
)
def test_base_urls(url: str) -> None:
    assert bodies.base_url(url, "u", allow_http=False) == url


def test_http_only_where_it_is_allowed() -> None:
    assert bodies.base_url("http://localhost:8080/mock", "u", allow_http=True)
    with pytest.raises(InvalidInput):
        bodies.base_url("http://localhost:8080/mock", "u", allow_http=False)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_base_url_or_refused(text: str) -> None:
    for start in ("", "https://", "http://a", "https://[", "https://a:"):
        with suppress(InvalidInput):
            url = bodies.base_url(start + text, "uss_base_url", allow_http=True)
            assert url.isascii()
            assert url.isprintable()


def reference(more: dict[str, Any] | None = None, ovn: str | None = None, **how: Any) -> d.PutReference:
    body = read(bodies.OperationalIntentBody, intent(SPOT, more=more, **how))
    return bodies.put_reference(body, ID, ovn, START, allow_http=False)


def test_an_operational_intents_command() -> None:
    new = {"uss_base_url": "https://other.example", "notify_for_constraints": True}
    command = reference({"key": ["k" * 16], "new_subscription": new}, "o" * 16, state="Activated")
    assert (command.id, command.ovn, command.state) == (ID, "o" * 16, IntentState.ACTIVATED)
    assert (command.url, command.key, command.subscription) == (URL, ("k" * 16,), None)
    assert command.new_subscription == d.NewSubscription("https://other.example", True)
    assert (command.box.lower_m, command.box.upper_m) == (100.0, 200.0)
    assert command.box.end == START + timedelta(seconds=3_600)


def test_a_subscription_is_named_by_its_id_in_any_writing() -> None:
    assert reference({"subscription_id": ID.upper()}).subscription == ID


def test_an_end_is_past_when_now_is_after_it() -> None:
    assert reference(start_s=-60, end_s=0).box.end == START
    with pytest.raises(InvalidInput) as refused:
        reference(start_s=-60, end_s=-0.001)
    assert refused.value.field == "extents"


def suffix(after_ms: int = 0, version: int = 7, variant: str = "8") -> str:
    ms = micros(START) // 1_000 + after_ms
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-{version}abc-{variant}def-0123456789ab"


@pytest.mark.parametrize("after_ms", [-300_000, 0, 300_000])
def test_a_wished_ovn_is_made_about_now(after_ms: int) -> None:
    wished = suffix(after_ms)
    assert reference({"requested_ovn_suffix": wished.upper()}).ovn_suffix == wished


@pytest.mark.parametrize(
    "text",
    [
        suffix(-300_001),
        suffix(300_001),
        suffix(version=4),
        suffix(variant="c"),
        suffix().replace("-", ""),
        "ffffffff-ffff-7abc-8def-0123456789ab",
        "00000000-0000-7abc-8def-0123456789ab",
        "7",
    ],
)
def test_what_is_no_wished_ovn(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        reference({"requested_ovn_suffix": text})
    assert refused.value.field == "requested_ovn_suffix"


def test_a_constraints_command_needs_no_heights() -> None:
    body = read(bodies.ConstraintBody, constraint(SPOT, lower_m=None, upper_m=None))
    command = bodies.put_constraint(body, ID, None, START, allow_http=False)
    assert (command.box.lower_m, command.box.upper_m, command.url) == (None, None, URL)


def test_a_subscriptions_command_leaves_its_defaults_to_the_dss() -> None:
    body = read(bodies.SubscriptionBody, subscription(SPOT, start_s=None, end_s=None, constraints=True))
    command = bodies.put_subscription(body, ID, "v", allow_http=False)
    assert (command.box.start, command.box.end) == (None, None)
    assert (command.notify_for_operational_intents, command.notify_for_constraints) == (True, True)
    assert command.version == "v"


@pytest.mark.parametrize("word", ["Down", "down", "DOWN"])
def test_availability_in_any_case(word: str) -> None:
    body = read(bodies.AvailabilityBody, {"availability": word, "old_version": None})
    assert bodies.set_availability(body, "uss2") == d.SetAvailability("uss2", AvailabilityState.DOWN, "")


def test_of_a_report_what_is_declared_is_kept_as_it_was_written() -> None:
    said = {
        "url": "https://dss.example",
        "method": "GET",
        "recorder_role": "Client",
        "request_time": at(0) | {"odd": [[[1]]]},
        "request_source": "uss1",
        "headers": ["a: b"],
        "odd": {"deep": 2**80},
    }
    said["request_time"]["value"] = "2026-06-01T10:00:00.000+02:00"  # type: ignore[index]
    command = read(bodies.ReportBody, {"exchange": said, "report_id": "x", "odd": 1}).command()
    kept: Any = json.loads(json.dumps(command.record))
    assert set(kept) == {"exchange"}
    assert kept["exchange"]["request_time"] == {"value": "2026-06-01T10:00:00.000+02:00", "format": "RFC3339"}
    assert set(kept["exchange"]) == set(said) - {"odd"}


@pytest.mark.parametrize(
    "body", [b"", b"[", b"\xff", b"{} {}", b'{"availability": 1}', b"[" * 200_000, b"null"]
)
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        Lenient(bodies.AvailabilityBody).read(body)
    assert refused.value.field in ("body", "availability")
