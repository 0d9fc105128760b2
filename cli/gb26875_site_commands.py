"""``fengsui gb26875 transmitters|strangers|read|set-clock|initialise``: the transmitters of a running site.

Exit codes: 0 done; 1 refused (the reason is written), or the transmitter did not do it; 2 wrong usage;
3 the gateway is away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from cli.gb26875_adoption import Stranger, stanza
from cli.gb26875_output import print_json, say_silent
from cli.gb26875_service import LINE_TIMEOUT_S, REFUSED, Answers, GatewayFace, ask_gateways
from cli.gb26875_tables import object_table, stranger_table, transmitter_table
from gateway.connectors.gb26875.field_words import Said

READABLE = (*range(61, 69), 81, 84, 85, 86, 88)
"""Type flags that a centre may read (GB/T 26875.3-2011, type flags 61-68 and 81-88)."""

CONFIRMED = "confirmed"

_HEAD = """\
# 加到 gateways/*.yaml 中 protocol: gb26875 连接的 transmitters: 之下，填好大写处
# under transmitters: of the connection in gateways/*.yaml; fill in what stands in capitals"""

TransmitterArgument = Annotated[
    str, typer.Argument(metavar="UNIT/TRANSMITTER", help="传输装置 / the transmitter, such as hotel/east-utd")
]


def transmitters(
    unit: Annotated[str | None, typer.Argument(metavar="UNIT", help="只看此单位 / of this unit only")] = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出传输装置 / List transmitters: line, peer, device profile and why, clock; those that are down first."""
    answers = ask_gateways(lambda face: face.rows("transmitters", "transmitters", unit=unit))
    say_silent(answers)
    if as_json:
        print_json(answers.rows)
    else:
        Console().print(transmitter_table(answers.rows, lang))


def strangers(
    *,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="输出登记用的 YAML / write the YAML that adopts them")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出未登记的传输装置 / List transmitters that nobody registered; a fire of theirs comes first."""
    answers = ask_gateways(lambda face: face.rows("strangers", "strangers"))
    say_silent(answers)
    if as_json:
        print_json(answers.rows)
    elif as_yaml:
        typer.echo(_stanzas(answers))
    else:
        Console().print(stranger_table(answers.rows, lang))


def read(
    transmitter: TransmitterArgument,
    type_flag: Annotated[int, typer.Argument(metavar="TYPE", help="61–68、81、84–86、88：读什么 / what to read")],
    *,
    system: Annotated[str | None, typer.Option(help="系统类型-地址 / system type and address, as in 1-1")] = None,
    component: Annotated[str | None, typer.Option(help="部件地址 / component address, as in 10-2")] = None,
    count: Annotated[int | None, typer.Option(min=1, max=102, help="记录条数 / records to read (64, 84)")] = None,
    start: Annotated[str | None, typer.Option(help="起始时间 / from (64, 84): 2026-11-22T08:00:00")] = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """读装置 / Ask a transmitter: states 61–63, records 64 and 84, versions, configurations, clocks, own state 81."""
    if type_flag not in READABLE:
        raise typer.BadParameter(f"类型 {type_flag} 不可读 / type {type_flag} can't be read: use {_listed(READABLE)}")
    request = {"type": type_flag, "system": system, "component": component, "count": count, "start": start}

    async def work(face: GatewayFace) -> Mapping[str, Any]:
        row = await face.transmitter(transmitter)
        return await _of(face, row, "read", **request)

    data = ask_gateways(work)
    objects = data.get("objects")
    if as_json or not isinstance(objects, Sequence):
        print_json(data)
    elif objects:
        Console().print(object_table(objects, f"{transmitter}  {type_flag}"))
    else:
        typer.echo(Said("装置答复：无记录", "the transmitter answered: nothing to tell").of(lang))


def set_clock(transmitter: TransmitterArgument, *, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """校时 / Set a transmitter's clock to this site's local time (type 90). The transmitter's confirm is shown."""
    done = Said("装置已确认校时", "the transmitter confirmed its new time")
    _control(transmitter, "set_clock", done, Said("未校时", "the clock was not set"), lang=lang, as_json=as_json)


def initialise(
    transmitter: TransmitterArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="不询问 / do not ask before it is done")] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """初始化装置 / Let a transmitter begin anew (type 89); the site must allow it: allow_initialise: true."""
    if not yes:
        question = Said(
            f"装置 {transmitter} 将初始化，期间不上传信息。继续？",
            f"{transmitter} begins anew and tells nothing meanwhile. Go on?",
        )
        typer.confirm(question.of(lang), abort=True)
    done = Said("装置已确认初始化", "the transmitter confirmed that it begins anew")
    _control(transmitter, "initialise", done, Said("未初始化", "it was not initialised"), lang=lang, as_json=as_json)


def _control(transmitter: str, command: str, done: Said, failed: Said, *, lang: Language, as_json: bool) -> None:
    """Send a command that changes a transmitter, and tell whether it confirmed."""

    async def work(face: GatewayFace) -> Mapping[str, Any]:
        return await _of(face, await face.transmitter(transmitter), command)

    data = ask_gateways(work)
    outcome = str(data.get("outcome"))
    if as_json:
        print_json(data)
    else:
        typer.echo(done.of(lang) if outcome == CONFIRMED else f"{failed.of(lang)}: {outcome}")
    if outcome != CONFIRMED:
        raise typer.Exit(REFUSED)


async def _of(face: GatewayFace, row: Mapping[str, Any], command: str, **request: Any) -> Mapping[str, Any]:
    """Send a command for one transmitter to the gateway that hosts it."""
    data: Mapping[str, Any] = await face.ask(
        row["host"],
        command,
        timeout_s=LINE_TIMEOUT_S,
        unit=row["unit"],
        transmitter=row["id"],
        connection=row.get("connection"),
        **request,
    )
    return data


def _stanzas(answers: Answers) -> str:
    found = [
        stanza(
            Stranger(
                address=str(row["address"]),
                profile=str(row.get("profile") or "auto"),
                unit=str(row["host"]).split("/", maxsplit=1)[0],
                remark=f"{row.get('peer', '')} {'▲ 火警 fire' if row.get('fire') else ''}",
            )
        )
        for row in answers.rows
        if row.get("address") is not None
    ]
    return "\n".join([_HEAD, *found]) if found else "# 没有未登记的传输装置 / nobody unregistered"


def _listed(flags: Sequence[int]) -> str:
    return ", ".join(map(str, flags))
