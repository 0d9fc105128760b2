"""Every text in both languages, each one used, and each that the code builds by name there."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from alerts.face import Answer
from dashboards.console.alarms.alarm_list import COLUMNS as ALARM_COLUMNS
from dashboards.console.devices.device_alarms import WIDTHS as DEVICE_ALARM_COLUMNS
from dashboards.console.devices.device_list import COLUMNS as DEVICE_COLUMNS
from dashboards.console.devices.spans import SPANS
from dashboards.console.frame.lamps import LampKind
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
from dashboards.console.roll_call_panel import COLUMNS as ROLL_CALL_COLUMNS
from dashboards.console.sections import SECTIONS
from dashboards.console.texts import TEXTS, Language, text
from dashboards.live.health import Condition
from dashboards.live.roll_calls import Result
from domain.alarm import AlarmClass, Level
from domain.alert import Confirmation
from domain.quality import Reason
from domain.site.zone_kinds import ZoneKind

DASHBOARDS = Path(__file__).parents[2] / "dashboards"

FAMILIES: Mapping[str, Sequence[str]] = {
    "answer_": list(Answer),
    "class_": list(AlarmClass),
    "level_": list(Level),
    "lamp_": list(LampKind),
    "state_confirmed_": list(Confirmation),
    "finding_": list(Confirmation),
    "condition_": list(Condition),
    "quality_": [reason.name.lower() for reason in Reason],
    "store_": STORE_AWAY,
    "service_": [key.partition(".")[0] for key in ALL_SERVICES],
    "column_": [
        *ALARM_COLUMNS,
        *TRANSMITTER_COLUMNS,
        *ROLL_CALL_COLUMNS,
        *("point", "value", "quality", "age"),
    ],
    "result_": [result.name.lower() for result in Result],
    "roll_call_": [*(result.name.lower() for result in Result), "never"],
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
    "notice_": ["queued", "sending", "accepted", "dead"],
    "audit_": ["told", "nobody_to_tell"],
    "nav_": [*(section.name for section in SECTIONS), "none"],
}
"""Texts whose keys the code puts together, by prefix."""

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NO_CHINESE = {"switch", "ago_never", "and"}


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
        if isinstance(argument, ast.Constant) and isinstance(key := argument.value, str)
    }
    assert asked - set(TEXTS) == set()
    assert len(asked) > 40


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
