"""`fengsui simulate gb26875`: a transmitter of GB/T 26875.3 whose buttons are pressed here, or a fleet of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from cli.check_command import Language
from cli.transmitter_fleet import FleetOptions, run_fleet
from cli.transmitter_screen import show_screen
from cli.transmitter_words import HELP, document, line_of
from domain.errors import FengsuiError
from simulators.errors import SimulationError
from simulators.gb26875.desk import Desk, DeskSettings
from simulators.gb26875.dialect import DIALECTS, dialect_of
from simulators.gb26875.link import CentreAddress
from simulators.gb26875.transmitter import Told
from simulators.gb26875.typed import Help, Quit

EXIT_FAILED, EXIT_USAGE = 1, 2
SETTLE_S = 30.0
"""After the last line of a script: time for the centre to confirm what is left (assumption: three tries of 10 s)."""

EPILOG = (
    "[bold]Examples[/]\n\n"
    "fengsui simulate gb26875 --port 5900 --address 889\n\n"
    "printf 'fire 1\\nwait 2\\nreset\\n' | fengsui simulate gb26875 --port 5900 --json\n\n"
    "fengsui simulate gb26875 --fleet 200 --seed 7 --speed 600 --duration 60\n\n"
    "To see what arrives without a site: fengsui gb26875 listen --port 5900"
)


def gb26875(
    *,
    host: Annotated[str, typer.Option(help="Where the centre listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Its port.")] = 5900,
    address: Annotated[
        str, typer.Option(help="Source address: a number, or 192.168.1.4:7533 where the maker does so.")
    ] = "889",
    profile: Annotated[str, typer.Option(help=f"How the maker speaks: {', '.join(DIALECTS)}.")] = "standard",
    system: Annotated[
        list[int] | None, typer.Option(min=0, max=255, help="System type behind it; may be repeated. 1: fire alarm.")
    ] = None,
    components: Annotated[int, typer.Option(min=0, max=1000, help="Components of each system.")] = 8,
    udp: Annotated[bool, typer.Option("--udp", help="UDP instead of TCP.")] = False,
    patience: Annotated[
        float, typer.Option(min=0.1, max=60, help="Seconds to wait for a confirm; the standard: 10.")
    ] = 10.0,
    resends: Annotated[int, typer.Option(min=0, max=10, help="Times it sends again; the standard: 3.")] = 3,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for everything that happens.")
    ] = False,
    language: Annotated[Language, typer.Option(help="Language of the screen.")] = Language.ZH,
    fleet: Annotated[int | None, typer.Option(min=1, max=20_000, help="So many transmitters instead of one.")] = None,
    from_site: Annotated[
        Path | None, typer.Option(help="The transmitters of a site folder, at its gateways' ports.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides the fleet's story: the same seed tells the same one.")] = 0,
    speed: Annotated[
        float, typer.Option(min=0.01, max=100_000, help="Story seconds per second; clocks and time-outs stay real.")
    ] = 1.0,
    duration: Annotated[
        float | None,
        typer.Option(min=0.1, help="Seconds to run; until Ctrl-C (or the end of the script) when left out."),
    ] = None,
) -> None:
    """Play a user-information transmission device (用户信息传输装置): press its buttons, see every frame in words.

    On a terminal type commands such as `fire 1`, `fault 2`, `restore 1`, `reset`, `answer 2`, `mains fault`,
    `cut 20`, `clock -600`; `help` lists them all. Without a terminal the lines of standard input are done one
    after the other, and the command ends when the centre has confirmed everything.

    With --fleet or --from-site many transmitters live a day as real ones do: faults, tests with tens of alarms,
    duplicates, late messages, wrong clocks, makers that deviate.

    Exit codes: 0 all that was sent was confirmed; 1 something was not, or a line could not be done; 2 wrong options.
    """
    console = Console(stderr=as_json)
    try:
        if fleet is not None or from_site is not None:
            options = FleetOptions(
                centre=CentreAddress(host=host, port=port, udp=udp),
                size=fleet or 0,
                site=from_site,
                seed=seed,
                speed=speed,
                duration_s=duration,
                patience_s=patience,
                as_json=as_json,
                language=language,
            )
            well = asyncio.run(_until_signal(lambda stop: run_fleet(options, console, stop)))
        else:
            settings = DeskSettings(
                centre=CentreAddress(host=host, port=port, udp=udp),
                dialect=dialect_of(profile),
                address=address,
                systems=tuple(system or (1,)),
                components=components,
                patience_s=patience,
                resends=resends,
            )
            shown = Shown(as_json=as_json, language=language, duration_s=duration)
            well = asyncio.run(_until_signal(lambda stop: _run_desk(settings, console, stop, shown)))
    except (FengsuiError, ValueError) as error:
        console.print(Text(str(error), style="red"))
        raise typer.Exit(EXIT_USAGE) from error
    raise typer.Exit(0 if well else EXIT_FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a run is shown, and for how long."""

    as_json: bool
    language: Language
    duration_s: float | None


async def _until_signal(main: Callable[[asyncio.Event], Awaitable[bool]]) -> bool:
    """Run ``main`` with an event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await main(stop)


async def _run_desk(settings: DeskSettings, console: Console, stop: asyncio.Event, shown: Shown) -> bool:
    """Put the transmitter on the desk and let it be used; tell whether all went well."""
    if sys.stdin.isatty() and console.is_terminal and not shown.as_json:
        async with Desk(settings) as desk:
            await show_screen(desk, console, stop, shown.language, shown.duration_s)
            return len(desk.transmitter.outbox) == 0

    zone = ZoneInfo(settings.timezone)

    def tell(told: Told) -> None:
        if shown.as_json:
            sys.stdout.write(json.dumps(document(told, settings.dialect), ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            console.print(line_of(told, settings.dialect, shown.language, zone), soft_wrap=True, highlight=False)

    async with Desk(settings, tell=tell) as desk:
        script = asyncio.create_task(_script(desk, console, shown.language))
        until_s = shown.duration_s
        waited = (asyncio.create_task(stop.wait()),) if until_s else (script, asyncio.create_task(stop.wait()))
        await asyncio.wait(waited, timeout=until_s, return_when=asyncio.FIRST_COMPLETED)
        well = script.result() if script.done() else until_s is not None
        for task in (script, *waited):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        return await desk.settled(0.0 if stop.is_set() or until_s else SETTLE_S) and well


async def _script(desk: Desk, console: Console, language: Language) -> bool:
    """Do the lines of standard input, the first one when there is a line; tell whether all could be done."""
    well = True
    await desk.settled(SETTLE_S)
    async for line in _lines():
        try:
            typed = await desk.type(line)
        except SimulationError as error:
            console.print(Text(f"{line.strip()}: {error}", "red"), soft_wrap=True)
            well = False
            continue
        if isinstance(typed, Help):
            console.print(HELP[language], highlight=False, markup=False, soft_wrap=True)
        if isinstance(typed, Quit):
            break
    return well


async def _lines() -> AsyncIterator[str]:
    """Yield the lines of standard input without holding up the loop."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except ValueError:  # a plain file is no pipe, and never makes anybody wait
        for line in sys.stdin:
            yield line
        return
    while raw := await reader.readline():
        yield raw.decode("utf-8", errors="replace")
