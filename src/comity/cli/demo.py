"""``comity demo``: an exchange with four participants over the Alps, played by ordinary clients.

The exchange is the real one, on one file below the directory; the cast signs in over HTTP like anybody else
(``sim.player``). Order of the end: the players put down what they do, then the exchange stops as it does
under ``comity serve``. Nothing is thrown away: started again it goes on with what was acknowledged.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import click
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from comity.cli.demo_setup import Tokens, free_port, logging_to, prepare
from comity.cli.demo_uss import DemoUss
from comity.client import Client
from comity.clock import SystemClock, from_micros
from comity.config import Config
from comity.errors import ComityError
from comity.http.tokens import READ, WRITE
from comity.ids import ParticipantId
from comity.runtime import Fatal, Runtime
from comity.sim.cast import DESKS, PARTICIPANTS
from comity.sim.guide import HINTS
from comity.sim.parcels import MANAGER
from comity.sim.player import Happened, Player

LINK_SCOPES: Final = (READ, WRITE)
"""What a sign-in link is good for: less than its desk may do."""

STEPS: Final = 7
"""What the progress display counts: four of the runtime, then the cast, the first traffic, ready."""


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the exchange keeps everything; delete it to start from nothing.",
)
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 8787 or a free one, if left out.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed is another day.")
@click.option("--seconds", type=click.FloatRange(min=0), help="Stop by itself after so long.")
def demo(directory: Path, port: int | None, seed: int, seconds: float | None) -> None:
    """Play a made-up day over the Alps with four participants, and print a sign-in link for each.

    Ctrl-C stops it in order. Started again it has kept everything that was acknowledged.
    """
    config = prepare(directory)
    wanted = free_port(config.server.host, config.server.port if port is None else port)
    show = Console(highlight=False)
    with logging_to(config), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            status = runner.run(_Demo(config, wanted, seed, seconds, show).run())
        except ComityError:
            click.echo(f"comity: more about it is in {directory / 'log.jsonl'}", err=True)
            raise
    if status:
        raise SystemExit(status)


class _Demo:
    def __init__(self, config: Config, port: int, seed: int, last_s: float | None, show: Console) -> None:
        self._config = config
        self._seed = seed
        self._last_s = last_s
        self._show = show
        self._stop = threading.Event()
        self._tokens = Tokens(config, SystemClock())
        self._uss = DemoUss(config, port, SystemClock(), self._uss_said)
        self._runtime = Runtime(self._uss.config, port=port)

    async def run(self) -> int:
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        try:
            with ExitStack() as stack:
                player = await self._until_ready(stack, stopping)
                if player is None:
                    return 0
                return await self._play(player, stopping)
        finally:
            self._stop.set()
            with suppress(Fatal):
                await self._runtime.stop()
            self._show.print(f"stopped; what was acknowledged is in {self._config.data_dir}")

    async def _until_ready(self, stack: ExitStack, stopping: asyncio.Event) -> Player | None:
        with _Steps(self._show) as steps:
            await self._runtime.start(steps.begin)
            if stopping.is_set():
                return None
            clients = {
                id: stack.enter_context(Client(self._runtime.url, self._tokens.source(id, person)))
                for id, person in DESKS.items()
            }
            player = Player(clients, self._seed, self._tell)
            steps.begin("members, release rules, standing constraints")
            kept = await asyncio.to_thread(player.settle)
            steps.begin("first traffic")
            began = player.begin()
            await asyncio.to_thread(player.feed_once, int(SystemClock().now().timestamp()))
            steps.begin("ready")
        self._links(clients, kept, began)
        self._guide(began)
        return player

    async def _play(self, player: Player, stopping: asyncio.Event) -> int:
        playing = asyncio.create_task(asyncio.to_thread(player.run, self._stop, self._last_s))
        told = asyncio.create_task(stopping.wait())
        failed = asyncio.create_task(self._runtime.until_failure())
        parcels = asyncio.create_task(self._uss.run())
        parcels.add_done_callback(self._uss_ended)
        await asyncio.wait({playing, told, failed}, return_when=asyncio.FIRST_COMPLETED)
        self._stop.set()
        for task in (told, failed):
            task.cancel()
        await playing
        await self._end(parcels)
        self._show.print(f"{player.reports:,} position reports were taken")
        return 3 if failed.done() and not failed.cancelled() and failed.exception() else 0

    async def _end(self, parcels: asyncio.Task[None]) -> None:
        """Stop the made-up USS."""
        parcels.cancel()
        await asyncio.wait({parcels})

    def _uss_said(self, says: str) -> None:
        self._tell(Happened(ParticipantId(MANAGER), says))

    def _uss_ended(self, parcels: asyncio.Task[None]) -> None:
        """What the made-up USS failed of is said; the demonstration goes on without it."""
        if not parcels.cancelled() and (error := parcels.exception()) is not None:
            self._tell(Happened(None, f"lost the USS {MANAGER}: {error!r}", expected=False))

    def _links(self, clients: Mapping[ParticipantId, Client], kept: int, began: int) -> None:
        """A link signs in and shows the guide; the page takes both out of its address."""
        url = self._runtime.url
        self._show.print(f"\n[bold]Comity is at {url}[/bold]", end="")
        self._show.print(f"   ({kept} items kept from before)" if kept else "")
        self._show.print("Sign in as each of four, in windows side by side; they see different pictures:\n")
        names = {participant.id: participant.name for participant in PARTICIPANTS}
        for id in clients:
            token = self._tokens.issue(id, DESKS[id], LINK_SCOPES)
            link = f"{url}/#token={token}&guide=demo&cycle={began}"
            self._show.print(f"[bold]{names[id]}[/bold]")
            self._show.print(link, soft_wrap=True, markup=False)

    def _guide(self, began: int) -> None:
        """What to look at, by minutes and seconds of the cycle; the page says the same."""
        names = {participant.id: participant.name for participant in PARTICIPANTS}
        begins = from_micros(began * 1_000_000)
        self._show.print(
            f"\nEverything repeats every two minutes, first at {begins:%H:%M:%S}Z. What to look at:\n"
        )
        for hint in HINTS:
            who = ", ".join(names[id] for id in hint.who) or "everybody"
            when = f"{hint.at_s // 60}:{hint.at_s % 60:02d}"
            self._show.print(f"  {when}  {hint.title}  ({who})", soft_wrap=True, markup=False)
        self._show.print("\nCtrl-C stops it. What happens:\n")

    def _tell(self, happened: Happened) -> None:
        """A line of the story; called from the player's threads."""
        who = happened.actor or "the players"
        line = f"{SystemClock().now():%H:%M:%S}Z  {who:<16} {happened.says}"
        if happened.code is not None:
            line += f": refused, {happened.code}: {happened.message}"
        if not happened.expected:
            line += "  (not as written in the script)"
        self._show.print(line, soft_wrap=True, markup=False)


class _Steps:
    """A bar with the step's name and the time; plain lines where there is no terminal."""

    def __init__(self, show: Console) -> None:
        self._show = show
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            console=show,
            transient=True,
            disable=not show.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=STEPS)

    def __enter__(self) -> _Steps:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, step: str) -> None:
        self._bar.update(self._task, description=step, advance=1)
        if not self._show.is_terminal:
            self._show.print(f"  {step}", soft_wrap=True, markup=False)
