"""Accepted writes a second at the DSS of F3548-21 by 64 clients in a closed loop, against a no-op PUT.

The baseline is ``PUT /dss/v1/bench/{id}`` of the same server with the same body: token, quota, decoding and
cells, and no DSS. Server and load generator are a process each and are measured in turns; a figure is the
median of the rounds. 50 references are there before and stay. Each client files one of its own, changes it
some times and deletes it, again and again. Counted are accepted PUTs; deletions and refused tries take
their time and count for nothing.

* **spread**: each client at a place of its own.
* **heights**: all in the same cells, each at heights of its own.
* **overlap**: all over each other, one manager: each write needs the OVN of every other reference. A client
  knows what refusals told it and asks again at once.
* **two**: likewise, by two managers in turns. The other's OVNs are hidden; the client fetches them from the
  managing USS, which is stood in for by what the generator knows after ``DETAILS_S``.
* **five-thousand**: as heights, with 5,000 references over the place.
* **query**: 100 references out of 100,000 (``--references``), by the server's CPU alone.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from bench import load
from bench.load import Answer, Client, Connection, Load, Script, request
from bench.members import spread_out
from bench.report import Figure, at_least, at_most, percentile, show, spread, stated
from bench.served import Served, served
from bench.usses import ALPHA, BRAVO, ECHO, INTENTS, Authority, area, body, delete, new_ids, put

CLIENTS: Final = 64
LIVE: Final = 50
CHANGES: Final = 8
DETAILS_S: Final = 0.002
"""How long the managing USS takes to answer for details, in the mode of two managers."""

_PLACE = (46.8, 9.8)
_LUCK = random.Random(7)


class Tally:
    """What clients count besides answers: accepted PUTs, tries for them, and the time of all tries of one."""

    def __init__(self) -> None:
        self.puts = 0
        self.tries: Counter[int] = Counter()
        self.took_ms: list[float] = []
        self.others: Counter[int] = Counter()

    def accepted(self, tries: int, began_s: float) -> None:
        self.puts += 1
        self.tries[tries] += 1
        self.took_ms.append((time.perf_counter() - began_s) * 1e3)

    @property
    def mean_tries(self) -> float:
        return sum(tries * n for tries, n in self.tries.items()) / max(1, self.puts)


class _Reference(msgspec.Struct):
    id: str
    ovn: str
    manager: str


class _Changed(msgspec.Struct):
    operational_intent_reference: _Reference


class _Refused(msgspec.Struct):
    missing_operational_intents: list[_Reference] = []


_changed = msgspec.json.Decoder(_Changed)
_refused = msgspec.json.Decoder(_Refused)
Body = Callable[[tuple[str, ...]], bytes]


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--modes", default="spread,heights,overlap,two,five-thousand,query")
    parser.add_argument("--references", type=int, default=100_000, help="live in the mode query")
    parser.add_argument("--turn-ms", type=float, default=50.0)
    parser.add_argument("--directory", type=Path, help="where the ledgers are; a temporary one by default")
    given = parser.parse_args(arguments)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=given.directory, prefix="comity-bench-") as folder:
        for mode in given.modes.split(","):
            authority = Authority(Path(folder) / mode, turn_ms=given.turn_ms)
            with served(Path(folder) / mode) as server:
                if mode == "query":
                    figures.append(query(server, authority, given.references, given.seconds))
                else:
                    figures += measure(mode, server, authority, given.seconds, given.rounds)
        show("The DSS", Path(folder), figures)
    return figures


def measure(mode: str, server: Served, authority: Authority, seconds: float, rounds: int) -> list[Figure]:
    tokens = {name: authority.token(name) for name in (ALPHA, BRAVO)}
    play, sample, goal, words = _MODES[mode](server, tokens)
    ratios, rates, echoes, tallies, cpus, echo_us = [], [], [], [], [], []
    for _ in range(rounds):
        before = _echo(server, tokens[ALPHA], sample, seconds / 2.0)
        tally = Tally()
        written = play(tally, seconds)
        after = _echo(server, tokens[ALPHA], sample, seconds / 2.0)
        echo = (before.answers + after.answers) / (before.seconds + after.seconds)
        rate = tally.puts / written.seconds
        ratios.append(rate / echo)
        rates.append(rate)
        echoes.append(echo)
        tallies.append(tally)
        cpus.append(written.server_cpu_s / max(1, tally.puts) * 1e6)
        echo_us.append((before.server_cpu_s + after.server_cpu_s) / (before.answers + after.answers) * 1e6)
    took = [each for tally in tallies for each in tally.took_ms]
    tries = statistics.mean(tally.mean_tries for tally in tallies)
    note = (
        f"body of {len(sample):,} bytes; ratios {spread(ratios)}; {tries:.2f} tries on average, at most "
        f"{max(max(tally.tries) for tally in tallies)}; until accepted: median "
        f"{statistics.median(took):.0f} ms, 99 % {percentile(took, 99.0):.0f} ms, longest "
        f"{max(took):.0f} ms; "
        f"{statistics.median(cpus):,.0f} µs of the server's CPU for each, "
        f"{statistics.median(echo_us):,.0f} µs for a no-op"
    )
    measured = f"{statistics.median(rates):,.0f} accepted PUTs/s"
    baseline = f"{statistics.median(echoes):,.0f} no-op PUTs/s"
    ratio = statistics.median(ratios)
    if goal is None:
        return [stated(mode, measured, baseline, ratio, note)]
    figures = [at_least(mode, measured, baseline, ratio, goal, words, note)]
    if mode == "overlap":
        figures.append(at_most("overlap, tries", f"{tries:.2f} tries", "one", tries, 3.0))
        longest_s = max(took) / 1e3
        figures.append(at_most("overlap, longest wait", f"{longest_s:.2f} s", "1 s", longest_s, 5.0))
    return figures


def _echo(server: Served, token: str, text: bytes, seconds: float) -> Load:
    id = new_ids(_LUCK)

    def script() -> Script:
        while True:
            yield request("PUT", f"{ECHO}/{id}", token, text)

    done = load.closed(server, [Client(script()) for _ in range(CLIENTS)], seconds)
    done.check(200)
    return done


# --- one manager


class Known:
    """OVNs by reference, as a client has learned them. What was not heard of for long is let go."""

    def __init__(self, ovns: Iterable[tuple[str, str]] = ()) -> None:
        self._ovns = dict(ovns)

    def learn(self, id: str, ovn: str) -> None:
        self._ovns.pop(id, None)
        self._ovns[id] = ovn
        if len(self._ovns) > LIVE + 3 * CLIENTS:
            del self._ovns[next(iter(self._ovns))]

    def key(self) -> tuple[str, ...]:
        return tuple(self._ovns.values())


def _cycle(token: str, tally: Tally, make: Body, known: Known) -> Script:
    """File one, change it some times, delete it; for ever."""
    while True:
        id, ovn = new_ids(_LUCK), None
        for _ in range(1 + CHANGES):
            began, tries = time.perf_counter(), 0
            while True:
                tries += 1
                answer = yield put(token, id, ovn, make(known.key()))
                if answer.status != 409:
                    break
                for each in _refused.decode(answer.body).missing_operational_intents:
                    known.learn(each.id, each.ovn)
            ovn = _told(answer)
            tally.accepted(tries, began)
        assert ovn is not None
        answer = yield delete(token, id, ovn)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")


def _told(answer: Answer) -> str:
    if answer.status not in (200, 201):
        raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
    return _changed.decode(answer.body).operational_intent_reference.ovn


Play = Callable[[Tally, float], Load]
Mode = tuple[Play, bytes, float | None, str]


def _alone(server: Served, token: str, maker: Callable[[], Body]) -> Play:
    """Each client at a place of its own, in each round another: a round leaves behind what it was about."""

    def play(tally: Tally, seconds: float) -> Load:
        clients = [Client(_cycle(token, tally, maker(), Known())) for _ in range(CLIENTS)]
        done = load.closed(server, clients, seconds)
        done.check(200, 201, 409)
        return done

    return play


def _spread(server: Served, tokens: dict[str, str]) -> Mode:
    places = (spread_out(number) for number in itertools.count())
    _preload(server, tokens[ALPHA], (body(*next(places), 300.0, 420.0) for _ in range(LIVE)))

    def maker() -> Body:
        return _maker(*next(places), 300.0, 420.0)

    return _alone(server, tokens[ALPHA], maker), maker()(()), 1 / 3, "1/3"


def _heights(server: Served, tokens: dict[str, str], live: int = LIVE) -> Mode:
    layers = itertools.count()

    def layer() -> tuple[float, float, float, float]:
        lower_m = next(layers) * 10.0
        return (*_PLACE, lower_m, lower_m + 5.0)

    _preload(server, tokens[ALPHA], (body(*layer()) for _ in range(live)))

    def maker() -> Body:
        return _maker(*layer())

    return _alone(server, tokens[ALPHA], maker), maker()(()), 1 / 3, "1/3"


def _five_thousand(server: Served, tokens: dict[str, str]) -> Mode:
    play, sample, _, _ = _heights(server, tokens, 5_000)
    return play, sample, 1 / 5, "1/5"


def _overlap(server: Served, tokens: dict[str, str]) -> Mode:
    piles = itertools.count()

    def play(tally: Tally, seconds: float) -> Load:
        """In each round another place, of which every client knows what is there at first."""
        make = _pile_maker(next(piles))
        ovns = _pile(server, [tokens[ALPHA]], make)
        clients = [Client(_cycle(tokens[ALPHA], tally, make, Known(ovns.items()))) for _ in range(CLIENTS)]
        done = load.closed(server, clients, seconds)
        done.check(200, 201, 409)
        return done

    return play, _sample(), 1 / 25, "1/25"


def _pile_maker(number: int) -> Body:
    lat, lon = _PLACE
    return _maker(lat + number * 0.1, lon, 300.0, 420.0)


def _sample() -> bytes:
    """With as many OVNs as a write needs there."""
    return _pile_maker(0)(tuple(f"{number:032x}" for number in range(LIVE + CLIENTS - 1)))


def _maker(lat: float, lon: float, lower_m: float, upper_m: float) -> Body:
    head, tail = body(lat, lon, lower_m, upper_m).split(b'"key": []')

    def make(key: tuple[str, ...]) -> bytes:
        return b'%s"key": %s%s' % (head, msgspec.json.encode(key), tail)

    return make


def _preload(server: Served, token: str, texts: Iterator[bytes]) -> None:
    asked = [put(token, new_ids(_LUCK), None, text) for text in texts]
    shares = [asked[number::CLIENTS] for number in range(CLIENTS)]

    def script(share: list[bytes]) -> Script:
        for text in share:  # noqa: UP028  # a list takes no answers
            yield text

    load.closed(server, [Client(script(share)) for share in shares if share], 3_600.0).check(201)


def _pile(server: Served, tokens: Sequence[str], make: Body) -> dict[str, str]:
    """``LIVE`` references over each other, by these managers in turns; each OVN by reference."""
    ovns: dict[str, str] = {}
    for number in range(LIVE):
        id = new_ids(_LUCK)
        (answer,) = load.calls(server, [put(tokens[number % len(tokens)], id, None, make((*ovns.values(),)))])
        ovns[id] = _told(answer)
    return ovns


# --- two managers


def _two(server: Served, tokens: dict[str, str]) -> Mode:
    pair, piles = [tokens[ALPHA], tokens[BRAVO]], itertools.count()

    def play(tally: Tally, seconds: float) -> Load:
        make = _pile_maker(next(piles))
        current = _pile(server, pair, make)
        return uvloop.run(_played(server, pair, current, make, tally, seconds))

    return play, _sample(), None, ""


async def _played(
    server: Served, tokens: list[str], current: dict[str, str], make: Body, tally: Tally, seconds: float
) -> Load:
    cpu, began = server.cpu_s(), time.perf_counter()
    until = began + seconds
    await asyncio.gather(
        *(_uss(server, tokens[n % len(tokens)], current, make, tally, until) for n in range(CLIENTS))
    )
    took = time.perf_counter() - began
    return Load(took, tally.puts, {}, tally.took_ms, server.cpu_s() - cpu, 0.0)


async def _uss(
    server: Served, token: str, current: dict[str, str], make: Body, tally: Tally, until: float
) -> None:
    """One client; ``current`` stands for the details that USSs answer each other with."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, server.host, server.port)
    known = Known(current.items())
    while time.perf_counter() < until:
        id, own = new_ids(_LUCK), None
        for _ in range(1 + CHANGES):
            began, tries = time.perf_counter(), 0
            while True:
                tries += 1
                answer = await connection.call(put(token, id, own, make(known.key())))
                if answer.status != 409:
                    break
                missing = _refused.decode(answer.body).missing_operational_intents
                await asyncio.sleep(DETAILS_S)
                for each in missing:
                    known.learn(each.id, current.get(each.id, each.ovn))
            own = current[id] = _told(answer)
            tally.accepted(tries, began)
        await connection.call(delete(token, id, own or ""))
        del current[id]
    connection.transport.close()


# --- queries


def query(server: Served, authority: Authority, references: int, seconds: float) -> Figure:
    """Piles of 100 at places apart; each query asks for one pile."""
    token = authority.token(ALPHA)
    piles = references // 100
    _preload(
        server,
        token,
        (
            body(*spread_out(pile), layer * 10.0, layer * 10.0 + 5.0)
            for layer in range(100)
            for pile in range(piles)
        ),
    )
    asked = [request("POST", f"{INTENTS}/query", token, area(*spread_out(p), 100.0)) for p in range(piles)]
    (answer,) = load.calls(server, asked[:1])
    found = len(msgspec.json.decode(answer.body)["operational_intent_references"])

    def script(first: int) -> Script:
        while True:
            yield asked[_LUCK.randrange(piles)]

    done = load.closed(server, [Client(script(n)) for n in range(8)], seconds)
    done.check(200)
    note = f"{found} found, {len(answer.body):,} bytes; {done.rate:,.0f} queries/s by 8 clients"
    ms = done.server_us / 1e3
    return at_most("query", f"{ms:.2f} ms CPU", "1 ms", ms, 1.0, note)


_MODES: dict[str, Callable[[Served, dict[str, Any]], Mode]] = {
    "spread": _spread,
    "heights": _heights,
    "overlap": _overlap,
    "two": _two,
    "five-thousand": _five_thousand,
}

if __name__ == "__main__":
    main()
