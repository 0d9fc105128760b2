"""Recorded home fires: the library's rules raise within the time in which the recorded alarms sounded."""

from __future__ import annotations

import pytest

from benchmarks.fire_tests import folder, results


def test_every_recorded_fire_is_told_within_its_activation_window() -> None:
    data = folder()
    if data is None:
        pytest.skip("no recordings of fire tests here")
    found = list(results(data))
    assert len(found) == 8
    assert [one.test for one in found if not one.within] == []
    assert all({"smoke_alarm", "heat_rising"} <= one.raised.keys() for one in found)
