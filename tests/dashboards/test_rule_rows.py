"""Rules as rows, the span of a backtest and its plot: pure functions of the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from backbone.messages import LogMessage
from dashboards.console.chart_parts import Wall
from dashboards.console.components import Cell
from dashboards.console.moments import written
from dashboards.console.rules.plot import Wording, options, points
from dashboards.console.rules.rows import Filter, Known, Show, chosen, rows
from dashboards.console.rules.span import Span, last, read
from dashboards.console.texts import Language
from dashboards.live.board import Board
from dashboards.live.rule_cards import RuleBook, RuleState
from dashboards.live.scoped import scoped_board
from domain.clock import NS_PER_S
from rules.cards import cards_of
from rules.face import CATALOGUE, Catalogue
from rules.trials_face import Backtest, BacktestResult, Curve, Interval, Limit
from tests.rules.rules_scene import ruleset

ZONE = ZoneInfo("Asia/Shanghai")
CARDS = {card.name: card for card in cards_of(ruleset())}
STATES = {"pressure_low": RuleState(3, 1, 2, 1_700_000_000 * NS_PER_S, "raised"), "smoke_alarm": RuleState(9)}
START_NS = 1_700_000_000 * NS_PER_S


def known(*, current: bool = True, states: Mapping[str, RuleState] | None = STATES) -> Known:
    return Known(CARDS, states, {"smoke_alarm": 4}, current)


def names(wanted: Filter, of: Known | None = None) -> set[str]:
    return {card.name for card in chosen(of or known(), wanted)}


def cell(row: str, name: str, of: Known) -> Cell:
    (found,) = rows([CARDS[row]], of, Language.EN, ZONE)
    shown = found["cells"][name]
    assert isinstance(shown, Cell)
    return shown


def test_a_card_calls_places_and_devices_as_people_do() -> None:
    card = CARDS["ebike_charging_at_exit"]
    assert card.watches.zh.startswith("部位 安全出口、楼梯间、")
    assert card.watches.en.startswith("zones Exit, Stairwell, ")
    assert "设备 智能识别摄像机" in card.condition.zh
    assert "camera" not in card.condition.zh


def test_a_filter_narrows_by_words_class_state_and_origin() -> None:
    assert names(Filter()) == set(CARDS)
    assert "pressure_low" in names(Filter(search="WATER PRESSURE"))
    assert names(Filter(search="水压过低")) == {"pressure_low"}
    assert {CARDS[name].alarm_class.value for name in names(Filter(alarm_class="fire"))} == {"fire"}
    assert names(Filter(show=Show.ALARM)) == {"pressure_low"}
    assert names(Filter(show=Show.UNKNOWN)) == {"pressure_low"}
    assert "smoke_alarm" not in names(Filter(show=Show.IDLE))
    assert {CARDS[name].own for name in names(Filter(show=Show.OWN))} == {True}, "those of the scene's own folder"
    assert Filter.read({"q": "x" * 500, "show": "nonsense"}) == Filter("x" * 64)


def test_fire_comes_first() -> None:
    order = [card.alarm_class.priority for card in chosen(known(), Filter())]
    assert order == sorted(order)


def test_counts_are_unknown_when_nobody_evaluates_rules() -> None:
    assert cell("pressure_low", "alarm", known()) == Cell(1, mark="▲", look="alarm", go="/?rule=pressure_low")
    assert cell("pressure_low", "unknown", known()) == Cell(2, mark="?", look="unknown")
    assert cell("smoke_alarm", "alarm", known()) == Cell(0, look="soft")
    for name in ("pressure_low", "smoke_alarm"):
        assert cell(name, "alarm", known(current=False)).look == "unknown"


def test_somebody_with_a_scope_sees_their_alerts_and_no_counts_of_the_site() -> None:
    of = known(states=None)
    assert cell("smoke_alarm", "alarm", of).words == 4
    assert names(Filter(show=Show.IDLE), of) == set()
    board = Board(rule_book=RuleBook(states=STATES, cards=CARDS))
    assert scoped_board(board, frozenset({"u"})).rule_book.states == {}
    assert scoped_board(board, frozenset({"u"})).rules == CARDS


def test_a_span_is_read_in_the_sites_zone_and_within_its_limits() -> None:
    span = last(3600, START_NS)
    assert span.end_ns - span.start_ns == 3600 * NS_PER_S
    assert read(written(span.start_ns, ZONE), written(span.end_ns, ZONE), ZONE) == span
    assert read("2026-11-01T00:00", "2026-11-01T00:01", ZONE) == Span(
        1_793_462_400 * NS_PER_S, 1_793_462_460 * NS_PER_S
    )
    assert read("", "2026-11-01T00:00", ZONE) == "rules_span_no_time"
    assert read("2026-11-01T00:00", "2026-11-01T00:00", ZONE) == "rules_span_turned"
    assert read("2026-01-01T00:00", "2026-11-01T00:00", ZONE) == "rules_span_long"


def result(*intervals: Interval, recorded: tuple[Interval, ...] = ()) -> BacktestResult:
    return BacktestResult(
        source="store",
        version="1",
        readings=4,
        raised=len(intervals),
        recorded=len(recorded),
        per_hour=1.0,
        transitions=(),
        transitions_left_out=0,
        intervals=intervals,
        intervals_left_out=0,
        recorded_intervals=recorded,
        changes=(),
        changed={},
        days=(),
        curves=(),
    )


ASKED = Backtest(rule="pressure_low", unit="u", start_ns=START_NS, end_ns=START_NS + 3600 * NS_PER_S)
CURVE = Curve(
    point="u/p/pressure",
    quantity="kPa",
    time_ns=tuple(START_NS + at * NS_PER_S for at in (0, 12, 24, 600)),
    least=(300.0, 200.0, 300.0, 300.0),
    greatest=(310.0, 310.0, 310.0, None),
    limits=(Limit(value=250.0, clears_at=270.0),),
)
WALL = Wall(START_NS, UTC)
WORDS = Wording("pressure", "backtest", "record", "limit")


def test_a_line_is_broken_where_nothing_was_read() -> None:
    drawn = list(points(ASKED, CURVE, CURVE.least, 60.0, WALL))
    assert [value for _, value in drawn] == [300.0, 200.0, 300.0, None, 300.0]
    assert None not in [value for _, value in points(ASKED, CURVE, CURVE.least, 900.0, WALL)]


def test_the_plot_has_values_limits_and_both_kinds_of_alarms() -> None:
    stood = Interval(entity="u/p/pressure", raised_ns=START_NS + 12 * NS_PER_S, cleared_ns=None)
    elsewhere = Interval(entity="u/q/pressure", raised_ns=START_NS, cleared_ns=None)
    drawn = options(ASKED, result(stood, elsewhere, recorded=(stood,)), CURVE, silence_s=60, zone=ZONE, words=WORDS)
    greatest, least = drawn["series"]
    assert greatest["markLine"]["data"] == [{"yAxis": 250.0, "label": {"formatter": "limit 250"}}]
    areas = greatest["markArea"]["data"]
    assert [begin["name"] for begin, _ in areas] == ["backtest", "record"], "the other transmitter's is left out"
    assert areas[0][1]["xAxis"] == drawn["xAxis"]["max"], "an alarm that stood at the end reaches to it"
    assert areas[1][0]["itemStyle"]["borderType"] == "dashed"
    assert len(least["data"]) == 5
    assert drawn["yAxis"]["min"] < 200.0


@pytest.mark.parametrize("data", [b"", b"junk", Catalogue(version="1").encode()[:-3]])
def test_a_book_leaves_out_what_can_not_be_read(data: bytes) -> None:
    book = RuleBook()
    whole = Catalogue(version="1", cards=tuple(CARDS.values())).encode()
    entries = [LogMessage(f"$KV.rulesets.{CATALOGUE}", one, at, 0) for at, one in enumerate((whole, data))]
    book.apply(entries)
    assert book.cards == CARDS
