"""Durable, conflict-checked intent writes a second by 64 clients, against echoing the same body.

The baseline is ``PUT /v1/bench/echo`` of the same server: it authenticates, takes the quota, decodes and
checks the same body and sends it back. Server and load generator are a process each; both are measured in
turns within each round, and a figure is the median of the rounds. Every member has clients, so release is
in play (``members``).

* **spread**: new intents, each at a place of its own.
* **turnover** and **changes**: 500 to 564 live intents over one place in layers of 20 m, 5 m apart. In
  *turnover* each client files one into a free layer, then ends its oldest; both are durable writes, only
  the filing is checked for conflicts. In *changes* each moves one of its own within its layer: every
  write is checked against 500.
* **overlapping**: 500 live at the same place, height and time, each accepting all others by reference.
  Each write changes one of them and names all 499 others again. New filings are not possible while 64
  clients write: each would have to name what others file at the same moment.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import load
from bench.load import Answer, Client, Load, Script, calls, request
from bench.members import MEMBERS, OPEN, RESERVED, admit, intent, outline, spread_out, tomorrow
from bench.report import Figure, at_least, show, spread, stated
from bench.served import Served, make_folder, served

CLIENTS = 64
LIVE = 500
_MOST_PER_S = 4_000
"""More writes a second than any run reaches: how many bodies are made beforehand."""

_PLACE = (46.8, 9.8)
_PITCH_M, _LAYER_M = 25.0, 20.0
_RESERVED_FROM_M = 14_000.0
"""The member at level 0 is kept whole bands of 1,000 m above the others: at level 0 nobody can tell more."""

_keys = itertools.count()

Writers = Callable[[], list[Client]]


def key() -> str:
    return f"bench-{next(_keys):012d}"


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modes", default="spread,turnover,changes,overlapping")
    parser.add_argument("--directory", type=Path, help="where the ledgers are; a temporary one by default")
    given = parser.parse_args(arguments)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=given.directory, prefix="comity-bench-") as folder:
        for mode in given.modes.split(","):
            figures += measure(mode, Path(folder) / mode, given.seconds, given.rounds)
        show("Writes", Path(folder), figures)
    return figures


def measure(mode: str, folder: Path, seconds: float, rounds: int) -> list[Figure]:
    """One mode on a new exchange of its own."""
    make_folder(folder)
    with served(folder) as server:
        tokens = admit(server)
        prepare, goal, words = _MODES[mode]
        writers, body = prepare(server, tokens, seconds)
        return _ratio(server, tokens, mode, writers, body, seconds, rounds, goal, words)


def _ratio(
    server: Served,
    tokens: dict[str, str],
    mode: str,
    writers: Writers,
    body: bytes,
    seconds: float,
    rounds: int,
    goal: float,
    words: str,
) -> list[Figure]:
    echoes, writes = [], []
    for _ in range(rounds):
        before = load.closed(server, _echoers(tokens, body), seconds / 2.0)
        writes.append(load.closed(server, writers(), seconds))
        after = load.closed(server, _echoers(tokens, body), seconds / 2.0)
        for each in (before, after):
            each.check(200)
        writes[-1].check(200, 201)
        echoes.append((before, after))
    echo_rates = [(a.answers + b.answers) / (a.seconds + b.seconds) for a, b in echoes]
    echo_us = [(a.server_cpu_s + b.server_cpu_s) / (a.answers + b.answers) * 1e6 for a, b in echoes]
    ratios = [load_.rate / echo for load_, echo in zip(writes, echo_rates, strict=True)]
    cpu = statistics.median([e / w.server_us for e, w in zip(echo_us, writes, strict=True)])
    busy = statistics.median([w.own_busy for w in writes])
    echo_busy = statistics.median([a.own_busy for a, _ in echoes])
    note = (
        f"body of {len(body):,} bytes; ratios {spread(ratios)}; latency median "
        f"{statistics.median(_all(writes)):.0f} ms; the generator used {busy:.0%} of a core writing, "
        f"{echo_busy:.0%} echoing"
    )
    measured = f"{statistics.median(w.rate for w in writes):,.0f} writes/s"
    baseline = f"{statistics.median(echo_rates):,.0f} echoes/s"
    by_cpu = (
        f"{statistics.median(w.server_us for w in writes):,.0f} µs CPU a write",
        f"{statistics.median(echo_us):,.0f} µs an echo",
    )
    return [
        at_least(mode, measured, baseline, statistics.median(ratios), goal, words, note),
        stated(f"{mode}, CPU", *by_cpu, cpu),
    ]


def _all(loads: Sequence[Load]) -> list[float]:
    return [latency for each in loads for latency in each.latencies_ms]


def _member(number: int) -> str:
    return MEMBERS[number % len(MEMBERS)]


def _echoers(tokens: dict[str, str], body: bytes) -> list[Client]:
    def script(number: int) -> Script:
        text = request("PUT", "/v1/bench/echo", tokens[_member(number)], body, f"echo-{number:06d}")
        while True:
            yield text

    return [Client(script(number)) for number in range(CLIENTS)]


# --- spread


def _spread(server: Served, tokens: dict[str, str], seconds: float) -> tuple[Writers, bytes]:
    start = tomorrow()
    places = itertools.count()

    def filings(member: str) -> list[bytes]:
        made = []
        for _ in range(int(_MOST_PER_S * seconds / CLIENTS)):
            lat, lon = spread_out(next(places))
            body = json.dumps(intent(outline(lat, lon), 300.0, 420.0, start)).encode()
            made.append(request("POST", "/v1/intents", tokens[member], body, key()))
        return made

    def script(texts: list[bytes]) -> Script:
        for text in texts:  # noqa: UP028  # a list takes no answers
            yield text

    def writers() -> list[Client]:
        return [Client(script(filings(_member(number)))) for number in range(CLIENTS)]

    return writers, json.dumps(intent(outline(*spread_out(7)), 300.0, 420.0, start)).encode()


# --- stacked


class _Held:
    """An own intent, as its last answer told it."""

    def __init__(self, layer_m: float, answer: Answer) -> None:
        self.layer_m = layer_m
        self.id, self.ovn = _told(answer)

    def follow(self, answer: Answer) -> None:
        _, self.ovn = _told(answer)


def _told(answer: Answer) -> tuple[str, str]:
    """Reference and ovn out of an answer, without decoding all of it."""
    body = answer.body
    if answer.status not in (200, 201):
        raise RuntimeError(f"{answer.status}: {body[:300].decode()}")
    id_, ovn = body.find(b'"ref":"') + 7, body.find(b'"ovn":"') + 7
    return body[id_ : body.find(b'"', id_)].decode(), body[ovn : body.find(b'"', ovn)].decode()


def _layers() -> list[tuple[list[float], float]]:
    """For each client its layers, 500 in all, and a spare one."""
    mine: list[list[float]] = [[] for _ in range(CLIENTS)]
    for members, count, lowest_m in ((OPEN, 400, 0.0), ((RESERVED,), 100, _RESERVED_FROM_M)):
        clients = [number for number in range(CLIENTS) if _member(number) in members]
        for layer in range(count + len(clients)):
            mine[clients[layer % len(clients)]].append(lowest_m + layer * _PITCH_M)
    return [(layers[:-1], layers[-1]) for layers in mine]


def _stack_body(layer_m: float, luck: random.Random) -> dict[str, Any]:
    """Over the one place, but no two outlines alike."""
    lat, lon = (value + luck.uniform(-0.002, 0.002) for value in _PLACE)
    start = tomorrow() + timedelta(minutes=luck.randrange(5))
    return intent(outline(lat, lon), layer_m, layer_m + _LAYER_M, start, minutes=20)


def _stack(server: Served, tokens: dict[str, str], luck: random.Random) -> list[tuple[list[_Held], float]]:
    held: list[tuple[list[_Held], float]] = []
    for number, (layers, spare_m) in enumerate(_layers()):
        texts = [
            request(
                "POST",
                "/v1/intents",
                tokens[_member(number)],
                json.dumps(_stack_body(at_m, luck)).encode(),
                key(),
            )
            for at_m in layers
        ]
        answers = calls(server, texts)
        held.append(([_Held(at_m, told) for at_m, told in zip(layers, answers, strict=True)], spare_m))
    assert sum(len(own) for own, _ in held) == LIVE
    return held


def _turnover(server: Served, tokens: dict[str, str], seconds: float) -> tuple[Writers, bytes]:
    luck = random.Random(1)

    def script(number: int, own: list[_Held], free_m: float) -> Script:
        token = tokens[_member(number)]
        while True:
            body = json.dumps(_stack_body(free_m, luck)).encode()
            own.append(_Held(free_m, (yield request("POST", "/v1/intents", token, body, key()))))
            oldest = own.pop(0)
            free_m = oldest.layer_m
            _told((yield request("DELETE", f"/v1/intents/{oldest.id}?ovn={oldest.ovn}", token, None, key())))

    stack = _stack(server, tokens, luck)
    clients = [Client(script(number, *held)) for number, held in enumerate(stack)]
    return lambda: clients, _stack_sample()


def _changes(server: Served, tokens: dict[str, str], seconds: float) -> tuple[Writers, bytes]:
    luck = random.Random(2)
    held = _stack(server, tokens, luck)

    def script(number: int) -> Script:
        token = tokens[_member(number)]
        for each in itertools.cycle(held[number][0]):
            volumes = _stack_body(each.layer_m, luck)["volumes"]
            body = json.dumps({"ovn": each.ovn, "volumes": volumes}).encode()
            each.follow((yield request("PUT", f"/v1/intents/{each.id}", token, body, key())))

    clients = [Client(script(number)) for number in range(CLIENTS)]
    return lambda: clients, _stack_sample()


def _stack_sample() -> bytes:
    return json.dumps(_stack_body(1_000.0, random.Random(3))).encode()


# --- overlapping


def _overlapping(server: Served, tokens: dict[str, str], seconds: float) -> tuple[Writers, bytes]:
    luck = random.Random(4)
    held: list[list[_Held]] = [[] for _ in range(CLIENTS)]
    for number in range(LIVE):
        client = number % CLIENTS
        held[client].append(_file_over(server, tokens[_member(client)], luck))
    seen = {member: _references(server, tokens[member]) for member in MEMBERS}

    def script(number: int) -> Script:
        member = _member(number)
        for each in itertools.cycle(held[number]):
            accept = [ref for ref in seen[member] if ref != each.id]
            body = json.dumps(_over_body(luck) | {"accept_conflicts": accept})
            changed = {"ovn": each.ovn, **json.loads(body)}
            del changed["category"], changed["crewed"]
            text = json.dumps(changed).encode()
            each.follow((yield request("PUT", f"/v1/intents/{each.id}", tokens[member], text, key())))

    sample = _over_body(luck) | {"accept_conflicts": seen[MEMBERS[0]][1:]}
    clients = [Client(script(number)) for number in range(CLIENTS)]
    return lambda: clients, json.dumps(sample).encode()


def _over_body(luck: random.Random) -> dict[str, Any]:
    return _stack_body(1_000.0, luck)


def _file_over(server: Served, token: str, luck: random.Random) -> _Held:
    """Filed on purpose: asked once, and again with every reference that the refusal named."""
    body = _over_body(luck)
    (refused,) = calls(server, [request("POST", "/v1/intents", token, json.dumps(body).encode(), key())])
    if refused.status == 201:
        return _Held(1_000.0, refused)
    conflicts = refused.json()["detail"]["conflicts"]
    body["accept_conflicts"] = [each["item"]["ref"] for each in conflicts]
    (filed,) = calls(server, [request("POST", "/v1/intents", token, json.dumps(body).encode(), key())])
    return _Held(1_000.0, filed)


def _references(server: Served, token: str) -> list[str]:
    (answer,) = calls(server, [request("GET", "/v1/intents", token)])
    return [item["ref"] for item in answer.json()["items"]]


_MODES: dict[str, tuple[Callable[[Served, dict[str, str], float], tuple[Writers, bytes]], float, str]] = {
    "spread": (_spread, 1 / 3, "1/3"),
    "turnover": (_turnover, 1 / 4, "1/4"),
    "changes": (_changes, 1 / 4, "1/4"),
    "overlapping": (_overlapping, 1 / 10, "1/10"),
}

if __name__ == "__main__":
    main()
