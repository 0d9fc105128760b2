"""Whoever raises alarms can't raise that it is gone: the alerts process does, and not for a take-over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alerts.rules_watch import HOLD_S, NEVER_S, RULE, Finding, RulesWatch, settle
from alerts.schema import Alert
from tests.alerts.alerts_scene import Scene, hotel, scene

WELL: dict[str, Any] = {"unowned_partitions": [], "lag_s": 0.4}


def verdicts(documents: list[tuple[int | None, dict[str, Any]]]) -> list[tuple[bool, bool | None]]:
    """Look once a second; returns whether something is wrong, and the verdict."""
    watch = RulesWatch()
    found = []
    for now_s, (revision, document) in enumerate(documents):
        finding = watch.look(revision, document, float(now_s))
        found.append((finding is not None, watch.verdict(finding, float(now_s))))
    return found


@pytest.mark.parametrize(
    "wrong", [{"unowned_partitions": [2], "lag_s": 0.4}, {"unowned_partitions": [], "lag_s": 31.0}]
)
def test_what_stands_long_enough_is_a_finding_and_a_take_over_is_none(wrong: dict[str, Any]) -> None:
    short = [(number, wrong if 3 <= number < 8 else WELL) for number in range(30)]
    assert True not in [verdict for _, verdict in verdicts(list(short))]
    long = verdicts([(number, wrong) for number in range(30)])
    assert [verdict for _, verdict in long].index(True) == HOLD_S


def test_a_document_that_is_not_written_any_more_is_silence() -> None:
    found = verdicts([(min(5, number), WELL) for number in range(40)])
    assert [wrong for wrong, _ in found].index(True) == 11
    assert [verdict for _, verdict in found].index(True) == 11 + HOLD_S


def test_a_service_that_never_was_has_a_minute_to_start() -> None:
    found = verdicts([(None, {}) for _ in range(80)])
    assert [verdict for _, verdict in found].index(True) == NEVER_S


def test_figures_of_another_type_count_as_absent() -> None:
    assert verdicts([(1, {"unowned_partitions": "2", "lag_s": "much"})]) == [(False, None)]


async def test_it_becomes_one_critical_alert_and_clears(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        finding = Finding("分区 2 无规则进程", "partition 2: no worker")
        for _ in range(3):
            await settle(told.office, hotel(), finding)
        (alert,) = await _alerts(told)
        assert (alert.rule, alert.active, alert.level, alert.alarm_class) == (RULE, True, "critical", "system")
        assert "分区 2" in alert.text_zh
        for _ in range(2):
            await settle(told.office, hotel(), None)
        (alert,) = await _alerts(told)
        assert not alert.active
        told.clock.advance(60)
        await settle(told.office, hotel(), finding)
        assert any(one.active for one in await _alerts(told))


async def _alerts(told: Scene) -> list[Alert]:
    return await told.office.database.read(lambda session: list(session.scalars(select(Alert))))
