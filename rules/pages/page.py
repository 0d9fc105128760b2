"""A documentation page for each rule of the library, and an index by class: made from the rule and its tests.

Nothing here is written by hand, so a page can't say what the rule does not do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.alarm import AlarmClass, EntityKind, Level
from domain.documents import Document
from domain.glossary import label_of
from rules.consequences import causes
from rules.loading import TEST_SUFFIX
from rules.model import ASSUMPTION, Rule, RuleSet
from rules.pages.words import condition_lines, seconds, subject

CLASSES: Mapping[AlarmClass, tuple[str, str]] = {
    one: (label_of(one, "zh"), label_of(one, "en").lower()) for one in AlarmClass
}
LEVELS: Mapping[Level, tuple[str, str]] = {one: (label_of(one, "zh"), label_of(one, "en").lower()) for one in Level}
ENTITIES: Mapping[EntityKind, tuple[str, str]] = {
    EntityKind.POINT: ("每个测点一条告警", "one alarm for each point"),
    EntityKind.DEVICE: ("每台设备一条告警", "one alarm for each device"),
    EntityKind.ZONE: ("每个部位一条告警", "one alarm for each zone"),
    EntityKind.BUILDING: ("每栋建筑一条告警", "one alarm for each building"),
    EntityKind.UNIT: ("每个单位一条告警", "one alarm for each unit"),
    EntityKind.GATEWAY: ("每个网关一条告警", "one alarm for each gateway"),
}
NOTE = "<!-- Made by `fengsui rules docs` from the rule; edit the rule, not this page. -->"


def page_of(rule: Rule, ruleset: RuleSet, tests: Document | None) -> str:
    """Return a rule's page, Chinese first and then English, as Markdown."""
    lines = [NOTE, f"# {rule.labels.zh} / {rule.labels.en}", "", f"`{rule.id}`"]
    for at, language in enumerate(("zh", "en")):
        lines += ["", f"## {('中文', 'English')[at]}", "", *_body(rule, ruleset, language)]
        lines += _tests(tests, language)
    return "\n".join(lines) + "\n"


def index_page(ruleset: RuleSet) -> str:
    """Return the list of all rules by class."""
    lines = [NOTE, "# 规则库 / Library of rules", "", f"{len(ruleset)} 条规则 / {len(ruleset)} rules."]
    for alarm_class in AlarmClass:
        mine = [rule for rule in ruleset if rule.alarm_class is alarm_class]
        if not mine:
            continue
        zh, en = CLASSES[alarm_class]
        lines += ["", f"## {zh} / {en}", "", "| 规则 / rule | 名称 | label | 级别 / level |", "|---|---|---|---|"]
        lines += [
            f"| [{rule.id}]({rule.id}.md) | {rule.labels.zh} | {rule.labels.en} | {' / '.join(LEVELS[rule.level])} |"
            for rule in mine
        ]
    return "\n".join(lines) + "\n"


def tests_by_rule(documents: Iterable[Document]) -> dict[str, Document]:
    """Return the test file of each rule, by the rule that it is named after."""
    return {
        document.file.rpartition("/")[2].removesuffix(TEST_SUFFIX): document
        for document in documents
        if document.file.endswith(TEST_SUFFIX)
    }


def _body(rule: Rule, ruleset: RuleSet, language: str) -> Iterator[str]:
    zh, at = language == "zh", 0 if language == "zh" else 1
    if rule.reason is not None:
        yield from [rule.reason.zh if zh else rule.reason.en, ""]
    yield from ["| | |", "|---|---|"]
    for name, value in _facts(rule, ruleset, language):
        yield f"| {name} | {value} |"
    yield from ["", "条件成立：" if zh else "It is true when:", ""]
    yield from condition_lines(rule.condition, language)
    for condition, told in (
        (
            rule.unless,
            (
                "除非由以下情况说明（此时不是单独的告警）：",
                "Unless this explains it, and then it is no alarm of its own:",
            ),
        ),
        (rule.level_when.condition if rule.level_when else None, ("满足时提高级别：", "The level rises when:")),
        (rule.stays_while, ("告警后，以下情况未消失则不恢复：", "Once raised, it stays while:")),
        (rule.test, ("满足时标记为测试（不屏蔽）：", "Marked as a test, never muted, when:")),
    ):
        if condition is not None:
            yield from ["", told[at], "", *condition_lines(condition, language)]
    yield from ["", "消息：" if zh else "Message:", "", f"> {rule.messages.zh if zh else rule.messages.en}"]
    if rule.procedure is not None:
        head = "处置（时限为约定，无标准规定）：" if zh else "What the operator does (its times are assumptions):"
        yield from ["", head, "", *(rule.procedure.zh if zh else rule.procedure.en).splitlines()]


def _facts(rule: Rule, ruleset: RuleSet, language: str) -> Iterator[tuple[str, str]]:
    at = 0 if language == "zh" else 1
    yield (
        ("监视", "watches")[at],
        subject(rule.watches)[at] or ("全部相关测点", "all points that its condition means")[at],
    )
    yield ("告警", "alarms")[at], ENTITIES[rule.entity][at]
    level = LEVELS[rule.level][at]
    if rule.level_when is not None:
        level += f" → {LEVELS[rule.level_when.level][at]}"
    yield ("类别，级别", "class, level")[at], f"{CLASSES[rule.alarm_class][at]}, {level}"
    yield ("触发延时", "raises after")[at], seconds(rule.on_delay_s)[at]
    yield ("恢复延时", "clears after")[at], seconds(rule.off_delay_s)[at]
    latched = ("是，须由人复位", "yes, until a person resets it") if rule.is_latched else ("否", "no")
    yield ("保持", "latched")[at], latched[at]
    hidden_by = causes(ruleset.rules).get(rule.id, ())
    for told, others in (
        (("隐藏其后果", "hides its consequences"), rule.hides),
        (("被其原因隐藏", "hidden by its causes"), hidden_by),
    ):
        if others:
            yield told[at], ", ".join(f"[{one}]({one}.md)" for one in others)
    source = ("约定（无标准规定）", "assumption")[at] if rule.source == ASSUMPTION else rule.source
    yield ("依据", "source")[at], source
    yield ("负责", "owner")[at], rule.owner or ("未写明", "not named")[at]
    yield ("版本", "version")[at], rule.version


def _tests(tests: Document | None, language: str) -> list[str]:
    at = 0 if language == "zh" else 1
    if tests is None:
        return []
    heads = (("测试", "预期"), ("test", "expected"))[at]
    lines = ["", ("测试：", "Tests:")[at], "", f"| {heads[0]} | {heads[1]} |", "|---|---|"]
    for test in tests.data.get("tests", ()):
        told = "; ".join(_expected(test.get("expect", ()))) or ("没有告警", "no alarm")[at]
        lines.append(f"| {str(test.get('name', '')).replace('|', '/')} | {told} |")
    return lines


def _expected(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in entries:
        said = "—" if one.get("nothing") else str(one.get("kind"))
        entity = f" {one['entity']}" if one.get("entity") else ""
        yield f"{one['at_s']:g} s {said}{entity}"
