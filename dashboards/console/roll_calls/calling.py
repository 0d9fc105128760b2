"""Calling people: one transmitter, a unit, chosen ones, or some drawn by lot."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from nicegui import ui

from dashboards.console import deeds
from dashboards.console.form import Form
from dashboards.console.place_picker import PlacePicker
from dashboards.console.places import PlaceKind
from dashboards.console.roll_calls.rows import names_of
from dashboards.console.section import Desk
from dashboards.console.view import View
from dashboards.console.wording import refusal_text
from dashboards.live.health import node_health
from dashboards.live.roll_call_desk import on_duty
from dashboards.live.roll_calls import Result
from domain.accounts import Right
from domain.errors import RefusedError

MOST_AT_ONCE = 200
"""People who are called by one click (assumption): more is a matter of the plan."""

LEAST_MINUTES, MOST_MINUTES = 1, 10
DEFAULT_MINUTES = 3
SHOWN_MS = 8000
MOST_NAMED = 8


async def call_some(desk: Desk, keys: Sequence[str], minutes: int | None = None) -> bool:
    """Call transmitters; those that refuse (a call runs already) are said, and keep nobody from being called."""
    view = desk.view
    refused: dict[str, str] = {}

    async def act() -> None:
        mine = [key for key in keys if view.principal.sees(key.partition("/")[0])]
        refused.update(await view.console.feed.duty.call(mine, minutes, view.operator))
        if mine and len(refused) == len(mine):
            raise RefusedError(next(iter(refused.values())))

    done = await deeds.do(desk, Right.ROLL_CALL, view.text("duty_call"), act, unit=keys[0].partition("/")[0])
    if done and refused:
        key, reason = next(iter(refused.items()))
        why = refusal_text(reason, view.language)
        words = view.text("duty_some_refused", count=len(refused), first=key, why=why)
        deeds.tell(view, words, type="warning", timeout=SHOWN_MS)
    return done


async def call_unit(desk: Desk) -> bool:
    """Call everybody on duty in a unit."""
    view = desk.view
    form = Form(view, view.text("duty_call_unit"), name="call-unit", save=view.text("duty_call"))
    with form.fields:
        picker = PlacePicker(view, (PlaceKind.UNIT,), form.look, words=view.text("place_unit"), one=True)
    minutes = form.number("minutes", view.text("duty_limit"), DEFAULT_MINUTES)

    def keys() -> list[str]:
        unit = picker.chosen[0].unit if picker.chosen else None
        return [key for key in on_duty(view.console.registry) if key.partition("/")[0] == unit]

    def check() -> tuple[str, str]:
        wrong = "" if picker.chosen else view.text("suppression_no_place")
        wrong = wrong or ("" if keys() else view.text("duty_none_there"))
        return wrong or _wrong_minutes(view, minutes.value) or _too_many(view, keys()), _effect(view, keys())

    if not await form.ask(check):
        return False
    return await call_some(desk, keys(), int(minutes.value))


async def call_chosen(desk: Desk, chosen: Sequence[str]) -> bool:
    """Call those that were chosen from the list."""
    view = desk.view
    form = Form(view, view.text("duty_call_chosen", count=len(chosen)), name="call-chosen", save=view.text("duty_call"))
    minutes = form.number("minutes", view.text("duty_limit"), DEFAULT_MINUTES)

    def check() -> tuple[str, str]:
        return _wrong_minutes(view, minutes.value) or _too_many(view, chosen), _effect(view, chosen)

    return bool(chosen) and await form.ask(check) and await call_some(desk, chosen, int(minutes.value))


async def call_drawn(desk: Desk) -> bool:
    """Call some that are drawn by lot: nobody can know before who, not even who asks."""
    view = desk.view
    form = Form(view, view.text("duty_draw"), name="call-drawn", save=view.text("duty_draw_now"))
    with form.fields:
        picker = PlacePicker(view, (PlaceKind.UNIT,), form.look, words=view.text("duty_draw_of"))
    count = form.number("count", view.text("duty_draw_count"), 1)
    minutes = form.number("minutes", view.text("duty_limit"), DEFAULT_MINUTES)

    def pool() -> list[str]:
        units = {place.unit for place in picker.chosen}
        keys = [key for key in on_duty(view.console.registry) if not units or key.partition("/")[0] in units]
        return [key for key in keys if _can_answer(view, key)]

    def check() -> tuple[str, str]:
        able = pool()
        wanted = _whole(count.value)
        wrong = _wrong_minutes(view, minutes.value)
        if wanted is None or not 1 <= wanted <= min(len(able), MOST_AT_ONCE):
            wrong = view.text("duty_draw_range", most=min(len(able), MOST_AT_ONCE))
        return wrong, view.text("duty_draw_effect", pool=len(able))

    if not await form.ask(check):
        return False
    drawn = secrets.SystemRandom().sample(pool(), _whole(count.value) or 1)
    if not await call_some(desk, drawn, int(minutes.value)):
        return False
    names = list(names_of(view.console.registry, drawn[:MOST_NAMED], view.language).values())
    more = [f"+{len(drawn) - MOST_NAMED}"] if len(drawn) > MOST_NAMED else []
    words = view.text("duty_drawn", names=view.text("and").join([*names, *more]))
    ui.notify(words, position="top", timeout=SHOWN_MS)
    return True


def _can_answer(view: View, key: str) -> bool:
    """Tell whether somebody there could answer: the line is up, and no call waits. A draw must be a check."""
    console = view.console
    answer = console.feed.calls.answer
    waits = answer is not None and any(one.key == key and one.result is Result.WAITING for one in answer.calls[:500])
    return not waits and node_health(console.board, console.registry, key, view.now_ns()).fine


def _effect(view: View, keys: Sequence[str]) -> str:
    console, now_ns = view.console, view.now_ns()
    down = sum(not node_health(console.board, console.registry, key, now_ns).fine for key in keys)
    words = view.text("duty_effect", count=len(keys))
    return f"{words} {view.text('duty_effect_down', count=down)}" if down else words


def _wrong_minutes(view: View, given: object) -> str:
    minutes = _whole(given)
    fits = minutes is not None and LEAST_MINUTES <= minutes <= MOST_MINUTES
    return "" if fits else view.text("duty_limit_range", least=LEAST_MINUTES, most=MOST_MINUTES)


def _too_many(view: View, keys: Sequence[str]) -> str:
    return view.text("duty_too_many", most=MOST_AT_ONCE) if len(keys) > MOST_AT_ONCE else ""


def _whole(given: object) -> int | None:
    try:
        return int(str(given))
    except ValueError:
        return None
