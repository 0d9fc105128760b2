"""``fengsui points …``: a site's points as a list for spreadsheets, and an installer's list as profiles and devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language, show_problems
from cli.point_columns import COLUMNS
from cli.point_export import point_rows, table
from cli.point_import import Imported, import_points
from cli.problem_texts import in_language
from cli.sheets import SUFFIXES, write_sheet
from cli.site_files import load_registry, read_list_site
from domain.errors import ConfigurationError
from domain.site import Labels

WRONG = 1

app = typer.Typer(
    no_args_is_help=True,
    help="点表：导出、导入、列名 / Point lists for spreadsheets: out, in, and what the columns mean.",
)

SiteArgument = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="站点文件夹 / the site folder")]


@app.command("export")
def export(
    site: SiteArgument,
    *,
    out: Annotated[Path | None, typer.Option(help="points.xlsx 或 points.csv / the file to write")] = None,
    unit: Annotated[str | None, typer.Option(help="只要此单位 / this unit only")] = None,
    gateway: Annotated[str | None, typer.Option(help="只要此网关 / this gateway only")] = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """导出点表 / Write every point with what is in force for it: a row each, for Excel or any other spreadsheet.

    fengsui points export SITE --out points.xlsx
    fengsui points export SITE --gateway gw-east --out points.csv --lang en
    fengsui points export SITE --json

    Exit codes: 0 written; 1 the site has problems, or nothing is there to write; 2 wrong usage.
    """
    if out is None and not as_json:
        raise typer.BadParameter("give --out points.xlsx (or .csv), or --json")
    _check_suffix(out, "--out")
    try:
        registry = load_registry(site)
    except ConfigurationError as error:
        _refuse(error, lang, as_json=as_json)
    rows = list(point_rows(registry, unit=unit, gateway=gateway))
    if not rows:
        typer.echo(Labels(zh="没有这样的测点", en="no such point").of(lang), err=True)
        raise typer.Exit(WRONG)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    if out is not None:
        write_sheet(out, table(rows, lang))
        _tell(f"{len(rows)} 个测点写入 {out}", f"{len(rows)} points written to {out}", lang, as_json=as_json)


@app.command("import")
def import_list(
    points: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="点表 .xlsx 或 .csv / the list")],
    site: SiteArgument,
    *,
    out: Annotated[Path, typer.Option(help="写入的文件夹（须为空）/ an empty or new folder for the files")],
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """导入点表 / Turn an installer's list into profile and gateway files for SITE, checked as a whole.

    fengsui points import points.xlsx SITE --out new
    cp -r new/. SITE/ && fengsui check SITE

    A wrong row is told with its row, column, value and what to write instead; nothing is written before all is
    right. The list is the truth for each connection that it names; everything else stays.

    Exit codes: 0 written; 1 the list or the site has problems; 2 wrong usage.
    """
    _check_suffix(points, "LIST")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise typer.BadParameter(f"{out} is not empty: give a new folder, nothing is overwritten")
    try:
        documents, raw = read_list_site(site)
        found = import_points(points, documents, raw)
    except ConfigurationError as error:
        _refuse(error, lang, as_json=as_json)
    for name, text in found.files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if as_json:
        typer.echo(json.dumps(_summary(found, out), ensure_ascii=False))
    else:
        _show(found, out, lang)


@app.command("columns")
def columns(*, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """列名 / Show the columns of a list: name, what it holds, and which are needed in every row."""
    if as_json:
        shown = [
            {"name": one.name, "zh": one.zh, "en": one.en, "holds": one.holds.value, "needed": one.needed}
            for one in COLUMNS
        ]
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    found = Table()
    for heading in (
        Labels(zh="列 中文列名 英文列名 必填 说明", en="column Chinese English needed note").of(lang).split()
    ):
        found.add_column(heading, overflow="fold")
    for one in COLUMNS:
        note = one.help_en if lang is Language.EN else one.help_zh
        words = ", ".join(one.words)
        needed = Labels(zh="是", en="yes").of(lang) if one.needed else ""
        found.add_row(one.name, one.zh, one.en, needed, note or words)
    Console().print(found)


def _check_suffix(path: Path | None, what: str) -> None:
    if path is not None and path.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(f"{what} must end in {' or '.join(SUFFIXES)}")


def _refuse(error: ConfigurationError, lang: Language, *, as_json: bool) -> NoReturn:
    show_problems(Console(), [in_language(problem, lang) for problem in error.problems], lang, as_json=as_json)
    raise typer.Exit(WRONG)


def _tell(zh: str, en: str, lang: Language, *, as_json: bool) -> None:
    typer.echo(en if lang is Language.EN else zh, err=as_json)


def _summary(found: Imported, out: Path) -> dict[str, object]:
    return {
        "devices": found.devices,
        "points": found.points,
        "files": [str(out / name) for name in found.files],
        "profiles_as_before": found.reused,
        "devices_left_out": found.left_out,
        "devices_of_changed_profiles": found.touched,
        "rows_passed_over": found.passed_over,
    }


def _show(found: Imported, out: Path, lang: Language) -> None:
    console = Console()
    lines = [
        (
            f"{found.devices} 台设备，{found.points} 个测点，检查通过",
            f"{found.devices} devices with {found.points} points, all right",
        ),
        *((f"写入 {out / name}", f"written: {out / name}") for name in found.files),
    ]
    if found.reused:
        names = ", ".join(found.reused)
        lines.append((f"沿用已有档案：{names}", f"profiles as they were: {names}"))
    if found.left_out:
        names = ", ".join(found.left_out)
        lines.append((f"点表中没有、因而去掉的设备：{names}", f"devices that the list has not, left out: {names}"))
    if found.touched:
        names = ", ".join(found.touched)
        zh = f"不在点表中、但所用档案被改动的设备：{names}"
        lines.append((zh, f"devices that are not in the list, but of a profile that it changes: {names}"))
    if found.passed_over:
        rows = found.passed_over
        zh = f"{rows} 行未用：点表只生成 modbus_tcp 和 mqtt_json 的设备"
        lines.append((zh, f"{rows} rows passed over: a list makes devices of modbus_tcp and mqtt_json only"))
    lines.append((f"复制：cp -r {out}/. 站点文件夹/", f"to use them: cp -r {out}/. SITE/"))
    for zh, en in lines:
        console.print(Text(en if lang is Language.EN else zh))  # Text: names of files and devices are no markup
