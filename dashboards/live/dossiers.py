"""All about one alert, for every browser that looks at it: its history, its messages, and the alerts around it.

What changes is told by the ALERTS stream (`Board.news` counts it for alerts that somebody looks at), so a detail is
asked for anew when there is news, and every `KEPT_S` for what no event tells (a message that is being tried). The
alerts around it change slowly: they are kept for half a minute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.face import AlertDetail
from alerts.listing_face import ListRequest
from dashboards.live.board import Board
from dashboards.live.link import Link
from dashboards.live.shared import Shared
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_S, Clock

KEPT_S = 5.0
AROUND_S = 30.0
MOST_KEPT = 64
"""Alerts whose dossiers are kept: some hundred kilobytes each, in a storm."""
DAY_NS = 86_400 * NS_PER_S
PAST_NS = 365 * DAY_NS
"""How far back the history of a point goes: records are kept for a year (GB 25506-2010, secondary source)."""
SIMILAR_NS = 30 * DAY_NS
MOST_PAST = 200
MOST_SIMILAR = 100


@dataclass(frozen=True, slots=True)
class Past:
    """What happened before at the same entity, newest first, of all alerts at its device (zone, where it has none).

    ``looked_at``: how many alerts of the device were looked through; ``cut``: there are more, older ones.
    """

    alerts: tuple[AlertView, ...]
    looked_at: int
    cut: bool

    @property
    def found(self) -> Counter[Confirmation]:
        """How many were confirmed as what."""
        return Counter(alert.confirmed for alert in self.alerts if alert.confirmed is not None)

    @property
    def false_share(self) -> float | None:
        """False ones of those that were found out to be real or false; None where nobody found out."""
        real, false = self.found[Confirmation.REAL], self.found[Confirmation.FALSE]
        return false / (real + false) if real + false else None


@dataclass(frozen=True, slots=True)
class Around:
    """Alerts that may belong together: the past of the entity, and those of the last 30 days that are similar."""

    past: Past
    same_rule: tuple[AlertView, ...]
    same_rule_cut: bool
    same_zone: tuple[AlertView, ...]
    same_zone_cut: bool


class Dossiers:
    """Asks the alerts service, once for all browsers."""

    def __init__(self, link: Link, board: Board, clock: Clock) -> None:
        """Ask over ``link``; ``board`` is the whole one, whatever the scope of those who look."""
        self._link = link
        self._board = board
        self._details: Shared[tuple[str, int], AlertDetail] = Shared(clock, most=MOST_KEPT)
        self._around: Shared[str, Around] = Shared(clock, most=MOST_KEPT)
        self._clock = clock
        self._watched: Counter[str] = Counter()

    def watch(self, alert_id: str) -> None:
        """Count one more browser that looks at an alert: its news are counted from now on."""
        self._watched[alert_id] += 1
        self._board.news.setdefault(alert_id, 0)

    def unwatch(self, alert_id: str) -> None:
        """Count one less."""
        self._watched[alert_id] -= 1
        if self._watched[alert_id] <= 0:
            del self._watched[alert_id]
            self._board.news.pop(alert_id, None)

    def news(self, alert_id: str) -> int:
        """Return how often something happened to an alert since somebody looks at it."""
        return self._board.news.get(alert_id, 0)

    async def detail(self, alert_id: str) -> AlertDetail:
        """Return all about an alert; raises RefusedError (404: there is none) or LinkError."""
        question = alert_id, self.news(alert_id)
        return await self._details.get(question, lambda: self._link.alerts.get(alert_id), kept_s=KEPT_S)

    async def around(self, alert: AlertView) -> Around:
        """Return what happened at its place before and what is similar; raises RefusedError or LinkError."""
        return await self._around.get(alert.id, lambda: self._ask_around(alert), kept_s=AROUND_S)

    async def _ask_around(self, alert: AlertView) -> Around:
        now_ns, place, alerts = self._clock.now_ns(), alert.place, self._link.alerts
        where = {"device": place.device} if place.device is not None else {"zone": place.zone}
        since_ns, lately_ns = max(0, now_ns - PAST_NS), max(0, now_ns - SIMILAR_NS)
        rule = None if any(where.values()) else alert.rule  # a unit or gateway: all of its alerts would be too many
        past = await alerts.page(ListRequest(unit=place.unit, rule=rule, since_ns=since_ns, limit=MOST_PAST, **where))
        similar = ListRequest(unit=place.unit, since_ns=lately_ns, limit=MOST_SIMILAR)
        by_rule = await alerts.page(similar.model_copy(update={"rule": alert.rule}))
        by_zone = await alerts.page(similar.model_copy(update={"zone": place.zone})) if place.zone is not None else None
        return Around(
            past=Past(
                alerts=_others((one for one in past.alerts if one.entity == alert.entity), alert),
                looked_at=len(past.alerts),
                cut=past.next_cursor is not None,
            ),
            same_rule=_others(by_rule.alerts, alert),
            same_rule_cut=by_rule.next_cursor is not None,
            same_zone=_others(by_zone.alerts, alert) if by_zone is not None else (),
            same_zone_cut=by_zone is not None and by_zone.next_cursor is not None,
        )


def _others(alerts: Iterable[AlertView], alert: AlertView) -> tuple[AlertView, ...]:
    return tuple(one for one in alerts if one.id != alert.id)
