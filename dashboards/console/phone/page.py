"""The phone of a supervisor: one alarm, one big button 收到, whom to call, and when it goes further if nobody presses.

The button is the *receipt of my message*, not the acknowledgement of the alert (`alerts.mine_service` says why): it
does what the signed link of the message does, so this page and ``/answer/<token>`` are two doors to one act, and look
alike. For an alert that I own and was never told of there is no message: there the button acknowledges, in my name.

What I was told of is asked for once for all of my browsers (`dashboards.live.mine_desk`), and at once after my answer.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from nicegui import ui

from alerts.face import Answer
from alerts.mine_face import MineFace
from dashboards.api.principal import Kind
from dashboards.console.components import Tick
from dashboards.console.deeds import do
from dashboards.console.dialogs import Field, ask
from dashboards.console.dialogs import Kind as FieldKind
from dashboards.console.phone.card import SETTLE_S, draw_card
from dashboards.console.phone.folded import Folded
from dashboards.console.phone.mine import Card, cards, in_front, is_graver
from dashboards.console.section import Address, Body, Desk
from dashboards.console.texts import Language
from dashboards.console.view import box, change, line, link
from dashboards.console.wording import person_text
from domain.accounts import Right
from domain.alert import AlertView

MOST_PICKED = 200
MOST_NOTE = 2000


class PhonePage(Body):
    """Mine, and nothing else."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; at an open console ``?person=`` says whose phone this is."""
        self._desk, self._view = desk, desk.view
        self._drawn: object = None
        self._chosen: str | None = None
        self._shown: Card | None = None
        self._settled_s = 0.0
        self._known: set[str] = set()
        self._person = self._whose(address)
        self._opened_ns = desk.view.now_ns()
        self._told = None if self._person is None else desk.view.console.mine.of(self._person)
        if self._told is not None:
            self._told.renew()  # a message may have come that no alarm's change told of
        with box("phone", "phone") as self._root:
            self._head()
            self._note = line("", "phone-note").props("role=status data-part=phone-note")
            self._front = box("phone-front", "phone-front")
            self._folded = Folded(self._view, self._choose)

    def _whose(self, address: Address) -> str | None:
        who = self._view.principal
        if who.kind is not Kind.CONSOLE:
            return who.person
        wanted = address.query.get("person", "")
        return wanted if wanted in self._view.console.registry.people else None

    def _head(self) -> None:
        view = self._view
        zone = view.console.registry.site.timezone
        with box("phone-head"):
            link(view.text("product"), "/", "phone-product")
            line(self._name(), "phone-name").props("data-part=phone-name")
            Tick("clock", zone=zone).classes("phone-clock")
            switch = ui.button(view.text("switch"), on_click=self._speak, color=None)
            switch.classes("phone-switch").props("flat no-caps data-part=phone-language")
        if view.principal.kind is Kind.CONSOLE:
            self._picker()

    def _name(self) -> str:
        view, who = self._view, self._view.principal
        if self._person is not None:
            return person_text(view.console.registry, self._person, view.language)
        return who.name_en if who.kind is Kind.USER and view.language is Language.EN else view.operator

    def _picker(self) -> None:
        """At an open console, on loopback, anybody may look as anybody: it is for trying out."""
        view = self._view
        people = dict(list(view.console.registry.people.items())[:MOST_PICKED])
        choices = {name: person.labels.of(view.language) for name, person in people.items()}
        picker = ui.select(
            choices,
            value=self._person if self._person in choices else None,
            label=view.text("phone_whose"),
            on_change=lambda event: self._desk.go(f"/phone?person={event.value}"),
        )
        picker.props("dense outlined data-part=phone-whose").classes("phone-whose")

    def refresh(self, now_ns: int) -> None:
        """Draw what changed, and see to it that what I was told of is asked for where alarms changed."""
        del now_ns
        if self._told is not None:
            self._told.look()
        self._draw()

    async def _ask(self) -> None:
        """Ask now: I have answered."""
        if self._told is not None:
            await self._told.fresh()
        if not self._front.is_deleted:
            self._draw()

    def _cards(self) -> list[Card]:
        view = self._view
        named = {view.principal.name if view.principal.kind is Kind.USER else "", self._person or ""}
        told = None if self._told is None else self._told.answer
        return cards(told or (), view.console.board.alerts.values(), frozenset(named))

    def _draw(self) -> None:
        mine = self._cards()
        drawn = (mine, self._chosen, self._is_unknown())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._hear(mine)
        shown = self._shown
        front = in_front(mine, chosen=self._chosen, shown=None if shown is None else shown.alert.id)
        change(self._note, self._words([card for card in mine if card.waits], mine))
        if front != shown:  # one that stays as it is stays the element that a finger may be on
            self._bring(front)
        self._folded.show([card for card in mine if card is not front])

    def _bring(self, front: Card | None) -> None:
        """Draw another card, or other buttons: they take no tap that was meant for what stood there before."""
        now_s = time.monotonic()
        if _asks(front) != _asks(self._shown):
            self._settled_s = now_s + SETTLE_S
        self._shown = front
        self._front.clear()
        if front is not None:
            rest_s = self._settled_s - now_s
            with self._front:
                draw_card(self._view, front, me=self._person, answer=self._answer, rest_s=rest_s)

    def _is_unknown(self) -> bool:
        """Tell whether nobody has said since I look what I was told of, or nobody says it now."""
        told = self._told
        return told is not None and (told.since(self._opened_ns) is None or bool(told.trouble))

    def _words(self, waiting: list[Card], mine: list[Card]) -> str:
        text = self._view.text
        if self._person is None and self._view.principal.kind is Kind.CONSOLE:
            return text("phone_choose")  # nobody was asked about: that nothing waits is not known
        if self._person is None and self._view.principal.kind is Kind.USER and not mine:
            return text("phone_no_person")
        if self._is_unknown():
            return text("phone_unknown")
        return text("phone_waiting", count=len(waiting)) if waiting else text("phone_nothing")

    def _choose(self, alert_id: str) -> None:
        self._chosen = alert_id
        self._draw()

    def _hear(self, mine: list[Card]) -> None:
        """Let what is new be heard once; the desk's siren is not for a phone in a pocket.

        What is new and graver than what somebody chose comes before it.
        """
        waiting = [card for card in mine if card.waits]
        first = next((card for card in waiting if card.alert.id not in self._known), None)  # the gravest: so sorted
        self._known = {card.alert.id for card in waiting}
        if first is None:
            return
        if self._shown is not None and is_graver(first, self._shown):
            self._chosen = None
        if self._view.hand is not None:
            alarm_class = first.alert.alarm_class
            self._view.hand.attempt(alarm_class, self._view.preferences.volumes[alarm_class])

    async def _answer(self, card: Card, said: Answer) -> None:
        """Say it, once; "false alarm" asks why."""
        note = ""
        if said is Answer.FALSE_ALARM:
            with self._root:  # the card may be drawn anew under the dialog
                given = await self._asked_why()
            if given is None:
                return
            note = given
        if await do(self._desk, Right.ACT, self._view.text(f"answer_{said}"), self._act(card, said, note)):
            stayed = self._shown is not None and self._shown.alert.id == card.alert.id  # nothing graver came meanwhile
            self._chosen = card.alert.id if said is Answer.RECEIVED and stayed else None
            await self._ask()

    async def _asked_why(self) -> str | None:
        view = self._view
        why = Field("note", view.text("false_cause"), FieldKind.AREA, most=MOST_NOTE)
        given = await ask(view, view.text("answer_false_alarm"), [why], save=view.text("answer_false_alarm"))
        return None if given is None else given["note"]

    def _act(self, card: Card, said: Answer, note: str) -> Callable[[], Awaitable[AlertView]]:
        link, person, notification = self._view.console.link, self._person, card.notification
        if person is None or notification is None:
            by, account = self._view.operator, self._view.account
            return lambda: link.alerts.acknowledge(card.alert.id, by=by, account=account)
        return lambda: MineFace(link.backbone).answer(person, notification, said, note)

    def _speak(self) -> None:
        if self._view.hand is not None:
            self._view.hand.speak(self._view.language.other)


def _asks(card: Card | None) -> tuple[str, bool] | None:
    """Return what the buttons of a card are for."""
    return None if card is None else (card.alert.id, card.waits)
