"""Two worlds played side by side, and everything that ``south`` is told compared byte by byte.

``play`` raises ``Difference`` at the first answer or frame that is not the same in both, and ``Parted``
where the worlds turned out not to be a pair after all (``permitted`` is asked of what really happened after
every single act). Requests are built from the first world's answers and sent, the same bytes, to both.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import uvloop

from comity.clock import ManualClock
from comity.ids import EntityId, Ids, ParticipantId
from comity.model.rule import Levels
from comity.wire.encode import encode_time
from tests.permitted import permitted
from tests.property import happened as h
from tests.property.drafting import Act, Look, Move, Plan, Restart, South, Tick
from tests.property.level0 import Ambiguous
from tests.property.playing import Player, Request
from tests.property.stack import (
    OTHERS,
    SCRATCH,
    SOUTH,
    Answer,
    Caller,
    Listener,
    Stack,
    copy_of,
    make_template,
)


class Difference(Exception):
    """``south`` was told something else in one world than in the other: a leak."""

    def __init__(self, what: str, first: object, second: object) -> None:
        super().__init__(f"{what}\n  first:  {first!r}\n  second: {second!r}")
        self.what = what


class Parted(Exception):
    """What happened gives ``south`` the right to tell the worlds apart."""


class Played(NamedTuple):
    """How many answers and frames were compared, and of how many alerts ``south`` was told."""

    compared: int
    alerts: int


def play(plan: Plan) -> Played:
    """Play a plan. Raises ``Difference`` or ``Parted``."""
    with (
        tempfile.TemporaryDirectory(dir=SCRATCH, prefix="comity-pair-") as name,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_play(plan, Path(name)))


@lru_cache(maxsize=16)
def template(start: Any, floor: Levels) -> Path:
    """Made once for each start and floor, and removed when the process ends."""
    directory = TEMPLATES / f"{start:%Y%m%d%H%M}-{abs(hash(floor))}"
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(make_template(directory, start, floor))
    return directory


TEMPLATES = Path(tempfile.mkdtemp(dir=SCRATCH, prefix="comity-templates-"))


def forget_templates() -> None:
    template.cache_clear()
    shutil.rmtree(TEMPLATES, ignore_errors=True)


atexit.register(forget_templates)


async def _play(plan: Plan, directory: Path) -> Played:
    made = await asyncio.to_thread(template, plan.start, plan.floor)
    both = Both(plan, [copy_of(made, directory / name) for name in ("first", "second")])
    await both.open()
    try:
        hidden: Act | None = None
        for move in plan.moves:
            if hidden is not None:
                await (both.together(hidden, move) if isinstance(move, South) else both.move(hidden))
                hidden = None
                if isinstance(move, South):
                    continue
            if isinstance(move, Act) and None in (move.first, move.second):
                hidden = move
            else:
                await both.move(move)
        if hidden is not None:
            await both.move(hidden)
        await both.part()
    finally:
        await both.close()
    return Played(both.compared, both.alerts)


class Both:
    """Two stacks, one clock each, moved together."""

    def __init__(self, plan: Plan, directories: list[Path]) -> None:
        self.compared = 0
        self._plan = plan
        self._players = [
            Player(Stack(each, ManualClock(plan.start), plan.view_limit)) for each in directories
        ]
        self._callers: list[Caller] = []
        self._streams: list[list[Listener]] = []
        self._token = ""
        self._knows = Knowledge()

    # --- opening and closing

    async def open(self) -> None:
        for player in self._players:
            await player.stack.open()
            player.begun()
        self._heed_withdrawals()
        self._token = self._players[0].stack.token(SOUTH, self._plan.start)
        self._call()
        await self._listen(None)
        self._check_streams("the stream's beginning")

    def _call(self) -> None:
        self._callers = [player.stack.caller(self._token) for player in self._players]

    @property
    def alerts(self) -> int:
        return len(self._knows.alerts)

    async def close(self) -> None:
        for caller in self._callers:
            await caller.close()
        for player in self._players:
            with suppress(OSError):
                await player.stack.close()

    async def _restart(self, at: datetime) -> None:
        await self.close()
        self._check_streams("a stream until its end")
        self._advance(at, h.Restarted())
        for player in self._players:
            await player.stack.open()
        self._heed_withdrawals()
        self._call()
        cursor = self._knows.cursors[-1] if self._knows.cursors else None
        await self._listen(cursor)

    async def _listen(self, cursor: str | None) -> None:
        self._streams = [
            [await player.stack.listen(self._token, cursor, form) for player in self._players]
            for form in ("json", "binary")
        ]

    def _heed_withdrawals(self) -> None:
        """When ``south`` is told that something was taken from it: a slow reader's stream is cut by it."""
        self._withdrawn: list[list[datetime]] = [[], []]
        for player, noted in zip(self._players, self._withdrawn, strict=True):

            def note(who: ParticipantId, noted: list[datetime] = noted, player: Any = player) -> None:
                if who == SOUTH:
                    noted.append(player.stack.clock.now())

            player.stack.exchange.on_withdrawn.append(note)

    # --- moves

    async def move(self, move: Move) -> None:
        match move:
            case Tick(at=at):
                await self._pass(at)
            case Act():
                await self._act(move)
            case South():
                await self._south(move)
            case Look(again=again):
                await self._look(again)
            case Restart(at=at):
                await self._restart(at)
        self._check_pair()
        self._same("what was withdrawn", *self._withdrawn)

    async def together(self, hidden: Act, move: South) -> None:
        """What one world alone has, under way while ``south`` writes: in one batch or in two that overlap."""
        await asyncio.gather(self._act(hidden), self._south(move))
        self._check_pair()
        self._same("what was withdrawn", *self._withdrawn)

    async def _pass(self, at: datetime) -> None:
        """Time goes on, while a request waits for something new."""
        waiting = await self._wait_for_news()
        self._advance(at, h.Ticked())
        self._check_pair()
        await self._tick()
        if waiting:
            answers = await asyncio.gather(*waiting)
            self._same("a request that waited", *answers)

    async def _wait_for_news(self) -> list[asyncio.Task[Answer]]:
        if not self._knows.cursors:
            return []
        target = f"/v1/changes?cursor={self._knows.cursors[-1]}&wait_s=0.5"
        asked = [asyncio.create_task(caller.ask("GET", target)) for caller in self._callers]
        for player, task in zip(self._players, asked, strict=True):
            await player.stack.until_waiting(task)
        return asked

    def _advance(self, at: datetime, event: h.Event) -> None:
        for player in self._players:
            clock = player.stack.clock
            clock.advance((at - clock.now()).total_seconds())
            player.note(event)

    async def _act(self, move: Act) -> None:
        for player, event in zip(self._players, (move.first, move.second), strict=True):
            if event is not None:
                await player.act(event)

    async def _look(self, again: bool) -> None:
        for player in self._players:
            player.note(h.Ticked())
        self._check_pair()
        await self._tick()
        for request in self._knows.requests(self._players):
            await self._compare(request)
        if again:
            await self._stream_again()

    async def part(self) -> None:
        """The last look: whatever else came on the streams."""
        for player in self._players:
            player.note(h.Ticked())
        self._check_pair()
        await self._tick()

    def _check_pair(self) -> None:
        now = self._players[0].stack.clock.now()
        try:
            one, other = (permitted(player.world(), SOUTH, now) for player in self._players)
        except Ambiguous as unclear:
            raise Parted from unclear
        if one != other:
            raise Parted([name for name, value in vars(one).items() if value != getattr(other, name)])

    async def _tick(self) -> None:
        for player in self._players:
            await player.stack.tick()
        self._check_streams("a tick of the stream")

    async def _south(self, move: South) -> None:
        request = self._request(move.event)
        if request is None:
            return
        answer = await self._compare(request)
        if answer.status == 409 and move.insist:
            refs = tuple(
                conflict["item"]["ref"]
                for conflict in json.loads(answer.body).get("detail", {}).get("conflicts", ())
            )
            request = self._request(move.event, refs)
            assert request is not None
            answer = await self._compare(request)
        assert answer.status == 200 or not isinstance(move.event, h.Brought), answer.body
        if answer.status not in (200, 201):
            return
        self._knows.wrote(request)
        for player in self._players:
            if isinstance(move.event, h.Filed | h.Published | h.Ruled):
                result = json.loads(answer.body)["result"]
                player.ids[SOUTH, move.event.name] = result.get("ref") or result["id"]
            player.note(move.event)

    def _request(self, event: h.Event, accept: tuple[str, ...] = ()) -> Request | None:
        """The first world's; None where what it is about was refused before."""
        first = self._players[0]
        if isinstance(event, h.IntentChanged | h.IntentEnded) and (SOUTH, event.name) not in first.ids:
            return None
        return first.request(event, accept)

    async def _stream_again(self) -> None:
        """A second stream that goes on from the oldest cursor known, and leaves again."""
        cursor = self._knows.cursors[0] if self._knows.cursors else None
        streams = [await player.stack.listen(self._token, cursor) for player in self._players]
        self._check_both(streams, "a stream resumed")
        for player, stream in zip(self._players, streams, strict=True):
            await player.stack.hang_up(stream)

    # --- comparing

    async def _compare(self, request: Request) -> Answer:
        answers = [
            await caller.ask(request.method, request.target, request.body, request.key)
            for caller in self._callers
        ]
        self._same(f"{request.method} {request.target} {request.body!r}", *answers)
        self._knows.learn(request, answers[0])
        return answers[0]

    def _check_streams(self, what: str) -> None:
        for streams, form in zip(self._streams, ("", ", packed"), strict=True):
            self._check_both(streams, what + form)

    def _check_both(self, streams: list[Listener], what: str) -> None:
        first, second = (stream.frames for stream in streams)
        for one, other in zip(first, second, strict=False):
            self._same(what, one, other)
        self._same(f"how many frames: {what}", len(first), len(second))
        for stream in streams:
            stream.frames.clear()

    def _same(self, what: str, first: object, second: object) -> None:
        self.compared += 1
        if first != second:
            raise Difference(what, first, second)


class Knowledge:
    """What ``south`` has seen and can ask about; and what it can guess, because tests may know more."""

    def __init__(self) -> None:
        self.refs: dict[str, None] = {}
        self.alerts: dict[str, None] = {}
        self.cursors: list[str] = []
        self.times: list[str] = []
        self.writes: list[Request] = []
        self.sizes: list[int] = []

    def wrote(self, request: Request) -> None:
        if request.key is not None:
            self.writes.append(request)

    def learn(self, request: Request, answer: Answer) -> None:
        if answer.status != 200 or not answer.body.startswith(b"{"):
            return
        body = json.loads(answer.body)
        for item in body.get("items", ()):
            self.refs[item["ref"]] = None
        for alert in body.get("alerts", ()):
            self.alerts[alert["ref"]] = None
        if "cursor" in body and body["cursor"] not in self.cursors:
            self.cursors.append(body["cursor"])
        if request.target == "/v1/log/checkpoint":
            self.sizes.append(int(body["note"].split("\n")[1]))

    def requests(self, players: list[Player[Stack]]) -> Iterator[Request]:
        """Everything there is to ask."""
        now = encode_time(players[0].stack.clock.now()).decode().strip('"')
        self.times.append(now)
        for target in _ALWAYS:
            yield Request("GET", target)
        for cursor in self.cursors[-3:]:
            yield Request("GET", f"/v1/changes?cursor={cursor}&limit=3")
        yield Request("GET", f"/v1/changes?cursor={(self.cursors or ['none'])[0]}")
        for when in (self.times[0], self.times[len(self.times) // 2], now):
            yield Request("GET", f"/v1/what-others-see?at={quote(when)}")
        for ref in list(self.refs)[-12:]:
            yield Request("GET", f"/v1/airspace/{ref}")
        for when in (self.times[0], self.times[-2:][0], now):
            yield Request("GET", f"/v1/history?at={quote(when)}")
        yield from self._alerts(players)
        yield from self._guesses(players)
        yield from self._log()
        yield from self.writes[-2:]
        yield from self.writes[:1]
        yield from _plans(players[0].stack.clock.now())

    def _alerts(self, players: list[Player[Stack]]) -> Iterator[Request]:
        """One's own alerts, every other one acknowledged; others', and one that never was."""
        for number, ref in enumerate(list(self.alerts)[-8:]):
            yield Request("GET", f"/v1/alerts/{ref}")
            if number % 2:
                yield Request("POST", f"/v1/alerts/{ref}/acknowledgement", b"{}", f"known-{ref[:12]}")
        theirs = {
            alert.ref: None
            for player in players
            for who in OTHERS
            for alert in player.stack.exchange.alerts(who).alerts[:2]
        }
        for number, ref in enumerate([*theirs, "00000000-0000-4000-8000-000000000000"]):
            yield Request("GET", f"/v1/alerts/{ref}")
            yield Request("POST", f"/v1/alerts/{ref}/acknowledgement", b"{}", f"theirs-{number:04d}")

    def _guesses(self, players: list[Player[Stack]]) -> Iterator[Request]:
        """Ids and references of what others have in either world, whether or not ``south`` may know of it."""
        stack = players[0].stack
        ids = Ids(stack.opened.keyfile.id_secret)
        day = f"{stack.clock.now():%Y-%m-%d}"
        made = {pair: None for player in players for pair in list(player.ids.items())[-6:]}
        for number, ((owner, _), id) in enumerate(made):
            yield Request("GET", f"/v1/airspace/{id}")
            yield Request("GET", f"/v1/intents/{id}")
            yield Request("GET", f"/v1/rules/{id}")
            yield Request("DELETE", f"/v1/intents/{id}?ovn=x", b"", f"guess-{number:04d}")
            if owner != SOUTH:
                yield Request("GET", f"/v1/airspace/{ids.reference(SOUTH, EntityId(id), day)}")
        yield Request("DELETE", "/v1/groups/friends?ovn=x", b"", "guess-group")

    def _log(self) -> Iterator[Request]:
        size = self.sizes[-1] if self.sizes else 1
        yield Request("GET", f"/v1/log/entries?start={max(0, size - 20)}&stop={size + 2}")
        for position in {0, size // 2, size - 1}:
            yield Request("GET", f"/v1/log/inclusion?position={position}&size={size}")
        yield Request("GET", f"/v1/log/consistency?first={self.sizes[0] if self.sizes else 1}&second={size}")
        yield Request("GET", f"/v1/log/inclusion?position=0&size={size + 100}")


def _plans(now: datetime) -> Iterator[Request]:
    """What filing would be told near where others are, and what would pass instead."""
    for lat, lon, radius_m in ((47.0, 11.0, 300.0), (47.01, 11.3, 2_000.0), (46.2, 9.3, 20_000.0)):
        volume = {
            "outline": {"type": "circle", "centre": {"lat": lat, "lon": lon}, "radius_m": radius_m},
            "lower": {"value_m": 900.0, "datum": "W84"},
            "upper": {"value_m": 1_300.0, "datum": "W84"},
            "start": (now + timedelta(minutes=10)).isoformat(),
            "end": (now + timedelta(minutes=100)).isoformat(),
        }
        plan = {"volumes": [volume], "category": "other", "crewed": True}
        yield Request("POST", "/v1/plans/check", json.dumps(plan).encode())
        yield Request("POST", "/v1/plans/alternatives", json.dumps({**plan, "limit_ms": 30}).encode())


_ALWAYS = (
    "/v1/log/checkpoint",
    "/v1/airspace",
    "/v1/intents",
    "/v1/constraints",
    "/v1/airspace?lat=47.0&lon=11.0&radius_m=40000",
    "/v1/airspace?lat=46.2&lon=9.3&radius_m=5000",
    "/v1/changes?limit=2",
    "/v1/picture",
    "/v1/alerts",
    "/v1/history",
    "/v1/what-others-see",
    "/v1/what-others-see?recipient=north",
    "/v1/what-others-see?recipient=nobody",
    "/v1/whoami",
    "/v1/rules",
    "/v1/groups",
    "/v1/groups/friends",
    "/v1/participants",
    "/v1/people",
    "/v1/charter",
    "/metrics",
    "/v1/operator/health",
    "/v1/tree/checkpoint",
    "/v1/tree/entries?start=0&stop=5",
    "/v1/airspace/00000000-0000-4000-8000-000000000000",
    "/healthy",
    "/v1/nothing/here",
)
