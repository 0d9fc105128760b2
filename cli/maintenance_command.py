"""``fengsui maintenance``: plan times in which alerts of a scope are recorded and told to nobody, and see them."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from rich import box
from rich.console import Console
from rich.table import Table

from alerts.maintenance_face import MaintenanceFace
from backbone.client import Backbone
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.alerts_tables import local, plain
from cli.asking import asked, malformed, the_one
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption
from cli.second_person import SecondOption, SecondPasswordOption, asked_second, second_of
from domain.clock import NS_PER_S
from domain.maintenance import MaintenanceView

T = TypeVar("T")

SHORT_ID = 8
MOST_HOURS = 24.0 * 7
_HEADINGS = {
    Language.ZH: ("编号", "单位", "范围", "规则", "原因", "计划人", "第二人", "起", "止", "状态"),
    Language.EN: ("id", "unit", "scope", "rules", "reason", "by", "second", "from", "until", "state"),
}

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _maintenance() -> None:
    """维保窗口 / Maintenance windows: what is raised in one is recorded and told to nobody; its end is told anew.

    A fire is told as ever, unless a second person agrees with their own password. Begin and end stand in the audit.
    """


@app.command()
def begin(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="单位 / the unit")],
    *,
    reason: Annotated[str, typer.Option(help="原因，必填 / why; must be given")],
    hours: Annotated[float, typer.Option(min=0.01, max=MOST_HOURS, help="几小时 / how long, hours")],
    start: Annotated[
        str | None, typer.Option("--from", help="开始时间，默认现在 / when it begins: 2026-01-31T22:00; now by default")
    ] = None,
    zones: Annotated[list[str] | None, typer.Option("--zone", help="部位 / a zone; may be repeated")] = None,
    devices: Annotated[list[str] | None, typer.Option("--device", help="设备 / a device; may be repeated")] = None,
    rules: Annotated[list[str] | None, typer.Option("--rule", help="只含此规则 / only this rule's; repeated")] = None,
    second: SecondOption = None,
    second_password_file: SecondPasswordOption = None,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """计划维保窗口 / Plan a window, from now or later; the whole unit when no zone and no device is named.

    Example: fengsui maintenance begin hotel --zone east-b1-pump --hours 2 --reason "水泵检修 / pump service"
    Exit codes: 0; 1 refused; 3 the site does not answer.
    """
    from_ns = _moment(start) if start is not None else None
    until_ns = (from_ns or time.time_ns()) + round(hours * 3600 * NS_PER_S)

    who = by or getpass.getuser()
    agreeing = asked_second(second, second_password_file)

    async def work(backbone: Backbone) -> tuple[MaintenanceView, ...]:
        agreed = await second_of(backbone, agreeing, unit, beside=who)
        try:
            window = await MaintenanceFace(backbone).begin(
                unit,
                by=who,
                reason=reason,
                until_ns=until_ns,
                zones=tuple(zones or ()),
                devices=tuple(devices or ()),
                rules=tuple(rules or ()),
                from_ns=from_ns,
                second=agreed,
            )
        except ValidationError as error:
            raise malformed(error, "window") from error
        return (window,)

    _show(_asked(site, state, work), lang, as_json=as_json)


@app.command("end")
def end_window(
    window: Annotated[str, typer.Argument(metavar="ID", help="编号或其开头 / the id, or how it begins")],
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """结束或取消 / End a window, or take back one that has not begun: what still stands is told to people now.

    Example: fengsui maintenance end 5c1d
    Exit codes: 0; 1 refused, or nothing to end; 3 the site does not answer.
    """

    async def work(backbone: Backbone) -> tuple[MaintenanceView, ...]:
        face = MaintenanceFace(backbone)
        known = [one.id for one in await face.list(open=True, limit=200)]
        found = the_one(window, known, "个维保窗口的编号", "windows begin so")
        return (await face.end(found, by=by or getpass.getuser()),)

    _show(_asked(site, state, work), lang, as_json=as_json)


@app.command("list")
def list_windows(
    *,
    unit: Annotated[str | None, typer.Option(help="只看一个单位 / of one unit")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="也列出已结束的 / those that are over too")] = False,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出维保窗口 / List what is planned or runs.

    Example: fengsui maintenance list --unit hotel --ended
    Exit codes: 0; 3 the site does not answer.
    """

    async def work(backbone: Backbone) -> tuple[MaintenanceView, ...]:
        return await MaintenanceFace(backbone).list(unit=unit, open=None if ended else True)

    _show(_asked(site, state, work), lang, as_json=as_json)


def _moment(text: str) -> int:
    """Return a time as ns UTC; one without a zone is this machine's."""
    try:
        return round(datetime.fromisoformat(text).astimezone().timestamp() * NS_PER_S)
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(f"时间写作 2026-01-31T22:00 / write times as 2026-01-31T22:00, not {text}") from None


def _asked(site: SiteOption, state: StateFolderOption, work: Callable[[Backbone], Awaitable[T]]) -> T:
    return asked(site, state, "maintenance", work)


def _show(windows: tuple[MaintenanceView, ...], language: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in windows], ensure_ascii=False, indent=1))
        return
    table = Table(*_HEADINGS[language], box=box.SIMPLE)
    whole, every = ("整个单位", "全部") if language is Language.ZH else ("the whole unit", "all")
    for one in windows:
        table.add_row(
            one.id[:SHORT_ID],
            plain(one.unit),
            plain(", ".join((*one.zones, *one.devices)) or whole),
            plain(", ".join(one.rules) or every),
            plain(one.reason),
            plain(one.planned_by),
            plain(one.second_by or ""),
            local(one.from_ns),
            local(one.until_ns),
            plain(_state(one, language)),
        )
    Console().print(table)


def _state(window: MaintenanceView, language: Language) -> str:
    zh = language is Language.ZH
    if window.ended_ns is not None:
        ended = local(window.ended_ns)
        return f"{ended} 由 {window.ended_by} 结束" if zh else f"over since {ended}, by {window.ended_by}"
    if window.is_running:
        return "进行中" if zh else "running"
    return "已计划" if zh else "planned"
