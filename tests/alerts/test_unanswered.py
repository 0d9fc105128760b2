"""What an acknowledgement is worth, what follows from silence, and who hears when a suppression ends."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from alerts import actions, escalation, shelving
from alerts.directory import Directory
from alerts.face import Answer
from alerts.ladders.defaults import ALERT_UNANSWERED, DEFAULTS
from alerts.links import Claims
from alerts.schema import FeedEvent, Notification, StepKind
from domain.alarm import AlarmClass, Level, TransitionKind
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from tests.alerts.alerts_scene import EXIT, Scene, fire, hotel, scene, transition
from tests.alerts.ladder_steps import acknowledge, audit, later, open_of, reasons, waiting

HOLDS_S = DEFAULTS[AlarmClass.HAZARD].acknowledged_within_s


async def test_an_acknowledgement_that_leads_to_nothing_lapses_and_the_ladder_begins_with_its_owner(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await later(bench, 30)
        await acknowledge(bench, alert, "p-lin")
        await later(bench, HOLDS_S - 1)
        assert (await bench.alert(alert)).acknowledged_by == "p-lin"
        assert await bench.told(alert) == ["p-chen", "p-lin"]
        await later(bench, 1)
        record = await bench.alert(alert)
        assert (record.acknowledged_at_ns, record.acknowledged_by, record.owner) == (None, None, None)
        assert sorted((await bench.told(alert))[2:]) == ["p-chen", "p-lin"]  # the owner, and the first step
        assert await open_of(bench, ALERT_UNANSWERED) == []
        await later(bench, 90)
        assert (await bench.told(alert))[4:] == ["p-lin", "s-wang"]
        lapsed = [one for one in await audit(bench, alert, "escalated") if one.get("outcome")]
        assert [(one["outcome"], one["acknowledged_by"]) for one in lapsed] == [("acknowledgement_lapsed", "p-lin")]
        query = select(FeedEvent.payload).where(FeedEvent.alert_id == alert)
        payloads = await bench.office.database.read(lambda session: session.scalars(query).all())
        assert "acknowledgement_lapsed" in [json.loads(payload).get("outcome") for payload in payloads]


async def test_a_finding_or_the_end_of_the_matter_keeps_an_acknowledgement(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        found, gone = await bench.say(transition()), await bench.say(fire(place=EXIT))
        for alert in (found, gone):
            await acknowledge(bench, alert)
        await bench.do(found, lambda desk, record: actions.confirm(desk, record, "p-chen", Confirmation.REAL))
        await bench.say(fire(TransitionKind.CLEARED, place=EXIT))
        assert await waiting(bench, gone) == []
        await later(bench, HOLDS_S)
        for alert in (found, gone):
            assert (await bench.alert(alert)).acknowledged_by == "p-chen"
            assert await bench.told(alert) == ["p-chen"]
        assert (await bench.alert(found)).next_escalation_ns is None


async def test_a_fire_that_was_acknowledged_is_judged_within_three_minutes(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(fire(place=EXIT))
        await acknowledge(bench, alert, "mei")  # nobody of the site: a login
        await later(bench, 180)
        assert (await bench.alert(alert)).acknowledged_by is None
        assert await bench.told(alert) == ["p-chen", "p-chen"]
        assert (await audit(bench, alert, "told"))[-1]["gone"] == ["mei"]


async def test_word_given_again_renews_an_acknowledgement(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await later(bench, 30)
        await answer(bench, alert, "p-chen")
        await later(bench, HOLDS_S - 10)
        await answer(bench, alert, "p-lin")
        await later(bench, HOLDS_S - 1)
        assert (await bench.alert(alert)).acknowledged_by == "p-chen"
        assert [one["actor"] for one in await audit(bench, alert, "acknowledgement_renewed")] == ["p-lin"]
        await later(bench, 1)
        assert (await bench.alert(alert)).acknowledged_by is None


async def answer(bench: Scene, alert: str, person: str) -> None:
    """Answer through the link of a person's message."""
    query = select(Notification.id).where(Notification.alert_id == alert, Notification.person == person)
    notice = await bench.office.database.read(lambda session: session.scalars(query).one())
    claims = Claims(alert=alert, person=person, notification=notice, expires_ns=2**62)
    await bench.office.change(lambda desk: actions.answer(desk, claims, Answer.RECEIVED, ""))


async def test_an_acknowledgement_does_not_lapse_while_the_alert_is_kept_quiet(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("ebike-parked"))
        await acknowledge(bench, parked)
        await later(bench, 3600)
        await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        await later(bench, 2 * HOLDS_S)
        assert (await bench.alert(parked)).acknowledged_by == "p-chen"
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert await waiting(bench, parked) == [(StepKind.LAPSE, HOLDS_S - 3600)]
        assert await reasons(bench, parked) == [("p-chen", "step"), ("p-chen", "released-1")]  # its owner


async def test_it_holds_as_long_as_the_ladder_began_with_whatever_the_site_says_now(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        steps = [{"after_s": 0, "to": ["p-chen"]}]
        bench.office.directory = Directory(hotel(escalation=[{"steps": steps, "acknowledged_within_s": 5}]))
        await acknowledge(bench, alert)
        assert await waiting(bench, alert) == [(StepKind.LAPSE, HOLDS_S)]


async def test_silence_to_the_end_is_told_to_all_supervisors_and_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    async with scene(tmp_path, hotel(persons={"s-two": {"role": "supervisor"}})) as bench:
        alert = await bench.say(transition(level=Level.CRITICAL))
        await later(bench, 150)
        assert sorted((await bench.told(alert))[-2:]) == ["s-two", "s-wang"]
        (silence,) = await open_of(bench, ALERT_UNANSWERED)
        assert (silence.alarm_class, silence.level) == (AlarmClass.DUTY, Level.CRITICAL)
        assert silence.place == (await bench.alert(alert)).place
        assert silence.entity == f"hotel/{alert}"
        assert alert[:8] in silence.text_zh
        assert "电动自行车" in silence.text_zh
        assert silence.values == {"step": 2.0, "waited_s": 150.0}
        assert await bench.told(silence.id) == []  # supervisors have just heard of the alert itself
        await later(bench, 600)
        assert sorted(await bench.told(silence.id)) == ["s-two", "s-wang"]


async def test_the_silence_ends_with_the_answer_and_whoever_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await later(bench, 150)
        (silence,) = await open_of(bench, ALERT_UNANSWERED)
        await acknowledge(bench, alert, "s-wang")
        ended = await bench.alert(silence.id)
        assert (ended.active, ended.acknowledged_by) == (False, "s-wang")
        assert ended.closed_at_ns == bench.clock.now_ns()
        assert await waiting(bench, silence.id) == []


async def test_silence_about_the_silence_raises_nothing_more(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(transition())
        for _ in range(20):
            await later(bench, 3600)
        (silence,) = await open_of(bench, ALERT_UNANSWERED)
        assert await bench.told(silence.id) == ["s-wang"] * 3
        assert [one["outcome"] for one in await audit(bench, silence.id, "escalated")] == ["unanswered"]
        assert await waiting(bench, silence.id) == []


async def test_two_alerts_of_one_place_have_a_silence_each(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        first = await bench.say(transition("one"), transition("two"))
        await later(bench, 150)
        assert len(await open_of(bench, ALERT_UNANSWERED)) == 2
        await acknowledge(bench, first)
        assert len(await open_of(bench, ALERT_UNANSWERED)) == 1


async def test_when_a_suppression_ends_all_who_would_know_are_told_anew(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        parked = await bench.say(transition("ebike-parked"))
        await later(bench, 40)
        await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        await later(bench, 600)
        assert await bench.told(parked) == ["p-chen", "p-lin"]
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert (await reasons(bench, parked))[2:] == [("p-chen", "released-1"), ("p-lin", "released-1")]
        assert [(one["why"], one["told"]) for one in await audit(bench, parked, "told_again")] == [
            ("cause", ["p-chen", "p-lin"])
        ]
        await later(bench, 50)
        assert (await bench.told(parked))[4:] == ["s-wang"]


async def test_what_was_quiet_from_the_beginning_begins_and_is_told_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        parked = await bench.say(transition("ebike-parked"))
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert await reasons(bench, parked) == [("p-chen", "step")]


async def test_a_release_of_what_was_not_quiet_or_is_gone_tells_nobody(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, lambda desk, record: escalation.released(desk, record, "shelved"))
        await bench.say(transition(kind=TransitionKind.CLEARED))
        await bench.do(alert, lambda desk, record: escalation.released(desk, record, "shelved"))
        assert await bench.told(alert) == ["p-chen"]


async def test_who_is_told_anew_is_who_is_on_duty_by_then(tmp_path: Path) -> None:
    shifts = [
        {"id": "day", "from": "08:00", "to": "20:00", "people": ["p-chen"]},
        {"id": "night", "from": "20:00", "to": "08:00", "people": ["p-lin"]},
    ]
    rosters = [{"id": "watch", "labels": {"zh": "值班", "en": "Watch"}, "shifts": shifts}]
    steps = [{"after_s": 0, "to": ["roster:watch"]}]
    async with scene(tmp_path, hotel(rosters=rosters, escalation=[{"steps": steps}])) as bench:
        parked = await bench.say(transition("ebike-parked"))
        await bench.say(transition("ebike-charging", hides=("ebike-parked",)))
        bench.clock.advance(5 * 3600)
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        assert await bench.told(parked) == ["p-chen", "p-lin"]


async def test_when_a_shelving_ends_by_its_time_those_who_knew_are_told_anew(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        until_ns = bench.clock.now_ns() + 3600 * NS_PER_S
        await bench.do(alert, lambda desk, record: shelving.shelve(desk, record, "mei", "施工", until_ns=until_ns))
        await later(bench, 3599)
        assert await bench.told(alert) == ["p-chen"]
        await later(bench, 1)
        assert await reasons(bench, alert) == [("p-chen", "step"), ("p-chen", "released-1")]
        assert [one["why"] for one in await audit(bench, alert, "told_again")] == ["shelved"]


async def test_a_shelved_alert_that_becomes_critical_is_told_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        until_ns = bench.clock.now_ns() + 3600 * NS_PER_S
        await bench.do(alert, lambda desk, record: shelving.shelve(desk, record, "mei", "施工", until_ns=until_ns))
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.CRITICAL))
        assert await bench.told(alert) == ["p-chen", "p-chen"]
