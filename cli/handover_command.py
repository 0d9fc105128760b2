"""``fengsui handover``: the shift that runs, handing it over with notes, taking it, and what was handed over before."""

from __future__ import annotations

import getpass
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from alerts.shifts_face import GiveRequest, HandoverView, ShiftFigures, ShiftNow, ShiftsFace, TakeRequest
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.alerts_tables import local, plain
from cli.asking import asked, checked, the_one
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption
from domain.alarm import AlarmClass
from domain.glossary import label_of

T = TypeVar("T")

SHORT_ID = 8
_HEADINGS = {
    Language.ZH: ("编号", "交班", "交班人", "接班", "接班人", "未结", "备注"),
    Language.EN: ("id", "given", "by", "taken", "by", "open", "notes"),
}

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _handover() -> None:
    """交接班 / Hand-over of the control room's shift: one person gives it with notes, another takes it.

    Both acts stand in the record and in its audit, and nobody can change them.
    """


@app.command()
def show(
    *,
    most: Annotated[int, typer.Option("--most", min=1, max=100, help="列出几次 / how many past ones")] = 10,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """当前班次与交接记录 / Show the shift that runs, and what was handed over before.

    Example: fengsui handover show --most 3
    Exit codes: 0; 3 the site does not answer.
    """

    async def work(face: ShiftsFace) -> tuple[ShiftNow, tuple[HandoverView, ...]]:
        return await face.now(), await face.list(limit=most)

    now, before = _asked(site, state, work)
    if as_json:
        data = {"now": now.model_dump(mode="json"), "handovers": [one.model_dump(mode="json") for one in before]}
        typer.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    console = Console()
    console.print(plain(_now_words(now, lang)))
    console.print(plain(_figures_words(now.figures, lang)))
    _table(before, lang)


@app.command()
def give(
    *,
    notes: Annotated[str, typer.Option(help="给接班人的话 / what the next one has to know")] = "",
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """交班 / Hand the shift over: it waits for another person. Given again, the newest counts.

    Example: fengsui handover give --by 王值班 --notes "泵房检修至 9 点 / pump room under repair until 9"
    Exit codes: 0; 1 refused; 3 the site does not answer.
    """

    async def work(face: ShiftsFace) -> HandoverView:
        request = checked(lambda: GiveRequest(by=by or getpass.getuser(), notes=notes))
        return await face.give(by=request.by, notes=request.notes)

    _show(_asked(site, state, work), lang, as_json=as_json)


@app.command()
def take(
    handover: Annotated[
        str, typer.Argument(metavar="[ID]", help="编号或其开头，默认为等待接班的一次 / the id; the one that waits")
    ] = "",
    *,
    remark: Annotated[str, typer.Option(help="备注 / a remark")] = "",
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """接班 / Take the shift that waits, as another person than who gave it.

    命令不验证身份，只比对姓名 / Nobody signs in to a command: names are compared, and nothing else is known.

    Example: fengsui handover take --by 李值班
    Exit codes: 0; 1 refused, or none waits; 3 the site does not answer.
    """

    async def work(face: ShiftsFace) -> HandoverView:
        waiting = (await face.now()).waiting
        found = the_one(handover, [waiting.id] if waiting else [], "次等待接班的交接", "waiting hand-overs begin so")
        request = checked(lambda: TakeRequest(id=found, by=by or getpass.getuser(), remark=remark))
        return await face.take(request.id, by=request.by, remark=request.remark)

    _show(_asked(site, state, work), lang, as_json=as_json)


def _asked(site: SiteOption, state: StateFolderOption, work: Callable[[ShiftsFace], Awaitable[T]]) -> T:
    return asked(site, state, "handover", lambda backbone: work(ShiftsFace(backbone)))


def _show(one: HandoverView, language: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(one.model_dump(mode="json"), ensure_ascii=False, indent=1))
        return
    _table((one,), language)
    Console().print(plain(_figures_words(one.figures, language)))


def _table(handovers: tuple[HandoverView, ...], language: Language) -> None:
    table = Table(*_HEADINGS[language], box=box.SIMPLE)
    waits, replaced = ("等待接班", "已被取代") if language is Language.ZH else ("waits", "replaced")
    for one in handovers:
        state = local(one.taken_ns) if one.taken_ns is not None else waits if one.waits else replaced
        cells = (
            one.id[:SHORT_ID],
            local(one.given_ns),
            one.given_by,
            state,
            one.taken_by or "",
            str(sum(one.figures.open.values())),
            " · ".join(note for note in (one.notes, one.remark) if note),
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _now_words(now: ShiftNow, language: Language) -> str:
    since = local(now.since_ns)
    if now.holder is None:
        return "尚无交接记录" if language is Language.ZH else "no shift was ever taken over"
    return f"{now.holder} 自 {since} 当班" if language is Language.ZH else f"{now.holder} has the shift since {since}"


def _figures_words(figures: ShiftFigures, language: Language) -> str:
    zh = language is Language.ZH
    raised, still = (_by_class(counts, language) for counts in (figures.raised, figures.open))
    words = [
        f"本班新报 {raised}" if zh else f"raised in it: {raised}",
        f"未结 {still}" if zh else f"open: {still}",
        f"未应答 {figures.fresh}" if zh else f"acknowledged by nobody: {figures.fresh}",
        f"搁置 {figures.shelved}" if zh else f"shelved: {figures.shelved}",
        f"停用 {figures.out_of_service}" if zh else f"out of service: {figures.out_of_service}",
    ]
    return " · ".join(words)


def _by_class(counts: Mapping[AlarmClass, int], language: Language) -> str:
    return ", ".join(f"{label_of(name, language.value)} {count}" for name, count in counts.items()) or "0"
