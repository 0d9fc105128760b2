"""Answer links: what they allow, and that nobody can make or change one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import actions
from alerts.face import Answer
from alerts.links import LIFE_S, Claims, expiry, make_token, verify_token
from alerts.schema import Alert, Comment, Notification
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EXIT, SIGNING_KEY, Scene, fire, scene, transition

NOW = 1_800_000_000 * NS_PER_S
CLAIMS = Claims(alert="a" * 32, person="p-chen", notification="n" * 32, expires_ns=expiry(NOW))


def test_a_link_says_what_was_signed_and_fits_a_url() -> None:
    token = make_token(CLAIMS, SIGNING_KEY)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert verify_token(token, SIGNING_KEY, NOW) == CLAIMS
    assert make_token(CLAIMS, SIGNING_KEY) == token


def test_a_link_expires() -> None:
    token = make_token(CLAIMS, SIGNING_KEY)
    verify_token(token, SIGNING_KEY, NOW + LIFE_S * NS_PER_S)
    with pytest.raises(RefusedError, match="expired"):
        verify_token(token, SIGNING_KEY, NOW + LIFE_S * NS_PER_S + 1)


def test_another_key_another_link() -> None:
    with pytest.raises(RefusedError, match="no valid link"):
        verify_token(make_token(CLAIMS, SIGNING_KEY), SIGNING_KEY[::-1], NOW)


@given(st.data())
def test_a_changed_link_is_refused(data: st.DataObject) -> None:
    token = make_token(CLAIMS, SIGNING_KEY)
    at = data.draw(st.integers(0, token.index(".") - 1))
    other = data.draw(st.characters().filter(lambda letter: letter != token[at]))
    with pytest.raises(RefusedError):
        verify_token(token[:at] + other + token[at + 1 :], SIGNING_KEY, NOW)


@given(st.text(max_size=2000))
def test_junk_is_refused(token: str) -> None:
    with pytest.raises(RefusedError):
        verify_token(token, SIGNING_KEY, NOW)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        make_token(CLAIMS, b"short")


async def claims_of(scene: Scene, alert: str) -> Claims:
    """Return the claims of the first notification of an alert."""
    notice = await scene.office.database.read(
        lambda session: session.scalars(select(Notification).where(Notification.alert_id == alert)).first()
    )
    assert notice is not None
    return Claims(alert=alert, person=notice.person, notification=notice.id, expires_ns=expiry(notice.created_ns))


async def answer(scene: Scene, claims: Claims, given_answer: Answer, note: str = "") -> Alert:
    return await scene.office.change(lambda desk: actions.answer(desk, claims, given_answer, note))


@pytest.mark.parametrize("given_answer", [Answer.RECEIVED, Answer.ON_SITE])
async def test_an_answer_acknowledges_and_is_a_fact(tmp_path: Path, given_answer: Answer) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        bench.clock.advance(12)
        record = await answer(bench, await claims_of(bench, alert), given_answer, "马上到")
        assert (record.acknowledged_by, record.owner) == ("p-chen", "p-chen")
        assert record.next_escalation_ns == bench.clock.now_ns() + 7200 * NS_PER_S  # its answer holds for so long
        notice = await bench.office.database.read(lambda session: session.scalars(select(Notification)).one())
        assert (notice.answered_at_ns, notice.answer) == (bench.clock.now_ns(), given_answer.value)
        comment = await bench.office.database.read(lambda session: session.scalars(select(Comment)).one())
        assert (comment.by, "马上到" in comment.text) == ("p-chen", True)


async def test_a_link_works_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        claims = await claims_of(bench, await bench.say(transition()))
        await answer(bench, claims, Answer.RECEIVED)
        with pytest.raises(RefusedError, match="answered already"):
            await answer(bench, claims, Answer.FALSE_ALARM)


async def test_false_alarm_of_a_hazard_confirms_it_as_false(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        claims = await claims_of(bench, await bench.say(transition()))
        record = await answer(bench, claims, Answer.FALSE_ALARM, "自行车")
        assert (record.confirmed, record.acknowledged_by) == (Confirmation.FALSE, "p-chen")


async def test_false_alarm_of_a_fire_is_left_to_the_operator(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        claims = await claims_of(bench, await bench.say(fire(place=EXIT)))
        record = await answer(bench, claims, Answer.FALSE_ALARM)
        assert (record.confirmed, record.acknowledged_by, record.comments) == (None, "p-chen", 1)


async def test_an_answer_after_somebody_elses_is_still_a_receipt(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        claims = await claims_of(bench, alert)
        await bench.do(alert, lambda desk, record: actions.acknowledge(desk, record, "operator"))
        record = await answer(bench, claims, Answer.ON_SITE)
        assert (record.acknowledged_by, record.comments) == ("operator", 1)


async def test_a_link_of_another_person_is_refused(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        claims = await claims_of(bench, await bench.say(transition()))
        with pytest.raises(RefusedError, match="no such notification"):
            await answer(bench, claims.model_copy(update={"person": "p-lin"}), Answer.RECEIVED)
