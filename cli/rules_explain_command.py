"""``fengsui rules explain``: what a rule looks at, where its numbers come from, and why an alarm is as it is now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cli.check_command import Language
from cli.rule_files import load_ruleset
from cli.rules_change_commands import JsonOption, LangOption, SiteOption, StateOption, refused
from cli.rules_running import RunningRules
from cli.session import open_session
from cli.site_files import load_registry
from domain.errors import ConfigurationError, FengsuiError, LinkError
from domain.site import Registry
from domain.wording import nearest
from rules import Rule, RuleSet
from rules.consequences import causes
from rules.pages import condition_text
from rules.pages.words import seconds
from rules.plan_facts import PlanFacts, plan_facts

PROBLEMS, AWAY = 1, 3


def explain(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="规则编号 / the rule's id")],
    entity: Annotated[
        str | None,
        typer.Argument(
            metavar="[POINT]", help="单位/设备/测点，或设备、部位、网关 / unit/device/point, or a device, zone, gateway"
        ),
    ] = None,
    *,
    site: SiteOption = None,
    state: StateOption = None,
    rules: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="规则文件夹 / folder of rules; none: SITE/rules")
    ] = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """解释规则：看什么、参数从何而来、现在为何如此 / Explain a rule: its plan, its numbers, and why it is so now.

    fengsui rules explain pressure_low                          in words
    fengsui rules explain pressure_low --site SITE              which points of a site, with which limits
    fengsui rules explain pressure_low u/p1/pressure --site SITE    and why that alarm is as it is now

    Exit codes: 0 explained; 1 no such rule or entity; 3 asked about now, and nothing runs.
    """
    try:
        registry = load_registry(site) if site else None
        ruleset = load_ruleset(registry, rules or (site / "rules" if site else None))
    except ConfigurationError as error:
        raise refused(error, lang, as_json=as_json) from None
    if rule_id not in ruleset.rules:
        Console(stderr=True).print(Text(f"{rule_id}: {nearest(rule_id, ruleset.rules)}", style="red"))
        raise typer.Exit(PROBLEMS)
    facts = None if registry is None else plan_facts(ruleset, registry, rule_id)
    now = None if entity is None else _now(site, state, registry, rule_id, entity, lang)
    if as_json:
        data = {"rule": _described(ruleset, rule_id, lang), "plan": facts and facts.as_data(), "now": now}
        print(json.dumps(data, ensure_ascii=False, indent=1))  # noqa: T201  # JSON for a pipe
        return
    _show(Console(), ruleset, rule_id, facts, now, lang)


def _now(
    site: Path | None, state: Path | None, registry: Registry | None, rule: str, entity: str, lang: Language
) -> dict[str, Any]:
    """Ask the process that owns the entity."""
    if site is None or registry is None:
        raise typer.BadParameter("an alarm is explained where it runs: name the site with --site")
    session = open_session(site, state)

    async def main() -> dict[str, Any]:
        async with await session.connect("rules-explain", timeout_s=5) as backbone:
            return await RunningRules(backbone, registry).explain(rule, entity)

    try:
        return asyncio.run(main())
    except FengsuiError as error:
        away = isinstance(error, LinkError)
        text = ("规则进程没有应答" if lang is Language.ZH else "the rules process does not answer") if away else ""
        Console(stderr=True).print(Text(f"{text} {error}".strip(), style="red"), soft_wrap=True)
        raise typer.Exit(AWAY if away else PROBLEMS) from None


def _described(ruleset: RuleSet, rule_id: str, lang: Language) -> dict[str, Any]:
    rule: Rule = ruleset.rules[rule_id]
    return {
        "id": rule.id,
        "version": rule.version,
        "label": rule.labels.of(lang),
        "owner": rule.owner,
        "source": rule.source,
        "class": rule.alarm_class.value,
        "level": rule.level.value,
        "entity": rule.entity.value,
        "condition": condition_text(rule.condition, lang),
        "on_delay_s": rule.on_delay_s,
        "off_delay_s": rule.off_delay_s,
        "latched": rule.is_latched,
        "hides": list(rule.hides),
        "hidden_by": list(causes(ruleset.rules).get(rule_id, ())),
        "procedure": getattr(rule.procedure, lang.value) if rule.procedure else "",
    }


def _show(
    console: Console,
    ruleset: RuleSet,
    rule_id: str,
    facts: PlanFacts | None,
    now: dict[str, Any] | None,
    lang: Language,
) -> None:
    described = _described(ruleset, rule_id, lang)
    table = Table(title=Text(f"{rule_id} · {described['label']}"), show_header=False, title_style="bold")
    for name, value in described.items():
        if name not in ("id", "label"):
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            table.add_row(Text(name), Text(shown or "—"))
    console.print(table)
    if facts is not None:
        console.print(_plan_table(facts, lang))
    if now is not None:
        console.print(now_tree(ruleset.rules[rule_id], now, lang))


def _plan_table(facts: PlanFacts, lang: Language) -> Table:
    zh = lang is Language.ZH
    title = (
        f"{facts.alarms} 条告警，{facts.terms} 项测试"
        if zh
        else f"{facts.alarms} alarms, {facts.terms} tests of points"
    )
    table = Table(title=Text(title), title_style="bold")
    for heading in ("测试", "列（测点）", "界限", "来自") if zh else ("test", "columns (points)", "limits", "from"):
        table.add_column(heading, overflow="fold")
    for one in facts.tests:
        columns = f"{one.points}: {', '.join(one.examples)}{' …' if one.points > len(one.examples) else ''}"
        table.add_row(Text(one.test), Text(columns), Text(one.limits), Text(one.source))
    return table


def now_tree(rule: Rule, now: Mapping[str, Any], lang: Language) -> Tree:
    """Return the present state with its reasons as a tree."""
    zh, at = lang is Language.ZH, 0 if lang is Language.ZH else 1
    state = str(now["state"])
    tree = Tree(Text(f"{now['entity']}: {state}", style="bold"))
    left = now["timer_left_s"]
    if left is not None:
        tree.add(Text(f"计时剩余 {left:g} 秒" if zh else f"{left:g} s left of the timer"))
    if now["test"]:
        tree.add(Text("测试标记" if zh else "marked as a test"))
    _reasons(tree.add(Text("条件" if zh else "condition")), now["why"])
    tree.add(Text(_what_next(rule, state, at)))
    return tree


def _what_next(rule: Rule, state: str, at: int) -> str:
    on, off = seconds(rule.on_delay_s)[at], seconds(rule.off_delay_s)[at]
    latched = (("，之后须由人复位", ", then a person resets it")[at]) if rule.is_latched else ""
    match state:
        case "normal":
            return (f"条件成立并保持 {on} 即告警", f"raises when the condition holds for {on}")[at]
        case "pending":
            return (
                f"保持 {on} 后告警；恢复正常则取消",
                f"raises when it has held for {on}; normal before that ends it",
            )[at]
        case "uncertain":
            return (
                f"数据恢复后重新判断；正常保持 {off} 即恢复{latched}",
                f"waits for data; clears when normal is seen for {off}{latched}",
            )[at]
        case "clearing":
            return (f"正常保持 {off} 后恢复{latched}", f"clears when normal has held for {off}{latched}")[at]
        case _:
            return (
                f"条件不成立并保持 {off} 即恢复{latched}",
                f"clears when the condition is normal for {off}{latched}",
            )[at]


def _reasons(branch: Tree, why: Mapping[str, Any]) -> None:
    truth = why.get("truth")
    style = {"alarm": "bold red", "unknown": "yellow"}.get(str(truth), "")
    node = branch.add(Text(f"{why['asks']}: {truth if truth is not None else '—'}", style=style))
    for part in why.get("parts", ()):
        _reasons(node, part)
    for point in why.get("points", ()):
        node.add(Text(_point_line(point), style={"alarm": "red", "unknown": "yellow"}.get(point["truth"], "")))
        for operand in point.get("operands", ()):
            node.add(Text(f"  {_point_line(operand)}"))
    if why.get("silent_s") is not None:
        node.add(Text(f"{why['silent_s']:g} s"))
    if why.get("left_out"):
        node.add(Text(f"… +{why['left_out']}"))


def _point_line(point: Mapping[str, Any]) -> str:
    value = "—" if point["value"] is None else f"{point['value']:g}"
    quantity = "" if point["quantity"] in ("none", "count") else f" {point['quantity']}"
    age = "" if point["age_s"] is None else f", {point['age_s']:g} s / {point['max_silence_s']:g} s"
    limit = f", limit {point['limit']:g} (clears {point['clears_at']:g})" if "limit" in point else ""
    truth = f" → {point['truth']}" if "truth" in point else ""
    return f"{point['point']} = {value}{quantity} ({point['quality']}{age}{limit}){truth}"
