"""Plays the cast over the native API: settles what lasts, then goes through the script, cycle by cycle.

It is an ordinary user of the exchange: four participants with a client each, nothing that others could
not do. Cycles begin every ``CYCLE_S`` seconds from ``begin`` on, and with them the encounters. What lasts
(members, rules, standing constraints) is asked for under fixed request ids or only where it is missing,
so starting again changes nothing that was acknowledged. Reports run beside the script in a thread of
their own, once a second.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from comity.client import Client
from comity.clock import Clock, SystemClock, from_micros, seconds
from comity.errors import ComityError, NotFound, Refused, RequestIdReused, StrategicConflict, WrongState
from comity.ids import ParticipantId
from comity.model.observation import Provenance
from comity.model.released import ReleasedItem
from comity.sim import script
from comity.sim.cast import ANS, DESKS, PARTICIPANTS, PARTNERS, PARTNERS_MEMBERS, PEOPLE, RULES
from comity.sim.encounters import CYCLE_S, heard, reports
from comity.sim.meetings import ENCOUNTERS
from comity.sim.own import own_reports, radar_plots
from comity.sim.script import Acknowledge, Become, End, File, Publish, Redraw, Standing, Step
from comity.sim.traffic import sbs

FEED_ADSB: Final = "adsb"
FEED_RADAR: Final = "radar"
FEED_OWN: Final = "telemetry"


class Happened(NamedTuple):
    """``code`` None: done; otherwise the code of the refusal. ``expected``: it is part of the script."""

    actor: ParticipantId | None
    says: str
    code: str | None = None
    message: str = ""
    expected: bool = True


class Player:
    """``clients``: one for each participant of the cast, signed in as its desk."""

    def __init__(
        self,
        clients: Mapping[ParticipantId, Client],
        seed: int,
        say: Callable[[Happened], None],
        clock: Clock | None = None,
    ) -> None:
        self._clients = clients
        self._seed = seed
        self._say = say
        self._clock = clock or SystemClock()
        self._items: dict[str, ReleasedItem] = {}
        self._in_the_way: tuple[str, ...] = ()
        self._feeding = True
        self._began: int | None = None
        self.reports = 0
        """Reports accepted so far."""

    def settle(self) -> int:
        """Members, people, groups, rules, standing constraints; how many items were kept from before."""
        centre = self._clients[ANS]
        for participant in PARTICIPANTS:
            if not participant.centre:
                self._once(partial(centre.admit, participant, request_id=f"demo-admit-{participant.id}"))
        for person in PEOPLE:
            if person.id != DESKS[ANS]:
                key = f"demo-person-{person.participant}-{person.id}"[:64]
                self._once(partial(centre.put_person, person, request_id=key))
        if PARTNERS not in {group.id for group in centre.groups()}:
            self._once(partial(centre.set_group, PARTNERS, PARTNERS_MEMBERS, request_id="demo-group-1"))
        for number, gift in enumerate(RULES):
            client, key = self._clients[gift.owner], f"demo-rule-{number}"
            self._once(partial(client.set_rule, gift.recipient, gift.levels, request_id=key))
        kept = self._end_leftovers()
        self._keep_standing()
        return kept

    def _once(self, write: Callable[[], object]) -> None:
        """Asked for before, perhaps by an older version in other words: then it stays as it is."""
        try:
            write()
        except (RequestIdReused, WrongState):
            return

    def _end_leftovers(self) -> int:
        """An earlier run's flights are over; their intents are ended, not forgotten."""
        kept = 0
        for client in self._clients.values():
            for item in client.airspace().items:
                if item.level != "own":
                    continue
                kept += 1
                if item.kind == "intent" and item.state != "Ended" and item.ovn is not None:
                    client.end_intent(item.ref, item.ovn)
        return kept

    def _keep_standing(self) -> None:
        for standing in script.STANDING:
            client = self._clients[standing.owner]
            mine = {item.designator for item in client.constraints() if item.level == "own" and _live(item)}
            if standing.designator not in mine:
                self._publish_standing(client, standing)

    def _publish_standing(self, client: Client, standing: Standing) -> None:
        start = self._clock.now() + timedelta(seconds=standing.starts_in_s)
        volumes = standing.area.volumes(start, start + timedelta(seconds=standing.lasts_s))
        client.publish_constraint(volumes, kind=standing.kind, designator=standing.designator)
        self._say(Happened(standing.owner, f"publishes {standing.designator}"))

    def begin(self, at_s: int | None = None) -> int:
        """When the first cycle begins, in seconds since 1970: two seconds from now, or what was said
        first."""
        if self._began is None:
            self._began = math.ceil(seconds(self._clock.now())) + 2 if at_s is None else at_s
        return self._began

    def run(self, stop: threading.Event, last_s: float | None = None) -> None:
        """Until ``stop`` is set or ``last_s`` have gone by. Raises only what is not a refusal."""
        began = self.begin()
        feeding = threading.Thread(target=self._feed, args=(stop,), name="demo feeds", daemon=True)
        feeding.start()
        ends = None if last_s is None else self._clock.monotonic() + last_s
        number = -1
        try:
            while not stop.is_set():
                gone_s = seconds(self._clock.now()) - began
                number = max(number + 1, math.floor(gone_s / CYCLE_S))
                if not self._play_cycle(began + number * CYCLE_S, stop, ends):
                    return
                self._keep_standing()
        finally:
            self._feeding = False
            feeding.join(timeout=15.0)

    def _play_cycle(self, at_s: int, stop: threading.Event, ends: float | None) -> bool:
        """False once there is no more time."""
        self._items.clear()
        cycle = from_micros(at_s * 1_000_000)
        starts = self._clock.monotonic() + at_s - seconds(self._clock.now())
        for step in (*script.STEPS, None):
            due = starts + (CYCLE_S if step is None else step.at_s)
            over = ends is not None and due > ends
            if _wait(stop, (ends if over and ends is not None else due) - self._clock.monotonic()) or over:
                return False
            if step is not None:
                self.play(step, cycle)
        return True

    def play(self, step: Step, cycle: datetime) -> None:
        try:
            self._do(step, cycle)
        except Refused as error:
            if isinstance(error, StrategicConflict):
                conflicts = error.detail.get("conflicts", [])
                self._in_the_way = tuple(str(each["item"]["ref"]) for each in conflicts)
            expected = error.code == step.refused
            self._say(Happened(step.actor, step.says, error.code, error.message, expected))
        else:
            self._say(Happened(step.actor, step.says, expected=step.refused is None))

    def _do(self, step: Step, cycle: datetime) -> None:
        client, act = self._clients[step.actor], step.act
        if isinstance(act, Acknowledge):
            self._acknowledge(client, act.about)
            return
        item = self._items.get(act.name)
        if isinstance(act, File):
            self._items[act.name] = client.file_intent(
                act.area.during(cycle, act.from_s, act.until_s),
                category=act.category,
                crewed=act.crewed,
                accept_conflicts=self._in_the_way if act.over else (),
            ).result
        elif isinstance(act, Publish):
            self._items[act.name] = client.publish_constraint(
                act.area.during(cycle, act.from_s, act.until_s), kind=act.kind, designator=act.designator
            ).result
        elif item is None or item.ovn is None:
            raise WrongState(f"{act.name} was never filed")
        elif isinstance(act, Become):
            self._items[act.name] = client.change_intent(item.ref, item.ovn, state=act.state).result
        elif isinstance(act, Redraw):
            volumes = act.area.during(cycle, act.from_s, act.until_s)
            self._items[act.name] = client.change_intent(item.ref, item.ovn, volumes=volumes).result
        elif isinstance(act, End):
            client.end_intent(item.ref, item.ovn)

    def _acknowledge(self, client: Client, about: str) -> None:
        """Raises ``NotFound`` where there is no such alert."""
        for alert in client.alerts().alerts:
            if alert.acknowledged_at is None and about in (side.label for side in alert.sides):
                client.acknowledge_alert(alert.ref)
                return
        raise NotFound(f"there is no alert about {about} that nobody has acknowledged")

    def _feed(self, stop: threading.Event) -> None:
        while self._feeding and not stop.is_set():
            now_s = seconds(self._clock.now())
            try:
                self.feed_once(int(now_s))
            except ComityError as error:
                if not stop.is_set():
                    self._say(Happened(None, "reports were not taken", error.code, error.message, False))
            _wait(stop, 1.0 - seconds(self._clock.now()) % 1.0)

    def feed_once(self, t: int) -> None:
        """One second's reports of everyone; ``t`` in seconds since 1970."""
        since_s = t - self.begin(t)
        airliners = heard(ENCOUNTERS, self._seed, since_s)
        ans = self._clients[ANS]
        taken = [ans.report_sbs(FEED_ADSB, Provenance.BROADCAST, sbs(self._seed, t, airliners))]
        for who, client in self._clients.items():
            own = own_reports(self._seed, t, who)
            own += reports(ENCOUNTERS, self._seed, since_s, t, who, Provenance.OWN)
            sensed = radar_plots(self._seed, t, who)
            sensed += reports(ENCOUNTERS, self._seed, since_s, t, who, Provenance.SENSED)
            if own:
                taken.append(client.report(FEED_OWN, Provenance.OWN, own))
            if sensed:
                taken.append(client.report(FEED_RADAR, Provenance.SENSED, sensed))
        self.reports += sum(intake.accepted for intake in taken)


def _live(item: ReleasedItem) -> bool:
    return item.state in ("planned", "pending", "active")


def _wait(stop: threading.Event, length_s: float) -> bool:
    """True if it was told to stop."""
    return stop.wait(max(0.0, length_s))
