"""``fengsui escalation explain SITE``: who would be told when, on which channel, if nobody answered."""

from __future__ import annotations

import json
from datetime import tzinfo
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from alerts.ladders.defaults import said
from alerts.ladders.preview import Line, Preview, channels_of, preview
from alerts.schema import StepKind
from cli.alerts_commands import JsonOption, LangOption
from cli.alerts_tables import plain
from cli.check_command import Language
from cli.roster_command import AtOption, SiteArgument, checked_site, moment, name_of
from dashboards.live.zone import zone_of
from domain.alarm import AlarmClass, Level, Place
from domain.glossary import label_of
from domain.site import Labels, Registry
from domain.site.duty_times import local_time
from domain.wording import nearest

_HEADINGS = {
    Language.ZH: ("之后", "时刻", "级", "通知", "人员", "渠道", "说明"),
    Language.EN: ("after", "at", "step", "to", "people", "channels", "note"),
}
_KINDS = {
    StepKind.STEP: Labels(zh="第 {} 级", en="step {}"),
    StepKind.REPEAT: Labels(zh="第 {} 级，重复", en="step {}, again"),
    StepKind.ANSWER: Labels(zh="无人应答", en="unanswered"),
}
_TARGETS = {
    "responsible": Labels(zh="责任人", en="person responsible"),
    "safety_manager": Labels(zh="消防安全管理人", en="safety manager"),
    "supervisors": Labels(zh="监管人员", en="supervisors"),
    "operator": Labels(zh="值班操作员", en="operators"),
    "maintenance_firm": Labels(zh="维保单位", en="maintenance firm"),
}

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _escalation() -> None:
    """升级 / Escalation: which ladder an alert would climb, and who would be told."""


@app.command()
def explain(
    site: SiteArgument,
    *,
    alarm_class: Annotated[AlarmClass, typer.Option("--class", help="类别 / the class")] = AlarmClass.HAZARD,
    unit: Annotated[str, typer.Option("--unit", help="单位，默认第一个 / the unit; the first by default")] = "",
    zone: Annotated[str, typer.Option("--zone", help="部位 / the zone")] = "",
    level: Annotated[Level, typer.Option("--level", help="级别 / the level")] = Level.WARNING,
    at: AtOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """若无人应答，何时经何渠道通知谁 / Print who would be told when, on which channel, if nobody answered.

    fengsui escalation explain SITE --class fire --unit hotel --zone east-1-exit --at "2026-02-17 22:30"

    Exit codes: 0; 1 the site has problems; 2 wrong usage; 3 no step reaches anybody.
    """
    registry = checked_site(site, lang, as_json=as_json)
    clock = zone_of(registry.site.timezone)
    now_ns = moment(at, clock)
    place = _place(registry, unit or next(iter(registry.units)), zone)
    found = preview(registry, clock, place, alarm_class=alarm_class, level=level, now_ns=now_ns)
    if as_json:
        print(json.dumps(_data(registry, clock, found, alarm_class), ensure_ascii=False, indent=1))  # noqa: T201 - for a pipe
    else:
        Console().print(
            Group(_title(found, lang), _table(registry, clock, found, alarm_class, lang), _foot(found, lang))
        )
    if not any(line.reach.anybody for line in found.lines):
        raise typer.Exit(3)


def _place(registry: Registry, unit: str, zone: str) -> Place:
    if unit not in registry.units:
        message = f"没有这个单位 / no such unit: {unit}; {nearest(unit, registry.units)}"
        raise typer.BadParameter(message, param_hint="--unit")
    if not zone:
        return Place(unit=unit)
    found = registry.zones.get(f"{unit}/{zone}")
    if found is None:
        known = [one.settings.id for one in registry.zones.values() if one.unit.id == unit]
        message = f"没有这个部位 / no such zone: {zone}; {nearest(zone, known)}"
        raise typer.BadParameter(message, param_hint="--zone")
    settings = found.settings
    return Place(
        unit=unit, building=found.building.id, floor=settings.floor, zone=settings.id, zone_kind=settings.kind.value
    )


def _data(registry: Registry, clock: tzinfo, found: Preview, alarm_class: AlarmClass) -> dict[str, Any]:
    return {
        "policy": found.plan.policy,
        "answer_within_s": found.plan.answer_within_s,
        "acknowledged_within_s": found.plan.acknowledged_within_s,
        "timers": [
            {
                "after_s": line.after_s,
                "at": local_time(line.at_ns, clock).isoformat(),
                "kind": line.kind.value,
                "step": line.rung,
                "targets": line.targets,
                "told": {
                    person.id: channels_of(registry, person, alarm_class) for person in line.reach.people.values()
                },
                "later": {name: local_time(time_ns, clock).isoformat() for name, time_ns in line.reach.later.items()},
                "instead": line.reach.instead,
                "away": line.reach.away,
                "gaps": line.reach.gaps,
            }
            for line in found.lines
        ],
    }


def _title(found: Preview, lang: Language) -> Text:
    words = Labels(zh=f"采用策略 {found.plan.policy}", en=f"policy {found.plan.policy}")
    return Text(words.of(lang), style="bold")


def _foot(found: Preview, lang: Language) -> Text:
    within = said(found.plan.acknowledged_within_s)
    words = Labels(
        zh=f"应答停止升级；应答后 {within} 内既未确认也未恢复，应答失效，从应答人起重新升级。",
        en=f"An acknowledgement stops it, for {within}: without finding, clearing or word by then, it begins anew.",
    )
    return Text(words.of(lang))


def _table(registry: Registry, clock: tzinfo, found: Preview, alarm_class: AlarmClass, lang: Language) -> Table:
    table = Table(title=label_of(alarm_class, lang))
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    for line in found.lines:
        people = [*line.reach.people.values()]
        channels = dict.fromkeys(name for one in people for name in channels_of(registry, one, alarm_class))
        cells = (
            said(line.after_s),
            f"{local_time(line.at_ns, clock):%m-%d %H:%M:%S}",
            _KINDS[line.kind].of(lang).format(line.rung + 1),
            ", ".join(_target(target, registry, lang) for target in line.targets or ("supervisors",)),
            ", ".join(one.labels.of(lang) for one in people) or "-",
            ", ".join(channels),
            _note(line, registry, clock, lang),
        )
        table.add_row(*(plain(cell) for cell in cells), style="" if line.reach.anybody else "bold red")
    return table


def _target(target: str, registry: Registry, lang: Language) -> str:
    name = target.removeprefix("roster:")
    roster = next((one for one in registry.site.rosters if one.id == name), None)
    if target != name:
        return name if roster is None else roster.labels.of(lang)
    return _TARGETS[target].of(lang) if target in _TARGETS else name_of(registry, target, lang)


def _note(line: Line, registry: Registry, clock: tzinfo, lang: Language) -> str:
    is_zh = lang is Language.ZH
    notes = [
        f"{name_of(registry, one, lang)}{'代' if is_zh else ' for '}{name_of(registry, absent, lang)}"
        for one, absent in line.reach.instead.items()
    ]
    for name, time_ns in line.reach.later.items():
        quiet = "免打扰，延至" if is_zh else "quiet hours until"
        notes.append(f"{name_of(registry, name, lang)} {quiet} {local_time(time_ns, clock):%H:%M}")
    notes += [f"{name_of(registry, one, lang)} {'不在' if is_zh else 'is away'}" for one in line.reach.away]
    notes += [f"{one} {'无人值班' if is_zh else 'has nobody on duty'}" for one in line.reach.gaps]
    if line.kind is StepKind.ANSWER:
        notes.append("并产生值守告警 alert_unanswered" if is_zh else "and the alarm alert_unanswered is raised")
    return "; ".join(notes)
