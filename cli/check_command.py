"""``fengsui check SITE``: read and check a site folder exactly as ``fengsui up`` does, and say what is wrong.

A site that is all right may have warnings: it runs, and something about it is odd (nobody on duty at some time).

Exit codes: 0 all right, 1 problems found, 2 wrong usage.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.check_notes import notes
from cli.problem_texts import in_language
from cli.rule_files import load_ruleset
from cli.site_files import load_registry
from cli.site_warnings import site_warnings
from domain.errors import ConfigurationError, Problem
from domain.site import Registry, itself
from gateway.reload.configuration import as_data
from rules import RuleSet


class Language(StrEnum):
    """Languages of the screen."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a checked site consists of."""

    site: str
    units: int
    zones: int
    gateways: int
    devices: int
    points: int
    profiles: int
    rules: int


_HEADINGS = {
    Language.ZH: ("位置", "项目", "值", "问题", "改法"),
    Language.EN: ("place", "field", "value", "problem", "mend"),
}
_WARNING = {Language.ZH: "提醒：", Language.EN: "warning:"}
COUNTS = {
    "units": ("单位", "units"),
    "zones": ("部位", "zones"),
    "gateways": ("网关", "gateways"),
    "devices": ("设备", "devices"),
    "points": ("测点", "points"),
    "profiles": ("在用的设备型号档案", "device profiles in use"),
    "rules": ("规则", "rules"),
}


def check(
    site: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="站点文件夹 / the site folder")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / write JSON")] = False,
    lang: Annotated[Language, typer.Option(envvar="FENGSUI_LANG", help="zh 或 en / zh or en")] = Language.ZH,
) -> None:
    """检查站点文件夹 / Check a site folder: every problem with file, line, field, value and mend."""
    console = Console()
    registry, rules, problems = read_all(site)
    if registry is None or rules is None:
        show_problems(console, [in_language(problem, lang) for problem in problems], lang, as_json=as_json)
        raise typer.Exit(1)
    summary = summarise(registry, rules)
    odd = [in_language(problem, lang) for problem in site_warnings(site, registry)]
    said = [note[lang is Language.EN] for note in notes(registry)]
    if as_json:
        data = {**asdict(summary), "warnings": [as_data(problem) for problem in odd], "notes": said}
        print(json.dumps(data, ensure_ascii=False))  # noqa: T201 - JSON for a pipe, without rich's wrapping
        return
    console.print(_summary_table(summary, registry, lang))
    for note in said:
        console.print(Text(f"⚠ {note}", style="yellow"))
    if odd and console.is_terminal:
        console.print(_problem_table(odd, lang, warnings=True))
    elif odd:
        print("\n".join(f"{_WARNING[lang]} {problem}" for problem in odd))  # noqa: T201 - grep must find whole lines


def read_all(site: Path) -> tuple[Registry | None, RuleSet | None, list[Problem]]:
    """Read a site and its rules; what is wrong with the one does not hide what is wrong with the other."""
    registry: Registry | None = None
    rules: RuleSet | None = None
    problems: list[Problem] = []
    try:
        registry = load_registry(site)
    except ConfigurationError as error:
        problems += error.problems
    try:
        rules = load_ruleset(registry, site / "rules")
    except ConfigurationError as error:
        problems += error.problems
    return registry, rules, problems


def summarise(registry: Registry, rules: RuleSet) -> Summary:
    """Count what a checked site consists of."""
    devices, points = registry.written
    return Summary(
        site=registry.site.site,
        units=len(registry.units),
        zones=len(registry.zones),
        gateways=len(registry.gateways),
        devices=devices,
        points=points,
        profiles=len({device.profile.profile for device in registry.devices.values()} - {itself.PROFILE}),
        rules=len(rules),
    )


def show_problems(console: Console, problems: Sequence[Problem], lang: Language, *, as_json: bool) -> None:
    """Write a table on a terminal, one line a problem (as editors read them) into a pipe, or JSON."""
    if as_json:
        print(json.dumps([as_data(problem) for problem in problems], ensure_ascii=False, indent=1))  # noqa: T201
    elif not console.is_terminal:
        print("\n".join(str(problem) for problem in problems))  # noqa: T201 - grep must find whole lines
    else:
        console.print(_problem_table(problems, lang))


def _problem_table(problems: Sequence[Problem], lang: Language, *, warnings: bool = False) -> Table:
    title = f"发现 {len(problems)} 个问题" if lang is Language.ZH else f"{len(problems)} problems found"
    if warnings:
        title = (
            f"{len(problems)} 条提醒，站点可以运行"
            if lang is Language.ZH
            else f"{len(problems)} warnings; the site runs"
        )
    table = Table(title=Text(title), title_style="bold yellow" if warnings else "bold red", show_lines=True)
    for heading in _HEADINGS[lang]:
        table.add_column(heading, overflow="fold")
    for problem in problems:
        cells = (problem.place, problem.field, problem.shown_value, problem.message, problem.mend)
        table.add_row(*(Text(cell) for cell in cells))  # Text: what people wrote is not markup
    return table


def _summary_table(summary: Summary, registry: Registry, lang: Language) -> Table:
    label = registry.site.labels.of(lang)
    title = f"{label}：检查通过" if lang is Language.ZH else f"{label}: all right"
    table = Table(title=Text(title), title_style="bold green", show_header=False)
    for name, words in COUNTS.items():
        table.add_row(words[lang is Language.EN], Text(str(getattr(summary, name)), justify="right"))
    return table
