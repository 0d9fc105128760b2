"""What keeps people from being told, as entries and rows: order, fires, what each hides, who may do what. No server."""

from __future__ import annotations

from datetime import UTC

import pytest

from alerts.silences_face import SHELF, SilenceState, SilenceView, shelf_tag, silence_of_reason
from dashboards.console import moments
from dashboards.console.places import Place, PlaceKind, find_places, place_words
from dashboards.console.suppression.entries import Sides, sides
from dashboards.console.suppression.rows import Eyes, kind_words, row, what_words
from dashboards.console.suppression.scope import in_maintenance, in_places, silence_matchers
from dashboards.console.suppression.seen import is_disabled
from dashboards.console.texts import Language
from dashboards.live.hidden import Kind, hidden_alerts
from dashboards.live.restrictions import Restrictions
from domain.accounts import RIGHTS, Right, UserRole
from domain.alarm import AlarmClass
from domain.alarm import Place as Where
from domain.alert import AlertView, SuppressionKind
from domain.alert_labels import labels_of
from domain.clock import NS_PER_S
from domain.maintenance import MaintenanceView
from domain.matchers import Matcher, all_match
from domain.out_of_service import OutOfServiceView
from domain.walk_test import WalkTestView
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import premises

HOUR_NS = 3600 * NS_PER_S
FAULT = AlarmClass.FAULT
REGISTRY = premises()


def silence(name: str = "s1", **changes: object) -> SilenceView:
    values = {
        "id": name, "matchers": (Matcher(name="class", value="fault", is_regex=False),), "starts_ns": NOW_NS,
        "ends_ns": NOW_NS + HOUR_NS, "created_by": "lin", "comment": "检修", "updated_ns": NOW_NS,
        "state": SilenceState.ACTIVE, "fire": False, "second_by": None, "alerts": 0, "units": None,
    }  # fmt: skip
    return SilenceView.model_validate(values | changes)


def out_of_service(**changes: object) -> OutOfServiceView:
    values = {
        "id": "o1", "unit": "hotel", "zones": (), "devices": ("pressure",), "points": (), "gateways": (),
        "begun_by": "lin", "reason": "更换", "begun_ns": NOW_NS, "until_ns": NOW_NS + HOUR_NS, "ended_ns": None,
        "ended_by": None,
    }  # fmt: skip
    return OutOfServiceView.model_validate(values | changes)


def window(**changes: object) -> MaintenanceView:
    values = {
        "id": "m1", "unit": "hotel", "zones": ("exit",), "devices": (), "rules": (), "reason": "检测",
        "planned_by": "wang", "second_by": None, "planned_ns": NOW_NS, "from_ns": NOW_NS, "until_ns": NOW_NS + HOUR_NS,
        "started_ns": NOW_NS, "ended_ns": None, "ended_by": None,
    }  # fmt: skip
    return MaintenanceView.model_validate(values | changes)


def walk_test(**changes: object) -> WalkTestView:
    values = {
        "id": "w1", "unit": "hotel", "zones": (), "devices": (), "begun_by": "zhao", "note": "", "begun_ns": NOW_NS,
        "until_ns": NOW_NS + HOUR_NS, "from_seq": 1, "ended_ns": None, "ended_by": None, "audit_hash": None,
    }  # fmt: skip
    return WalkTestView.model_validate(values | changes)


def seen(restrictions: Restrictions, *alerts: AlertView) -> Sides:
    return sides(restrictions, hidden_alerts(alerts, is_disabled), {one.id: one for one in alerts})


def eyes(*roles: UserRole, me: str = "wang", language: Language = Language.EN, account: str | None = None) -> Eyes:
    rights = frozenset(right for role in roles for right in RIGHTS[role])
    return Eyes(REGISTRY, language, UTC, NOW_NS, rights, me, account)


def test_each_alert_stands_under_what_keeps_it_and_a_fire_is_never_kept_by_out_of_service() -> None:
    shelved = {"shelved_until_ns": NOW_NS + HOUR_NS, "shelved_by": "lin"}
    alerts = [
        alert(1, alarm_class=FAULT, out_of_service="o1"),
        alert(2, out_of_service="o1"),
        alert(3, alarm_class=FAULT, shelve_reason=f"{shelf_tag('s1')}: 检修", **shelved),
        alert(4, alarm_class=FAULT, shelve_reason="静默一下", **shelved),
        alert(5, alarm_class=FAULT, suppressed_by="m1", suppressed_kind=SuppressionKind.MAINTENANCE),
        alert(6, walk_test="w1", held=True, test=True),
        alert(7, alarm_class=FAULT, suppressed_by="a2", suppressed_kind=SuppressionKind.CAUSE),
        alert(8, alarm_class=AlarmClass.SUPERVISORY, rule="component_shielded"),
    ]
    whole = Restrictions((silence(),), (out_of_service(),), (window(),), (walk_test(),))
    found = {one.key: one for one in seen(whole, *alerts).now}
    hides = {key: [kept.id for kept in one.hides] for key, one in found.items()}
    assert hides == {
        "walk_test:w1": ["a6"], "silence:s1": ["a3"], "shelved:a4": ["a4"], "out_of_service:o1": ["a1"],
        "maintenance:m1": ["a5"], "disabled:a8": ["a8"], "cause:a2": ["a7"],
    }  # fmt: skip
    assert found["cause:a2"].source == alerts[1]
    assert found["walk_test:w1"].fires


def test_a_reason_that_only_looks_like_a_silence_is_a_persons() -> None:
    assert silence_of_reason(f"{shelf_tag('s1')}: 检修") == "s1"
    assert silence_of_reason("静默 太吵了") is None
    forged = alert(
        1, alarm_class=FAULT, shelved_until_ns=NOW_NS + 1, shelve_reason="静默 nothing: 太吵", shelved_by="lin"
    )
    (entry,) = seen(Restrictions(), forged).now
    assert (entry.kind, entry.by) == (Kind.SHELVED, "lin")


def test_what_waits_for_a_second_person_comes_first_then_what_keeps_fires() -> None:
    whole = Restrictions(
        (silence("a"), silence("b", fire=True, second_by="wang"), silence("c", fire=True)),
        (out_of_service(),),
        (window(id="m2", second_by="wang"),),
    )
    found = seen(whole)
    assert [one.id for one in found.now] == ["c", "b", "m2", "a", "o1"]
    assert [one.id for one in found.now if one.waits] == ["c"]
    assert found.counts[Kind.SILENCE] == 3
    assert "waits" in kind_words(found.now[0], Language.EN)
    assert "FIRES" in kind_words(found.now[1], Language.EN)


def test_shelves_among_silences_are_shown_once_and_know_since_when() -> None:
    shelved = alert(4, alarm_class=FAULT, shelved_until_ns=NOW_NS + HOUR_NS, shelved_by="lin", shelve_reason="吵")
    (entry,) = seen(Restrictions((silence(f"{SHELF}a4", starts_ns=NOW_NS - 5),)), shelved).now
    assert (entry.kind, entry.since_ns, entry.why) == (Kind.SHELVED, NOW_NS - 5, "吵")


def test_ended_ones_stand_apart_the_last_first_with_who_ended_them() -> None:
    over = out_of_service(id="o2", ended_ns=NOW_NS - 9, ended_by="system")
    whole = Restrictions((silence(state=SilenceState.EXPIRED, ends_ns=NOW_NS - 1),), (over,))
    found = seen(whole)
    assert found.now == ()
    assert [(one.id, one.ended_by) for one in found.ended] == [("s1", ""), ("o2", "system")]


def test_a_scope_sees_what_lies_within_it() -> None:
    whole = Restrictions(
        (silence(), silence("s2", units=("hotel",)), silence("s3", units=("hotel", "mill"))),
        (out_of_service(), out_of_service(id="o2", unit="mill")),
    )
    within = whole.within({"hotel"})
    assert [one.id for one in within.silences] == ["s2"]
    assert [one.id for one in within.out_of_service] == ["o1"]
    assert whole.within(None) is whole


@pytest.mark.parametrize(
    ("roles", "me", "on"),
    [
        ((UserRole.SUPERVISOR,), "wang", {"confirm": True, "extend": True, "end": True}),
        ((UserRole.SUPERVISOR,), "Lin ", {"confirm": False, "extend": True, "end": True}),
        ((UserRole.OPERATOR,), "wang", {"confirm": False, "extend": True, "end": True}),
        ((UserRole.UNIT_STAFF,), "wang", {"confirm": False, "extend": False, "end": False}),
    ],
)
def test_buttons_are_by_right_and_the_second_person_is_another(
    roles: tuple[UserRole, ...], me: str, on: dict[str, bool]
) -> None:
    (entry,) = seen(Restrictions((silence(fire=True),))).now
    shown = row(entry, eyes(*roles, me=me))
    assert {button["action"]: button["on"] for button in shown["buttons"]} == on
    assert shown["look"] == "alarm"


def test_who_made_a_silence_is_known_by_their_account_whatever_they_are_called() -> None:
    (entry,) = seen(Restrictions((silence(fire=True, created_account="u-lin"),))).now
    for me, account, on in (("Wei", "u-lin", False), ("lin", "u-wang", True), ("lin", None, False)):
        shown = row(entry, eyes(UserRole.SUPERVISOR, me=me, account=account))
        assert {button["action"]: button["on"] for button in shown["buttons"]}["confirm"] is on


def test_a_walk_test_is_ended_and_not_put_off_and_a_panel_is_no_business_of_ours() -> None:
    disabled = alert(8, alarm_class=AlarmClass.SUPERVISORY, rule="component_shielded")
    walked, panel = (
        row(one, eyes(UserRole.SUPERVISOR)) for one in seen(Restrictions(walk_tests=(walk_test(),)), disabled).now
    )
    assert [button["action"] for button in walked["buttons"]] == ["end"]
    assert panel["buttons"] == []
    assert Right.WALK_TEST not in RIGHTS[UserRole.OPERATOR]


def test_places_are_named_and_the_rest_counted() -> None:
    (entry,) = seen(Restrictions((), (out_of_service(zones=("exit", "pump"), points=("pressure/battery",)),))).now
    words = what_words(entry, REGISTRY, Language.ZH)
    assert "安全出口" in words
    assert "电池" in words
    assert what_words(seen(Restrictions((), (), (window(zones=()),))).now[0], REGISTRY, Language.ZH) == "闽江大酒店"


def test_what_ends_soon_is_marked() -> None:
    (soon,) = seen(Restrictions((), (out_of_service(until_ns=NOW_NS + 60 * NS_PER_S),))).now
    assert row(soon, eyes())["look"] == "caution"


def test_the_effect_of_a_form_is_what_the_service_would_do() -> None:
    at_exit = Where(unit="hotel", zone="exit", device="panel", point="l1p01")
    alerts = [
        alert(1, place=at_exit),
        alert(2, place=at_exit, alarm_class=FAULT, rule="fault"),
        alert(3, place=at_exit, alarm_class=AlarmClass.DUTY, rule="duty"),
        alert(4, place=Where(unit="mill", zone="exit")),
    ]
    zone, device = Place(PlaceKind.ZONE, "hotel/exit"), Place(PlaceKind.DEVICE, "hotel/panel")
    assert [one.id for one in in_places(alerts, [zone])] == ["a1", "a2", "a3"]
    assert in_places(alerts, [device], ["l1p02"]) == []
    assert [one.id for one in in_maintenance(alerts, [zone], [], fires=False)] == ["a2"]
    assert [one.id for one in in_maintenance(alerts, [zone], ["duty"], fires=True)] == ["a3"]
    for fire, kept in ((False, ["a2", "a3"]), (True, ["a1", "a2", "a3"])):
        matchers = silence_matchers(zone, "", "", "", fire=fire)
        assert [one.id for one in alerts if all_match(matchers, labels_of(one))] == kept
    assert silence_matchers(None, "", " ", "", fire=False) == ()
    assert str(silence_matchers(None, "fire", "", "", fire=True)[0]) == 'class="fire"'
    with pytest.raises(ValueError, match="no matcher"):
        silence_matchers(None, "", "", "???", fire=False)


def test_places_are_found_by_their_words_and_written_as_people_say_them() -> None:
    found = find_places(REGISTRY, "东楼 安全", tuple(PlaceKind), Language.ZH)
    assert list(found) == ["zone:hotel/exit", "device:hotel/panel"]
    assert list(find_places(REGISTRY, "SPRINKLER", (PlaceKind.DEVICE,), Language.EN)) == ["device:hotel/pressure"]
    assert find_places(REGISTRY, "", tuple(PlaceKind), Language.ZH, most=2).keys() == {"unit:hotel", "zone:hotel/exit"}
    assert place_words(REGISTRY, Place(PlaceKind.DEVICE, "hotel/gone"), Language.ZH) == "hotel/gone"
    assert Place.read("device:hotel/panel") == Place(PlaceKind.DEVICE, "hotel/panel")
    with pytest.raises(ValueError, match="moon"):
        Place.read("moon:hotel")


def test_times_of_forms_are_those_of_the_site() -> None:
    written = moments.written(NOW_NS, UTC)
    assert moments.read(written, UTC) == NOW_NS - NOW_NS % (60 * NS_PER_S)
    for wrong in ("", "tomorrow", "2026-13-01T00:00", "9999-99-99"):
        assert moments.read(wrong, UTC) is None
