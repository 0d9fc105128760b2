"""One alarm as it fills a phone: what, where, since when, the big button, whom to call, when it goes further."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from alerts.face import Answer
from dashboards.console.components import Tick
from dashboards.console.phone.contacts import contact_of
from dashboards.console.phone.mine import Card
from dashboards.console.texts import Language
from dashboards.console.view import View, box, line
from dashboards.console.wording import clock_text, moment_text, place_text
from domain.glossary import label_of

SETTLE_S = 0.7
"""How long a button takes no answer after it came where another thing was: a tap may still be meant for that one."""

Say = Callable[[Card, Answer], Awaitable[None]]


def draw_card(view: View, card: Card, *, me: str | None, answer: Say, rest_s: float = 0.0) -> None:
    """Draw into the container that is open; for ``rest_s`` its buttons take no answer, and look so."""
    alert = card.alert
    with box("phone-card", "phone-card") as pane:
        pane.props["data-alert"], pane.props["data-class"] = alert.id, alert.alarm_class.value
        pane.props["data-waits"] = "yes" if card.waits else "no"
        with box("phone-class"):
            ui.element("div").classes(f"shape shape-{alert.alarm_class}").props("aria-hidden=true")
            line(label_of(alert.alarm_class, view.language.value), "phone-class-name")
            line(view.text(f"level_{alert.level}"), "phone-level")
        line(alert.text_en if view.language is Language.EN else alert.text_zh, "phone-what")
        line(place_text(view.console.registry, alert.place, view.language), "phone-where")
        _times(view, card)
        _state(view, card)
        buttons = _buttons(view, card, answer)
        if rest_s > 0:
            _rest(buttons, rest_s)
        _call(view, card, me)


def _times(view: View, card: Card) -> None:
    alert = card.alert
    with box("phone-times"):
        line(view.text("phone_since", at=clock_text(alert.raised_at_ns, view.console.zone)))
        Tick("elapsed", alert.raised_at_ns).classes("phone-elapsed")
        if alert.next_escalation_ns is not None and alert.acknowledged_at_ns is None:
            with box("phone-next"):
                line(view.text("phone_escalates"))
                countdown = Tick("countdown", alert.next_escalation_ns).classes("phone-countdown")
                countdown.props("data-part=phone-countdown")


def _state(view: View, card: Card) -> None:
    """Say what is known: my own answer, or who took it on."""
    alert, zone = card.alert, view.console.zone
    if card.answer is not None and card.answered_at_ns is not None:
        said = view.text(f"answer_{card.answer}")
        words = view.text("phone_answered", answer=said, at=moment_text(card.answered_at_ns, zone)[5:16])
        line(f"✓ {words}", "phone-done").props("data-part=phone-answered")
    elif alert.acknowledged_by is not None:
        line(view.text("phone_taken", by=alert.acknowledged_by), "phone-taken")


def _buttons(view: View, card: Card, answer: Say) -> list[ui.button]:
    """Draw the one big button; below it what else may be said."""
    if card.notification is None:
        return [_button(view, card, Answer.RECEIVED, answer, big=True)] if card.waits else []
    buttons = []
    if card.waits or card.may_arrive:
        buttons.append(_button(view, card, Answer.RECEIVED if card.waits else Answer.ON_SITE, answer, big=True))
    if card.waits:
        with box("phone-others"):
            buttons += [_button(view, card, said, answer, big=False) for said in (Answer.ON_SITE, Answer.FALSE_ALARM)]
    return buttons


def _rest(buttons: list[ui.button], rest_s: float) -> None:
    """Disable them for a while; the timer goes with the card that they stand on."""

    def wake() -> None:
        for button in buttons:
            button.enable()

    for button in buttons:
        button.disable()
    ui.timer(rest_s, wake, once=True)


def _button(view: View, card: Card, said: Answer, answer: Say, *, big: bool) -> ui.button:
    async def say() -> None:
        await answer(card, said)

    button = ui.button(view.text(f"answer_{said}"), on_click=say, color=None)
    button.classes("phone-big" if big else "phone-other").props(f"flat no-caps data-answer={said}")
    return button


def _call(view: View, card: Card, me: str | None) -> None:
    contact = contact_of(view.console.registry, card.alert.place, view.language, me=me)
    if contact is None:
        line(view.text("phone_no_number"), "phone-no-number")
        return
    with ui.element("a").classes("phone-call").props("data-part=phone-call") as call:
        call.props["href"] = contact.go
        line(f"☎ {view.text('phone_call', who=contact.name)}", "phone-call-words")
        line(contact.number, "phone-number")
