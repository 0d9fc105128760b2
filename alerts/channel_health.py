"""Whether a channel works, from its own answers: a channel that is down must not use up the tries of every message.

| state | after | what goes out |
|---|---|---|
| up | an answer of the platform (yes or no) | everything, within the budget |
| down | `LIMIT` tries in a row without one, or a rate limit | fire as ever; of the rest one message at each probe |

A probe is due after `FIRST_S`, then twice as long, at most `LONGEST_S`; after a rate limit when the platform said.
Messages that are held use up no tries; after `outbox.RetryPolicy.hold_s` they go to the person's next channel.
"""

from __future__ import annotations

from alerts.channels import Outcome, Verdict
from alerts.desk import Desk
from alerts.schema import ChannelHealth
from domain.clock import NS_PER_S

LIMIT = 3
FIRST_S = 5.0
LONGEST_S = 60.0
"""Assumptions: a provider's restart takes seconds; a minute late is what a budget's window costs anyway."""


def health(desk: Desk, channel: str) -> ChannelHealth | None:
    """Return what is known; None for a channel that never failed."""
    return desk.session.get(ChannelHealth, channel)


def is_down(desk: Desk, channel: str) -> bool:
    """Tell whether the channel is judged down."""
    known = health(desk, channel)
    return known is not None and known.down_since_ns is not None


def learn(desk: Desk, channel: str, verdict: Verdict) -> None:
    """Take what a try came to."""
    known = health(desk, channel)
    if verdict.outcome is not Outcome.RETRY:
        if known is not None and known.failures:
            if known.down_since_ns is not None:
                desk.write(None, "channel_up", channel=channel, down_since_ns=known.down_since_ns)
            known.failures, known.down_since_ns, known.probe_ns = 0, None, None
        return
    if known is None:
        known = ChannelHealth(channel=channel, failures=0, dead=False)
        desk.session.add(known)
    known.failures += 1
    known.last_error = verdict.reason[:500]
    if known.failures >= LIMIT or verdict.wait_s > 0:
        if known.down_since_ns is None:
            known.down_since_ns = desk.now_ns
            desk.write(None, "channel_down", channel=channel, failures=known.failures, reason=verdict.reason[:500])
        wait_s = max(verdict.wait_s, _pause_s(known.failures))
        known.probe_ns = max(known.probe_ns or 0, desk.now_ns + round(wait_s * NS_PER_S))


def start_probe(desk: Desk, channel: str) -> None:
    """Note that a probe leaves: the next one is not before its answer is late."""
    known = health(desk, channel)
    if known is not None and known.down_since_ns is not None:
        known.probe_ns = desk.now_ns + round(_pause_s(known.failures) * NS_PER_S)


def _pause_s(failures: int) -> float:
    return min(LONGEST_S, FIRST_S * 2.0 ** min(10, max(0, failures - LIMIT)))
