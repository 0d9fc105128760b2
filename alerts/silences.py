"""Silences: a shelf for all that matchers match, from one time to another, with limits.

| a silence | then |
|---|---|
| begins | it shelves (`alerts.shelving`) the open alerts that it matches |
| is in force | what is raised and matches is shelved before anybody is told |
| ends by time, or by a person | what it shelved and still stands is told again, unless another silence matches it |

Limits: `MOST_S` from its begin to its end (assumption: a week, as for a shelf); a fire is shelved no longer than
`life_cycle.MOST_SHELVED_S` has it. **Fire**: a silence covers no fire, unless it was asked to and another person than
its maker confirmed it. One that names fires without having been asked to is refused, so that nobody believes
that a fire is silenced which is not. **Scope**: a silence of somebody with a scope covers alerts of the units that were
within it when it was made, and no others, whoever changes it later. What a person takes off the shelf stays off it
until it is raised again.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alerts import escalation, life_cycle, shelving
from alerts.accounts.actors import Actor, same_actor
from alerts.actions_face import Second
from alerts.desk import NOT_FOUND, SYSTEM, Desk
from alerts.labels import labels_of_row
from alerts.schema import Alert, Silence, Silenced
from alerts.silences_face import FORBIDDEN, MOST_SILENCES, SeenSilence, SetSilence, shelf_tag
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S, floor_ms
from domain.errors import RefusedError
from domain.ids import stable_id
from domain.matchers import Matcher, all_match

MOST_S = 7 * 86_400.0
BY_SILENCE = "silence ended"
_CACHE = "silences in force"
_EMPTY: dict[str, str] = {}

FIRE_TEXT = (
    '该静默会涵盖火警，须有第二人确认：加上 class!="fire"，或用 POST /api/v1/silences 建立（fire: true）'
    "并由另一人确认 / "
    'it would cover fires, which needs a second person: add class!="fire", or make it by POST /api/v1/silences with'
    " fire: true and let another person confirm it"
)


def put(desk: Desk, request: SetSilence) -> Silence:
    """Begin a silence or change one; raises RefusedError, with code 403 for a fire and 404 for an unknown id."""
    starts_ns = floor_ms(max(request.starts_ns or desk.now_ns, desk.now_ns))  # what goes over the wire and back
    _check_times(desk, starts_ns, request.ends_ns)
    if all(matcher.matches(_EMPTY) for matcher in request.matchers):
        raise RefusedError("至少要有一个条件不匹配空值 / at least one matcher must not match the empty value")
    before = known(desk, request.id, request.units) if request.id is not None else None
    units = before.units if before is not None else request.units
    if not request.fire and _names_fires(desk, request.matchers, units):
        raise RefusedError(FIRE_TEXT, code=FORBIDDEN)
    if before is not None and _only_times_change(before, request):
        return _change(desk, before, request)
    if before is not None and before.ended_ns is None:
        finish(desk, before, request.by)
    return _new(desk, request, starts_ns, units)


def confirm(desk: Desk, silence_id: str, second: Second) -> Silence:
    """Let a silence cover fires; raises RefusedError when it is over, was not asked to, or nobody vouched for it.

    They vouched for it as they saw it: where somebody has changed it since, it is refused. Two people whose names are
    written alike are refused, too: on the shelf nobody could tell them apart.
    """
    silence = known(desk, silence_id, None)
    seen = SeenSilence(id=silence.id, version=version_of(silence))
    vouched = desk.vouchers.take_silence(second, desk.now_ns, seen)
    known(desk, silence_id, vouched.units)
    by = vouched.by
    if silence.ended_ns is not None:
        raise RefusedError("静默已结束 / the silence is over")
    if not silence.fire:
        raise RefusedError("该静默不涉及火警，无需确认 / it was not asked to cover fires: nothing to confirm")
    maker = Actor(silence.created_by, silence.created_account)
    if same_actor(desk.session, maker, Actor(by, vouched.account)) or life_cycle.same_person(by, maker.name):
        raise RefusedError("须由另一人确认 / another person has to confirm it", code=FORBIDDEN)
    if silence.second_by is not None:
        raise RefusedError(f"已由 {silence.second_by} 确认 / {silence.second_by} has confirmed it")
    silence.second_by, silence.updated_ns = by, desk.now_ns
    desk.write(None, "silence_confirmed", actor=by, id=silence.id, by=silence.created_by)
    _forget(desk)
    if silence.begun_ns is not None:
        _cover_open(desk, silence)
    return silence


def expire(desk: Desk, silence_id: str, by: str, units: Collection[str] | None = None) -> Silence:
    """End a silence by a person."""
    silence = known(desk, silence_id, units)
    if silence.ended_ns is not None:
        raise RefusedError("静默已结束 / the silence is over already")
    finish(desk, silence, by)
    return silence


def cover(desk: Desk, alert: Alert) -> None:
    """Shelve an alert that is raised (again), where a silence matches it; call it before its ladder starts."""
    if alert.shelved_until_ns is not None:
        return
    for silence in in_force(desk):
        if _covers(desk, silence, alert) and _shelve(desk, silence, alert):
            return


def turn_over(desk: Desk) -> None:
    """Begin and end what is due."""
    due = select(Silence).where(Silence.ended_ns.is_(None))
    for silence in desk.session.scalars(due.where(Silence.ends_ns <= desk.now_ns)).all():
        finish(desk, silence, SYSTEM)
    for silence in desk.session.scalars(due.where(Silence.begun_ns.is_(None), Silence.starts_ns <= desk.now_ns)).all():
        _begin(desk, silence)


def next_turn(session: Session) -> int | None:
    """Return when something is due next."""
    ends = session.scalar(select(func.min(Silence.ends_ns)).where(Silence.ended_ns.is_(None)))
    waiting = select(func.min(Silence.starts_ns)).where(Silence.ended_ns.is_(None), Silence.begun_ns.is_(None))
    return min((time_ns for time_ns in (ends, session.scalar(waiting)) if time_ns is not None), default=None)


def finish(desk: Desk, silence: Silence, by: str) -> None:
    """Put a silence out of force, and let go what it shelved."""
    silence.ended_ns, silence.ended_by, silence.updated_ns = desk.now_ns, by, desk.now_ns
    silence.ends_ns = min(silence.ends_ns, desk.now_ns)
    desk.write(None, "silence_ended", actor=by, id=silence.id)
    _forget(desk)
    rows = select(Silenced).where(Silenced.silence_id == silence.id, Silenced.ended_ns.is_(None))
    for row in desk.session.scalars(rows).all():
        row.ended_ns = desk.now_ns
        alert = desk.session.get(Alert, row.alert_id)
        if alert is None or alert.closed_at_ns is not None or alert.shelve_reason != _reason(silence):
            continue
        _pass_on(desk, alert, by)


def _pass_on(desk: Desk, alert: Alert, by: str) -> None:
    """Let another silence that matches have it, and tell people only where none has it then."""
    other = any(_covers(desk, one, alert) for one in in_force(desk))
    shelving.end(desk, alert, BY_SILENCE, actor=by, anew=not other)
    cover(desk, alert)
    if other and alert.shelved_until_ns is None:  # refused: it is told as if there were none
        escalation.released(desk, alert, "shelved")


def in_force(desk: Desk) -> Sequence[Silence]:
    """Return the silences in force, those that end last first; looked up once in a transaction."""
    found: Sequence[Silence] | None = desk.session.info.get(_CACHE)
    if found is None:
        query = select(Silence).where(Silence.ended_ns.is_(None), Silence.begun_ns.is_not(None))
        found = desk.session.scalars(query.order_by(Silence.ends_ns.desc())).all()
        desk.session.info[_CACHE] = found
    return [silence for silence in found if silence.ends_ns > desk.now_ns]


def matchers_of(silence: Silence) -> list[Matcher]:
    """Return its matchers."""
    return [Matcher.model_validate(one) for one in silence.matchers["all"]]


def version_of(silence: Silence) -> str:
    """Return a function of all that a second person confirms; its own id tells it from others that say the same."""
    what = (silence.matchers, silence.units, silence.starts_ns, silence.ends_ns, silence.comment, silence.fire)
    whose = (silence.id, silence.created_by, silence.created_account)
    return stable_id("silence", json.dumps([*whose, *what], sort_keys=True))


def _forget(desk: Desk) -> None:
    desk.session.flush()
    desk.session.info.pop(_CACHE, None)


def within(silence: Silence, units: Collection[str] | None) -> bool:
    """Tell whether a silence lies within a scope (None: everywhere)."""
    return units is None or (silence.units is not None and set(silence.units) <= set(units))


def known(desk: Desk, silence_id: str, units: Collection[str] | None) -> Silence:
    """Return a silence; raises RefusedError with code 404 when there is none within the scope."""
    found = desk.session.get(Silence, silence_id)
    if found is None or not within(found, units):
        raise RefusedError(f"没有静默 {silence_id} / no such silence", code=NOT_FOUND)
    return found


def _check_times(desk: Desk, starts_ns: int, ends_ns: int) -> None:
    if ends_ns <= desk.now_ns or ends_ns <= starts_ns:
        raise RefusedError("结束时间须晚于现在和开始时间 / it must end after now and after its begin")
    if ends_ns - starts_ns > MOST_S * NS_PER_S:
        raise RefusedError(f"静默最长 {MOST_S / 86_400:g} 天 / a silence lasts {MOST_S / 86_400:g} days at most")
    if starts_ns - desk.now_ns > MOST_S * NS_PER_S:
        raise RefusedError("开始时间太远 / it begins too far from now")


def _names_fires(desk: Desk, matchers: Sequence[Matcher], units: Collection[str] | None) -> bool:
    """Tell whether it is about fires: it asks for the class, or matches one that is open."""
    asked = [matcher for matcher in matchers if matcher.name == "class"]
    classes = [one for one in AlarmClass if all(matcher.matches({"class": one.value}) for matcher in asked)]
    if classes == [AlarmClass.FIRE]:
        return True
    fires = select(Alert).where(Alert.closed_at_ns.is_(None), Alert.priority == AlarmClass.FIRE.priority)
    if units is not None:
        fires = fires.where(Alert.unit.in_(units))
    return any(all_match(matchers, labels_of_row(desk.session, alert)) for alert in desk.session.scalars(fires))


def _only_times_change(before: Silence, request: SetSilence) -> bool:
    same = matchers_of(before) == list(request.matchers) and before.fire == request.fire
    begins_as_it_did = (
        before.begun_ns is None or request.starts_ns is None or floor_ms(request.starts_ns) == before.starts_ns
    )
    return before.ended_ns is None and same and begins_as_it_did


def _change(desk: Desk, silence: Silence, request: SetSilence) -> Silence:
    """Give a silence other times: what it shelved is shelved until then, and nobody is told between.

    Fires need their second person anew, and whoever set the times is who that person stands beside: with the old
    maker there, nobody but them would have had to be another.
    """
    if silence.fire:
        silence.created_by, silence.created_account = request.by, request.account
    if silence.begun_ns is None:
        silence.starts_ns = request.starts_ns or silence.starts_ns
    silence.ends_ns, silence.comment, silence.updated_ns = request.ends_ns, request.comment, desk.now_ns
    desk.write(None, "silence_changed", actor=request.by, id=silence.id, ends_ns=silence.ends_ns)
    shelved = select(Alert).join(Silenced, Silenced.alert_id == Alert.id)
    shelved = shelved.where(Silenced.silence_id == silence.id, Silenced.ended_ns.is_(None))
    for alert in desk.session.scalars(shelved.where(Alert.shelve_reason.like(f"{_tag(silence)}%"))).all():
        if alert.alarm_class is AlarmClass.FIRE:
            shelving.end(desk, alert, BY_SILENCE, actor=request.by)
            # no person took it off the shelf: the second one's word covers it again
            desk.session.execute(
                delete(Silenced).where(Silenced.silence_id == silence.id, Silenced.alert_id == alert.id)
            )
        else:
            shelving.carry(desk, alert, request.by, _reason(silence), until_ns=_until_ns(desk, silence, alert))
    silence.second_by = None
    _forget(desk)
    turn_over(desk)
    return silence


def _new(desk: Desk, request: SetSilence, starts_ns: int, units: Collection[str] | None) -> Silence:
    count = desk.session.scalar(select(func.count()).select_from(Silence).where(Silence.ended_ns.is_(None)))
    if (count or 0) >= MOST_SILENCES:
        raise RefusedError(f"静默已达上限 {MOST_SILENCES} / {MOST_SILENCES} silences are the most")
    matchers = [matcher.model_dump(mode="json", by_alias=True) for matcher in request.matchers]
    silence = Silence(
        id=str(uuid.uuid4()),
        matchers={"all": matchers},
        units=None if units is None else sorted(units),
        starts_ns=starts_ns,
        ends_ns=request.ends_ns,
        created_by=request.by,
        created_account=request.account,
        comment=request.comment,
        fire=request.fire,
        updated_ns=desk.now_ns,
    )
    desk.session.add(silence)
    told: dict[str, Any] = {
        "matchers": [str(matcher) for matcher in request.matchers],
        "fire": request.fire,
        "units": silence.units,
    }
    times = {"starts_ns": starts_ns, "ends_ns": request.ends_ns}
    desk.write(None, "silence_set", actor=request.by, id=silence.id, comment=request.comment, **told, **times)
    if starts_ns <= desk.now_ns:
        _begin(desk, silence)
    return silence


def _begin(desk: Desk, silence: Silence) -> None:
    silence.begun_ns = desk.now_ns
    _forget(desk)
    _cover_open(desk, silence)


def _cover_open(desk: Desk, silence: Silence) -> None:
    already = select(Silenced.alert_id).where(Silenced.silence_id == silence.id)
    fresh = Alert.shelved_until_ns.is_(None)
    query = select(Alert).where(Alert.closed_at_ns.is_(None), fresh, Alert.id.not_in(already)).order_by(Alert.priority)
    for alert in desk.session.scalars(query).all():
        if _covers(desk, silence, alert):
            _shelve(desk, silence, alert)


def _covers(desk: Desk, silence: Silence, alert: Alert) -> bool:
    if silence.units is not None and alert.unit not in silence.units:
        return False
    if alert.alarm_class is AlarmClass.FIRE and silence.second_by is None:
        return False
    return all_match(matchers_of(silence), labels_of_row(desk.session, alert))


def _shelve(desk: Desk, silence: Silence, alert: Alert) -> bool:
    """Shelve one alert as far as its class allows; returns whether it is now."""
    until_ns = _until_ns(desk, silence, alert)
    with contextlib.suppress(RefusedError):
        shelving.shelve(
            desk, alert, silence.created_by, _reason(silence), until_ns=until_ns, second_by=silence.second_by
        )
        desk.session.merge(Silenced(silence_id=silence.id, alert_id=alert.id, at_ns=desk.now_ns, ended_ns=None))
        return True
    return False


def _until_ns(desk: Desk, silence: Silence, alert: Alert) -> int:
    longest_ns = desk.now_ns + round(life_cycle.MOST_SHELVED_S[alert.alarm_class] * NS_PER_S)
    return min(silence.ends_ns, longest_ns)


def _tag(silence: Silence) -> str:
    return shelf_tag(silence.id)


def _reason(silence: Silence) -> str:
    """Return what stands as the reason on the shelf; it names the silence, so that it is known again."""
    return f"{_tag(silence)}: {silence.comment}"[:2000]
