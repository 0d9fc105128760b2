"""``fengsui commission SITE``: the report that is signed when an installation is handed over."""

from __future__ import annotations

import getpass
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from cli.alerts_commands import ByOption
from cli.commission_facts import Facts, gather_facts
from cli.commission_paper import Paper, Speech
from cli.commission_report import paper_of
from cli.running_site import StateFolderOption, ask, find_session
from dashboards.live.zone import zone_of
from domain.clock import NS_PER_S
from domain.errors import RefusedError

FORMS = (".html", ".pdf")


def commission(
    site: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="站点文件夹 / the site folder")],
    *,
    report: Annotated[
        list[Path],
        typer.Option("--report", help="写到 .html 或 .pdf，可多个 / where to; .html or .pdf, may be repeated"),
    ],
    measure: Annotated[
        bool, typer.Option("--measure/--predict", help="实际读一遍各线路 / read every Modbus line once")
    ] = False,
    by: ByOption = "",
    font: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="PDF 的中文字体 / the PDF's font: .ttf .ttc .otf")
    ] = None,
    lang: Annotated[Speech, typer.Option(help="both 中文附英文 · zh · en")] = Speech.BOTH,
    state: StateFolderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="另外输出摘要 JSON / tell the summary as JSON")] = False,
) -> None:
    """调试报告 / Commissioning report: site, lines, points as they are now, plan, walk tests, signatures.

    Asks the running site; where it does not run, the report says so. Works without any network outside.

    Exit codes: 0 written, nothing to be mended; 1 refused, or the site has problems; 4 written, some to be mended.
    """

    async def work() -> None:
        for file in report:
            if file.suffix.lower() not in FORMS:
                raise RefusedError(f"{file}：只写 .html 或 .pdf / a report is .html or .pdf")
            if file.suffix.lower() == ".pdf":
                from cli.commission_fonts import find_face  # 20 MB that a gateway must not carry

                find_face(font)  # better now than after all lines were read
        session = find_session(site, state)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("", total=3 + len(report))

            def step(zh: str, en: str) -> None:
                progress.update(task, advance=1, description=en if lang is Speech.EN else zh)

            facts = await gather_facts(session, by=by or getpass.getuser(), measure=measure, step=step)
            paper = paper_of(facts, lang)
            for file in report:
                _write(facts, paper, file, font, progress, lang)
        _tell(paper, report, as_json=as_json)

    ask(work)


def _write(facts: Facts, paper: Paper, file: Path, font: Path | None, progress: Progress, lang: Speech) -> None:
    from cli.commission_html import html_of  # as above
    from cli.commission_pdf import write_pdf

    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix.lower() == ".html":
        file.write_text(html_of(paper), encoding="utf-8")
        return
    words = f"drawing {file.name}" if lang is Speech.EN else f"绘制 {file.name}"
    task = progress.add_task(words, total=max(1, paper.rows))
    made = datetime.fromtimestamp(facts.made_ns / NS_PER_S, zone_of(facts.session.registry.site.timezone))
    write_pdf(paper, file, made, font=font, advance=lambda rows: progress.advance(task, rows))


def _tell(paper: Paper, files: list[Path], *, as_json: bool) -> None:
    """Say what was written and what is to be mended; the exit code says the second, too."""
    open_matters = [cell for cell in paper.sections[0].notes if cell.tone != "good"]
    if as_json:
        matters = [{"zh": cell.words.zh, "en": cell.words.en} for cell in open_matters]
        typer.echo(json.dumps({"files": [str(file) for file in files], "to_be_mended": matters}, ensure_ascii=False))
    else:
        for file in files:
            typer.echo(f"{file}  ({file.stat().st_size / 1000:.0f} kB)")
        for cell in open_matters:
            typer.echo("- " + "  ".join(part for part in cell.words.parts(paper.language) if part))
    if open_matters:
        raise typer.Exit(4)
