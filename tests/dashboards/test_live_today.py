"""The day's figures: counted once, from the record's list and from the stream, until midnight."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from alerts.listing_face import AlertPage, ListRequest
from dashboards.live.today import Today, day_start_ns, fill, is_ebike
from domain.alarm import AlarmClass, Place
from domain.alert import AlertView
from domain.clock import NS_PER_S
from tests.dashboards.board_makers import alert

FUZHOU = ZoneInfo("Asia/Shanghai")
NOON_NS = int(datetime(2026, 11, 28, 12, tzinfo=FUZHOU).timestamp()) * NS_PER_S
HOUR_NS = 3600 * NS_PER_S
START_NS = NOON_NS - 12 * HOUR_NS


def raised(number: int, at_ns: int, unit: str = "hotel", rule: str = "panel-fire") -> AlertView:
    return alert(number, raised_at_ns=at_ns, place=Place(unit=unit), rule=rule, alarm_class=AlarmClass.FIRE)


def begun() -> Today:
    today = Today()
    today.begin(START_NS, FUZHOU)
    return today


def test_the_day_begins_at_the_sites_midnight() -> None:
    assert day_start_ns(NOON_NS, FUZHOU) == START_NS
    assert day_start_ns(START_NS, FUZHOU) == START_NS
    assert day_start_ns(START_NS - 1, FUZHOU) == START_NS - 24 * HOUR_NS
    assert day_start_ns(NOON_NS, UTC) == START_NS + 8 * HOUR_NS


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(-3, 11), st.sampled_from(["hotel", "school"]), st.booleans()),
        max_size=40,
    )
)
def test_each_alert_of_the_day_counts_once(given_alerts: list[tuple[int, int, str, bool]]) -> None:
    today = begun()
    kept: dict[str, tuple[int, str, bool]] = {}
    for number, hour, unit, ebike in given_alerts:
        rule = "ebike_parked_at_exit" if ebike else "panel-fire"
        one = raised(number, START_NS + hour * HOUR_NS, unit, rule)
        today.add(one)
        if hour >= 0:
            kept.setdefault(one.id, (hour, unit, ebike))
    for units in (None, frozenset({"hotel"})):
        wanted = [one for one in kept.values() if units is None or one[1] in units]
        figures = today.figures(units)
        assert figures.total == len(wanted)
        assert figures.ebikes == sum(ebike for _, _, ebike in wanted)
        assert figures.ebike_rules == (("ebike_parked_at_exit",) if figures.ebikes else ())
        assert figures.by_hour == tuple(sum(hour == at for hour, _, _ in wanted) for at in range(24))


def test_nothing_is_counted_before_a_day_has_begun() -> None:
    today = Today()
    today.add(raised(1, NOON_NS))
    assert today.figures(None).total == 0
    assert not today.figures(None).complete


class Pages:
    """The record's list, in pages of two."""

    def __init__(self, alerts: list[AlertView]) -> None:
        self._alerts = alerts
        self.asked: list[ListRequest] = []

    async def page(self, request: ListRequest) -> AlertPage:
        self.asked.append(request)
        at = int(request.cursor or 0)
        more = str(at + 2) if at + 2 < len(self._alerts) else None
        return AlertPage(alerts=tuple(self._alerts[at : at + 2]), next_cursor=more)


async def test_the_list_of_the_day_is_read_once_and_the_stream_goes_on() -> None:
    pages, today = Pages([raised(at, NOON_NS - at) for at in range(5)]), Today()
    await fill(today, pages.page, NOON_NS, FUZHOU)
    assert (today.figures(None).total, today.complete, today.more) == (5, True, False)
    assert [one.since_ns for one in pages.asked] == [START_NS] * 3
    today.add(raised(3, NOON_NS))
    today.add(raised(9, NOON_NS))
    await fill(today, pages.page, NOON_NS + HOUR_NS, FUZHOU)
    assert today.figures(None).total == 6
    assert len(pages.asked) == 3


async def test_at_midnight_the_day_begins_anew() -> None:
    pages, today = Pages([raised(1, NOON_NS)]), Today()
    await fill(today, pages.page, NOON_NS, FUZHOU)
    revision = today.revision
    await fill(today, Pages([]).page, NOON_NS + 12 * HOUR_NS, FUZHOU)
    assert today.figures(None).total == 0
    assert today.complete
    assert today.revision > revision


def test_rules_about_e_bikes_are_known_by_their_names() -> None:
    assert is_ebike("ebike_charging_at_exit")
    assert not is_ebike("panel_fire")
