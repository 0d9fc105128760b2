"""The times of readings: behind the newest of their point, unless that is from a clock that was wrong."""

from __future__ import annotations

from dataclasses import replace

from domain.clock import NS_PER_MS, NS_PER_S
from gateway.connectors.gb26875.readings import MOST_AHEAD_NS, Harvest, believed_ns
from gateway.connectors.gb26875.roll_call import Asker, RollCall
from tests.gateway.gb26875.access_servers import component
from tests.gateway.gb26875.made_frames import frame
from tests.gateway.gb26875.mapped import NOW_NS, Mapped

YEARS_NS = 64 * 365 * 86_400 * NS_PER_S
POINT = "fas/smoke-1"


def test_a_clock_that_was_years_ahead_once_holds_no_point_there() -> None:
    one = Mapped()
    one.take(frame(component(2)), NOW_NS + YEARS_NS)
    assert one.time_ns(POINT) == NOW_NS + YEARS_NS
    one.take(frame(component(1), sequence=2), NOW_NS)
    assert one.time_ns(POINT) == NOW_NS


def test_a_newest_reading_within_a_day_ahead_still_goes_before() -> None:
    one = Mapped()
    one.take(frame(component(2)), NOW_NS + MOST_AHEAD_NS)
    one.take(frame(component(1), sequence=2), NOW_NS)
    assert one.time_ns(POINT) == NOW_NS + MOST_AHEAD_NS + NS_PER_MS


def test_a_roll_call_is_told_at_its_own_time_after_a_clock_was_years_ahead() -> None:
    one = Mapped()
    call = RollCall(
        id="a", unit="hotel", transmitter="utd", by="li", asker=Asker.PERSON, called_ns=NOW_NS, minutes=3,
        deadline_ns=NOW_NS, closes_ns=NOW_NS, changed_ns=NOW_NS + YEARS_NS,
    )  # fmt: skip
    for changed_ns in (NOW_NS + YEARS_NS, NOW_NS):
        harvest = Harvest()
        one.mapper.roll_call(replace(call, changed_ns=changed_ns), harvest)
        assert harvest.time_ns == [changed_ns]
        one.hosted.newest[harvest.point[0]] = changed_ns


def test_more_than_a_day_ahead_is_not_believed() -> None:
    assert believed_ns(NOW_NS + MOST_AHEAD_NS, NOW_NS) == NOW_NS + MOST_AHEAD_NS
    assert believed_ns(NOW_NS + MOST_AHEAD_NS + 1, NOW_NS) == 0
