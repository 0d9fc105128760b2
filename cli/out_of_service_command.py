"""``fengsui out-of-service``: take points, devices, zones or gateways out of service for a time, and see what is."""

from __future__ import annotations

import getpass
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from alerts.out_of_service_face import LEAST_S, MOST_S, AddRequest, OutOfServiceFace
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.alerts_tables import local, out_of_service_scope, plain
from cli.asking import asked, checked, the_one
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption
from domain.out_of_service import OutOfServiceView

T = TypeVar("T")

SHORT_ID = 8
_HEADINGS = {
    Language.ZH: ("编号", "单位", "停用范围", "原因", "操作人", "起", "止", "状态"),
    Language.EN: ("id", "unit", "what", "reason", "by", "from", "until", "state"),
}

app = typer.Typer(no_args_is_help=True)

UnitArgument = Annotated[str, typer.Argument(metavar="UNIT", help="单位 / the unit")]


@app.callback()
def _out_of_service() -> None:
    """停用 / Out of service: alarms from there are recorded with a flag and told to nobody; a fire is told as ever.

    It has a reason and an end, ends by itself, and its beginning and end stand in the audit.
    """


@app.command()
def add(
    unit: UnitArgument,
    *,
    reason: Annotated[str, typer.Option(help="原因，必填 / why; must be given")],
    hours: Annotated[
        float, typer.Option(min=LEAST_S / 3600, max=MOST_S / 3600, help="几小时后自动恢复 / back in service after")
    ],
    zones: Annotated[list[str] | None, typer.Option("--zone", help="部位 / a zone")] = None,
    devices: Annotated[list[str] | None, typer.Option("--device", help="设备 / a device")] = None,
    points: Annotated[list[str] | None, typer.Option("--point", help="测点 device/point / a point")] = None,
    gateways: Annotated[list[str] | None, typer.Option("--gateway", help="网关或传输装置 / a gateway")] = None,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """停用 / Take something out of service until a time, with a reason.

    Exit codes: 0; 1 refused; 3 the site does not answer.
    """

    def wanted() -> AddRequest:
        return AddRequest(
            unit=unit,
            zones=tuple(zones or ()),
            devices=tuple(devices or ()),
            points=tuple(points or ()),
            gateways=tuple(gateways or ()),
            by=by or getpass.getuser(),
            reason=reason,
            duration_s=hours * 3600,
        )

    async def work(face: OutOfServiceFace) -> tuple[OutOfServiceView, ...]:
        return (await face.add(checked(wanted, "scope")),)

    _show(_asked(site, state, work), lang, as_json=as_json)


@app.command("end")
def end_entry(
    entry: Annotated[str, typer.Argument(metavar="ID", help="编号或其开头 / the id, or how it begins")],
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """恢复使用 / Put something back in service: what still alarms there is told to people now.

    Exit codes: 0; 1 refused, or nothing to end; 3 the site does not answer.
    """

    async def work(face: OutOfServiceFace) -> tuple[OutOfServiceView, ...]:
        known = [one.id for one in await face.list(running=True, limit=200)]
        found = the_one(entry, known, "条停用记录的编号", "entries begin so")
        return (await face.end(found, by=by or getpass.getuser()),)

    _show(_asked(site, state, work), lang, as_json=as_json)


@app.command("list")
def list_entries(
    *,
    unit: Annotated[str | None, typer.Option(help="只看一个单位 / of one unit")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="也列出已恢复的 / those that are over too")] = False,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出停用 / List what is out of service now.

    Exit codes: 0; 3 the site does not answer.
    """

    async def work(face: OutOfServiceFace) -> tuple[OutOfServiceView, ...]:
        return await face.list(unit=unit, running=None if ended else True)

    _show(_asked(site, state, work), lang, as_json=as_json)


def _asked(site: SiteOption, state: StateFolderOption, work: Callable[[OutOfServiceFace], Awaitable[T]]) -> T:
    return asked(site, state, "out-of-service", lambda backbone: work(OutOfServiceFace(backbone)))


def _show(entries: tuple[OutOfServiceView, ...], language: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([entry.model_dump(mode="json") for entry in entries], ensure_ascii=False, indent=1))
        return
    table = Table(*_HEADINGS[language], box=box.SIMPLE)
    for entry in entries:
        table.add_row(
            entry.id[:SHORT_ID],
            plain(entry.unit),
            plain(out_of_service_scope(entry)),
            plain(entry.reason),
            plain(entry.begun_by),
            local(entry.begun_ns),
            local(entry.until_ns),
            _state(entry, language),
        )
    Console().print(table)


def _state(entry: OutOfServiceView, language: Language) -> str:
    if entry.ended_ns is None:
        return "停用中" if language is Language.ZH else "out of service"
    ended = local(entry.ended_ns)
    if language is Language.ZH:
        return f"{ended} 由 {entry.ended_by} 恢复"
    return f"back since {ended}, by {entry.ended_by}"
