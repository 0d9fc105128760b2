"""A person's own open alerts, and the receipt that they press: the message's, not only the alert's."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from alerts import actions
from alerts.desk import Desk
from alerts.face import Answer
from alerts.mine_face import MineAnswerRequest, Told
from alerts.mine_service import answered, mine
from alerts.schema import Comment, Notification
from alerts.timers import escalate
from domain.errors import RefusedError
from tests.alerts.alerts_scene import Scene, fire, scene, transition


async def told(bench: Scene, person: str = "p-chen") -> list[Told]:
    return await bench.office.database.read(lambda session: mine(session, person, bench.clock.now_ns()))


async def answer(bench: Scene, notice: str, said: Answer, person: str = "p-chen", note: str = "") -> None:
    request = MineAnswerRequest(person=person, notification=notice, answer=said, note=note)

    def work(desk: Desk) -> None:
        answered(desk, request)

    await bench.office.change(work)


async def test_the_receipt_marks_the_message_and_takes_the_alert_on(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        (one,) = await told(bench)
        assert (one.alert.id, one.answer) == (alert, None)
        bench.clock.advance(5)
        await answer(bench, one.notification, Answer.RECEIVED, note="马上到")
        record = await bench.alert(alert)
        assert (record.acknowledged_by, record.owner) == ("p-chen", "p-chen")
        (after,) = await told(bench)
        assert (after.answer, after.answered_at_ns) == (Answer.RECEIVED, bench.clock.now_ns())

        def read(session: Session) -> int | None:
            return session.get_one(Notification, one.notification).read_at_ns

        assert await bench.office.database.read(read) == bench.clock.now_ns()


async def test_on_site_follows_received_and_nothing_else_does(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(transition())
        (one,) = await told(bench)
        await answer(bench, one.notification, Answer.RECEIVED)
        first_ns = bench.clock.now_ns()
        bench.clock.advance(300)
        with pytest.raises(RefusedError, match="answered already"):
            await answer(bench, one.notification, Answer.FALSE_ALARM, note="steam")
        await answer(bench, one.notification, Answer.ON_SITE)
        (after,) = await told(bench)
        assert (after.answer, after.answered_at_ns) == (Answer.ON_SITE, first_ns)
        with pytest.raises(RefusedError, match="answered already"):
            await answer(bench, one.notification, Answer.ON_SITE)

        def said(session: Session) -> list[str]:
            return [comment.text for comment in session.query(Comment).order_by(Comment.number)]

        assert await bench.office.database.read(said) == ["收到 / received", "到场 / on site"]


async def test_nobody_answers_for_somebody_else(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(transition())
        (one,) = await told(bench)
        with pytest.raises(RefusedError, match="no such notification"):
            await answer(bench, one.notification, Answer.RECEIVED, person="s-wang")
        assert await told(bench, "s-wang") == []


async def test_what_waits_stands_first_then_a_fire_then_the_newest(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        hazard = await bench.say(transition())
        bench.clock.advance(1)
        other = await bench.say(transition("parked"))
        await bench.say(fire(place=transition().place))
        found = await told(bench)
        assert [one.alert.rule for one in found] == ["panel-fire", "parked", "ebike-charging"]
        await answer(bench, found[0].notification, Answer.RECEIVED)
        assert [one.alert.id for one in await told(bench)][:2] == [other, hazard]


async def test_an_alert_that_is_over_is_gone_and_a_new_step_is_a_new_message(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        bench.clock.advance(31)
        await bench.office.change(escalate)
        (step,) = await told(bench, "p-lin")
        assert step.alert.id == alert
        await bench.do(alert, lambda desk, one: actions.acknowledge(desk, one, "王"))
        (still,) = await told(bench, "p-lin")  # acknowledged by somebody, still open, not answered by her
        assert still.answered_at_ns is None
