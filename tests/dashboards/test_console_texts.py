"""Every text in both languages, each one used, and each that the code builds by name there."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from alerts.face import Answer
from dashboards.console.admin.page import TABS
from dashboards.console.alarms.causes import CAUSES, OTHER
from dashboards.console.alarms.filter_bar import FORMS
from dashboards.console.alarms.filters import PARTS, Disabled, Standing
from dashboards.console.alarms.table import COLUMNS as ALARM_COLUMNS
from dashboards.console.audit_details import DETAILS
from dashboards.console.audited import AUDITED, DEEDS, RECEIPTS
from dashboards.console.detail.contacts import ROLES
from dashboards.console.detail.parts import PARTS as DETAIL_PARTS
from dashboards.console.detail.receipts import STATES, TIMES
from dashboards.console.devices.device_alarms import WIDTHS as DEVICE_ALARM_COLUMNS
from dashboards.console.devices.device_list import COLUMNS as DEVICE_COLUMNS
from dashboards.console.devices.spans import SPANS
from dashboards.console.gateways.diagnostics import FACTS as GATEWAY_FACTS
from dashboards.console.gateways.diagnostics import LINE_WIDTHS, UNIT_WIDTHS
from dashboards.console.gateways.diagnostics import LOOKS as BREAKERS
from dashboards.console.gateways.frames import WIDTHS as FRAME_WIDTHS
from dashboards.console.gateways.gateway_page import CARDS
from dashboards.console.gateways.gateway_words import STORE_AWAY
from dashboards.console.gateways.letters import WIDTHS as LETTER_WIDTHS
from dashboards.console.gateways.list_rows import ALL_SERVICES
from dashboards.console.gateways.list_rows import FIGURE_NAMES as FIGURES
from dashboards.console.gateways.list_rows import SERVICE_WIDTHS as SERVICE_LIST
from dashboards.console.gateways.list_rows import WIDTHS as GATEWAY_LIST
from dashboards.console.gateways.transmitter_page import FACTS as TRANSMITTER_FACTS
from dashboards.console.gateways.transmitter_panel import COLUMNS as TRANSMITTER_COLUMNS
from dashboards.console.handover.figures import QUIET
from dashboards.console.handover.page import COLUMNS as HANDOVER_COLUMNS
from dashboards.console.history.form import SHOWN
from dashboards.console.history.rows import KEYS
from dashboards.console.installer.adopted_page import COLUMNS as FRAMES
from dashboards.console.installer.adopted_page import STEPS
from dashboards.console.installer.hand_marks import FINDINGS
from dashboards.console.installer.page import TABS as INSTALLER_TABS
from dashboards.console.installer.points_tab import COLUMNS as CHECKLIST
from dashboards.console.installer.strangers_tab import COLUMNS as STRANGERS
from dashboards.console.installer.walk_page import COLUMNS as WALKED
from dashboards.console.installer.walks_tab import COLUMNS as WALKS
from dashboards.console.kpi.marks import NAMES, SOURCES
from dashboards.console.kpi.rows import KINDS, TABLES
from dashboards.console.kpi.rows import TIMES as KPI_TIMES
from dashboards.console.kpi.spans import Span
from dashboards.console.places import PlaceKind
from dashboards.console.preferences import OverviewForm, Theme
from dashboards.console.roll_calls.rows import CAUSES as ROLL_CALL_CAUSES
from dashboards.console.rules.facts import ASIDES as RULE_ASIDES
from dashboards.console.rules.plan_panel import WIDTHS as RULE_PLAN
from dashboards.console.rules.result_panel import WIDTHS as RULE_RESULTS
from dashboards.console.rules.result_rows import MARKS as RULE_CHANGES
from dashboards.console.rules.rows import COLUMNS as RULE_COLUMNS
from dashboards.console.rules.rows import Show as RuleShow
from dashboards.console.rules.span import SPANS as RULE_SPANS
from dashboards.console.sections import SECTIONS
from dashboards.console.settings.facts import FACTS
from dashboards.console.suppression.page import BEGINNINGS
from dashboards.console.texts import TEXTS, Language, text
from dashboards.live.health import Condition
from dashboards.live.hidden import Kind
from dashboards.live.lamps import LampKind
from dashboards.live.roll_calls import Result
from dashboards.live.walk_log import Sight
from domain.alarm import AlarmClass, Level, TransitionKind
from domain.alert import Confirmation
from domain.quality import Reason
from domain.site.zone_kinds import ZoneKind

DASHBOARDS = Path(__file__).parents[2] / "dashboards"

NOBODYS = (Kind.DISABLED, Kind.CAUSE, Kind.DIGEST)

FAMILIES: Mapping[str, Sequence[str]] = {
    "answer_": list(Answer),
    "class_": list(AlarmClass),
    "level_": list(Level),
    "lamp_": list(LampKind),
    "alarm_column_": ALARM_COLUMNS,
    "cause_": [*CAUSES, OTHER],
    "filter_": PARTS,
    "history_": [*SHOWN, *KEYS],
    "form_": [form or "auto" for form in FORMS],
    "standing_": list(Standing),
    "disabled_": list(Disabled),
    "state_confirmed_": list(Confirmation),
    "finding_": list(Confirmation),
    "condition_": list(Condition),
    "quality_": [reason.name.lower() for reason in Reason],
    "store_": STORE_AWAY,
    "service_": [key.partition(".")[0] for key in ALL_SERVICES],
    "column_": [
        *TRANSMITTER_COLUMNS,
        *("point", "value", "quality", "age"),
    ],
    "result_": [result.name.lower() for result in Result],
    "trend_": [*SPANS, "ranges", "add", "csv"],
    "devices_column_": [*DEVICE_COLUMNS, *DEVICE_ALARM_COLUMNS],
    "devices_zone_": list(ZoneKind),
    "devices_any_": ["unit", "kind", "zone"],
    "devices_fact_": ["key", "profile", "address", "zone", "responsible", "gateway", "tags"],
    "gateway_column_": [*GATEWAY_LIST, *SERVICE_LIST, *LINE_WIDTHS, *UNIT_WIDTHS, *LETTER_WIDTHS],
    "gateway_card_": list(CARDS),
    "gateway_breaker_": [*BREAKERS, "none"],
    "gateway_figure_": [*FIGURES, "store", "letters", "memory"],
    "gateway_fact_": [*GATEWAY_FACTS, *TRANSMITTER_FACTS],
    "gateway_": ["lines", "units", "letters"],
    "frames_": ["start", "pause", "copy"],
    "frames_column_": list(FRAME_WIDTHS),
    "limit_": ["high", "low"],
    "admin_tab_": list(TABS),
    "admin_did_": DEEDS,
    "notice_": STATES,
    "audit_": AUDITED,
    "audited_": DETAILS,
    "receipt_": RECEIPTS,
    "detail_": DETAIL_PARTS,
    "detail_role_": ROLES,
    "detail_time_": TIMES,
    "detail_over_": ["high", "low"],
    "detail_mark_": ["event", "raised", "acknowledged", "cleared"],
    "kpi_": [*TABLES, "marks", "load", "classes"],
    "kpi_name_": NAMES,
    "kpi_source_": SOURCES,
    "kpi_kind_": KINDS,
    "kpi_time_": KPI_TIMES,
    "kpi_span_": list(Span),
    "rules_show_": list(RuleShow),
    "rules_column_": RULE_COLUMNS,
    "rules_origin_": ["library", "mixed", "own"],
    "rules_aside_": RULE_ASIDES,
    "rules_plan_": list(RULE_PLAN),
    "rules_last_": list(RULE_SPANS),
    "rules_from_": ["store", "log"],
    "rules_changed_": list(RULE_CHANGES),
    "rules_said_": list(TransitionKind),
    "rules_": [*RULE_RESULTS, *(f"{name}_{key}" for name, keys in RULE_RESULTS.items() for key in keys)],
    "rules_no_": list(RULE_RESULTS),
    "suppression_kind_": list(Kind),
    "suppression_group_": [Kind.CAUSE, Kind.DIGEST],
    "suppression_who_": ["person", *NOBODYS],
    "suppression_why_": ["person", *NOBODYS],
    "suppression_ends_": ["person", *NOBODYS],
    "suppression_state_": ["active", "over", "unknown"],
    "suppression_begin_": [name for name, _, _ in BEGINNINGS],
    "suppression_column_": [
        *("kind", "what", "who", "why", "since", "left", "hides", "ended", "ended_by"),
        *("class", "text", "where", "raised", "state"),
    ],
    "suppression_": ["end", "confirm", "extend"],
    "place_": list(PlaceKind),
    "duty_": ["call_unit", "draw", "choose", "drop"],
    "duty_cause_": sorted(ROLL_CALL_CAUSES),
    "duty_column_": [
        *("whose", "result", "called", "by", "left", "answered", "took", "operator"),
        *("line", "last"),
    ],
    "installer_tab_": list(INSTALLER_TABS),
    "installer_step_": list(STEPS),
    "installer_sight_": list(Sight),
    "installer_hand_": list(FINDINGS),
    "installer_column_": [*STRANGERS, *FRAMES, *WALKS, "left", *WALKED, *CHECKLIST],
    "nav_": [*(section.name for section in SECTIONS), "none"],
    "theme_": list(Theme),
    "overview_view_": list(OverviewForm),
    "fact_": FACTS,
    "handover_": QUIET,
    "handover_confirmed_": list(Confirmation),
    "handover_column_": HANDOVER_COLUMNS,
}
"""Texts whose keys the code puts together, by prefix."""

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NO_CHINESE = {"switch", "ago_never", "and", "suppression_who_person", "suppression_why_person"}


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_says_the_same_in_both_languages(key: str) -> None:
    zh, en = TEXTS[key]
    assert zh.strip()
    assert en.strip()
    assert places(zh) == places(en)
    assert CHINESE.search(zh) or key in NO_CHINESE
    assert not CHINESE.search(en) or key in NO_CHINESE


@pytest.mark.parametrize(("prefix", "names"), FAMILIES.items())
def test_every_member_of_a_family_has_its_text(prefix: str, names: Sequence[str]) -> None:
    assert [name for name in names if f"{prefix}{name}" not in TEXTS] == []


def test_every_text_is_used() -> None:
    built = {f"{prefix}{name}" for prefix, names in FAMILIES.items() for name in names}
    assert set(TEXTS) - built - set(literals()) == set()


def test_every_literal_key_has_its_text() -> None:
    asked = {
        key
        for node in nodes()
        if isinstance(node, ast.Call) and name_of(node.func) == "text"
        for argument in node.args[:1]
        for key in said(argument)
    }
    assert asked - set(TEXTS) == set()
    assert len(asked) > 40


def said(argument: ast.expr) -> Iterator[str]:
    """Yield the keys that an argument may be: a constant, or either of a choice."""
    if isinstance(argument, ast.IfExp):
        yield from said(argument.body)
        yield from said(argument.orelse)
    elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        yield argument.value


def test_an_unknown_key_is_an_error_not_a_blank() -> None:
    with pytest.raises(KeyError):
        text("no_such_text", Language.ZH)


def test_the_switch_leads_to_the_other_language() -> None:
    assert Language.ZH.other is Language.EN
    assert Language.EN.other is Language.ZH


def nodes() -> Iterator[ast.AST]:
    for path in DASHBOARDS.rglob("*.py"):
        if "texts" not in path.parts and "grafana" not in path.parts:  # boards have a catalogue of their own
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def literals() -> Iterator[str]:
    return (node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str))


def name_of(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
