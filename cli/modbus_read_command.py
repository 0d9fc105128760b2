"""``fengsui modbus read``: registers of a device with every type and order side by side."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.modbus_target import (
    BaudOption,
    ParityOption,
    RtuOption,
    TargetArgument,
    TimeoutOption,
    settings_of,
)
from cli.modbus_words import ILLEGAL_ADDRESS, hint_words, neighbour_words, trouble_words
from domain.errors import FengsuiError, RefusedError
from domain.site import Labels
from gateway.connectors.modbus_tcp.config import MOST_REGISTERS, ModbusTcpSettings
from gateway.connectors.modbus_tcp.interpret import Meanings, Number, meanings
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.reads import LAST_ADDRESS, Function, WordOrder
from gateway.connectors.serial_port import Parity

NO_ANSWER = 1
NARROWEST = 116
"""Columns that the table needs; a narrower terminal wraps its lines rather than lose digits."""
FIRST_NUMBER = {Function.HOLDING: 400001, Function.INPUT: 300001, Function.COIL: 1, Function.DISCRETE: 100001}
"""Number of address 0 in manuals that count from 1 (the Modicon convention)."""


def read(
    target: TargetArgument,
    *,
    unit: Annotated[int, typer.Option(min=0, max=255, help="单元号 / unit id")] = 1,
    at: Annotated[int, typer.Option(min=0, max=LAST_ADDRESS, help="起始地址（从 0 起）/ first address, 0-based")] = 0,
    count: Annotated[int, typer.Option(min=1, max=MOST_REGISTERS, help="寄存器数 / how many")] = 10,
    function: Annotated[Function, typer.Option(help="寄存器区 / which table")] = Function.HOLDING,
    baud: BaudOption = 9600,
    parity: ParityOption = Parity.NONE,
    rtu: RtuOption = False,
    timeout: TimeoutOption = 1.0,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """读寄存器并列出各种解释 / Read registers: every type and byte order side by side, with a hint which looks right.

    Reads only. The number in brackets is the one that a manual counting from 1 prints.

    Exit codes: 0 read; 1 no answer, or a refusal; 2 wrong usage.
    """
    if at + count - 1 > LAST_ADDRESS:
        raise typer.BadParameter(f"{at} + {count} > {LAST_ADDRESS + 1}", param_hint="--count")
    settings = settings_of(target, rtu=rtu, timeout_s=timeout, baud=baud, parity=parity)
    try:
        payload = asyncio.run(_read(settings, unit, function, at, count))
    except (FengsuiError, TimeoutError) as error:
        typer.echo(f"{settings.where} #{unit}: {trouble_words(error, lang)}", err=True)
        if isinstance(error, RefusedError) and error.code == ILLEGAL_ADDRESS:
            for address in asyncio.run(_neighbours(settings, unit, function, at, count)):
                typer.echo(neighbour_words(address, lang), err=True)
        raise typer.Exit(NO_ANSWER) from None
    found = meanings(at, payload)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False))
    elif function.is_bits:
        typer.echo("\n".join(f"{one.address} ({FIRST_NUMBER[function] + one.address}): {one.word}" for one in found))
    else:
        Console(width=max(Console().width, NARROWEST)).print(_table(found, function, lang))


async def _read(settings: ModbusTcpSettings, unit: int, function: Function, at: int, count: int) -> bytes:
    link = ModbusLink(settings)
    await link.open()
    try:
        return await link.read(unit, function, at, count)
    finally:
        link.close()


async def _neighbours(settings: ModbusTcpSettings, unit: int, function: Function, at: int, count: int) -> list[int]:
    """Return which of the addresses beside a refused one answer: manuals count from 0 or from 1."""
    found = []
    for address in (at - 1, at + 1):
        if address >= 0 and address + count - 1 <= LAST_ADDRESS:
            with contextlib.suppress(FengsuiError, TimeoutError):
                await _read(settings, unit, function, address, count)
                found.append(address)
    return found


def _table(found: Sequence[Meanings], function: Function, lang: Language) -> Table:
    title = Labels(zh="寄存器的各种解释", en="What the registers could mean").of(lang)
    table = Table(title=title, show_lines=True)
    words = Labels(zh="地址 hex,文本 u16,i16,BCD", en="address hex,text u16,i16,BCD").of(lang).split()
    for heading in (*words, *(f"{order},u32,i32,f32" for order in WordOrder)):
        table.add_column(heading.replace(",", "\n"), justify="right", no_wrap=True)
    table.add_column(Labels(zh="像是", en="looks like").of(lang))
    for one in found:
        table.add_row(
            f"{one.address}\n({FIRST_NUMBER[function] + one.address})",
            f"{one.word:04X}\n{one.text or ''}",
            f"{one.word}\n{one.i16}\n{'–' if one.bcd is None else one.bcd}",
            *(_cell(one.orders[order]) for order in WordOrder),
            "\n".join(hint_words(hint, lang) for hint in one.hints),
        )
    return table


def _cell(numbers: dict[str, Number | None]) -> str:
    """Write the 32-bit numbers of one order; 64-bit ones are in the JSON, and in the hint where they fit."""
    shown = [numbers.get(name) for name in ("u32", "i32", "f32")]
    return "\n".join(
        "–" if number is None else f"{number:.6g}" if isinstance(number, float) else str(number) for number in shown
    )
