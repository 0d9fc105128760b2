"""``fengsui unregistered``: devices and edges that speak to a gateway and are in no file, with the lines to adopt them.

Exit codes: 0 all were asked; 1 a gateway refused; 3 the backbone is away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from backbone.client import Backbone
from backbone.subjects import gateway_service
from cli.alerts_commands import JsonOption, LangOption
from cli.alerts_tables import local, plain
from cli.check_command import Language
from cli.gateways_command import PREFIX, ask
from cli.gb26875_output import print_json

Row = Mapping[str, Any]

_HEADINGS = {
    Language.ZH: ("网关", "线路", "地址", "报文数", "最近", "内容"),
    Language.EN: ("gateway", "line", "address", "messages", "last heard", "said"),
}


def unregistered(
    *,
    lines: Annotated[
        bool,
        typer.Option("--yaml", help="写出可粘贴进网关文件的几行 / write the lines to paste into the gateway's file"),
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """未登记的设备和边缘节点（HTTP 推送、Sparkplug）/ Devices and edges that speak and are in no file."""
    rows = ask(_rows)
    if as_json:
        print_json(rows)
    elif lines:
        for row in rows:
            typer.echo(adoption(row))
    else:
        Console().print(unregistered_table(rows, lang))


def unregistered_table(rows: Iterable[Row], lang: Language) -> Table:
    """Return one row a speaker."""
    table = Table()
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    for row in rows:
        last_ns = row.get("last_ns")
        table.add_row(
            plain(str(row.get("gateway", ""))),
            plain(str(row.get("connection", ""))),
            plain(str(row.get("address", ""))),
            plain(str(row.get("messages", ""))),
            plain(local(last_ns) if isinstance(last_ns, int) else "–"),
            plain(str(row.get("last", ""))),
        )
    return table


def adoption(row: Row) -> str:
    """Return the list entry that makes a known one of a speaker; what only people know stands in capitals."""
    address = str(row["address"])
    fit = re.sub(r"[^A-Za-z0-9]+", "-", address).strip("-") or "x"
    label = re.sub(r"[^\w ./-]", "?", address)[:60]
    shown = address if address.isprintable() and not set(address) & set("'") else label
    if "edge" in row:
        return (
            f"# {row['gateway']}, {row['connection']}: transmitters\n"
            f"      - id: edge-{fit[:58]}\n        unit: UNIT\n        address: '{shown}'\n        zone: ZONE\n"
            f"        labels: {{zh: '边缘节点 {label}', en: 'Edge {label}'}}"
        )
    return (
        f"# {row['gateway']}, {row['connection']}: devices\n"
        f"      - id: nb-{fit[:60]}\n        profile: PROFILE\n        address: '{shown}'\n        zone: ZONE\n"
        f"        labels: {{zh: '设备 {label}', en: 'Device {label}'}}"
    )


async def _rows(backbone: Backbone) -> list[dict[str, Any]]:
    """Ask every line that counts such speakers; raises LinkError or RefusedError."""
    found: list[dict[str, Any]] = []
    for key, status in sorted((await backbone.statuses()).items()):
        if not key.startswith(PREFIX):
            continue
        unit, _, gateway = key.removeprefix(PREFIX).partition(".")
        for name, line in status.get("connections", {}).items():
            if line.get("figures", {}).get("unregistered"):
                request = {"command": "unregistered", "connection": name}
                data = await backbone.request(gateway_service(unit, gateway), request)
                found += [{"gateway": f"{unit}/{gateway}", "connection": name, **one} for one in data["unregistered"]]
    return found
