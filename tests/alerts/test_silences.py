"""Silences: what they shelve, what they never do to a fire, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts import shelving, timers
from alerts.face import ListRequest
from alerts.labelled_face import LabelledRequest
from alerts.labelled_service import _page
from alerts.silences_face import SeenSilence, SetSilence, SilenceView
from alerts.silences_service import SilencesService
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.matchers import read_matchers
from tests.alerts.alerts_scene import Scene, fire, scene, transition
from tests.alerts.second_person import vouched
from tests.alerts.told_story import story

HOUR = 3600 * NS_PER_S


def service(bench: Scene) -> SilencesService:
    return SilencesService(bench.office, None)  # type: ignore[arg-type]  # handlers are called, nothing is served


async def silence(bench: Scene, matchers: str, hours: float = 1, **more: Any) -> SilenceView:
    request = SetSilence(
        matchers=tuple(read_matchers(matchers)),
        ends_ns=bench.clock.now_ns() + round(hours * HOUR),
        **{"by": "li", "comment": "drill", **more},
    )
    reply = await service(bench).set(request.model_dump(mode="json", by_alias=True))
    if "forbidden" in reply:
        raise RefusedError(reply["forbidden"], code=403)
    return SilenceView.model_validate(reply["silence"])


async def run(bench: Scene, seconds: float) -> None:
    bench.clock.advance(seconds)
    await bench.office.change(timers.escalate)


async def test_a_silence_shelves_what_is_open_and_what_comes(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        before = await bench.say(transition("parking"))
        made = await silence(bench, 'alertname="parking"')
        assert (made.state, made.alerts) == ("active", 1)
        assert (await bench.alert(before)).shelved_by == "li"
        later = await bench.say(transition("parking", entity="hotel/other"))
        other = await bench.say(transition("blocked"))
        assert await bench.told(later) == []
        assert await bench.told(other) == ["p-chen"]
        await run(bench, 3601)
        assert (await bench.alert(later)).shelved_until_ns is None
        assert await bench.told(later) == ["p-chen"]


async def test_a_silence_that_is_ended_lets_go_what_it_shelved(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        made = await silence(bench, 'alertname=~"park.*"')
        first = await bench.say(transition("parking"))
        second = await bench.say(transition("parked", entity="hotel/other"))
        await bench.do(second, lambda desk, alert: shelving.unshelve(desk, alert, "wang"))
        await bench.do(
            second,
            lambda desk, alert: shelving.shelve(desk, alert, "wang", "mine", until_ns=desk.now_ns + HOUR),
        )
        reply = await service(bench).expire({"id": made.id, "by": "li"})
        assert reply["silence"]["state"] == "expired"
        assert await bench.told(first) == ["p-chen"]
        assert (await bench.alert(second)).shelve_reason == "mine"
        with pytest.raises(RefusedError, match="over already"):
            await service(bench).expire({"id": made.id, "by": "li"})


@pytest.mark.parametrize("by_time", [False, True])
async def test_what_another_silence_matches_goes_over_to_it_and_nobody_is_told(tmp_path: Path, by_time: bool) -> None:  # noqa: FBT001  # pytest gives it
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition("parking"))
        before = await bench.told(alert)
        made = await silence(bench, 'alertname=~"park.*"', hours=1)
        if by_time:
            await silence(bench, 'alertname="parking"', hours=3)
            await run(bench, 3601)
        else:
            await silence(bench, 'alertname="parking"', hours=0.5)
            await service(bench).expire({"id": made.id, "by": "li"})
        assert (await bench.alert(alert)).shelved_until_ns is not None
        assert await bench.told(alert) == before


async def test_a_silence_to_come_begins_by_its_time(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition("parking"))
        made = await silence(bench, "alertname=parking", hours=2, starts_ns=bench.clock.now_ns() + HOUR)
        assert made.state == "pending"
        assert (await bench.alert(alert)).shelved_until_ns is None
        await run(bench, 3600)
        assert (await bench.alert(alert)).shelved_until_ns is not None


@pytest.mark.parametrize("matchers", ['class="fire"', 'alertname=~"panel.*"', 'unit="hotel"', 'class=~"fire|nothing"'])
async def test_a_fire_is_not_silenced_without_a_second_person(tmp_path: Path, matchers: str) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(fire())
        with pytest.raises(RefusedError, match="second person") as refused:
            await silence(bench, matchers)
        assert refused.value.code == 403


async def test_a_silence_of_all_that_is_no_fire_never_covers_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await silence(bench, '{unit="hotel"}')
        burning = await bench.say(fire())
        assert (await bench.alert(burning)).shelved_until_ns is None


async def test_another_person_lets_a_silence_cover_fires_for_a_shift_at_most(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        burning = await bench.say(fire())
        made = await silence(bench, 'class="fire"', hours=100, fire=True)
        assert (made.alerts, made.second_by) == (0, None)
        with pytest.raises(RefusedError, match="another deed"):
            await service(bench).confirm({"id": made.id, "second": vouched(bench.office, "wang").model_dump()})
        with pytest.raises(RefusedError, match="no such silence"):
            await confirm(bench, made, "wang", units=("hotel",))
        assert "forbidden" in await confirm(bench, made, "LI")
        reply = await confirm(bench, made, "wang")
        assert reply["silence"]["second_by"] == "wang"
        alert = await bench.alert(burning)
        assert (alert.shelved_by, alert.shelved_with) == ("li", "wang")
        assert alert.shelved_until_ns == bench.clock.now_ns() + 8 * HOUR
        await run(bench, 8 * 3600 + 1)
        assert (await bench.alert(burning)).shelved_until_ns is None


async def confirm(bench: Scene, seen: SilenceView, by: str, *, units: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Let somebody confirm a silence as they saw it."""
    silence = SeenSilence(id=seen.id, version=seen.version)
    second = vouched(bench.office, by, beside=seen.created_by, units=units, silence=silence)
    return await service(bench).confirm({"id": seen.id, "second": second.model_dump()})


@pytest.mark.parametrize(
    "change",
    [
        {"hours": 7 * 24},
        {"hours": 2.75},
        {"comment": "no drill"},
        {"starts_ns": 2},
        {"by": "zhao"},
        {"account": "zhao"},
    ],
)
async def test_a_silence_that_was_changed_since_it_was_seen_is_not_confirmed(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    async with scene(tmp_path) as bench:
        burning = await bench.say(fire())
        starts_ns = bench.clock.now_ns() + HOUR
        asked = {"hours": 3.0, "fire": True, "starts_ns": starts_ns}
        seen = await silence(bench, 'class="fire"', **asked)
        change = {**asked, **change, **({"starts_ns": starts_ns + HOUR} if "starts_ns" in change else {})}
        changed = await silence(bench, 'class="fire"', id=seen.id, **change)
        assert changed.id == seen.id
        with pytest.raises(RefusedError, match="changed since you looked"):
            await confirm(bench, seen, "wang")
        await run(bench, 2.5 * 3600)
        assert (await bench.alert(burning)).shelved_until_ns is None
        assert (await confirm(bench, changed, "wang"))["silence"]["second_by"] == "wang"
        assert (await bench.alert(burning)).shelved_with == "wang"


async def test_a_silence_that_only_began_by_its_time_is_as_it_was_seen(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        seen = await silence(bench, 'class="fire"', 3, fire=True, starts_ns=bench.clock.now_ns() + HOUR)
        await run(bench, 3601)
        assert (await confirm(bench, seen, "wang"))["silence"]["state"] == "active"


async def test_who_saw_one_silence_confirms_no_other_and_shelves_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        burning = await bench.say(fire())
        seen, other = [await silence(bench, 'class="fire"', fire=True) for _ in range(2)]
        assert seen.version != other.version
        second = vouched(bench.office, "wang", silence=SeenSilence(id=seen.id, version=seen.version))
        with pytest.raises(RefusedError, match="another deed"):
            await service(bench).confirm({"id": other.id, "second": second.model_dump()})
        second = vouched(bench.office, "wang", silence=SeenSilence(id=seen.id, version=seen.version))
        with pytest.raises(RefusedError, match="another deed"):
            await bench.office.change(lambda desk: desk.second(second, beside="op", unit="hotel"))
        assert (await bench.alert(burning)).shelved_until_ns is None


@pytest.mark.parametrize("another", ["li", "zhao"])
async def test_who_gives_a_silence_of_fires_other_times_does_not_confirm_them(tmp_path: Path, another: str) -> None:
    async with scene(tmp_path) as bench:
        burning = await bench.say(fire())
        made = await silence(bench, 'class="fire"', fire=True)
        changed = await silence(bench, 'class="fire"', hours=7 * 24, fire=True, id=made.id, by="wang")
        assert (changed.id, changed.created_by, changed.second_by) == (made.id, "wang", None)
        with pytest.raises(RefusedError, match="changed since you looked"):
            await confirm(bench, made, "wang")
        assert "forbidden" in await confirm(bench, changed, "Wang")
        assert (await bench.alert(burning)).shelved_until_ns is None
        await confirm(bench, changed, another)
        alert = await bench.alert(burning)
        assert (alert.shelved_by, alert.shelved_with) == ("wang", another)


async def test_a_fire_is_covered_again_once_the_other_times_are_confirmed(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        burning = await bench.say(fire())
        made = await silence(bench, 'class="fire"', fire=True)
        await confirm(bench, made, "wang")
        changed = await silence(bench, 'class="fire"', hours=3, fire=True, id=made.id)
        assert (await bench.alert(burning)).shelved_until_ns is None
        reply = await confirm(bench, changed, "wang")
        assert reply["silence"]["alerts"] == 1
        assert (await bench.alert(burning)).shelved_until_ns == reply["silence"]["ends_ns"]


async def test_other_times_keep_the_silence_other_matchers_make_a_new_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition("parking"))
        made = await silence(bench, "alertname=parking")
        longer = await silence(bench, "alertname=parking", hours=3, id=made.id)
        assert longer.id == made.id
        assert (await bench.alert(alert)).shelved_until_ns == longer.ends_ns
        other = await silence(bench, "alertname=blocked", id=made.id)
        assert other.id != made.id
        assert (await bench.alert(alert)).shelved_until_ns is None
        with pytest.raises(RefusedError) as missing:
            await silence(bench, "alertname=blocked", id="no-such")
        assert missing.value.code == 404


@pytest.mark.parametrize(
    ("matchers", "more"),
    [
        ('alertname=""', {}),
        ('alertname=~".*"', {}),
        ("alertname=x", {"hours": -1}),
        ("alertname=x", {"hours": 8 * 24}),
        ("alertname=x", {"starts_ns": 2**62}),
    ],
)
async def test_a_silence_without_sense_is_refused(tmp_path: Path, matchers: str, more: dict[str, Any]) -> None:
    async with scene(tmp_path) as bench:
        with pytest.raises(RefusedError):
            await silence(bench, matchers, **more)


async def test_what_a_person_shelved_is_listed_as_a_silence_of_one_alert(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition("parking"))
        until_ns = bench.clock.now_ns() + HOUR
        await bench.do(alert, lambda desk, one: shelving.shelve(desk, one, "wang", "known", until_ns=until_ns))
        (found,) = (await service(bench).list({}))["silences"]
        assert (found["id"], found["created_by"], found["comment"]) == (f"shelve-{alert}", "wang", "known")
        page = await bench.office.database.read(lambda session: _page(session, LabelledRequest()))
        assert page["alerts"][0]["silenced_by"] == [f"shelve-{alert}"]
        await service(bench).expire({"id": f"shelve-{alert}", "by": "li"})
        assert (await bench.alert(alert)).shelved_until_ns is None
        assert ListRequest().open is None


@pytest.mark.parametrize(("hours", "outcome"), [(3.0, "extended"), (0.5, "shortened")])
async def test_what_a_silence_shelved_goes_with_its_end_and_nobody_is_told_between(
    tmp_path: Path, hours: float, outcome: str
) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        made = await silence(bench, 'alertname="ebike-charging"')
        told, before = await bench.told(alert), await story(bench, alert)
        await run(bench, 60)
        await silence(bench, 'alertname="ebike-charging"', hours, id=made.id)
        record = await bench.alert(alert)
        assert record.shelved_until_ns == bench.clock.now_ns() + round(hours * HOUR)
        assert (await story(bench, alert))[len(before) :] == [("shelved", outcome)]
        assert await bench.told(alert) == told
        await run(bench, hours * 3600)
        assert (await bench.alert(alert)).shelved_until_ns is None
        assert len(await bench.told(alert)) > len(told)


async def test_a_silence_of_a_scope_covers_and_shows_what_is_within(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition("parking"))
        elsewhere = await silence(bench, 'alertname="parking"', units=("school",))
        assert (elsewhere.alerts, elsewhere.units) == (0, ("school",))
        assert (await bench.alert(alert)).shelved_until_ns is None
        here = await silence(bench, 'alertname="parking"', units=("hotel",))
        everywhere = await silence(bench, 'alertname="parking"')
        assert here.alerts == 1

        async def listed(units: list[str] | None) -> set[str]:
            reply = await service(bench).list({"units": units})
            return {one["id"] for one in reply["silences"]}

        assert await listed(None) == {elsewhere.id, here.id, everywhere.id}
        assert await listed(["hotel", "mall"]) == {here.id}
        assert await listed([]) == set()
        for hidden in (here, everywhere):
            body = {"id": hidden.id, "units": ["school"]}
            with pytest.raises(RefusedError, match="no such silence"):
                await confirm(bench, hidden, "wang", units=("school",))
            with pytest.raises(RefusedError, match="no such silence"):
                await service(bench).expire({**body, "by": "x"})
            with pytest.raises(RefusedError, match="no such silence") as refused:
                await service(bench).list(body)
            assert refused.value.code == 404


async def test_a_fire_elsewhere_is_none_to_a_silence_of_a_scope(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(fire())
        assert (await silence(bench, 'zone="exit"', units=("school",))).alerts == 0
        with pytest.raises(RefusedError, match="second person"):
            await silence(bench, 'unit="hotel"', units=("hotel",))
