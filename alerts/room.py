"""What a channel may take now: its budget of a minute, its limit of a second, and whether it is up.

Tries are counted by when they ended (those still out: as late as they can), because a slow try may reach the platform
at its end: so no minute of the *platform's* clock ever holds more than the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, case, func, select

from alerts import channel_health
from alerts.budget import WINDOW_NS, budget
from alerts.desk import Desk
from alerts.schema import Attempt
from domain.clock import NS_PER_S
from domain.site import ChannelSettings


@dataclass(frozen=True, slots=True)
class Room:
    """Messages that may leave now by lane, and when to look again where there is none."""

    fire: int
    other: int
    opens_ns: int
    other_opens_ns: int


def room(desk: Desk, channel: ChannelSettings) -> Room:
    """Return what is left; fire is bound by the budget alone, the rest by a channel's health, too."""
    left = _minute(desk, channel)
    if channel.per_second is not None:
        left = _second(desk, channel.id, channel.per_second, left)
    known = channel_health.health(desk, channel.id)
    if known is None or known.down_since_ns is None or known.probe_ns is None:
        return left
    probe = 1 if known.probe_ns <= desk.now_ns else 0
    opens_ns = max(left.other_opens_ns, known.probe_ns) if left.other == 0 else known.probe_ns
    return Room(left.fire, min(left.other, probe), left.opens_ns, opens_ns)


def _minute(desk: Desk, channel: ChannelSettings) -> Room:
    latest = Attempt.at_ns + round(channel.timeout_s * NS_PER_S)
    arrived = func.coalesce(Attempt.ended_at_ns, latest)
    fires = func.sum(case((Attempt.fire, 1), else_=0))
    query = select(func.count(), fires, func.min(arrived)).where(
        Attempt.channel == channel.id,
        Attempt.at_ns > desk.now_ns - WINDOW_NS - round(60 * NS_PER_S),  # no try takes longer than 60 s
        arrived > desk.now_ns - WINDOW_NS,
    )
    total, fire, oldest_ns = desk.session.execute(query).one()
    left = budget(channel.per_minute, total=total, fires=fire or 0, oldest_ns=oldest_ns or desk.now_ns)
    return Room(left.fire, left.other, left.opens_ns, left.opens_ns)


def _second(desk: Desk, channel: str, per_second: int, left: Room) -> Room:
    begun = and_(Attempt.channel == channel, Attempt.at_ns > desk.now_ns - NS_PER_S)
    count, oldest_ns = desk.session.execute(select(func.count(), func.min(Attempt.at_ns)).where(begun)).one()
    most = max(0, per_second - count)
    opens_ns = (oldest_ns or desk.now_ns) + NS_PER_S if most == 0 else 0
    return Room(
        min(left.fire, most),
        min(left.other, most),
        max(left.opens_ns, opens_ns) if left.fire == 0 else opens_ns or left.opens_ns,
        max(left.other_opens_ns, opens_ns) if left.other == 0 else opens_ns or left.other_opens_ns,
    )
