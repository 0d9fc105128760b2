"""What takes two persons goes by accounts: another name makes nobody two, and names that are alike make no two one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts import actions, shifts
from alerts.desk import Desk
from alerts.schema import Alert
from alerts.shifts_service import ShiftsService
from alerts.silences_service import SilencesService
from domain.alarm import AlarmClass, TransitionKind
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import fire, transition
from tests.alerts.test_accounts import Bench, bench
from tests.alerts.test_vouching import BOSS_PASSWORD, boss, vouch

HOUR_NS = 3600 * NS_PER_S
OPERATOR = {"by": "值班员", "account": "operator"}


async def give(one: Bench, **who: Any) -> str:
    reply = await ShiftsService(one.scene.office).give(who)
    return str(reply["handover"]["id"])


async def take(one: Bench, handover: str, **who: Any) -> str:
    reply = await ShiftsService(one.scene.office).take({"id": handover, **who})
    return str(reply["handover"]["taken_by"])


async def rename(one: Bench, user: str, name: str) -> None:
    await one.service.change_user({"id": user, "name": name, "by": "管理员"})


async def test_who_got_another_name_takes_no_shift_that_they_gave_and_who_has_their_old_one_does(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as one:
        given = await give(one, **OPERATOR)
        await rename(one, "operator", "李值班")
        await boss(one, name="值班员")
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, by="李值班", account="operator")
        assert await take(one, given, by="值班员", account="wang") == "值班员"


async def test_names_that_are_alike_keep_nobody_from_taking_over(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one, name_en="值班员")
        given = await give(one, **OPERATOR)
        assert await take(one, given, by="王主任", account="wang") == "王主任"


@pytest.mark.parametrize("by", ["值班员", " 值 班 员", "operator", "OPERATOR (bridge)", "值班员 (bridge)", "Ｏperator"])
@pytest.mark.parametrize("gives", [True, False])
async def test_a_name_alone_is_whoever_has_it_however_it_is_written(tmp_path: Path, by: str, gives: bool) -> None:  # noqa: FBT001  # pytest gives it
    async with bench(tmp_path) as one:
        named, signed_in = {"by": by}, OPERATOR
        given = await give(one, **(signed_in if gives else named))
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, **(named if gives else signed_in))
        assert await take(one, given, by="somebody else") == "somebody else"


@pytest.mark.parametrize(
    ("gives", "takes"),
    [
        ("wang", "王主任"),
        ("王主任 (bridge)", "Director"),
        ("p-lin", "王 夜 班"),
        ("王夜班 (bot)", "王主任"),
        ("NIGHT", "wang"),
    ],
)
async def test_any_two_names_of_one_person_are_one_where_nobody_is_signed_in(
    tmp_path: Path, gives: str, takes: str
) -> None:
    async with bench(tmp_path) as one:
        await boss(one, name_en="Director", person="p-lin")
        await boss(one, id="night", name="王夜班", person="p-lin")
        given = await give(one, by=gives)
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, by=takes)
        assert await take(one, given, by="值班员") == "值班员"


async def test_two_accounts_of_one_person_are_one_and_of_two_are_two(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one, person="p-lin")
        await boss(one, id="night", name="王夜班", person="p-lin")
        await boss(one, id="zhou", name="周主任", person="p-chen")
        given = await give(one, by="王主任", account="wang")
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, by="王夜班", account="night")
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, by="王夜班")
        assert await take(one, given, by="周主任", account="zhou") == "周主任"


async def test_where_nobody_signs_in_names_are_compared(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        given = await give(one, by="Wang Lei")
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, by="wang　lei")
        with pytest.raises(RefusedError, match="another person"):
            await take(one, given, by="Wang Lei (bridge)", account="no-such-account")
        assert await take(one, given, by="Wang Li") == "Wang Li"


async def over(one: Bench) -> str:
    """Return a hazard that is over, and that nobody has taken on."""
    alert = await one.scene.say(transition())
    await one.scene.say(transition(kind=TransitionKind.CLEARED))
    assert (await one.scene.alert(alert)).alarm_class is AlarmClass.HAZARD
    return alert


async def act(one: Bench, alert: str, what: str, **asked: Any) -> None:
    """Do one of the actions, as the service does."""

    def work(desk: Desk, row: Alert) -> None:
        getattr(actions, what)(desk, row, **asked)

    await one.scene.do(alert, work)


async def test_a_hazard_is_rechecked_by_another_account_than_took_it_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one, name_en="值班员")
        alert = await over(one)
        await act(one, alert, "acknowledge", **OPERATOR)
        await rename(one, "operator", "李值班")
        for again in ({"by": "李值班", "account": "operator"}, {"by": "operator (bridge)"}, {"by": "李值班"}):
            with pytest.raises(RefusedError, match="another person"):
                await act(one, alert, "recheck", **again)
        await act(one, alert, "recheck", by="王主任", account="wang")
        assert (await one.scene.alert(alert)).rechecked_by == "王主任"


async def test_who_took_a_hazard_on_by_a_message_is_the_one_who_signs_in_later(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.staff()
        alert = await over(one)
        await act(one, alert, "acknowledge", by="p-chen", via="link")
        with pytest.raises(RefusedError, match="another person"):
            await act(one, alert, "recheck", by="陈师傅", account="chen")
        await act(one, alert, "recheck", **OPERATOR)


async def test_who_is_made_responsible_is_known_by_account_from_then_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        alert = await over(one)
        await act(one, alert, "assign", by="值班员", to="王主任")
        await act(one, alert, "acknowledge", **OPERATOR)
        await rename(one, "wang", "王局长")
        row = await one.scene.alert(alert)
        assert (row.owner, row.owner_account, row.acknowledged_account) == ("王主任", "wang", "operator")
        with pytest.raises(RefusedError, match="another person"):
            await act(one, alert, "recheck", by="王局长", account="wang")
        await act(one, alert, "recheck", by="somebody else")


async def test_an_answer_that_is_taken_back_takes_its_account_with_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        alert = await one.scene.say(fire())
        await act(one, alert, "acknowledge", **OPERATOR)
        await one.scene.say(fire(kind=TransitionKind.CLEARED))
        await one.scene.say(fire())
        row = await one.scene.alert(alert)
        assert (row.acknowledged_by, row.acknowledged_account, row.owner, row.owner_account) == (None,) * 4


async def test_the_second_of_a_signed_in_person_is_another_account_whatever_they_are_called(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one, name_en="值班员", person="p-lin")
        await boss(one, id="night", name="王夜班", person="p-lin")
        with pytest.raises(RefusedError, match="another person"):
            await vouch(one, "wang", BOSS_PASSWORD)  # beside somebody of that name, who is not signed in
        assert (await vouch(one, "wang", BOSS_PASSWORD, beside_account="operator"))["outcome"] == "in"
        for same in ("wang", "night"):
            with pytest.raises(RefusedError, match="another person"):
                await vouch(one, "wang", BOSS_PASSWORD, beside="用旧名的人", beside_account=same)


async def silenced(one: Bench, **changes: Any) -> dict[str, Any]:
    """Make a silence of fires, or change it."""
    matcher = {"name": "class", "value": "fire", "isRegex": False}
    body = {"matchers": [matcher], "ends_ns": one.scene.clock.now_ns() + HOUR_NS, "comment": "热烟试验", "fire": True}
    asked = {**body, "by": "王主任", "account": "wang", **changes}
    reply = await SilencesService(one.scene.office, None).set(asked)  # type: ignore[arg-type]  # nothing is served
    return dict(reply["silence"])


async def test_a_silence_is_vouched_for_as_it_was_seen_and_by_another_account_than_made_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        await boss(one, id="zhou", name="周主任")
        made = await silenced(one)
        seen = {"silence": {"id": made["id"], "version": made["version"]}, "beside": made["created_by"]}
        await rename(one, "wang", "王局长")
        with pytest.raises(RefusedError, match="another person"):
            await vouch(one, "wang", BOSS_PASSWORD, **{**seen, "beside": "somebody else"})
        second = (await vouch(one, "zhou", BOSS_PASSWORD, **seen))["second"]
        changed = await silenced(one, id=made["id"], ends_ns=made["ends_ns"] + 1)
        service = SilencesService(one.scene.office, None)  # type: ignore[arg-type]  # as above
        with pytest.raises(RefusedError, match="changed since you looked"):
            await service.confirm({"id": made["id"], "second": second})
        with pytest.raises(RefusedError, match="changed since you looked"):
            await vouch(one, "zhou", BOSS_PASSWORD, **seen)
        assert (await one.actions())[-1] == "vouch_refused"
        with pytest.raises(RefusedError, match="no such silence"):
            await vouch(one, "zhou", BOSS_PASSWORD, silence={"id": "nothing", "version": "0" * 32})
        seen["silence"] = {"id": made["id"], "version": changed["version"]}
        second = (await vouch(one, "zhou", BOSS_PASSWORD, **seen))["second"]
        assert (await service.confirm({"id": made["id"], "second": second}))["silence"]["second_by"] == "周主任"


@pytest.mark.parametrize("name", ["王 主任", "wang lei", "ＷangLei"])
async def test_no_two_accounts_have_names_that_only_spacing_and_capitals_tell_apart(tmp_path: Path, name: str) -> None:
    async with bench(tmp_path) as one:
        await boss(one)
        await boss(one, id="lei", name="Wang Lei")
        with pytest.raises(RefusedError, match="has this name"):
            await boss(one, id="another", name=name)


async def test_rows_of_before_have_names_and_go_by_them(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        row = await one.scene.office.change(lambda desk: shifts.give(desk, by="值班员", notes="").id)
        with pytest.raises(RefusedError, match="another person"):
            await take(one, row, **OPERATOR)
        alert = await over(one)
        await one.scene.do(alert, lambda desk, found: actions.acknowledge(desk, found, "值班员"))
        with pytest.raises(RefusedError, match="another person"):
            await act(one, alert, "recheck", **OPERATOR)
