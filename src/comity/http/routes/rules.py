"""Release rules and sharing groups of the caller's participant."""

from __future__ import annotations

from comity.http.access import AIRSPACE, OWN_RULES
from comity.http.answers import Answer, Groups, GroupWritten, Rules, RuleWritten, ok
from comity.http.quota import Use
from comity.http.routes.intents import AtOvn
from comity.http.routing import Call, Route
from comity.http.writes import submit
from comity.ids import GroupId, RuleId
from comity.model.command import RemoveGroup, WithdrawRule
from comity.model.rule import Group, ReleaseRule
from comity.wire.native import GroupBody, RuleBody, RuleChange


async def list_rules(call: Call) -> Answer:
    return ok(Rules(tuple(call.exchange.rules(call.caller.participant.id))))


async def set_rule(call: Call) -> Answer:
    return await submit(call, call.body(RuleBody).command())


async def read_rule(call: Call) -> Answer:
    return ok(call.exchange.rule(call.caller.participant.id, RuleId(call.id())))


async def change_rule(call: Call) -> Answer:
    return await submit(call, call.body(RuleChange).command(call.id()))


async def withdraw_rule(call: Call) -> Answer:
    return await submit(call, WithdrawRule(RuleId(call.id()), call.query(AtOvn).ovn))


async def list_groups(call: Call) -> Answer:
    return ok(Groups(tuple(call.exchange.groups(call.caller.participant.id))))


async def read_group(call: Call) -> Answer:
    return ok(call.exchange.group(call.caller.participant.id, GroupId(call.id())))


async def set_group(call: Call) -> Answer:
    return await submit(call, call.body(GroupBody).command(call.id()))


async def remove_group(call: Call) -> Answer:
    return await submit(call, RemoveGroup(GroupId(call.id()), call.query(AtOvn).ovn))


ROUTES = (
    Route("GET", "/v1/rules", OWN_RULES, list_rules, "Your release rules", {200: Rules}),
    Route(
        "POST",
        "/v1/rules",
        AIRSPACE,
        set_rule,
        "Release something to a participant or a group",
        {201: RuleWritten, 200: RuleWritten},
        use=Use.WRITE,
        body=RuleBody,
        write=True,
    ),
    Route("GET", "/v1/rules/{id}", OWN_RULES, read_rule, "One of your rules", {200: ReleaseRule}),
    Route(
        "PUT",
        "/v1/rules/{id}",
        AIRSPACE,
        change_rule,
        "Replace a rule's levels and expiry",
        {200: RuleWritten},
        use=Use.WRITE,
        body=RuleChange,
        write=True,
    ),
    Route(
        "DELETE",
        "/v1/rules/{id}",
        AIRSPACE,
        withdraw_rule,
        "Withdraw a rule; answered once nothing more is sent under it",
        {200: RuleWritten},
        use=Use.WRITE,
        query=AtOvn,
        write=True,
    ),
    Route("GET", "/v1/groups", OWN_RULES, list_groups, "Your groups and the centre's", {200: Groups}),
    Route("GET", "/v1/groups/{id}", OWN_RULES, read_group, "One of your groups", {200: Group}),
    Route(
        "PUT",
        "/v1/groups/{id}",
        AIRSPACE,
        set_group,
        "Create a group or replace its members",
        {201: GroupWritten, 200: GroupWritten},
        use=Use.WRITE,
        body=GroupBody,
        write=True,
    ),
    Route(
        "DELETE",
        "/v1/groups/{id}",
        AIRSPACE,
        remove_group,
        "Remove a group",
        {200: GroupWritten},
        use=Use.WRITE,
        query=AtOvn,
        write=True,
    ),
)
