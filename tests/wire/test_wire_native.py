"""Bodies are the commands less what the path and the envelope say: held field by field."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from comity.errors import InvalidInput
from comity.model import command as c
from comity.model.participant import Participant, Person, Role
from comity.wire import native

ABOUT_THE_ANSWER = {"alternatives_ms"}
"""Fields that change nothing of what is filed."""


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (native.IntentBody, c.FileIntent),
        (native.IntentChange, c.ChangeIntent),
        (native.ConstraintBody, c.PublishConstraint),
        (native.ConstraintChange, c.ChangeConstraint),
        (native.RuleBody, c.SetRule),
        (native.RuleChange, c.ChangeRule),
        (native.GroupBody, c.SetGroup),
        (native.Revocation, c.RevokeTokens),
        (native.Erasure, c.Erase),
    ],
)
def test_a_body_has_its_commands_fields(body: type[msgspec.Struct], command: type[msgspec.Struct]) -> None:
    wanted = [name for name in command.__struct_fields__ if name != "id"]
    assert [name for name in body.__struct_fields__ if name not in ABOUT_THE_ANSWER] == wanted
    theirs, ours = get_type_hints(command), get_type_hints(body)
    assert {name: ours[name] for name in wanted} == {name: theirs[name] for name in wanted}


@pytest.mark.parametrize(
    ("body", "record"), [(native.ParticipantBody, Participant), (native.PersonBody, Person)]
)
def test_a_record_can_be_read_edited_and_put(
    body: type[msgspec.Struct], record: type[msgspec.Struct]
) -> None:
    assert set(body.__struct_fields__) == set(record.__struct_fields__)


def test_a_record_for_another_path_is_refused() -> None:
    given = native.PersonBody("Name", (Role.OBSERVER,), id="one", participant="north")  # type: ignore[arg-type]  # plain text
    assert given.person("north", "one").id == "one"
    for participant, id_, field in (("north", "two", "id"), ("south", "one", "participant")):
        with pytest.raises(InvalidInput) as refused:
            given.person(participant, id_)
        assert refused.value.field == field


def test_no_body_takes_a_commands_tag_or_an_owner() -> None:
    for body in (native.IntentBody, native.ConstraintBody, native.RuleBody, native.GroupBody):
        assert body.__struct_config__.tag is None
        assert not {"owner", "participant", "command"} & set(body.__struct_fields__)
