"""Details of the audit as people read them: every name that the service writes has words in both languages."""

from __future__ import annotations

import ast
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alerts
from dashboards.console.audit_details import DETAILS, MOST_DETAILS, DetailWords
from dashboards.console.texts import Language
from domain.clock import NS_PER_S
from tests.dashboards.premises import premises

ALERTS = Path(alerts.__file__).parent
ZONE = ZoneInfo("Asia/Shanghai")
NOW_NS = 1_795_870_000 * NS_PER_S
ZH, EN = (DetailWords(premises(), ZONE, language) for language in (Language.ZH, Language.EN))
LOCAL = f"{datetime.fromtimestamp(NOW_NS / NS_PER_S, ZONE):%Y-%m-%d %H:%M:%S}"

OWN = {"actor", "outcome", "subject_class"}
"""Keywords of `Desk.write` and `Desk.note` themselves; ``outcome`` is written as a detail of its name."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def written() -> set[str]:
    """Return the details that the alerts service names where it writes them."""
    calls = (
        node
        for path in ALERTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("write", "note")
    )
    return {keyword.arg.removesuffix("_ns") for call in calls for keyword in call.keywords if keyword.arg} - OWN


def test_every_detail_that_the_service_names_has_words() -> None:
    named = written()
    assert {"told", "second_by", "until", "sha256"} <= named
    assert sorted(named - set(DETAILS)) == []


@pytest.mark.parametrize(
    ("details", "zh", "en"),
    [
        ({"told": ["p-chen"], "step": 1}, "已通知: 陈师傅 · 步骤: 1", "told: Mr Chen · step: 1"),
        (
            {"targets": ["responsible", "roster:desk"]},
            "对象: 部位责任人, roster:desk",
            "targets: the person responsible, roster:desk",
        ),
        ({"finding": "false", "cause": "dust"}, "结论: 误报 · 原因: dust", "finding: False alarm · cause: dust"),
        ({"level": "critical", "before": "notice"}, "级别: 严重 · 原值: 提示", "level: Critical · before: Notice"),
        (
            {"kind": "cause", "by": "3fa2c0d1", "before": None},
            "种类: 从属抑制 · 被何抑制: 3fa2c0d1",
            "kind: Consequence · suppressed by: 3fa2c0d1",
        ),
        ({"instead": {"p-x": "p-chen"}}, "改通知: p-x (陈师傅)", "told instead: p-x (Mr Chen)"),
        (
            {"person": "p-chen", "before": {"person": None}},
            "人员: 陈师傅 · 原值: 人员 —",
            "person: Mr Chen · before: person —",
        ),
        ({"name": "en", "told": "name"}, "名称: en · 已通知: name", "name: en · told: name"),
        ({"why": "digest"}, "缘由: 汇总结束", "why: a digest ended"),
        (
            {"rights": ["read"], "roles": ["admin"]},
            "权限: 查看 · 角色: 系统管理员",
            "rights: Read · roles: Administrator",
        ),
        ({"by_time": True, "fire": False}, "到时自动: 是 · 含火警: 否", "by time: yes · fire too: no"),
        ({"why": "signed in anew"}, "缘由: 重新登录", "why: signed in anew"),
        ({"until": "2026-11-29T06:47:28+08:00", "until_ns": NOW_NS}, f"至: {LOCAL}", f"until: {LOCAL}"),
        ({"before": {"disabled": False, "roles": []}}, "原值: 停用 否", "before: disabled no"),
        ({"outcome": "begins", "of_tomorrow": "x"}, "结果: 开始 · of_tomorrow: x", "outcome: begins · of_tomorrow: x"),
    ],
)
def test_names_people_and_our_own_words_are_written_in_the_language(details: dict[str, Any], zh: str, en: str) -> None:
    assert (ZH.line(details), EN.line(details)) == (zh, en)


def test_what_is_empty_is_left_out_and_a_time_that_is_none_stays_a_number() -> None:
    details = {"units": ["a", "b"], "reason": "", "none": None, "list": [], "far_ns": 2**63}
    assert EN.line(details) == f"units: a, b · far: {2**63}"


def test_what_is_long_is_cut() -> None:
    assert len(EN.line({"long": "x" * 5000})) == MOST_DETAILS + 1


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_any_details_are_one_line(details: dict[str, Any]) -> None:
    assert len(ZH.line(details)) <= MOST_DETAILS + 1
