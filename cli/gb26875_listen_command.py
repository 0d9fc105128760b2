"""``fengsui gb26875 listen``: what transmitters say, as they say it. The installer's first tool on site."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.alerts_commands import LangOption
from cli.check_command import Language
from cli.gb26875_centre import Centre
from cli.gb26875_codec_commands import ProfileOption, chosen_profile
from cli.gb26875_follow import follow
from cli.gb26875_heard import Record
from cli.gb26875_screen import Screen
from cli.gb26875_service import GatewayFace, ask_gateways
from cli.gb26875_stream import Profiles
from cli.gb26875_summary import print_summary
from domain.clock import SystemClock
from domain.errors import LinkError
from domain.site.transmitters import AUTO
from gateway.connectors.gb26875.field_words import Said

TOO_FEW = 1
PORT_TAKEN = 2
LOOPBACK = "127.0.0.1"

_CONFIRMS = Said(
    "确认收到的报文，但不保存：装置会认为信息已送达",
    "it confirms what it hears and keeps nothing: the transmitter takes its messages as delivered",
)
_SILENT = Said("只听不确认", "it answers nothing")
_LOOPBACK = Said(
    "只能从本机连接；--host 0.0.0.0 接受外来连接", "from this machine only; --host 0.0.0.0: from everywhere"
)


def listen(
    *,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="监听端口（TCP 与 UDP）/ port to listen on, TCP and UDP")
    ] = None,
    host: Annotated[str, typer.Option(help="监听地址 / address to listen on; 0.0.0.0: all")] = LOOPBACK,
    silent: Annotated[bool, typer.Option("--silent", help="只听，不确认 / answer nothing")] = False,
    gateway: Annotated[
        str | None, typer.Option(metavar="UNIT/ID", help="旁听运行中的网关 / follow a running gateway instead")
    ] = None,
    transmitter: Annotated[
        str | None, typer.Option(metavar="UNIT/ID", help="只看此装置 / this transmitter only, with --gateway")
    ] = None,
    profile: ProfileOption = AUTO,
    as_hex: Annotated[bool, typer.Option("--hex", help="同时显示字节 / the bytes, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每帧一行 JSON / one JSON object a line")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="收到几帧后结束 / stop after so many frames")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="几秒后结束 / stop after so many seconds")] = None,
    lang: LangOption = Language.ZH,
) -> None:
    """监听传输装置 / Show what transmitters say: does it reach us, with which address, in which way?

    With --port this is a small centre of its own: it confirms what it hears AND KEEPS NOTHING. Use it before a
    site goes into service, or with --silent, which leaves every message in the transmitter. It ends with a
    summary, and the YAML that adopts each address. With --gateway it follows a running site and answers nothing.

    Exit codes: 0 done; 1 fewer frames than --count came; 2 wrong usage, or the port is taken; 3 the gateway is away.
    """
    if (port is None) == (gateway is None):
        raise typer.BadParameter("给出 --port 或 --gateway 之一 / give either --port or --gateway")
    if transmitter is not None and gateway is None:
        raise typer.BadParameter("--transmitter 需与 --gateway 同用 / --transmitter goes with --gateway")
    record = Record(Profiles(chosen_profile(profile)))
    screen = Screen(record, lang, as_hex=as_hex, as_json=as_json, most=count)
    if port is not None:
        _listen_on(host, port, screen, seconds, silent=silent)
    else:
        _follow(str(gateway), transmitter, screen, seconds)
    print_summary(record, screen.console, lang, adopt=port is not None)
    if count is not None and record.frames < count:
        raise typer.Exit(TOO_FEW)


def _listen_on(host: str, port: int, screen: Screen, seconds: float | None, *, silent: bool) -> None:
    centre = Centre(host, port, screen.record, screen.tell, SystemClock(), silent=silent)

    async def main() -> None:
        async with centre:
            place = f"{host}:{centre.port}"
            opened = Said(f"监听 {place}（TCP、UDP）", f"listening on {place}, TCP and UDP")
            for said in (opened, _SILENT if silent else _CONFIRMS, *([_LOOPBACK] if host == LOOPBACK else [])):
                screen.console.print(Text(said.of(screen.language)), soft_wrap=True)
            await _until_enough(screen, seconds)

    try:
        asyncio.run(main())
    except LinkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(PORT_TAKEN) from None


def _follow(host: str, transmitter: str | None, screen: Screen, seconds: float | None) -> None:
    async def work(face: GatewayFace) -> None:
        await _until_enough(screen, seconds, follow(face, host, transmitter, screen.tell))

    ask_gateways(work)


async def _until_enough(screen: Screen, seconds: float | None, work: Coroutine[Any, Any, None] | None = None) -> None:
    """Wait for enough frames, the time to be over, a signal, or ``work`` to fail, whichever is first."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(RuntimeError, ValueError):  # only a main thread may have handlers
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, screen.enough.set)
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(screen.enough.wait(), name="enough")]
    if work is not None:
        tasks.append(asyncio.create_task(work, name="follow"))
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
