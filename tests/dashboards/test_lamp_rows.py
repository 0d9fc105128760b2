"""Each figure opens its rows, as many as it says: every lamp and every count of a place, on the same facts.

The rows are counted as the pages make them: the list of alarms by the filter in the address, the page of what is kept
quiet by its kind.
"""

from __future__ import annotations

import pytest

from alerts.silences_face import SilenceState, shelf_tag
from dashboards.console.alarms.book import AlarmBook
from dashboards.console.alarms.filters import AlarmFilter, Standing
from dashboards.console.gateways.list_rows import ALL_SERVICES, of_unit
from dashboards.console.overview.side import EBIKE_RULES, ebikes_of, ebikes_path
from dashboards.console.overview.words import counts
from dashboards.console.section import Address
from dashboards.console.suppression.entries import sides
from dashboards.console.suppression.page import shown
from dashboards.console.suppression.seen import is_disabled
from dashboards.console.texts import Language
from dashboards.live.board import Board
from dashboards.live.hidden import hidden_alerts
from dashboards.live.lamps import LampKind, lamps
from dashboards.live.open_count import OpenCount
from dashboards.live.restrictions import Restrictions
from domain.alarm import AlarmClass, Place
from domain.alert import AlertView, SuppressionKind
from tests.dashboards.board_makers import NOW_NS, alert, well
from tests.dashboards.premises import premises
from tests.dashboards.test_suppression_entries import HOUR_NS, out_of_service, silence, walk_test, window

REGISTRY = premises()
SHELVED = {"shelved_until_ns": NOW_NS + HOUR_NS, "shelved_by": "lin"}
SITUATIONS: dict[str, dict[str, object]] = {
    "open": {},
    "acknowledged": {"acknowledged_at_ns": NOW_NS, "acknowledged_by": "li"},
    "cleared": {"active": False, "cleared_at_ns": NOW_NS},
    "unknown": {"data_unknown": True},
    "shelved": SHELVED | {"shelve_reason": "太吵"},
    "silenced": SHELVED | {"shelve_reason": f"{shelf_tag('s1')}: 检修"},
    "silenced by one that is not theirs": SHELVED | {"shelve_reason": f"{shelf_tag('s9')}: 检修"},
    "disabled point": {"rule": "component_shielded"},
    "disabled panel, shelved": SHELVED | {"rule": "panel_shielded", "shelve_reason": "太吵"},
    "disabled, as a consequence": {
        "rule": "system_shielded", "suppressed_by": "a1", "suppressed_kind": SuppressionKind.CAUSE,
    },
    "out of service": {"out_of_service": "o1"},
    "in maintenance": {"suppressed_by": "m1", "suppressed_kind": SuppressionKind.MAINTENANCE},
    "told by a digest": {"suppressed_by": "d1", "suppressed_kind": SuppressionKind.DIGEST},
    "in a walk test": {"walk_test": "w1", "held": True, "test": True},
    "a consequence": {"suppressed_by": "a1", "suppressed_kind": SuppressionKind.CAUSE},
}  # fmt: skip
RESTRICTIONS = Restrictions(
    (silence(), silence("s2", fire=True), silence("s3", state=SilenceState.PENDING),
     silence("s4", state=SilenceState.EXPIRED, ends_ns=NOW_NS - 1)),
    (out_of_service(), out_of_service(id="o2", ended_ns=NOW_NS - 9, ended_by="lin")),
    (window(), window(id="m2", started_ns=None), window(id="m3", ended_ns=NOW_NS - 9, ended_by="lin")),
    (walk_test(),),
)  # fmt: skip


def facts(names: list[str]) -> tuple[Board, Restrictions]:
    """Return a board on which every class has an alarm in each of some situations, and what keeps people quiet."""
    place = Place(unit="hotel", building="east", floor=1, zone="exit", device="panel")
    made = [(name, one) for name in names for one in AlarmClass]
    board = well(
        *(
            alert(at, place=place, **{"rule": "a-rule", "alarm_class": one, **SITUATIONS[name]})
            for at, (name, one) in enumerate(made, start=1)
        )
    )
    in_force = [one for one in RESTRICTIONS.silences if one.state is SilenceState.ACTIVE]
    board.statuses["alerts.main"] |= {
        "silences": [{"id": one.id, "units": one.units} for one in in_force],
        "out_of_service": [one.model_dump() for one in RESTRICTIONS.out_of_service if one.ended_ns is None],
        "maintenance": [one.model_dump() for one in RESTRICTIONS.maintenance if one.ended_ns is None],
        "walk_tests": [one.model_dump() for one in RESTRICTIONS.walk_tests],
    }
    return board, RESTRICTIONS


def rows(board: Board, restrictions: Restrictions, go: str) -> int:
    """Return how many rows an address opens."""
    address = Address.read(go)
    if address.path == "/suppression":
        alerts: list[AlertView] = list(board.alerts.values())
        found = sides(restrictions, hidden_alerts(alerts, is_disabled), board.alerts)
        return len(shown(found.now, address.query["kind"]))
    assert address.path == "/"
    book = AlarmBook()
    book.catch_up(board)
    return len(book.listing(AlarmFilter.read(address.query), REGISTRY).alerts)


@pytest.mark.parametrize("names", [*([name] for name in SITUATIONS), list(SITUATIONS)], ids=lambda names: names[-1])
def test_every_lamp_opens_as_many_rows_as_it_counts(names: list[str]) -> None:
    board, restrictions = facts(names)
    found = [one for one in lamps(board, REGISTRY, NOW_NS) if one.kind is not LampKind.LINK]
    said = {one.kind: one.count for one in found}
    assert said == {one.kind: rows(board, restrictions, one.kind.goes) for one in found}
    assert said[LampKind.FIRE] == len(names)


@pytest.mark.parametrize("names", [*([name] for name in SITUATIONS), list(SITUATIONS)], ids=lambda names: names[-1])
def test_every_count_of_a_place_opens_as_many_rows_as_it_says(names: list[str]) -> None:
    board, restrictions = facts(names)
    counted = OpenCount()
    counted.take(board)
    for tally, query in (
        (counted.units["hotel"], {"unit": "hotel"}),
        (counted.buildings["hotel", "east"], {"unit": "hotel", "building": "hotel/east"}),
    ):
        found = counts(tally, Language.ZH, **query)
        assert {one["kind"]: one["count"] for one in found} == {
            one["kind"]: rows(board, restrictions, one["go"]) for one in found
        }


@pytest.mark.parametrize("unit", ["", "hotel"])
def test_counts_of_e_bikes_open_their_alarms_and_no_other_hazards(unit: str) -> None:
    made = [
        alert(at, rule=rule, alarm_class=AlarmClass.HAZARD, **SITUATIONS[name])
        for at, (rule, name) in enumerate(
            (rule, name)
            for rule in (*EBIKE_RULES, "our_own_ebike_rule", "gas_high")
            for name in ("open", "cleared", "unknown", "a consequence")
        )
    ]
    board = well(*made)
    found = ebikes_of(made, unit)
    assert len(found) == 12
    assert rows(board, RESTRICTIONS, ebikes_path(found, unit)) == 12
    assert rows(board, RESTRICTIONS, ebikes_path(found, unit, state=Standing.THERE)) == 8
    none = well(alert(1, rule="gas_high", alarm_class=AlarmClass.HAZARD))
    assert rows(none, RESTRICTIONS, ebikes_path([], unit)) == 0


def test_the_link_lamp_counts_the_rows_of_its_page() -> None:
    (link,) = (one for one in lamps(well(), REGISTRY, NOW_NS) if one.kind is LampKind.LINK)
    assert link.total == len(ALL_SERVICES) + len(REGISTRY.own_gateways) + len(REGISTRY.transmitters)


def test_a_units_gateways_are_the_rows_of_that_unit() -> None:
    listed = [{"id": "hotel/gw"}, {"id": "hotel2/gw"}]
    assert of_unit(listed, "hotel") == listed[:1]
    assert of_unit(listed, "") == listed
