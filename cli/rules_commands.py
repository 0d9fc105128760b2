"""``fengsui rules …``: check and try rules without a running system; the other commands have their own modules.

Exit codes: 0 all right, 1 problems or failed tests, 2 wrong usage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.check_command import Language
from cli.problem_texts import in_language
from cli.process_commands import StateOption, rules_worker, rules_workers
from cli.rule_files import load_ruleset
from cli.rules_backtest_command import backtest
from cli.rules_change_commands import apply, diff
from cli.rules_document_commands import docs, schema
from cli.rules_explain_command import explain
from cli.site_files import load_documents, load_registry
from cli.yaml_documents import read_document
from domain.documents import Document
from domain.errors import ConfigurationError, Problem
from domain.ids import TOKEN_PATTERN
from rules import TEST_SUFFIX, Outcome, Rule, RuleSet, library_dir, load, run_tests

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    help="规则：检查、测试、解释、生效 / Rules: check, test, explain, apply them. With --site: the rules process.",
)

app.command()(explain)
app.command()(diff)
app.command()(apply)
app.command()(backtest)
app.command()(schema)
app.command()(docs)

JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / write JSON")]
LangOption = Annotated[Language, typer.Option(envvar="FENGSUI_LANG", help="zh 或 en / zh or en")]


def _token(value: str) -> str:
    """Refuse a name that can't stand in a key."""
    if value and (re.fullmatch(TOKEN_PATTERN, value) is None or value == "main"):
        raise typer.BadParameter("1 to 64 of A-Z a-z 0-9 _ -, and not 'main', which means all of them together")
    return value


@app.callback()
def run_worker(
    context: typer.Context,
    site: Annotated[Path | None, typer.Option(help="运行规则进程的站点 / run the rules process of this site")] = None,
    state: StateOption = None,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="本机规则进程数 / rules processes here, which share the partitions"),
    ] = 1,
    name: Annotated[
        str,
        typer.Option(help="进程名，默认本机名 / what this process is called; the machine's name", callback=_token),
    ] = "",
) -> None:
    """规则 / Rules. Without a command, and with --site, this is the process that evaluates them.

    一个进程处理所有分区；多个进程（本机 --workers，或多台机器）平均分担，一个退出，其余在 5 秒内接管。
    One process owns all partitions; several (--workers here, or machines) share them, and take over from one that ends.
    """
    if context.invoked_subcommand is None and site is not None:
        if workers > 1:
            rules_workers(site, state, workers, name)
        else:
            rules_worker(site, state, name)
    elif site is not None:
        raise typer.BadParameter("--site starts the process; the commands read files only")


@app.command()
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="规则文件夹 / folder of rules; none: the library"),
    ] = None,
    *,
    site: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="对照此站点检查量纲 / check quantities against a site"),
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """检查规则 / Check rules: every problem with file, line, field, value and mend."""
    console = Console()
    try:
        ruleset = load_ruleset(load_registry(site) if site else None, folder)
    except ConfigurationError as error:
        _show_problems(console, [in_language(problem, lang) for problem in error.problems], as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        _print_json([_as_data(rule) for rule in ruleset])
    else:
        console.print(_rules_table(ruleset, lang))


@app.command("test")
def run_library_tests(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, help="测试文件或文件夹 / test files or folders; none: the library's"),
    ] = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """运行规则测试 / Run rule tests through the very engine that production runs."""
    console = Console()
    try:
        folders = [path for path in paths or [] if path.is_dir()] or sorted({path.parent for path in paths or []})
        library = load_documents(library_dir(), root=library_dir().parent)
        ruleset = load(library, [one for folder in folders for one in load_documents(folder, root=folder.parent)])
        outcomes = run_tests(_test_documents(paths or [library_dir()]), ruleset)
    except ConfigurationError as error:
        _show_problems(console, [in_language(problem, lang) for problem in error.problems], as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        _print_json([{"file": one.file, "name": one.name, "failures": list(one.failures)} for one in outcomes])
    else:
        _show_outcomes(console, outcomes, lang)
    if any(outcome.failures for outcome in outcomes):
        raise typer.Exit(1)


def _test_documents(paths: Sequence[Path]) -> list[Document]:
    files = [file for path in paths for file in (sorted(path.glob(f"*{TEST_SUFFIX}")) if path.is_dir() else [path])]
    return [read_document(file, file.parent.parent) for file in files]


def _rules_table(ruleset: RuleSet, lang: Language) -> Table:
    chinese = lang is Language.ZH
    title = f"{len(ruleset)} 条规则，全部正确" if chinese else f"{len(ruleset)} rules, all right"
    table = Table(title=Text(title), title_style="bold green")
    for heading in (
        ("规则", "名称", "类别", "级别", "版本") if chinese else ("rule", "label", "class", "level", "version")
    ):
        table.add_column(heading)
    for rule in ruleset:
        table.add_row(rule.id, Text(rule.labels.of(lang)), rule.alarm_class, rule.level, rule.version)
    return table


def _show_outcomes(console: Console, outcomes: Sequence[Outcome], lang: Language) -> None:
    chinese = lang is Language.ZH
    failed = sum(bool(outcome.failures) for outcome in outcomes)
    counts = (len(outcomes), failed)
    title = "{} 项测试，{} 项失败".format(*counts) if chinese else "{} tests, {} failed".format(*counts)
    table = Table(title=Text(title), title_style="bold red" if failed else "bold green")
    for heading in ("文件", "测试", "结果") if chinese else ("file", "test", "result"):
        table.add_column(heading, overflow="fold")
    passed = "通过" if chinese else "passed"
    for outcome in outcomes:
        result = Text("\n".join(outcome.failures), style="red") if outcome.failures else Text(passed, style="green")
        table.add_row(Text(outcome.file), Text(outcome.name), result)
    console.print(table)


def _show_problems(console: Console, problems: Sequence[Problem], *, as_json: bool) -> None:
    """One line a problem, in the form that editors jump to, or JSON."""
    if as_json:
        _print_json(
            [
                {
                    "file": problem.file,
                    "line": problem.line,
                    "column": problem.column,
                    "field": problem.field,
                    "value": problem.shown_value,
                    "message": problem.message,
                    "mend": problem.mend,
                }
                for problem in problems
            ]
        )
    else:
        for problem in problems:
            console.print(Text(str(problem)), soft_wrap=True)


def _as_data(rule: Rule) -> dict[str, str]:
    return {
        "id": rule.id,
        "version": rule.version,
        "label_zh": rule.labels.zh,
        "label_en": rule.labels.en,
        "class": rule.alarm_class.value,
        "level": rule.level.value,
    }


def _print_json(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1))  # noqa: T201 - JSON for a pipe, without rich's wrapping
