"""``fengsui rules diff|apply``: other rules for a system that runs, looked at first, then taken without a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.check_command import Language
from cli.problem_texts import in_language
from cli.rule_files import load_ruleset
from cli.rules_running import RunningRules, Verdict, bundle_of, folder_bundle
from cli.session import Session, open_session
from cli.site_files import load_registry
from domain.errors import ConfigurationError, FengsuiError, LinkError
from rules import RuleSet
from rules.bundle import RulesBundle
from rules.differences import Difference, differences

T = TypeVar("T")
REFUSED, AWAY, DIFFERS, ASKS = 1, 3, 4, 4

JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / write JSON")]
LangOption = Annotated[Language, typer.Option(envvar="FENGSUI_LANG", help="zh 或 en / zh or en")]
SiteOption = Annotated[
    Path | None, typer.Option("--site", exists=True, file_okay=False, help="站点文件夹 / the site folder")
]
StateOption = Annotated[Path | None, typer.Option("--state", help="站点数据文件夹 / the site's state folder")]
FolderArgument = Annotated[
    Path | None, typer.Argument(exists=True, file_okay=False, help="规则文件夹 / folder of rules; none: SITE/rules")
]

_KINDS = {"new": ("新增", "new"), "gone": ("删除", "gone"), "changed": ("变更", "changed")}


def diff(
    after: FolderArgument = None,
    *,
    before: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            file_okay=False,
            help="与此文件夹比较，默认运行中的规则 / compare with this folder; none: what runs",
        ),
    ] = None,
    site: SiteOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """比较两套规则：新增、删除、变更，以及告警状态是否保留 / Compare rules: new, gone, changed, is state kept.

    fengsui rules diff --site SITE                 SITE/rules against what runs
    fengsui rules diff NEW --from OLD              two folders, nothing needs to run

    Exit codes: 0 no difference; 1 problems in the rules; 3 nothing runs; 4 there are differences.
    """
    _need(site, before, after)
    try:
        registry = load_registry(site) if site else None
        new = load_ruleset(registry, _folder(after, site))
        old = load_ruleset(registry, before) if before else _running(_session(site, state), lang)
    except ConfigurationError as error:
        raise refused(error, lang, as_json=as_json) from None
    found = differences(old, new)
    if as_json:
        _print_json([one.as_data() for one in found])
    else:
        Console().print(difference_table(found, lang))
    raise typer.Exit(DIFFERS if found else 0)


def apply(
    folder: FolderArgument = None,
    *,
    site: SiteOption = None,
    state: StateOption = None,
    previous: Annotated[
        bool, typer.Option("--previous", help="恢复到上一套规则 / go back to the rules before")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="撤回，以站点文件夹为准 / take back: each site folder counts again")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="即使大量告警也生效 / also when many alarms would be raised")
    ] = False,
    by: Annotated[str, typer.Option("--by", help="操作人 / who does it; the login name by default")] = "",
    note: Annotated[str, typer.Option("--note", help="说明 / why")] = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """让运行中的规则进程采用新规则，不重启 / Let the running rules processes take other rules, without a restart.

    The rules are checked here and tried by the owner of every partition on the values that are there now. A rule
    that would at once raise on more than 5 % of its points asks for --yes. Alarms keep their state where the meaning
    of their rule is unchanged.

    Exit codes: 0 applied; 1 refused, what ran runs on; 3 nothing runs; 4 asks for --yes.
    """
    session = _session(site, state)
    try:
        ruleset = load_ruleset(session.registry, _folder(folder, session.site)) if not (previous or withdraw) else None
    except ConfigurationError as error:
        raise refused(error, lang, as_json=as_json) from None

    async def work(running: RunningRules) -> tuple[Verdict, dict[str, Any] | None]:
        bundle = await _bundle(running, session, folder, ruleset, by=by, note=note, previous=previous)
        verdict = await running.propose(bundle)
        if verdict.problems or (verdict.alarming and not yes):
            return verdict, None
        return verdict, await running.apply(bundle)

    verdict, told = _asked(session, work, lang)
    _show_verdict(verdict, told, lang, as_json=as_json)
    if told is None:
        raise typer.Exit(REFUSED if verdict.problems else ASKS)
    raise typer.Exit(AWAY if told["waiting"] else 0)


async def _bundle(
    running: RunningRules,
    session: Session,
    folder: Path | None,
    ruleset: RuleSet | None,
    *,
    by: str,
    note: str,
    previous: bool,
) -> RulesBundle:
    """Return what is to be applied: the previous bundle, a folder's files, or that each site folder counts."""
    if previous:
        return await running.previous()
    if ruleset is None:
        return folder_bundle(load_ruleset(session.registry, session.site / "rules").version, by)
    return bundle_of(_folder(folder, session.site), ruleset, by, note)


def difference_table(found: list[Difference], lang: Language) -> Table:
    """Return the differences for a person."""
    zh, at = lang is Language.ZH, 0 if lang is Language.ZH else 1
    table = Table(title=Text(f"{len(found)} 处不同" if zh else f"{len(found)} differences"), title_style="bold")
    for heading in ("规则", "变化", "项目", "告警状态") if zh else ("rule", "change", "fields", "state of alarms"):
        table.add_column(heading, overflow="fold")
    state = {
        "new": ("重新开始", "begins"),
        "gone": ("未恢复的告警交由处理人员", "open alarms are left to people"),
        "changed": ("未恢复的告警保持，条件重新判断", "open alarms stay open, judged anew"),
    }
    kept = ("保留", "kept")[at]
    for one in found:
        told = kept if one.keeps_state else state[one.kind][at]
        table.add_row(one.rule, _KINDS[one.kind][at], ", ".join(one.fields), told)
    return table


def _show_verdict(verdict: Verdict, told: dict[str, Any] | None, lang: Language, *, as_json: bool) -> None:
    if as_json:
        raising = {name: {"raises": one, "alarms": of} for name, (one, of) in verdict.raising.items()}
        _print_json({"applied": told, "problems": list(verdict.problems), "would_raise": raising})
        return
    console, zh = Console(), lang is Language.ZH
    for problem in verdict.problems:
        console.print(Text(problem, style="red"), soft_wrap=True)
    for name, (raises, alarms) in sorted(verdict.raising.items()):
        share = f"{raises}/{alarms}"
        style = "bold red" if name in verdict.alarming else ""
        text = (
            f"{name}：按现有数据将立即成立 {share}" if zh else f"{name}: true at once of {share} by the present values"
        )
        console.print(Text(text, style=style))
    if told is None:
        text = "未生效，原规则继续运行。" if zh else "Not applied, what ran runs on."
        more = "确认无误请加 --yes。" if zh else "Add --yes when that is what you mean."
        console.print(Text(text if verdict.problems else f"{text} {more}", style="bold red"))
        return
    counts = (told["version"], told["kept"], told["restarted"], told["orphaned"])
    form = (
        "规则 {} 已生效。告警状态：保留 {}，重新判断 {}，交由处理人员 {}。"
        if zh
        else "Rules {} run. State of alarms: {} kept, {} judged anew, {} left to the people who handle them."
    )
    console.print(Text(form.format(*counts), style="bold green"))
    if told["waiting"]:
        waits = ", ".join(map(str, told["waiting"]))
        console.print(
            Text(f"尚未采用的分区：{waits}" if zh else f"partitions that have not followed yet: {waits}", style="red")
        )


def _folder(folder: Path | None, site: Path | None) -> Path:
    if folder is not None:
        return folder
    if site is None:
        raise typer.BadParameter("name a folder of rules, or a site with --site")
    return site / "rules"


def _need(site: Path | None, before: Path | None, after: Path | None) -> None:
    if site is None and (before is None or after is None):
        raise typer.BadParameter("name a site with --site, or two folders: NEW --from OLD")


def _session(site: Path | None, state: Path | None) -> Session:
    if site is None:
        raise typer.BadParameter("name the running site with --site")
    try:
        return open_session(site, state)
    except ConfigurationError as error:
        raise refused(error, Language.EN, as_json=False) from None


def _running(session: Session, lang: Language) -> RuleSet:
    """Return the rules that run: what was applied, or the site's folder."""

    async def work(running: RunningRules) -> RuleSet | None:
        return (await running.current())[1]

    return _asked(session, work, lang) or load_ruleset(session.registry, session.site / "rules")


def _asked(session: Session, work: Callable[[RunningRules], Awaitable[T]], lang: Language) -> T:
    """Do some work with the running site; leaves with a sentence when nothing runs."""

    async def main() -> T:
        async with await session.connect("rules-desk", timeout_s=5) as backbone:
            await backbone.ensure_streams()
            return await work(RunningRules(backbone, session.registry))

    try:
        return asyncio.run(main())
    except ConfigurationError as error:
        raise refused(error, lang, as_json=False) from None
    except FengsuiError as error:
        text = "规则进程没有应答" if lang is Language.ZH else "the rules processes don't answer"
        Console(stderr=True).print(Text(f"{text}: {error}", style="red"), soft_wrap=True)
        raise typer.Exit(AWAY if isinstance(error, LinkError) else REFUSED) from None


def refused(error: ConfigurationError, lang: Language, *, as_json: bool) -> typer.Exit:
    """Show what is wrong with rules; returns the way out."""
    problems = [in_language(problem, lang) for problem in error.problems]
    if as_json:
        _print_json({"applied": None, "problems": [str(problem) for problem in problems]})
    else:
        for problem in problems:
            Console().print(Text(str(problem)), soft_wrap=True)
    return typer.Exit(REFUSED)


def _print_json(data: object) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=1))  # noqa: T201 - JSON for a pipe, without rich's wrapping
