"""The open alarms of one scope, kept in order: one book for all browsers that see the same units.

A change costs what changed: alarms that are new, other or gone are put into, or taken from, each list that is looked at
(a list a filter). A list is arranged once a revision, however many browsers look at it. Nothing here knows a language.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from dashboards.console.alarms.arranging import Entry, arranged, is_fire
from dashboards.console.alarms.facts import FLOOD_RULE
from dashboards.console.alarms.filters import AlarmFilter
from dashboards.live.board import Board, list_order
from dashboards.live.lamps import is_folded
from domain.alarm import AlarmClass
from domain.alert import AlertView

if TYPE_CHECKING:
    from domain.site import Registry

MOST_LISTS = 64
MOST_ARRANGED = 16
"""Lists that are kept up to date; of more filters than that the one asked for longest ago is made anew when asked."""

GROUPED_ABOVE = 60
LISTED_BELOW = 40
"""Alarms, fires not counted, beyond which a list groups by building, and below which it stops. Assumptions: six and
four screens of a small monitor; apart, so that a list does not change its form with every alarm."""

MOST_SYSTEM = 500
"""Alarms at the end of the list among which that of a flood is looked for: class system is the last."""

Key = tuple[bool, int, int, str]


def order_key(alert: AlertView) -> Key:
    """Return what sorts the list: what a walk test holds behind, then class, then newest first."""
    return (alert.held, *list_order(alert))


class Ranked:
    """Alarms in the order of `order_key`."""

    def __init__(self, alerts: Iterable[AlertView] = ()) -> None:
        """Begin with some."""
        self.alerts = sorted(alerts, key=order_key)
        self._keys = [order_key(alert) for alert in self.alerts]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.alerts)

    def add(self, alert: AlertView) -> None:
        """Put one in its place."""
        key = order_key(alert)
        at = bisect_left(self._keys, key)
        self._keys.insert(at, key)
        self.alerts.insert(at, alert)

    def remove(self, alert: AlertView) -> None:
        """Take one out, as it was when it was added."""
        at = bisect_left(self._keys, order_key(alert))
        del self._keys[at]
        del self.alerts[at]

    def first(self) -> AlertView | None:
        """Return the first alarm (首警): the oldest of the gravest class, as `frame.lamps.first_alarm` has it."""
        if not self._keys or self._keys[0][0]:
            return None
        at = bisect_left(self._keys, (False, self._keys[0][1] + 1, -(2**63), "")) - 1
        oldest = found = self.alerts[at]
        while at >= 0 and self.alerts[at].raised_at_ns == oldest.raised_at_ns:
            found = min(found, self.alerts[at], key=lambda alert: (alert.fire_order or 0, alert.id))
            at -= 1
        return found


class Listing:
    """The alarms that a filter lets through; ``revision`` rises when they change.

    ``is_flood``: more than people read one by one. ``has_digests``: the alerts service says so, too, and tells in
    digests of all but fires.
    """

    def __init__(self, matches: Callable[[AlertView], bool], alerts: Iterable[AlertView]) -> None:
        """Begin with what is open now."""
        wanted = [alert for alert in alerts if matches(alert)]
        self._matches = matches
        self._main = Ranked(alert for alert in wanted if not is_folded(alert))
        self._folded = Ranked(alert for alert in wanted if is_folded(alert))
        self._arranged: dict[tuple[bool, bool, frozenset[str]], list[Entry]] = {}
        self.counts = Counter(alert.alarm_class for alert in self._main.alerts)
        self.first: AlertView | None = None
        self.is_flood = False
        self.has_digests = False
        self.revision = 0
        self._settle()

    @property
    def alerts(self) -> list[AlertView]:
        """The alarms in their order, consequences not among them."""
        return self._main.alerts

    @property
    def folded(self) -> list[AlertView]:
        """The consequences."""
        return self._folded.alerts

    @property
    def fires(self) -> int:
        """How many fires there are."""
        return self.counts[AlarmClass.FIRE]

    def change(self, changes: Iterable[tuple[AlertView | None, AlertView | None]]) -> None:
        """Take over what became of alarms: as they were, as they are; None: were not, are not."""
        touched = False
        for before, after in changes:
            if before is not None and self._matches(before):
                self._ranked(before).remove(before)
                self.counts[before.alarm_class] -= not is_folded(before)
                touched = True
            if after is not None and self._matches(after):
                self._ranked(after).add(after)
                self.counts[after.alarm_class] += not is_folded(after)
                touched = True
        if touched:
            self._settle()

    def entries(
        self, *, pinned: AlertView | None = None, by_building: bool = False, opened: frozenset[str] = frozenset()
    ) -> list[Entry]:
        """Return what is shown below the pinned one, as `arranged` says."""
        name = (pinned is not None, by_building, opened)
        known = self._arranged.get(name)
        if known is None:
            if len(self._arranged) >= MOST_ARRANGED:
                self._arranged.clear()
            known = self._arranged[name] = arranged(
                self._main.alerts, self._folded.alerts, pinned=pinned, by_building=by_building, opened=opened
            )
        return known

    def _ranked(self, alert: AlertView) -> Ranked:
        return self._folded if is_folded(alert) else self._main

    def _settle(self) -> None:
        self.revision += 1
        self._arranged.clear()
        self.first = self._main.first()
        self.has_digests = any(alert.rule == FLOOD_RULE for alert in self._main.alerts[-MOST_SYSTEM:])
        others = len(self._main) - self.fires
        self.is_flood = others > (LISTED_BELOW if self.is_flood else GROUPED_ABOVE)


class AlarmBook:
    """All lists of one scope."""

    def __init__(self) -> None:
        """Begin empty; `catch_up` fills it."""
        self._known: dict[str, AlertView] = {}
        self._seen: int | None = None
        self._lists: dict[AlarmFilter, Listing] = {}
        self._all = Listing(lambda _: True, ())

    @property
    def all(self) -> Listing:
        """The list without a filter."""
        return self._all

    def catch_up(self, board: Board) -> None:
        """Take over what changed since the last time; at the cost of one comparison where nothing did."""
        if board.alerts_revision == self._seen:
            return
        self._seen = board.alerts_revision
        known, alerts = self._known, board.alerts
        fresh = [alert for name, alert in alerts.items() if known.get(name) is not alert]
        changes: list[tuple[AlertView | None, AlertView | None]] = []
        for alert in fresh:
            before = known.get(alert.id)
            if before == alert:
                continue  # the same as it came again: what was made of it stays good
            changes.append((before, alert))
            known[alert.id] = alert
        gone = [name for name in known if name not in alerts] if len(known) != len(alerts) else []
        changes.extend((known.pop(name), None) for name in gone)
        if changes:
            for listing in (self._all, *self._lists.values()):
                listing.change(changes)

    def listing(self, wanted: AlarmFilter, registry: Registry) -> Listing:
        """Return the list of a filter, made of what `catch_up` saw last."""
        if not wanted.is_on:
            return self._all
        found = self._lists.pop(wanted, None) or Listing(wanted.matcher(registry), self._known.values())
        self._lists[wanted] = found
        if len(self._lists) > MOST_LISTS:
            del self._lists[next(iter(self._lists))]
        return found

    def hidden(self, listing: Listing) -> tuple[int, int]:
        """Return how many alarms a list's filter hides, and how many of these are fires; consequences count."""
        total = len(self._known)
        shown = len(listing.alerts) + len(listing.folded)
        return total - shown, self._all.fires - listing.fires

    def pinned(self, listing: Listing) -> AlertView | None:
        """Return the first alarm of all, if a list's filter lets it through: no other is called the first."""
        return listing.first if listing.first is self._all.first else None

    def of(self, alert_id: str) -> AlertView | None:
        """Return an open alarm of the scope."""
        return self._known.get(alert_id)


__all__ = ["AlarmBook", "Listing", "Ranked", "is_fire", "order_key"]
