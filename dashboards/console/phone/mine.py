"""What is mine on the phone: alerts that I was told of, and those that I own, each with what may be done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.face import Answer
from alerts.mine_face import Told
from domain.alert import AlertView


@dataclass(frozen=True, slots=True)
class Card:
    """One alarm. ``notification`` None: I own it and was never told; ``answer`` is what I said to the message.

    ``waits``: the big button is for me to press.
    """

    alert: AlertView
    notification: str | None
    answer: Answer | None
    answered_at_ns: int | None

    @property
    def waits(self) -> bool:
        """Tell whether my word is missing."""
        if self.notification is None:
            return self.alert.acknowledged_at_ns is None
        return self.answer is None

    @property
    def may_arrive(self) -> bool:
        """Tell whether "on site" may still be said."""
        return self.notification is not None and self.answer in (None, Answer.RECEIVED)


def cards(told: Sequence[Told], alerts: Iterable[AlertView], names: frozenset[str]) -> list[Card]:
    """Return the cards, what waits for me first, then by class, newest first.

    ``alerts`` are those of the board, whose facts are newer than those that were told with the messages; ``names``
    are what the record calls me.
    """
    known = {alert.id: alert for alert in alerts}
    found = [Card(known.get(one.alert.id, one.alert), one.notification, one.answer, one.answered_at_ns) for one in told]
    have = {card.alert.id for card in found}
    found += [
        Card(alert, None, None, None)
        for alert in known.values()
        if alert.owner in names - {""} and alert.id not in have
    ]
    return sorted((card for card in found if card.alert.is_open), key=_turn)


def in_front(mine: Sequence[Card], *, chosen: str | None, shown: str | None) -> Card | None:
    """Return the card that fills the phone: the chosen one, else the one that is shown, else the first that waits.

    The one that is shown stays while it waits, unless a graver class waits: a newer alarm of its class must not take
    its place under the finger that is about to answer it.
    """
    by_id = {card.alert.id: card for card in mine}
    if chosen in by_id:
        return by_id[chosen]
    first = next((card for card in mine if card.waits), None)
    kept = by_id.get(shown or "")
    if first is None or kept is None or not kept.waits or is_graver(first, kept):
        return first
    return kept


def is_graver(one: Card, other: Card) -> bool:
    """Tell whether a card is of a graver class than another."""
    return one.alert.alarm_class.priority < other.alert.alarm_class.priority


def _turn(card: Card) -> tuple[bool, int, int, str]:
    alert = card.alert
    return (not card.waits, alert.alarm_class.priority, -alert.raised_at_ns, alert.id)
