"""``fengsui alerts shelve|extend|unshelve|assign|attach|recheck``; exit codes: see `cli.alerts_commands`."""

from __future__ import annotations

import hashlib
import mimetypes
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from alerts.face import AlertsFace
from backbone.client import Backbone
from cli.alerts_commands import ByOption, IdArgument, JsonOption, LangOption, act_on, act_over
from cli.check_command import Language
from cli.second_person import SecondOption, SecondPasswordOption, asked_second, second_of_alert
from domain.alert import AlertView
from domain.clock import NS_PER_S

MOST_HOURS = 24.0 * 366
OTHER_TYPE = "application/octet-stream"
PIECE = 1 << 20


def shelve(
    alert_id: IdArgument,
    *,
    reason: Annotated[str, typer.Option(help="原因，必填 / why; must be given")],
    hours: Annotated[float, typer.Option(min=0.01, max=MOST_HOURS, help="几小时后自动结束 / it ends after, hours")],
    second: SecondOption = None,
    second_password_file: SecondPasswordOption = None,
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """搁置：限时静默，须有原因 / Shelve: silent for a time, with a reason; at its end what still stands is told again.

    Example: fengsui alerts shelve 3f2a --hours 2 --reason "探测器待清洗 / detector to be cleaned"
    """
    act_over(
        alert_id,
        by,
        _with_second(AlertsFace.shelve, reason, _later(hours), asked_second(second, second_password_file)),
        lang,
        as_json=as_json,
    )


def extend(
    alert_id: IdArgument,
    *,
    reason: Annotated[str, typer.Option(help="原因，必填 / why; must be given")],
    hours: Annotated[float, typer.Option(min=0.01, max=MOST_HOURS, help="自现在起几小时 / it ends after, from now on")],
    second: SecondOption = None,
    second_password_file: SecondPasswordOption = None,
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """延长搁置，其间不中断 / Extend a shelving, by the rules of shelving: it does not end between.

    Example: fengsui alerts extend 3f2a --hours 4 --reason "备件未到 / the spare part has not come"
    """
    act_over(
        alert_id,
        by,
        _with_second(AlertsFace.extend, reason, _later(hours), asked_second(second, second_password_file)),
        lang,
        as_json=as_json,
    )


def unshelve(
    alert_id: IdArgument, *, by: ByOption = "", as_json: JsonOption = False, lang: LangOption = Language.ZH
) -> None:
    """结束搁置 / End a shelving early: what still stands is told again.

    Example: fengsui alerts unshelve 3f2a
    """
    act_on(alert_id, by, lambda face, whole, who: face.unshelve(whole, by=who), lang, as_json=as_json)


def assign(
    alert_id: IdArgument,
    to: Annotated[str, typer.Argument(metavar="WHO", help="负责人 / who is responsible")],
    *,
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """指派：写明由谁负责 / Assign: say who is responsible. The ladder goes on until somebody acknowledges.

    Example: fengsui alerts assign 3f2a p-chen
    """
    act_on(alert_id, by, lambda face, whole, who: face.assign(whole, by=who, to=to), lang, as_json=as_json)


def attach(
    alert_id: IdArgument,
    url: Annotated[str, typer.Argument(help="文件地址 http(s) / where the file lies, http(s)")],
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", exists=True, dir_okay=False, help="本机上的同一文件 / the same file here, to be hashed"),
    ] = None,
    sha256: Annotated[str, typer.Option(help="SHA-256，无 --file 时必填 / its SHA-256 where no --file is given")] = "",
    media_type: Annotated[str, typer.Option(help="类型 / its media type, such as image/jpeg")] = "",
    note: Annotated[str, typer.Option(help="备注 / a note")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """附证据：地址与 SHA-256 / Attach evidence by address and SHA-256; the file itself stays where it lies.

    Example: fengsui alerts attach 3f2a https://files.example/after.jpg --file after.jpg
    """
    digest = _digest(file) if file is not None else sha256.lower()
    if not digest:
        raise typer.BadParameter("给出 --file 或 --sha256 / give --file or --sha256")
    kind = media_type or mimetypes.guess_type(str(file or url))[0] or OTHER_TYPE
    act_on(
        alert_id,
        by,
        lambda face, whole, who: face.attach(whole, by=who, url=url, sha256=digest, media_type=kind, note=note),
        lang,
        as_json=as_json,
    )


def recheck(
    alert_id: IdArgument,
    *,
    note: Annotated[str, typer.Option(help="备注 / what was seen")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """复查：数据恢复后现场复核 / Re-check on the spot, once the telemetry is normal; a hazard by another person.

    命令不验证身份，只比对姓名 / Nobody signs in to a command: names are compared, and nothing else is known.

    Example: fengsui alerts recheck 3f2a --by p-lin --note "已清走 / it is gone"
    """
    act_on(alert_id, by, lambda face, whole, who: face.recheck(whole, by=who, note=note), lang, as_json=as_json)


def _with_second(
    deed: Callable[..., Awaitable[AlertView]], reason: str, until_ns: int, asked: tuple[str, str] | None
) -> Callable[[Backbone, str, str], Awaitable[AlertView]]:
    """Return what shelves or extends an alarm, with the second person who was asked for where there is one."""

    async def act(backbone: Backbone, whole: str, who: str) -> AlertView:
        agreed = await second_of_alert(backbone, asked, whole, beside=who)
        return await deed(AlertsFace(backbone), whole, by=who, reason=reason, until_ns=until_ns, second=agreed)

    return act


def _later(hours: float) -> int:
    return time.time_ns() + round(hours * 3600 * NS_PER_S)


def _digest(file: Path) -> str:
    found = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while piece := content.read(PIECE):
                found.update(piece)
    except OSError as error:
        raise typer.BadParameter(f"{file} 读不出 / can't be read: {error.strerror}") from error
    return found.hexdigest()
