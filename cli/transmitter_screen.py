"""The live screen of one simulated transmitter: its state, its components, its frames, and a line to type on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Iterator

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.alerts_tables import plain
from cli.check_command import Language
from cli.transmitter_words import HELP, joined, line_of
from domain.words import COMPONENT_STATE, TRANSMITTER_STATE, spoken
from simulators.errors import SimulationError
from simulators.gb26875.desk import Desk
from simulators.gb26875.typed import Help, Quit

LOOK_S = 0.2
"""How often the screen is drawn."""

FRAME_ROWS = 9
"""Rows that headings, borders, the typed line and the remark take."""

MOST_COMPONENTS = 8
ENTER, DELETE, INTERRUPT, END = b"\r\n", b"\x7f\x08", b"\x03", b"\x04"


class Typing:
    """The line that is being typed; ``remark`` is what became of the last one."""

    def __init__(self, desk: Desk, language: Language, stop: asyncio.Event) -> None:
        """``stop`` is set by ``quit``, Ctrl-C and Ctrl-D."""
        self._desk, self._language, self._stop = desk, language, stop
        self._raw = bytearray()
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.remark = HELP[language]

    @property
    def text(self) -> str:
        """What stands on the line."""
        return self._raw.decode("utf-8", errors="ignore")

    def take(self, data: bytes) -> None:
        """Take keys as the terminal gives them."""
        for byte in data:
            key = bytes((byte,))
            if key in (INTERRUPT, END):
                self._stop.set()
            elif key in (b"\r", b"\n"):
                self.lines.put_nowait(self.text)
                self._raw.clear()
            elif byte in DELETE:
                self._raw[:] = self.text[:-1].encode()
            elif byte >= 32:
                self._raw.append(byte)

    async def work(self) -> None:
        """Do what was typed, line by line, until cancelled."""
        while True:
            line = await self.lines.get()
            try:
                typed = await self._desk.type(line)
            except SimulationError as error:
                self.remark = f"✗ {line}: {error}"
                continue
            self.remark = HELP[self._language] if isinstance(typed, Help) or typed is None else f"✓ {line}"
            if isinstance(typed, Quit):
                self._stop.set()


async def show_screen(
    desk: Desk, console: Console, stop: asyncio.Event, language: Language, duration_s: float | None
) -> None:
    """Keep the screen until ``stop`` is set or the time is over."""
    typing = Typing(desk, language, stop)
    work = asyncio.create_task(typing.work())
    try:
        with (
            contextlib.suppress(TimeoutError),
            _keys(typing),
            Live(console=console, auto_refresh=False, screen=True) as live,
        ):
            async with asyncio.timeout(duration_s):
                while not stop.is_set():
                    live.update(screen(desk, typing, console.height, language), refresh=True)
                    await asyncio.sleep(LOOK_S)
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


@contextlib.contextmanager
def _keys(typing: Typing) -> Iterator[None]:
    """Give every key at once, without the terminal's own echo; put the terminal back afterwards."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    loop = asyncio.get_running_loop()
    tty.setcbreak(number)
    loop.add_reader(number, lambda: typing.take(os.read(number, 1024)))
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def screen(desk: Desk, typing: Typing, height: int, language: Language) -> Group:
    """Return the whole screen for a terminal of ``height`` rows."""
    components = _components(desk, language)
    rows = max(height - FRAME_ROWS - components.row_count - typing.remark.count("\n"), 3)
    dialect = desk.settings.dialect
    frames = [line_of(told, dialect, language, desk.transmitter.zone) for told in list(desk.told)[-rows:]]
    return Group(
        _headline(desk, language),
        components,
        Panel(
            Group(*frames) if frames else Text(""),
            title="报文" if language is Language.ZH else "frames",
            height=rows + 2,
        ),
        Text(typing.remark, style="dim"),
        Text(f"> {typing.text}▏", style="bold"),
    )


def _headline(desk: Desk, language: Language) -> Text:
    """Return who it is, whether it has a line, what it says of itself, what waits, and a ringing roll-call."""
    zh = language is Language.ZH
    transmitter, link, counts = desk.transmitter, desk.link, desk.transmitter.outbox.counts
    text = Text(f"{transmitter.address}  {transmitter.dialect.name}  → {link.centre.host}:{link.centre.port}  ", "bold")
    linked = (
        ("● 已连接" if zh else "● connected")
        if link.connected
        else f"○ {link.trouble or ('未连接' if zh else 'no line')}"
    )
    text.append(linked, "green" if link.connected else "red")
    state = joined(spoken(TRANSMITTER_STATE, transmitter.state, language), language)
    text.append(f"   {'状态' if zh else 'state'} {state}")
    waiting = len(transmitter.outbox)
    text.append(f"\n{'未确认' if zh else 'unconfirmed'} {waiting}", "yellow" if waiting else "")
    words = ("已发", "已确认", "重发", "失败") if zh else ("sent", "confirmed", "again", "failed")
    for word, count in zip(words, (counts.sent, counts.confirmed, counts.resent, counts.failed), strict=True):
        text.append(f"   {word} {count}")
    text.append(f"   {'时钟' if zh else 'clock'} {transmitter.local_time():%Y-%m-%d %H:%M:%S}")
    if (fault := desk.fault()) is not None:
        text.append(f"   ! {fault.kind}", "bold yellow")
    left_s = transmitter.ringing_s(asyncio.get_running_loop().time())
    if left_s is not None:
        ring = (
            f"☎ 查岗：剩余 {left_s:.0f} 秒，输入 answer 应答"
            if zh
            else f"☎ roll-call: {left_s:.0f} s left, type answer"
        )
        text.append(f"\n{ring}", "bold white on magenta")
    return text


def _components(desk: Desk, language: Language) -> Table:
    """Return the first components and all that are not normal."""
    heads = ("序号", "部件", "说明", "状态") if language is Language.ZH else ("no.", "component", "text", "state")
    table = Table(*heads, expand=True)
    listed = list(enumerate(desk.transmitter.equipment.components(), 1))
    shown = sorted(listed, key=lambda item: (item[1].state == 1, item[0]))[:MOST_COMPONENTS]
    for number, component in sorted(shown, key=lambda item: item[0]):
        said = joined(spoken(COMPONENT_STATE, component.state, language), language)
        style = "bold red" if component.state & 2 else "yellow" if component.state != 1 else ""
        table.add_row(str(number), component.name, plain(component.text), said, style=style)
    return table
