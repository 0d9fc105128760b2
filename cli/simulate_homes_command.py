"""``fengsui simulate homes``: e-bikes charged in simulated homes, and what the library's rule makes of their meters.

Exit codes: 0 done, 2 wrong usage.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language
from domain.site import Labels
from simulators.homes import Mix

if TYPE_CHECKING:
    from cli.charger_trial import TrialResult

MIXES = {
    Mix.CIRCUIT: Labels(zh="插座回路", en="socket circuit"),
    Mix.ROOM: Labels(zh="出租屋（一块表）", en="rented room, one meter"),
    Mix.HOME: Labels(zh="住宅（一块表，含空调）", en="flat, one meter, air conditioner"),
}


def homes(
    *,
    mix: Annotated[
        list[Mix] | None, typer.Option(help="电表后有什么；默认全部 / what is behind the meter; all")
    ] = None,
    count: Annotated[int, typer.Option("--homes", min=2, max=2000, help="户数 / number of homes")] = 40,
    days: Annotated[int, typer.Option(min=2, max=400, help="天数 / days")] = 30,
    seed: Annotated[int, typer.Option(help="随机种子 / seed of the random homes")] = 1,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """模拟住户充电，检验规则 / Charge e-bikes in simulated homes and try the rule `ebike_charging_by_signature`.

    Every second home has an e-bike. All of it is synthetic: no public recording has an e-bike charger in it.
    """
    from cli.charger_trial import try_homes

    chosen = list(mix or Mix)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(Labels(zh="模拟中", en="simulating").of(lang), total=days * len(chosen))
        results = [
            try_homes(one, homes=count, days=days, seed=seed, advance=lambda done: progress.advance(task, done))
            for one in chosen
        ]
    if as_json:
        typer.echo(json.dumps([_facts(result) for result in results], ensure_ascii=False))
    else:
        Console().print(_table(results, lang))


def _facts(result: TrialResult) -> dict[str, object]:
    median, late = result.minutes
    return {
        "mix": result.mix.value,
        "homes": result.homes,
        "days": result.days,
        "sessions": result.sessions,
        "found": result.found,
        "recall": round(result.recall, 4),
        "false_alarms_per_home_month": round(result.false_a_month, 3),
        "minutes_to_alarm_p50": median,
        "minutes_to_alarm_p90": late,
    }


def _table(results: list[TrialResult], lang: Language) -> Table:
    words = Labels(
        zh="电表 户数×天数 充电次数 发现 召回率 误报（每户每月） 插上后分钟数p50/p90",
        en="meter homes×days charges found recall false/home-month minutes_p50/p90",
    ).of(lang)
    table = Table(*(word.replace("_", " ") for word in words.split()))
    for one in results:
        median, late = one.minutes
        table.add_row(
            MIXES[one.mix].of(lang),
            f"{one.homes}×{one.days}",
            str(one.sessions),
            str(one.found),
            f"{one.recall:.1%}",
            f"{one.false_a_month:.2f}",
            f"{median:.0f} / {late:.0f}",
        )
    return table
