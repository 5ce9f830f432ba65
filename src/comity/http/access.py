"""Who may use a route: declared with the route, checked before anything of the request is read.

A route names the scope its token must carry and the roles of which the person must have one, and may
ask that the participant is the centre, or an auditor that the charter names. There is no default: a
route is made with an ``Access`` or with ``PUBLIC``, and a test walks them all. Scopes only narrow roles.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from comity.errors import NotFound, NotPermitted, Unauthenticated
from comity.http import tokens
from comity.http.port import ExchangePort
from comity.http.tokens import REFUSAL, Identity, Verifier
from comity.model.participant import Participant, Person, Role


class Standing(StrEnum):
    """What the participant itself must be."""

    ANY = "any"
    CENTRE = "centre"
    TREE_AUDITOR = "tree_auditor"
    """Named as an auditor in the charter, or the centre."""


class Access(msgspec.Struct, frozen=True):
    """``scope`` None with no roles is public; nothing else may be without both."""

    scope: str | None
    roles: frozenset[Role]
    standing: Standing = Standing.ANY

    def __post_init__(self) -> None:
        if (self.scope is None) != (not self.roles):
            raise ValueError("a route needs a scope and at least one role, or neither")
        if self.scope is not None and self.scope not in tokens.SCOPES:
            raise ValueError(f"no such scope: {self.scope}")

    @property
    def public(self) -> bool:
        return self.scope is None


PUBLIC: Final = Access(None, frozenset())

_EVERYONE = frozenset(Role)
_READERS = frozenset({Role.OBSERVER, Role.DUTY_DESK, Role.AIRSPACE_OWNER})

MEMBER: Final = Access(tokens.READ, _EVERYONE)
"""Membership, the charter and the participant's own log: every person of a participant."""
READER: Final = Access(tokens.READ, _READERS)
"""What was released to the participant."""
OWN_RULES: Final = Access(tokens.READ, _READERS | {Role.AUDITOR, Role.ADMINISTRATOR})
"""What the participant itself releases."""
DUTY: Final = Access(tokens.WRITE, frozenset({Role.DUTY_DESK}))
AIRSPACE: Final = Access(tokens.WRITE, frozenset({Role.AIRSPACE_OWNER}))
FEED: Final = Access(tokens.OBSERVE, frozenset({Role.DUTY_DESK}))
ADMINISTRATION: Final = Access(tokens.ADMINISTER, frozenset({Role.ADMINISTRATOR}))
CENTRE_ADMINISTRATION: Final = Access(tokens.ADMINISTER, frozenset({Role.ADMINISTRATOR}), Standing.CENTRE)
WITNESS: Final = Access(tokens.AUDIT, frozenset({Role.AUDITOR}))
TREE: Final = Access(tokens.AUDIT, frozenset({Role.AUDITOR}), Standing.TREE_AUDITOR)
OPERATOR: Final = Access(tokens.OPERATE, frozenset({Role.ADMINISTRATOR}), Standing.CENTRE)


class Caller(msgspec.Struct, frozen=True):
    """Who is asking, as of this request."""

    identity: Identity
    participant: Participant
    person: Person


class Gate:
    """Turns an ``Authorization`` header into a caller, and holds callers to what a route declares."""

    def __init__(self, exchange: ExchangePort, verifier: Verifier) -> None:
        self._exchange = exchange
        self._verifier = verifier

    def identify(self, authorization: str | None, now: datetime) -> Caller:
        """Raises ``Unauthenticated`` for whatever is wrong with the token or its bearer's membership."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(REFUSAL)
        return self.identify_token(token.strip(), now)

    def identify_token(self, token: str, now: datetime) -> Caller:
        identity = self._verifier.verify(token, now, self._exchange.clock.monotonic())
        return self.standing_of(identity, now)

    def standing_of(self, identity: Identity, now: datetime) -> Caller:
        """Membership as it is now: asked on every request and, for streams, every second."""
        if now >= identity.expires_at:
            raise Unauthenticated(REFUSAL)
        exchange = self._exchange
        try:
            participant = exchange.participant(identity.participant)
            person = exchange.person(identity.participant, identity.person)
        except NotFound as error:
            raise Unauthenticated(REFUSAL) from error
        if exchange.is_revoked(participant.id, person.id, identity.token_id, identity.issued_at):
            raise Unauthenticated(REFUSAL)
        if participant.suspended:
            raise NotPermitted("this participant is suspended")
        return Caller(identity, participant, person)

    def permit(self, caller: Caller, access: Access) -> None:
        """Raises ``NotPermitted`` with what is missing; the caller may know its own roles and scopes."""
        if access.scope is None:
            return
        if access.scope not in caller.identity.scopes:
            raise NotPermitted(f"the token lacks the scope {access.scope}")
        if access.roles.isdisjoint(caller.person.roles):
            roles = ", ".join(sorted(access.roles))
            raise NotPermitted(f"this needs one of the roles {roles}")
        if access.standing is Standing.CENTRE and not caller.participant.centre:
            raise NotPermitted("only the centre may do this")
        if (
            access.standing is Standing.TREE_AUDITOR
            and not caller.participant.centre
            and caller.participant.id not in self._exchange.charter().auditors
        ):
            raise NotPermitted("only the centre and the charter's auditors may read the whole tree")
