"""The table of actions, every cell; and when an alert closes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest

from alerts import actions
from alerts.desk import Desk
from alerts.life_cycle import MOVES, REFUSALS, Action, Ask, allow, closes
from alerts.schema import Alert
from domain.alarm import AlarmClass, TransitionKind
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import fire, scene, transition


@dataclass
class Facts:
    """The facts that decide; an open, active, unanswered hazard unless said otherwise."""

    alarm_class: AlarmClass = AlarmClass.HAZARD
    active: bool = True
    data_unknown: bool = False
    latched: bool = False
    acknowledged_at_ns: int | None = None
    acknowledged_by: str | None = None
    confirmed: Confirmation | None = None
    reset_at_ns: int | None = None
    closed_at_ns: int | None = None
    shelved_until_ns: int | None = None
    rechecked_at_ns: int | None = None
    owner: str | None = None


CASES = [
    (Action.ACKNOWLEDGE, Facts(), None),
    (Action.ACKNOWLEDGE, Facts(active=False), None),
    (Action.ACKNOWLEDGE, Facts(acknowledged_at_ns=1, acknowledged_by="p-chen"), "p-chen has acknowledged"),
    (Action.ACKNOWLEDGE, Facts(closed_at_ns=1), "closed"),
    (Action.CONFIRM, Facts(acknowledged_at_ns=1), None),
    (Action.CONFIRM, Facts(), "acknowledge it first"),
    (Action.CONFIRM, Facts(acknowledged_at_ns=1, closed_at_ns=1), "closed"),
    (Action.RESET, Facts(active=False, latched=True, acknowledged_at_ns=1), None),
    (Action.RESET, Facts(active=False, acknowledged_at_ns=1), "nothing to reset"),
    (Action.RESET, Facts(latched=True, acknowledged_at_ns=1), "the telemetry still says it"),
    (Action.RESET, Facts(active=False, latched=True, data_unknown=True, acknowledged_at_ns=1), "no data is not normal"),
    (Action.RESET, Facts(active=False, latched=True), "acknowledge it first"),
    (Action.RESET, Facts(active=False, latched=True, acknowledged_at_ns=1, closed_at_ns=1), "closed"),
    (Action.COMMENT, Facts(closed_at_ns=1), None),
]


@pytest.mark.parametrize(("action", "facts", "reason"), CASES)
def test_table(action: Action, facts: Facts, reason: str | None) -> None:
    if reason is None:
        allow(action, facts)
        return
    with pytest.raises(RefusedError, match=reason):
        allow(action, facts)


HOUR = 3600 * NS_PER_S
TAKEN = Facts(active=False, acknowledged_at_ns=1, acknowledged_by="p-chen", owner="p-chen")
FIRE = replace(TAKEN, alarm_class=AlarmClass.FIRE)
FOUND = replace(TAKEN, confirmed=Confirmation.FALSE)

ASKED: list[tuple[Action, Facts, Ask, str | None]] = [
    (Action.ACKNOWLEDGE, Facts(), Ask(by="System"), "no person"),
    (Action.CONFIRM, FOUND, Ask(finding=Confirmation.REAL), None),
    (Action.CONFIRM, FOUND, Ask(finding=Confirmation.FALSE, cause="steam"), "on record already"),
    (Action.CONFIRM, TAKEN, Ask(finding=Confirmation.FALSE, cause="  "), "needs its cause"),
    (Action.CONFIRM, TAKEN, Ask(finding=Confirmation.FALSE, cause="steam"), None),
    (Action.RESET, replace(TAKEN, latched=True, reset_at_ns=1), Ask(), "reset already"),
    (Action.SHELVE, TAKEN, Ask(by="a", cause="dust", until_ns=HOUR), None),
    (Action.SHELVE, TAKEN, Ask(by="a", until_ns=HOUR), "needs a reason"),
    (Action.SHELVE, TAKEN, Ask(by="a", cause="dust", until_ns=0), "time is over"),
    (Action.SHELVE, TAKEN, Ask(by="a", cause="dust", until_ns=168 * HOUR), None),
    (Action.SHELVE, TAKEN, Ask(by="a", cause="dust", until_ns=168 * HOUR + 1), "168 h at most"),
    (Action.SHELVE, FIRE, Ask(by="a", cause="dust", until_ns=HOUR), "takes two"),
    (Action.SHELVE, FIRE, Ask(by="a", cause="dust", until_ns=HOUR, second_by=" A "), "somebody else"),
    (Action.SHELVE, FIRE, Ask(by="a", cause="dust", until_ns=HOUR, second_by="system"), "somebody else"),
    (Action.SHELVE, FIRE, Ask(by="a", cause="dust", until_ns=8 * HOUR, second_by="b"), None),
    (Action.SHELVE, FIRE, Ask(by="a", cause="dust", until_ns=8 * HOUR + 1, second_by="b"), "8 h at most"),
    (Action.SHELVE, replace(TAKEN, shelved_until_ns=5), Ask(by="a", cause="dust", until_ns=HOUR), "shelved already"),
    (Action.SHELVE, replace(TAKEN, closed_at_ns=5), Ask(by="a", cause="dust", until_ns=HOUR), "closed"),
    (Action.EXTEND, TAKEN, Ask(by="a", cause="dust", until_ns=HOUR), "not shelved"),
    (Action.EXTEND, replace(TAKEN, shelved_until_ns=5), Ask(by="a", cause="dust", until_ns=HOUR), None),
    (Action.EXTEND, replace(TAKEN, shelved_until_ns=5), Ask(by="system", cause="dust", until_ns=HOUR), "no person"),
    (Action.EXTEND, replace(TAKEN, shelved_until_ns=5), Ask(by="a", until_ns=HOUR), "needs a reason"),
    (Action.EXTEND, replace(TAKEN, shelved_until_ns=HOUR), Ask(by="a", cause="dust", until_ns=HOUR), "no later"),
    (Action.EXTEND, replace(TAKEN, shelved_until_ns=5), Ask(by="a", cause="x", until_ns=169 * HOUR), "168 h at most"),
    (Action.EXTEND, replace(FIRE, shelved_until_ns=5), Ask(by="a", cause="dust", until_ns=HOUR), "takes two"),
    (
        Action.EXTEND,
        replace(FIRE, shelved_until_ns=5),
        Ask(by="a", cause="dust", until_ns=HOUR, second_by="A"),
        "somebody else",
    ),
    (
        Action.EXTEND,
        replace(FIRE, shelved_until_ns=5),
        Ask(by="a", cause="dust", until_ns=9 * HOUR, second_by="b"),
        "8 h at most",
    ),
    (Action.UNSHELVE, TAKEN, Ask(by="a"), "not shelved"),
    (Action.UNSHELVE, replace(TAKEN, shelved_until_ns=5), Ask(by="a"), None),
    (Action.ASSIGN, TAKEN, Ask(by="a", to="p-lin"), None),
    (Action.ASSIGN, TAKEN, Ask(by="a", to=" P-Chen"), "theirs already"),
    (Action.ASSIGN, TAKEN, Ask(by="a", to=" "), "say to whom"),
    (Action.ASSIGN, replace(TAKEN, closed_at_ns=1), Ask(by="a", to="p-lin"), "closed"),
    (Action.ATTACH, replace(TAKEN, closed_at_ns=1), Ask(by="a"), None),
    (Action.RECHECK, TAKEN, Ask(by="p-lin"), None),
    (Action.RECHECK, replace(TAKEN, closed_at_ns=1), Ask(by="p-lin"), None),
    (Action.RECHECK, TAKEN, Ask(by="p-chen"), "another person"),
    (Action.RECHECK, replace(TAKEN, owner="p-lin"), Ask(by="p-lin"), "another person"),
    (Action.RECHECK, FIRE, Ask(by="p-chen"), None),
    (Action.RECHECK, replace(TAKEN, active=True), Ask(by="p-lin"), "not normal"),
    (Action.RECHECK, replace(TAKEN, data_unknown=True), Ask(by="p-lin"), "not normal"),
    (Action.RECHECK, Facts(active=False), Ask(by="p-lin"), "acknowledge it first"),
    (Action.RECHECK, replace(TAKEN, rechecked_at_ns=1), Ask(by="p-lin"), "already"),
]


@pytest.mark.parametrize(("action", "facts", "ask", "reason"), ASKED)
def test_what_is_asked_decides_too(action: Action, facts: Facts, ask: Ask, reason: str | None) -> None:
    if reason is None:
        allow(action, facts, ask)
        return
    with pytest.raises(RefusedError, match=reason):
        allow(action, facts, ask)


def test_every_action_is_in_the_table_once_in_both_languages() -> None:
    assert [move.action for move in MOVES] == list(Action)
    for move in MOVES:
        assert move.zh
        assert move.en
        for refusal in REFUSALS[move.action]:
            zh, en = refusal.text(Facts()).split(" / ", 1)
            assert not zh.isascii()
            assert en.isascii()


def _all_facts() -> Iterator[tuple[Facts, bool]]:
    flags = (False, True)
    for active, unknown, latched, taken, was_reset, cause in product(flags, repeat=6):
        marks = (1 if taken else None, 1 if was_reset else None)
        yield (
            Facts(
                active=active, data_unknown=unknown, latched=latched, acknowledged_at_ns=marks[0], reset_at_ns=marks[1]
            ),
            cause,
        )


def test_nothing_closes_against_the_telemetry_or_unanswered() -> None:
    closed = [(facts, cause) for facts, cause in _all_facts() if closes(facts, cause_answered=cause)]
    assert len(closed) == 9  # 3 ways to be answered for x 3 ways not to be held by a latch
    for facts, cause in closed:
        assert not facts.active
        assert not facts.data_unknown
        assert facts.acknowledged_at_ns is not None or cause
        assert not facts.latched or facts.reset_at_ns is not None


def by(
    act: Callable[[Desk, Alert, str], object],
) -> Callable[[Desk, Alert], object]:
    """Let the operator do ``act``."""
    return lambda desk, alert: act(desk, alert, "operator")


async def test_hazard_closes_by_itself_when_gone_and_answered(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(transition())
        await hotel.do(alert, by(actions.acknowledge))
        assert (await hotel.alert(alert)).closed_at_ns is None
        await hotel.say(transition(kind=TransitionKind.CLEARED))
        assert (await hotel.alert(alert)).closed_at_ns == hotel.clock.now_ns()


async def test_gone_but_unanswered_stays_open(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(transition())
        await hotel.say(transition(kind=TransitionKind.CLEARED))
        assert (await hotel.alert(alert)).closed_at_ns is None
        await hotel.do(alert, by(actions.acknowledge))
        assert (await hotel.alert(alert)).closed_at_ns is not None


async def test_fire_stays_until_reset_and_reset_waits_for_the_telemetry(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(fire())
        await hotel.do(alert, by(actions.acknowledge))
        with pytest.raises(RefusedError, match="the telemetry still says it"):
            await hotel.do(alert, by(actions.reset))
        await hotel.say(fire(TransitionKind.CLEARED))
        assert (await hotel.alert(alert)).closed_at_ns is None
        await hotel.do(alert, by(actions.reset))
        done = await hotel.alert(alert)
        assert (done.reset_by, done.closed_at_ns) == ("operator", hotel.clock.now_ns())


async def test_unknown_clears_nothing_and_blocks_the_reset(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(fire())
        await hotel.do(alert, by(actions.acknowledge))
        await hotel.say(fire(TransitionKind.UNKNOWN))
        unsure = await hotel.alert(alert)
        assert (unsure.active, unsure.data_unknown, unsure.closed_at_ns) == (True, True, None)
        await hotel.say(fire(TransitionKind.CLEARED), fire(TransitionKind.UNKNOWN))
        with pytest.raises(RefusedError, match="no data is not normal"):
            await hotel.do(alert, by(actions.reset))
        await hotel.say(fire(TransitionKind.KNOWN))
        await hotel.do(alert, by(actions.reset))
        assert (await hotel.alert(alert)).closed_at_ns is not None


async def test_coming_back_before_the_end_is_the_same_record_and_takes_the_answer_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(fire())
        await hotel.do(alert, by(actions.acknowledge))
        await hotel.say(fire(TransitionKind.CLEARED))
        again = await hotel.say(fire())
        record = await hotel.alert(alert)
        assert (record.active, record.acknowledged_at_ns, record.occurrence) == (True, None, 2)
        assert await hotel.told(alert) == ["p-lin", "p-lin"]  # the pump room has nobody: its manager is told, twice
        with pytest.raises(Exception, match="No row"):
            await hotel.alert(again)


async def test_coming_back_long_after_the_end_is_a_new_record(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        first = await hotel.say(transition())
        await hotel.do(first, by(actions.acknowledge))
        await hotel.say(transition(kind=TransitionKind.CLEARED))
        hotel.clock.advance(900)
        second = await hotel.say(transition())
        assert (await hotel.alert(second)).active
        assert (await hotel.alert(first)).closed_at_ns is not None


async def test_raised_twice_is_one_alert_told_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(transition())
        await hotel.say(transition(text_zh="新文字"))
        record = await hotel.alert(alert)
        assert (record.text_zh, record.occurrence) == ("新文字", 1)
        assert await hotel.told(alert) == ["p-chen"]


async def test_the_same_transition_counts_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        raised, cleared = transition(), transition(kind=TransitionKind.CLEARED)
        await hotel.say(raised, cleared, raised)
        assert not (await hotel.alert(raised.id)).active


async def test_numbers_that_json_does_not_have_are_left_out(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(transition(value=float("nan"), values={"power": float("inf"), "count": 1.0}))
        record = await hotel.alert(alert)
        assert (record.value, record.values) == (None, {"count": 1.0})


async def test_a_comment_may_be_added_after_the_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as hotel:
        alert = await hotel.say(transition(), transition(kind=TransitionKind.CLEARED))
        await hotel.do(alert, by(actions.acknowledge))
        await hotel.do(alert, lambda desk, record: actions.comment(desk, record, "p-lin", "已贴封条"))
        record = await hotel.alert(alert)
        assert (record.comments, record.closed_at_ns is not None) == (1, True)
