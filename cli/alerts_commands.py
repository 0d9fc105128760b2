"""``fengsui alerts …``: the record from a terminal, for people and for pipes.

Exit codes: 0 done; 1 refused (the reason is written) or no such alert; 2 wrong usage; 3 the service is away.
An id may be cut to any beginning that only one listed alert has.
"""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console

from alerts.face import MOST_LISTED, AlertsFace
from alerts.out_of_service_face import OutOfServiceFace
from alerts.walk_test_face import WalkTestFace
from backbone.client import Backbone
from cli.alerts_tables import alert_table, detail_tables, out_of_service_line, plain, walk_test_line
from cli.asking import the_one
from cli.check_command import Language
from cli.process_commands import StateOption, alerts_service
from cli.session import connect_service
from domain.alarm import AlarmClass
from domain.alert import AlertView, Confirmation
from domain.errors import FengsuiError, LinkError, RefusedError

T = TypeVar("T")

ID_LENGTH = 32
REFUSED = 1
AWAY = 3

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    help="告警：查看、应答、确认、复位、搁置、指派、取证、复查 / Alerts: what stands, and what people do about it."
    " With --site: the alerts process.",
)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="告警编号或其开头 / the alert's id or its beginning")]
ByOption = Annotated[str, typer.Option("--by", help="操作人 / who does this; the login name by default")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / write JSON")]
LangOption = Annotated[Language, typer.Option(envvar="FENGSUI_LANG", help="zh 或 en / zh or en")]


@app.callback()
def run_service(
    context: typer.Context,
    site: Annotated[Path | None, typer.Option(help="运行告警服务的站点 / run the alerts process of this site")] = None,
    state: StateOption = None,
) -> None:
    """告警 / Alerts. Without a command, and with --site, this is the process that keeps the record."""
    if context.invoked_subcommand is None and site is not None:
        alerts_service(site, state)
    elif site is not None:
        raise typer.BadParameter("--site starts the process; commands talk to the one that runs here")


@app.command("list")
def list_alerts(
    *,
    closed: Annotated[bool, typer.Option("--all", help="包括已关闭的 / closed ones, too")] = False,
    classes: Annotated[list[AlarmClass] | None, typer.Option("--class", help="类别 / class; may be repeated")] = None,
    unit: Annotated[str | None, typer.Option(help="单位 / unit")] = None,
    rule: Annotated[str | None, typer.Option(help="规则 / rule")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="最多几条 / at most")] = 50,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出告警 / List alerts: fire first, newest first within a class."""
    found = ask_face(
        lambda face: face.list(
            open=None if closed else True, classes=tuple(classes or ()), unit=unit, rule=rule, limit=limit
        )
    )
    if as_json:
        print_json(found)
    else:
        for line in _ask_tests(unit, lang):
            Console().print(plain(line, "bold yellow"), soft_wrap=True)
        Console().print(alert_table(found, lang))


@app.command()
def show(alert_id: IdArgument, *, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """查看一条告警 / Show one alert with its comments, notifications and audit."""

    async def work(face: AlertsFace) -> None:
        detail = await face.get(await _whole_id(face, alert_id))
        if as_json:
            print_json(detail)
        else:
            Console().print(*detail_tables(detail, lang))

    ask_face(work)


@app.command()
def ack(
    alert_id: IdArgument, *, by: ByOption = "", as_json: JsonOption = False, lang: LangOption = Language.ZH
) -> None:
    """应答：表示已接手，停止升级 / Acknowledge: take it on, the ladder stops."""
    act_on(alert_id, by, lambda face, whole, who: face.acknowledge(whole, by=who), lang, as_json=as_json)


@app.command()
def confirm(
    alert_id: IdArgument,
    finding: Annotated[Confirmation, typer.Argument(help="real 真实 · false 误报 · test 测试")],
    *,
    cause: Annotated[str, typer.Option(help="误报原因，误报必填 / what made a false alarm, which needs it")] = "",
    text: Annotated[str, typer.Option(help="备注；未写 --cause 时即原因 / a comment; the cause without --cause")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """确认：真实、误报或测试 / Confirm what was found: real, false (with its cause) or test.

    Example: fengsui alerts confirm 3f2a false --cause "厨房蒸汽 / steam of the kitchen"
    """
    act_on(
        alert_id,
        by,
        lambda face, whole, who: face.confirm(whole, by=who, finding=finding, text=text, cause=cause),
        lang,
        as_json=as_json,
    )


@app.command()
def reset(
    alert_id: IdArgument, *, by: ByOption = "", as_json: JsonOption = False, lang: LangOption = Language.ZH
) -> None:
    """复位：设备恢复后解除锁定 / Reset a latched alert whose telemetry is normal again."""
    act_on(alert_id, by, lambda face, whole, who: face.reset(whole, by=who), lang, as_json=as_json)


@app.command()
def comment(
    alert_id: IdArgument,
    text: Annotated[str, typer.Argument(help="内容 / what to add")],
    *,
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """备注 / Comment."""
    act_on(alert_id, by, lambda face, whole, who: face.comment(whole, by=who, text=text), lang, as_json=as_json)


def act_on(
    alert_id: str,
    by: str,
    act: Callable[[AlertsFace, str, str], Awaitable[AlertView]],
    lang: Language,
    *,
    as_json: bool,
) -> None:
    """Do something to one alert and show it as it is then."""

    async def over(backbone: Backbone, whole: str, who: str) -> AlertView:
        return await act(AlertsFace(backbone), whole, who)

    act_over(alert_id, by, over, lang, as_json=as_json)


def act_over(
    alert_id: str,
    by: str,
    act: Callable[[Backbone, str, str], Awaitable[AlertView]],
    lang: Language,
    *,
    as_json: bool,
) -> None:
    """Do something to one alert that takes more than its service, and show it as it is then."""

    async def work(backbone: Backbone) -> AlertView:
        return await act(backbone, await _whole_id(AlertsFace(backbone), alert_id), by or getpass.getuser())

    alert = _ask(work)
    if as_json:
        print_json(alert)
    else:
        Console().print(alert_table((alert,), lang))


async def _whole_id(face: AlertsFace, beginning: str) -> str:
    """Return the id that begins so; raises RefusedError when none or several do."""
    if len(beginning) >= ID_LENGTH:
        return beginning
    listed = await face.list(limit=MOST_LISTED)
    return the_one(beginning, (alert.id for alert in listed), "条告警的编号", "alerts begin so")


def _ask_tests(unit: str | None, lang: Language) -> list[str]:
    """Say which walk tests run and what is out of service: what they cover is in the list, and told to nobody."""

    async def look() -> list[str]:
        async with await connect_service() as backbone:
            tests = await WalkTestFace(backbone).list(unit=unit, running=True)
            entries = await OutOfServiceFace(backbone).list(unit=unit, running=True)
            return [
                *(walk_test_line(test, lang) for test in tests),
                *(out_of_service_line(entry, lang) for entry in entries),
            ]

    try:
        return asyncio.run(look())
    except FengsuiError:
        return []


def ask_face(work: Callable[[AlertsFace], Awaitable[T]]) -> T:
    """Ask the alerts service; an error becomes a sentence and an exit code."""
    return _ask(lambda backbone: work(AlertsFace(backbone)))


def _ask(work: Callable[[Backbone], Awaitable[T]]) -> T:
    """Run ``work`` over a connection; an error becomes a sentence and an exit code."""

    async def main() -> T:
        async with await connect_service() as backbone:
            return await work(backbone)

    try:
        return asyncio.run(main())
    except RefusedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    except LinkError as error:
        typer.echo(f"告警服务不可用 / the alerts service is away: {error}", err=True)
        raise typer.Exit(AWAY) from None


def print_json(content: BaseModel | tuple[AlertView, ...]) -> None:
    """Write one thing or a list of alerts as JSON."""
    if isinstance(content, BaseModel):
        typer.echo(content.model_dump_json(indent=1))
    else:
        typer.echo(json.dumps([alert.model_dump(mode="json") for alert in content], ensure_ascii=False, indent=1))
