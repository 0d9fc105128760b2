"""``fengsui walk-test``: set off each detector, see live which came through, and leave a signed list.

The test itself runs in the alerts service: Ctrl-C leaves it running, the same command takes it up again.
"""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from alerts.walk_test_face import DEFAULT_S, LEAST_S, MOST_S, BeginRequest, WalkTestFace
from backbone.client import Backbone
from backbone.sparkplug.learning import births
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.asking import checked
from cli.check_command import Language
from cli.rule_files import load_ruleset
from cli.running_site import SiteOption, StateFolderOption, ask, find_session
from cli.session import ASK_S, Session
from cli.signed_documents import read_signed, verify
from cli.state import State, latest_state
from cli.walk_test_mark import mark
from cli.walk_test_points import DEFAULT_CLASSES, in_scope, points_of_unit, walked_points
from cli.walk_test_result import FORM, keep_result, result_file
from cli.walk_test_screen import test_json, walk_table
from cli.walk_test_show import follow_walk
from dashboards.live.walk_log import WalkLog
from domain.alarm import AlarmClass
from domain.clock import SystemClock
from domain.errors import LinkError, RefusedError, WireError
from domain.site import Labels
from domain.walk_test import WalkTestView

NOT_VALID = 1
NO_KEY = 3


class RunByDefault(TyperGroup):
    """A group whose first word may be a unit instead of a command: ``fengsui walk-test UNIT``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``run`` in front of what names no command of the group."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=RunByDefault, no_args_is_help=True)
app.command()(mark)

UnitArgument = Annotated[str, typer.Argument(metavar="UNIT", help="单位 / the unit")]
ClassOption = Annotated[
    list[AlarmClass] | None,
    typer.Option("--class", help="走哪些类别的测点，默认火警 / walk the points of these classes; fire by default"),
]


@app.callback()
def _walk_test() -> None:
    """走动测试 / Walk test: alarms in its scope are recorded, marked as test, and nobody is paged.

    `fengsui walk-test UNIT` is short for `fengsui walk-test run UNIT`.
    """


@app.command()
def run(
    unit: UnitArgument,
    *,
    zones: Annotated[list[str] | None, typer.Option("--zone", help="只测这些部位 / only these zones")] = None,
    devices: Annotated[list[str] | None, typer.Option("--device", help="只测这些设备 / only these devices")] = None,
    classes: ClassOption = None,
    minutes: Annotated[
        float, typer.Option(min=LEAST_S / 60, max=MOST_S / 60, help="最长分钟数，到时自动结束 / ends by itself after")
    ] = DEFAULT_S / 60,
    by: ByOption = "",
    note: Annotated[str, typer.Option(help="备注 / a remark for the record")] = "",
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="只看几秒，测试继续 / look on for so long only")
    ] = None,
    until_all: Annotated[
        bool,
        typer.Option(
            "--until-all", help="全部报警或手动确认正常后自动结束 / end when all have alarmed, or work by hand"
        ),
    ] = False,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """开始或继续走动测试 / Begin a walk test, or take up the one that runs, and watch it.

    Ctrl-C stops looking on; the test runs until its time, or `fengsui walk-test end UNIT`. A fire outside the zones
    and devices named here pages as ever. Exit codes: 0; 1 refused; 3 the site does not answer.
    """

    async def work() -> None:
        session = find_session(site, state)
        request = _request(unit, zones, devices, by, note, minutes)
        async with await session.connect("walk-test", ASK_S) as backbone:
            test = await _running(WalkTestFace(backbone), unit)
            if test is None:
                await _check_scope(session, backbone, request, classes)
                test = await WalkTestFace(backbone).begin(request)
            elif (request.zones or request.devices) and not _same_scope(request, test):
                raise RefusedError(
                    f"正在进行的测试范围不同，请先结束：fengsui walk-test end {unit} / "
                    "a test with another scope runs: end it first"
                )
            session, log = await _log(session, backbone, test, classes)
            finished = await follow_walk(
                session, backbone, log, lang, seconds=seconds, until_all=until_all, as_json=as_json
            )
            if finished.is_running and until_all and log.is_done:
                finished = await WalkTestFace(backbone).end(test.id, by=request.by)
            if finished.is_running:
                _say_goes_on(unit, lang, as_json=as_json)
            else:
                await _conclude(session, backbone, finished, classes, lang, as_json=as_json)

    ask(work)


@app.command()
def end(
    unit: UnitArgument,
    *,
    classes: ClassOption = None,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """结束测试并签名 / End the walk test of a unit and sign its result; of one whose time was up, sign the result.

    What still stands is told to people as usual. Exit codes: 0; 1 refused, or nothing to end; 3 no answer.
    """

    async def work() -> None:
        session = find_session(site, state)
        async with await session.connect("walk-test", ASK_S) as backbone:
            face = WalkTestFace(backbone)
            test = await _running(face, unit)
            if test is not None:
                test = await face.end(test.id, by=by or getpass.getuser())
            else:
                newest = await face.list(unit=unit, limit=1)
                if not newest:
                    raise RefusedError(f"单位 {unit} 没有走动测试 / no walk test of {unit}")
                test = newest[0]
            await _conclude(session, backbone, test, classes, lang, as_json=as_json)

    ask(work)


@app.command("verify")
def verify_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="签名的结果文件 / the signed result")],
    *,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """验证签名 / Verify the signature of a result.

    Exit codes: 0 it holds; 1 it does not, or the file is none; 3 the key of this installation is not here.
    """
    try:
        signed = read_signed(file)
        reason = verify(signed, State(state) if state else latest_state() or State(Path("var")))
    except WireError as error:
        typer.echo(error.reason, err=True)
        raise typer.Exit(NOT_VALID) from None
    except LinkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(NO_KEY) from None
    if as_json:
        verdict = {"valid": reason is None, "reason": reason, "key_id": signed["signature"].get("key_id")}
        typer.echo(json.dumps(verdict, ensure_ascii=False))
    else:
        typer.echo(f"签名有效 / the signature holds: {_summary(signed['document'])}" if reason is None else reason)
    if reason is not None:
        raise typer.Exit(NOT_VALID)


def _summary(document: dict[str, Any]) -> str:
    if document.get("form") != FORM:
        return "?"
    done = f"{document.get('alarmed')}/{document.get('total')}"
    return f"{document.get('unit')} {document.get('begun')} {document.get('by')} {done}"


def _request(
    unit: str, zones: list[str] | None, devices: list[str] | None, by: str, note: str, minutes: float
) -> BeginRequest:
    return checked(
        lambda: BeginRequest(
            unit=unit,
            zones=tuple(zones or ()),
            devices=tuple(devices or ()),
            by=by or getpass.getuser(),
            note=note,
            duration_s=minutes * 60,
        )
    )


async def _check_scope(
    session: Session, backbone: Backbone, request: BeginRequest, classes: list[AlarmClass] | None
) -> None:
    """Refuse a test in which there is nothing to walk; of places that are not there the service says so."""
    registry = session.registry.grown(await births(backbone))
    places = [f"{request.unit}/{zone}" for zone in request.zones]
    devices = [f"{request.unit}/{device}" for device in request.devices]
    known = request.unit in registry.units and set(places) <= registry.zones.keys()
    if not known or not set(devices) <= registry.devices.keys():
        return
    rules = load_ruleset(registry, session.site / "rules")
    found = points_of_unit(registry, rules, request.unit, classes or DEFAULT_CLASSES)
    if not any(in_scope(registry, point, request.zones, request.devices) for point in found):
        raise RefusedError(
            "范围内没有规则会报警的测点（换 --zone、--device 或 --class） / "
            "no rule would raise an alarm for any point of this scope: try another --zone, --device or --class"
        )


def _same_scope(request: BeginRequest, test: WalkTestView) -> bool:
    return set(request.zones) == set(test.zones) and set(request.devices) == set(test.devices)


async def _running(face: WalkTestFace, unit: str) -> WalkTestView | None:
    found = await face.list(unit=unit, running=True, limit=1)
    return found[0] if found else None


async def _log(
    session: Session, backbone: Backbone, test: WalkTestView, classes: list[AlarmClass] | None
) -> tuple[Session, WalkLog]:
    """Return the log of a test over the points that the site and its births name, brought up to now."""
    registry = session.registry.grown(await births(backbone))
    session = Session(session.site, registry, session.state)
    rules = load_ruleset(registry, session.site / "rules")
    walked = walked_points(registry, rules, test, classes or DEFAULT_CLASSES)
    log = WalkLog.of(test, walked, registry.points)
    await log.ask_before(backbone)
    await log.catch_up(backbone)
    return session, log


async def _conclude(
    session: Session,
    backbone: Backbone,
    test: WalkTestView,
    classes: list[AlarmClass] | None,
    lang: Language,
    *,
    as_json: bool,
) -> None:
    """Read the whole test out of the logs, sign what it showed, and say where that is."""
    kept = result_file(session.state, test)
    if kept.exists():  # the logs forget after a week, a signed result does not
        _say_kept(kept, lang, as_json=as_json)
        return
    session, log = await _log(session, backbone, test, classes)
    path = keep_result(session, log, [one.value for one in classes or DEFAULT_CLASSES])
    if as_json:
        typer.echo(test_json("ended", log, file=str(path)))
        return
    console = Console()
    console.print(walk_table(session.registry, log, lang, SystemClock().now_ns()))
    console.print(Labels(zh="签名的结果：", en="signed result: ").of(lang) + str(path), highlight=False, soft_wrap=True)


def _say_kept(path: Path, lang: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"event": "kept", "file": str(path)}))
    else:
        words = Labels(zh="结果此前已签名：", en="the result was signed before: ")
        Console().print(words.of(lang) + str(path), highlight=False, soft_wrap=True)


def _say_goes_on(unit: str, lang: Language, *, as_json: bool) -> None:
    if not as_json:
        words = Labels(
            zh=f"测试仍在进行。继续看：fengsui walk-test {unit}；结束并签名：fengsui walk-test end {unit}",
            en=f"The test goes on. Look on: fengsui walk-test {unit}; end and sign: fengsui walk-test end {unit}",
        )
        typer.echo(words.of(lang), err=True)
