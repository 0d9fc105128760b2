"""``fengsui roster show SITE``: who is on duty, now, at a time, or over a week."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.alerts_commands import JsonOption, LangOption
from cli.alerts_tables import plain
from cli.check_command import Language, show_problems
from cli.problem_texts import in_language
from cli.site_files import load_registry
from dashboards.live.zone import zone_of
from domain.clock import NS_PER_S
from domain.errors import ConfigurationError
from domain.site import OnDuty, Registry, Roster
from domain.site.duty_times import Stretch, Surroundings, local_time, stretches, utc_ns

GAP = 3
WEEK_DAYS = 7
_MOMENT_NS = NS_PER_S
_HEADINGS = {
    Language.ZH: ("值班表", "起", "止", "班次", "值班人", "说明"),
    Language.EN: ("roster", "from", "to", "shift", "on duty", "note"),
}
_DAYS = {
    Language.ZH: ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    Language.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}

app = typer.Typer(no_args_is_help=True)

SiteArgument = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="站点文件夹 / the site folder")]
AtOption = Annotated[
    str,
    typer.Option("--at", metavar="TIME", help='站点当地时间，默认现在 / wall clock of the site, "2026-02-17 22:30"'),
]


@app.callback()
def _roster() -> None:
    """值班表 / Rosters: who is on duty, with deputies, changes and absences taken into account."""


@app.command()
def show(
    site: SiteArgument,
    *,
    at: AtOption = "",
    week: Annotated[bool, typer.Option("--week", help="从当天起七天 / seven days from that day on")] = False,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """谁在值班 / Show who is on duty: now, at a time, or over a week.

    fengsui roster show SITE --at "2026-02-17 22:30"

    Exit codes: 0; 1 the site has problems; 2 wrong usage; 3 a roster has nobody on duty at that time (in that week).
    """
    registry = checked_site(site, lang, as_json=as_json)
    zone = zone_of(registry.site.timezone)
    start_ns = moment(at, zone)
    if week:
        midnight = datetime.combine(local_time(start_ns, zone).date(), clock_time())
        start_ns, end_ns = utc_ns(midnight, zone), utc_ns(midnight + timedelta(days=WEEK_DAYS), zone)
    else:
        end_ns = start_ns + _MOMENT_NS
    known = Surroundings(registry.people, registry.calendar, zone)
    found = [(roster, list(stretches(roster, known, start_ns, end_ns))) for roster in registry.site.rosters]
    if as_json:
        data = [_data(roster, one, registry, zone) for roster, parts in found for one in parts]
        print(json.dumps(data, ensure_ascii=False, indent=1))  # noqa: T201 - JSON for a pipe
    elif not found:
        words = "该站点没有值班表 / the site has no rosters: write 'rosters' in site.yaml"
        Console().print(words, markup=False)
    else:
        Console().print(_table(found, registry, zone, lang, week=week))
    if any(one.gap for _, parts in found for one in parts):
        raise typer.Exit(GAP)


def checked_site(site: Path, lang: Language, *, as_json: bool) -> Registry:
    """Return a site that passes its check; shows its problems and exits with 1 otherwise."""
    try:
        return load_registry(site)
    except ConfigurationError as error:
        show_problems(Console(), [in_language(one, lang) for one in error.problems], lang, as_json=as_json)
        raise typer.Exit(1) from error


def moment(at: str, zone: tzinfo) -> int:
    """Return the time that was asked for, ns UTC; now when nothing was. Raises BadParameter."""
    if not at:
        return time.time_ns()
    try:
        local = datetime.fromisoformat(at)
        return utc_ns(local, zone) if local.tzinfo is None else round(local.timestamp()) * NS_PER_S
    except (ValueError, OverflowError) as error:
        message = f'不是时间 / not a time: {at}; "2026-02-17 22:30"'
        raise typer.BadParameter(message, param_hint="--at") from error


def _data(roster: Roster, part: Stretch, registry: Registry, zone: tzinfo) -> dict[str, Any]:
    return {
        "roster": roster.id,
        "from": local_time(part.start_ns, zone).isoformat(),
        "to": local_time(part.end_ns, zone).isoformat(),
        "gap": part.gap,
        "people": [
            {
                "person": duty.person,
                "zh": registry.people[duty.person].labels.zh,
                "en": registry.people[duty.person].labels.en,
                "shift": duty.shift,
                "instead_of": duty.instead_of,
            }
            for duty in part.people
        ],
    }


def _table(
    found: Sequence[tuple[Roster, list[Stretch]]], registry: Registry, zone: tzinfo, lang: Language, *, week: bool
) -> Table:
    table = Table()
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    for roster, parts in found:
        for number, part in enumerate(parts):
            begin, end = (_clock(time_ns, zone, lang) for time_ns in (part.start_ns, part.end_ns))
            shifts = ", ".join(dict.fromkeys(duty.shift or "-" for duty in part.people))
            names = ", ".join(name_of(registry, duty.person, lang) for duty in part.people)
            style = "bold red" if part.gap else ""
            name = roster.labels.of(lang) if number == 0 else ""
            cells = (name, begin, end if week else "", shifts, names or "-", _note(part, registry, lang))
            table.add_row(*(plain(cell) for cell in cells), style=style, end_section=number == len(parts) - 1)
    return table


def name_of(registry: Registry, person: str, lang: Language) -> str:
    """Return what people call somebody; the id where the site does not know them."""
    known = registry.people.get(person)
    return person if known is None else known.labels.of(lang)


def _note(part: Stretch, registry: Registry, lang: Language) -> str:
    notes = [_instead(duty, registry, lang) for duty in part.people if duty.instead_of is not None]
    if part.gap:
        gap = {Language.ZH: ("无人值班", "由替班人顶岗"), Language.EN: ("nobody on duty", "the roster's deputy")}[lang]
        notes.insert(0, gap[bool(part.people)])
    return "; ".join(notes)


def _instead(duty: OnDuty, registry: Registry, lang: Language) -> str:
    person, absent = name_of(registry, duty.person, lang), name_of(registry, duty.instead_of or "", lang)
    return f"{person}代{absent}" if lang is Language.ZH else f"{person} for {absent}"


def _clock(time_ns: int, zone: tzinfo, lang: Language) -> str:
    local = local_time(time_ns, zone)
    return f"{local:%m-%d} {_DAYS[lang][local.weekday()]} {local:%H:%M}"
