"""A detector in a recorded fire: lags, threshold, and what its files may hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.fire_detector import DB_PER_EXTINCTION, Detector, read_activations, recorded_detectors
from simulators.replay import ReplayError

RECORD = "TIME,TCA_1,SMA_1,TCB_1\n" + "".join(f"{at},{20 + at / 2},{0.02 + at / 100},20\n" for at in range(0, 60, 2))


def test_smoke_and_heat_come_late_and_alarm_at_the_threshold() -> None:
    detector = Detector(threshold=0.3)
    told = [detector.tell(0.0, 0.0, 20.0)]
    told += [detector.tell(float(at), 1 / DB_PER_EXTINCTION, 120.0) for at in range(1, 41)]
    assert [one.smoke for one in told].index(True) == 4  # 1 - exp(-t / 10 s) is over 0.3 from 3.6 s on
    assert told[10].temperature == pytest.approx(20 + 100 * 0.632, abs=0.1)
    assert told[40].obscuration == pytest.approx(0.98, abs=0.01)


def test_a_record_gives_a_detector_at_each_place_that_has_both_meters(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text(RECORD, encoding="utf-8")
    ((place, told),) = recorded_detectors(path)
    assert place == "A"
    assert told[0].obscuration == 0  # what the beam showed before the fire is not smoke
    assert told[-1].smoke
    assert 30 < told[-1].temperature < 20 + 58 / 2


def test_activations_are_read_by_test_and_alarm(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    path.write_text("Act,T1-Ion1A,T1-Pho2B,T2-Pho1A\n-1,24,,66\n", encoding="utf-8")
    found = read_activations(path)
    assert (found["T1"].first(), found["T1"].last(), found["T2"].first("Pho")) == (24, 24, 66)


@given(st.binary(max_size=200))
def test_junk_is_refused_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("junk") / "junk.csv"
    for data in (junk, RECORD.encode()[:60] + junk):
        path.write_bytes(data)
        for read in (read_activations, lambda one: list(recorded_detectors(one))):
            try:
                read(path)
            except ReplayError as error:
                assert error.mend
