"""``fengsui modbus plan SITE``: the requests of each unit, what a cycle costs, and what it takes when it is tried."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.site_files import load_registry
from domain.errors import ConfigurationError, FengsuiError
from domain.site import Connection, GatewaySettings, Labels, Registry
from gateway.connectors.modbus_tcp.config import ModbusTcpSettings
from gateway.connectors.modbus_tcp.costs import expected_cost
from gateway.connectors.modbus_tcp.link import ModbusLink
from gateway.connectors.modbus_tcp.plan import Block, Layout, block_cost, grouped

PROTOCOL = "modbus_tcp"
SOME_SILENT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One request. ``measured_s`` is None where it was not tried, ``trouble`` says why it brought nothing."""

    gateway: str
    connection: str
    unit: int
    period_s: float
    devices: tuple[str, ...]
    function: str
    address: int
    count: int
    points: int
    writes: str
    predicted_s: float
    measured_s: float | None = None
    trouble: str = ""


def plan(
    site: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="站点文件夹 / the site folder")],
    *,
    measure: Annotated[
        bool, typer.Option("--measure/--predict", help="实际读一遍 / read everything once; only reads, no selects")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """读取计划 / Show how each Modbus unit is read: requests, predicted time of a cycle, and the measured one.

    Exit codes: 0 all right; 1 the site has problems, or some requests brought nothing.
    """
    try:
        registry = load_registry(site)
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(SOME_SILENT) from None
    rows = asyncio.run(_with_progress(registry, measure=measure, lang=lang))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
    else:
        _show(rows, lang, measured=measure)
    if any(row.trouble for row in rows):
        raise typer.Exit(SOME_SILENT)


async def _with_progress(registry: Registry, *, measure: bool, lang: Language) -> list[Row]:
    with Progress(console=Console(stderr=True), transient=True, disable=not measure) as progress:
        task = progress.add_task(Labels(zh="实测", en="measuring").of(lang), total=len(_lines(registry)))
        return await plan_rows(registry, measure=measure, advance=lambda: progress.advance(task))


async def plan_rows(registry: Registry, *, measure: bool, advance: Callable[[], object] = lambda: None) -> list[Row]:
    """Return every request of every Modbus line of a site; ``advance`` is called after each line."""
    rows: list[Row] = []
    for gateway, connection in _lines(registry):
        rows += await _of_connection(registry, gateway, connection, measure=measure)
        advance()
    return rows


def _lines(registry: Registry) -> list[tuple[GatewaySettings, Connection]]:
    return [
        (gateway, connection)
        for gateway in registry.gateways.values()
        for connection in gateway.connections
        if connection.protocol == PROTOCOL
    ]


async def _of_connection(
    registry: Registry, gateway: GatewaySettings, connection: Connection, *, measure: bool
) -> list[Row]:
    settings = ModbusTcpSettings.model_validate(connection.settings)
    devices = [registry.devices[f"{gateway.unit}/{one.id}"] for one in connection.devices]
    link = ModbusLink(settings) if measure else None
    rows = []
    try:
        for (unit, period_s), together in grouped(devices).items():
            made = Layout.of(together).plan(expected_cost(settings))
            for block in made.blocks:
                measured_s, trouble = await _measure(link, unit, block) if link is not None else (None, "")
                select = block.select
                rows.append(
                    Row(
                        gateway=f"{gateway.unit}/{gateway.gateway}",
                        connection=connection.id,
                        unit=unit,
                        period_s=period_s,
                        devices=tuple(part.device.settings.id for part in together),
                        function=block.function.value,
                        address=block.address,
                        count=block.count,
                        points=len(block.rows),
                        writes=f"{select.function} {select.address} = {select.value}" if select else "",
                        predicted_s=block_cost(made.cost, block.function).of(block.count),
                        measured_s=measured_s,
                        trouble=trouble,
                    )
                )
    finally:
        if link is not None:
            link.close()
    return rows


async def _measure(link: ModbusLink, unit: int, block: Block) -> tuple[float | None, str]:
    loop = asyncio.get_running_loop()
    try:
        if not link.usable:
            await link.open()
        began_s = loop.time()
        await link.read(unit, block.function, block.address, block.count)
        return loop.time() - began_s, ""
    except (FengsuiError, TimeoutError) as error:
        return None, str(error)


def _show(rows: Sequence[Row], lang: Language, *, measured: bool) -> None:
    console = Console()
    words = Labels(
        zh="连接 单元 设备 寄存器区 地址 数量 测点 先写 预计毫秒",
        en="line unit devices table address count points writes predicted_ms",
    ).of(lang)
    table = Table()
    for heading in (*words.split(), *([Labels(zh="实测毫秒", en="measured_ms").of(lang)] if measured else [])):
        table.add_column(heading.replace("_", " "), overflow="fold")
    for row in rows:
        devices = row.devices[0] + (f" +{len(row.devices) - 1}" if len(row.devices) > 1 else "")
        cells = [row.connection, str(row.unit), devices, row.function, str(row.address), str(row.count)]
        cells += [str(row.points), row.writes, f"{row.predicted_s * 1000:.1f}"]
        if measured:
            cells.append(row.trouble if row.measured_s is None else f"{row.measured_s * 1000:.1f}")
        table.add_row(*cells)
    console.print(table)
    for line in dict.fromkeys((row.gateway, row.connection) for row in rows):
        console.print(_cycle([row for row in rows if (row.gateway, row.connection) == line], lang), highlight=False)


def _cycle(rows: Sequence[Row], lang: Language) -> str:
    """Say what a cycle of one line takes, and whether all its rates together leave the line time to breathe."""
    predicted_s = sum(row.predicted_s for row in rows)
    tried = [row.measured_s for row in rows if row.measured_s is not None]
    load = sum(max(row.predicted_s, row.measured_s or 0.0) / row.period_s for row in rows)
    rates = sorted({row.period_s for row in rows})
    zh = f"{rows[0].connection}：{len(rows)} 个请求，每轮预计 {predicted_s:.3f} 秒"
    en = f"{rows[0].connection}: {len(rows)} requests, a cycle takes {predicted_s:.3f} s as predicted"
    zh += f"，实测 {sum(tried):.3f} 秒" if tried else ""
    en += f", {sum(tried):.3f} s as measured" if tried else ""
    if len(rates) > 1:
        periods = ", ".join(f"{one:g}" for one in rates)
        zh += f"；周期 {periods} 秒合计占用线路 {load:.0%}"
        en += f"; its periods of {periods} s together keep the line busy for {load:.0%} of the time"
    if load > 1 and len(rates) == 1:
        zh += f"，超过周期 {rates[0]:g} 秒：会漏读，请放长 period_s"
        en += f": longer than its period of {rates[0]:g} s, polls will be missed: raise period_s"
    elif load > 1:
        zh += "：会漏读，请放长 period_s"
        en += ": polls will be missed: raise period_s"
    return zh if lang is Language.ZH else en
