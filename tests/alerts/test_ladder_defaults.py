"""The defaults are all there, and the document tells them."""

from __future__ import annotations

from pathlib import Path

from alerts.ladders.defaults import DEFAULTS, said, table
from domain.alarm import AlarmClass

DOCUMENT = Path(__file__).parents[2] / "docs" / "escalation.md"


def test_the_document_has_the_table_of_the_code() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8"), "put the output of alerts.ladders.defaults.table() there"


def test_every_class_has_a_default_that_begins_at_once_and_rises() -> None:
    assert set(DEFAULTS) == set(AlarmClass)
    for default in DEFAULTS.values():
        times = [step.after_s for step in default.steps]
        assert times[0] == 0
        assert times == sorted(times)
        assert default.source


def test_a_fire_is_looked_at_at_once_judged_within_a_minute_and_met_in_three() -> None:
    fire = DEFAULTS[AlarmClass.FIRE]
    assert [step.after_s for step in fire.steps] == [0, 60, 180]
    assert fire.acknowledged_within_s == 180


def test_times_are_written_as_people_say_them() -> None:
    assert [said(time_s) for time_s in (0, 45, 600, 9000, 172_800)] == ["0 s", "45 s", "10 min", "2 h 30 min", "2 d"]
