"""What may be done with an alert, as a table; and when it closes.

An alert is a set of independent facts after ISA-18.2 / IEC 62682, not one state:

* **active** – the telemetry says it. Only a `cleared` transition takes it back; **unknown** (no data)
  is beside it and clears nothing.
* **acknowledged** – somebody has taken it on. Stops the ladder. Says nothing about the cause.
* **confirmed** – what somebody found out: real, false (with the cause) or test. Comes after the acknowledgement
  (OPC UA Part 9 has the same order); may be corrected while the alert is open, the audit keeps both.
* **latched / reset** – a latched alert (every fire) stays until a person resets it, here or at its panel
  (`alerts.panel_resets`), and that is
  refused while the telemetry still says it or says nothing: a hazard opened by telemetry is never
  closed against it.
* **shelved** – a person silences it for a time, with a reason; a fire only together with a second person.
* **suppressed** – a consequence of another alert, or in a maintenance window. It keeps its facts; its ladder rests.
* **re-checked** – somebody went to see, after the telemetry was normal; in the class hazard somebody else.

Nobody closes an alert. It closes by itself as soon as it is inactive, its data are known, somebody
answered for it (or for the alert that suppresses it), and it is not latched or was reset. What comes
back before that is the same record, active again; what comes back later see `alerts.reoccurrence`.

The tables are data: `MOVES` is what decides, and what docs/alert-life-cycle.md shows (`alerts.life_cycle_page`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.alarm import AlarmClass
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import RefusedError

MOST_SHELVED_S: Mapping[AlarmClass, float] = {
    alarm_class: 8 * 3600.0 if alarm_class is AlarmClass.FIRE else 7 * 86_400.0 for alarm_class in AlarmClass
}
"""How long an alert may be shelved, s. Assumptions: a fire no longer than the shift of those who answer for it
(8 h at most, GB 25506-2010 as read in secondary texts); others a week, longer is a matter of out of service."""

SYSTEM = "system"
"""The actor where no person acts: no person may take this name."""


class Facts(Protocol):
    """The columns that decide."""

    alarm_class: AlarmClass
    active: bool
    data_unknown: bool
    latched: bool
    acknowledged_at_ns: int | None
    acknowledged_by: str | None
    confirmed: Confirmation | None
    reset_at_ns: int | None
    closed_at_ns: int | None
    shelved_until_ns: int | None
    rechecked_at_ns: int | None
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person asks for; each action looks at its own fields.

    ``took_on``: whether they are who took it on or is responsible, by their account; None: go by the names.
    """

    by: str = ""
    now_ns: int = 0
    finding: Confirmation | None = None
    cause: str = ""
    until_ns: int = 0
    second_by: str | None = None
    to: str = ""
    took_on: bool | None = None


class Action(StrEnum):
    """What a person can do."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    RESET = "reset"
    COMMENT = "comment"
    SHELVE = "shelve"
    EXTEND = "extend"
    UNSHELVE = "unshelve"
    ASSIGN = "assign"
    ATTACH = "attach"
    RECHECK = "recheck"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason to say no; the texts may name ``{by}``, who acknowledged, and ``{hours}``, the most of its class."""

    when: Callable[[Facts, Ask], bool]
    zh: str
    en: str

    def text(self, facts: Facts) -> str:
        """Return the reason, Chinese first."""
        hours = f"{MOST_SHELVED_S[facts.alarm_class] / 3600:g}"
        return f"{self.zh} / {self.en}".format(by=facts.acknowledged_by, hours=hours)


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table: an action, what it changes, and the reasons to refuse it, in their order."""

    action: Action
    zh: str
    en: str
    refusals: tuple[Refusal, ...]


def spelling(name: str) -> str:
    """Return a name as it is compared: no spaces, no capitals, no full-width letters."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def same_person(one: str | None, other: str | None) -> bool:
    """Tell whether two names are one person's, however they are spaced or written.

    For who acts beside whom ask `alerts.accounts.actors`, which knows accounts.
    """
    return one is not None and other is not None and spelling(one) == spelling(other)


def _took_on(facts: Facts, ask: Ask) -> bool:
    if ask.took_on is not None:
        return ask.took_on
    return same_person(facts.acknowledged_by, ask.by) or same_person(facts.owner, ask.by)


NO_PERSON = Refusal(lambda _, ask: same_person(ask.by, SYSTEM), "'system' 不是人名", "'system' is no person")
CLOSED = Refusal(lambda facts, _: facts.closed_at_ns is not None, "告警已关闭", "the alert is closed")
ACKNOWLEDGED = Refusal(
    lambda facts, _: facts.acknowledged_at_ns is not None, "已由 {by} 应答", "{by} has acknowledged it already"
)
UNACKNOWLEDGED = Refusal(lambda facts, _: facts.acknowledged_at_ns is None, "请先应答", "acknowledge it first")
UNLATCHED = Refusal(
    lambda facts, _: not facts.latched, "该告警无需复位，恢复后自动关闭", "nothing to reset: it closes when it clears"
)
WAS_RESET = Refusal(lambda facts, _: facts.reset_at_ns is not None, "已复位", "it was reset already")
STILL_ACTIVE = Refusal(
    lambda facts, _: facts.active, "设备数据仍在报警，不能复位", "the telemetry still says it: reset is refused"
)
NO_DATA = Refusal(
    lambda facts, _: facts.data_unknown, "数据未知，不等于正常，不能复位", "no data is not normal: reset is refused"
)
NO_CAUSE = Refusal(
    lambda _, ask: ask.finding is Confirmation.FALSE and not ask.cause.strip(),
    "误报须写明原因",
    "a false alarm needs its cause: say what made it",
)
SAME_FINDING = Refusal(
    lambda facts, ask: ask.finding is not None and facts.confirmed is ask.finding,
    "该结论已记录",
    "this finding is on record already",
)
SHELVED = Refusal(lambda facts, _: facts.shelved_until_ns is not None, "告警已被搁置", "it is shelved already")
NOT_SHELVED = Refusal(lambda facts, _: facts.shelved_until_ns is None, "告警未被搁置", "it is not shelved")
NO_SHELF_REASON = Refusal(lambda _, ask: not ask.cause.strip(), "搁置须写明原因", "shelving needs a reason")
SHELF_OVER = Refusal(
    lambda _, ask: ask.until_ns <= ask.now_ns, "搁置的截止时间已过", "that time is over: name a later one"
)
SHELF_TOO_LONG = Refusal(
    lambda facts, ask: ask.until_ns - ask.now_ns > MOST_SHELVED_S[facts.alarm_class] * NS_PER_S,
    "该类告警最多搁置 {hours} 小时",
    "alerts of this class are shelved for {hours} h at most",
)
SHELF_NOT_LATER = Refusal(
    lambda facts, ask: ask.until_ns <= (facts.shelved_until_ns or 0),
    "须晚于现在的截止时间；要提前结束请取消搁置",
    "that is no later than its end as it is: to end it sooner, unshelve it",
)
FIRE_ALONE = Refusal(
    lambda facts, ask: facts.alarm_class is AlarmClass.FIRE and not (ask.second_by or "").strip(),
    "搁置火警须两人：第二人须以自己的账号和口令确认",
    "to shelve a fire takes two: a second person vouches for it with their own account and password",
)
ONE_PERSON_TWICE = Refusal(
    lambda _, ask: same_person(ask.by, ask.second_by) or same_person(SYSTEM, ask.second_by),
    "第二人须是另一个人",
    "the second person must be somebody else",
)
SAME_OWNER = Refusal(lambda facts, ask: same_person(facts.owner, ask.to), "已由此人负责", "it is theirs already")
NOBODY = Refusal(lambda _, ask: not ask.to.strip() or same_person(ask.to, SYSTEM), "请写明指派给谁", "say to whom")
NOT_NORMAL = Refusal(
    lambda facts, _: facts.active or facts.data_unknown,
    "设备数据尚未恢复正常，不能记录复查",
    "the telemetry is not normal: a re-check comes after that",
)
RECHECKED = Refusal(lambda facts, _: facts.rechecked_at_ns is not None, "已复查", "it was re-checked already")
SAME_CHECKER = Refusal(
    lambda facts, ask: facts.alarm_class is AlarmClass.HAZARD and _took_on(facts, ask),
    "隐患须由整改人以外的人复查",
    "a hazard is re-checked by another person than who took it on",
)

MOVES: tuple[Move, ...] = (
    Move(
        Action.ACKNOWLEDGE,
        "有人接手，停止升级",
        "somebody has taken it on; its ladder stops",
        (NO_PERSON, CLOSED, ACKNOWLEDGED),
    ),
    Move(
        Action.CONFIRM,
        "记录结论：真实、误报（须有原因）或测试",
        "the finding is on record: real, false with its cause, or test",
        (NO_PERSON, CLOSED, UNACKNOWLEDGED, SAME_FINDING, NO_CAUSE),
    ),
    Move(
        Action.RESET,
        "解除锁定；恢复且已应答时关闭",
        "the latch is let go; it closes when nothing else is left",
        (NO_PERSON, CLOSED, UNLATCHED, WAS_RESET, STILL_ACTIVE, NO_DATA, UNACKNOWLEDGED),
    ),
    Move(Action.COMMENT, "补充说明；关闭后也可以", "something is added; after the end, too", ()),
    Move(
        Action.SHELVE,
        "限时静默：升级暂停，事实照常记录",
        "silent for a time: its ladder rests, its facts go on",
        (NO_PERSON, CLOSED, SHELVED, NO_SHELF_REASON, SHELF_OVER, SHELF_TOO_LONG, FIRE_ALONE, ONE_PERSON_TWICE),
    ),
    Move(
        Action.EXTEND,
        "延后搁置的截止时间，其间不中断；时限自此刻重新计算",
        "the shelving ends later, and not between; its limit counts from now",
        (
            NO_PERSON,
            CLOSED,
            NOT_SHELVED,
            NO_SHELF_REASON,
            SHELF_OVER,
            SHELF_NOT_LATER,
            SHELF_TOO_LONG,
            FIRE_ALONE,
            ONE_PERSON_TWICE,
        ),
    ),
    Move(
        Action.UNSHELVE,
        "提前结束搁置；仍在报警的继续通知",
        "the shelving ends early; what still stands is told again",
        (NO_PERSON, NOT_SHELVED),
    ),
    Move(Action.ASSIGN, "指派负责人", "somebody else is responsible", (NO_PERSON, CLOSED, NOBODY, SAME_OWNER)),
    Move(
        Action.ATTACH,
        "附上证据（地址与 SHA-256）；关闭后也可以",
        "evidence by address and SHA-256; after the end, too",
        (NO_PERSON,),
    ),
    Move(
        Action.RECHECK,
        "现场复查并记录；关闭后也可以",
        "seen on the spot, and recorded; after the end, too",
        (NO_PERSON, NOT_NORMAL, UNACKNOWLEDGED, RECHECKED, SAME_CHECKER),
    ),
)
"""The first reason that holds is the one given."""

REFUSALS: Mapping[Action, tuple[Refusal, ...]] = {move.action: move.refusals for move in MOVES}

_NOTHING = Ask()


def allow(action: Action, facts: Facts, ask: Ask = _NOTHING) -> None:
    """Return when ``action`` may be done now as it is asked; raises RefusedError with the reason otherwise."""
    for refusal in REFUSALS[action]:
        if refusal.when(facts, ask):
            raise RefusedError(refusal.text(facts))


def closes(facts: Facts, *, cause_answered: bool) -> bool:
    """Tell whether nothing is left to do.

    ``cause_answered``: it is suppressed, and the alert that suppresses it was acknowledged, or it is in a
    maintenance window, whose planner answers for it. A fire is never let go without a reset, latched or not.
    """
    answered = facts.acknowledged_at_ns is not None or cause_answered
    holds = facts.latched or facts.alarm_class is AlarmClass.FIRE
    released = not holds or facts.reset_at_ns is not None
    return facts.closed_at_ns is None and not facts.active and not facts.data_unknown and answered and released
