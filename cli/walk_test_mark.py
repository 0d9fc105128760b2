"""``fengsui walk-test mark``: what a person found at a point that can't alarm by itself, while a walk test runs."""

from __future__ import annotations

import getpass
import json
from typing import Annotated

import typer

from alerts.walk_test_face import MarkRequest, WalkTestFace
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.asking import checked
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption, ask, find_session
from cli.session import ASK_S
from domain.errors import RefusedError
from domain.site import Labels
from domain.walk_test import WalkMark

FINDING = {
    True: Labels(zh="手动：正常", en="by hand: works"),
    False: Labels(zh="手动：不正常", en="by hand: does not work"),
}


def mark(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="单位 / the unit")],
    point: Annotated[str, typer.Argument(metavar="DEVICE/POINT", help="测点 / the point")],
    *,
    works: Annotated[
        bool, typer.Option("--works/--fails", help="检查结果：正常或不正常 / found to work, or not to work")
    ],
    remark: Annotated[str, typer.Option(help="备注 / a remark for the record")] = "",
    reason: Annotated[str, typer.Option(help="为何不能自动触发 / why it can't come through by itself")] = "",
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """手动标记测点 / Mark a point by hand: a hydrant, a sounder that must be heard, a call point without its key.

    Only while a walk test runs, and within it. A later mark counts and erases nothing. Exit codes: 0; 1 refused;
    3 the site does not answer.
    """

    async def work() -> WalkMark:
        session = find_session(site, state)
        async with await session.connect("walk-test", ASK_S) as backbone:
            face = WalkTestFace(backbone)
            running = await face.list(unit=unit, running=True, limit=1)
            if not running:
                raise RefusedError(f"单位 {unit} 没有进行中的走动测试 / no walk test of {unit} runs")
            return await face.mark(_request(running[0].id, point, works=works, by=by, remark=remark, reason=reason))

    made = ask(work)
    if as_json:
        typer.echo(json.dumps({"event": "marked", **made.model_dump(mode="json")}, ensure_ascii=False))
    else:
        typer.echo(f"{unit}/{made.point}: {FINDING[made.works].of(lang)} ({made.by})")


def _request(test: str, point: str, *, works: bool, by: str, remark: str, reason: str) -> MarkRequest:
    who = by or getpass.getuser()
    return checked(lambda: MarkRequest(id=test, point=point, works=works, by=who, remark=remark, reason=reason))
