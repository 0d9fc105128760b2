"""Who is heard: silence of points, devices and gateways, driven by the registry and the log's ticks.

*Points.* A point without a good reading for its ``max_silence`` is unknown, whatever the reason, and so are
all tests on it. Everything starts "heard at the first message", so what was dead at the start is found.

*Gateways.* Away = its death certificate came, or no message for its time. A death certificate of an
earlier session (another ``bdSeq`` than that of its last birth) is old news and is passed over.

*Devices.* A device is silent when none of its points is heard in time, **and its gateway would have told
us**. So its silence is measured up to the moment at which its gateway was last heard, and while the
gateway is away the device is *unknown*: not silent, because one cut cable is one alarm and not forty; not
back either, because nothing was seen. An open "device silent" stays open through the cut. When the gateway
returns, the time of its absence is taken out of the silence of its points, so its devices have the time
they are due to report again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.forest import Changes
from rules.kernels import ALARM, NORMAL, UNKNOWN, Bools, Indexes, Truths
from rules.links import Links
from rules.plan import Plan

NO_SESSION = -1


class Liveness:
    """Hearing of one partition. Times are counted log time [ns].

    | attribute | shape | meaning |
    |---|---|---|
    | ``heard_ns`` | (points,) int64 | last good reading |
    | ``expired`` | (points,) bool | silent at the last tick |
    | ``gateway_heard_ns`` | (gateways,) int64 | last message |
    | ``dead`` | (gateways,) bool | death certificate, nothing since |
    | ``session`` | (gateways,) int64 | ``bdSeq`` of the last birth, -1 before |
    """

    def __init__(self, plan: Plan) -> None:
        """Everything counts as heard at 0."""
        site = plan.site
        self._site, self._absences = site, plan.absences
        self._silence_ns = plan.gateway_silence_ns
        self._truth = plan.forest.truth
        gateway_of_point = site.gateway_of[site.device_of]
        self._points_of_gateway = Links(gateway_of_point, np.arange(len(site.table)), len(site.gateways))
        self._absences_of = Links(plan.absences.gateway, np.arange(len(plan.absences.gateway)), len(site.gateways))
        self.heard_ns = np.zeros(len(site.table), np.int64)
        self.expired = np.zeros(len(site.table), np.bool_)
        self.last_tick_ns = 0
        self.gateway_heard_ns = np.zeros(len(site.gateways), np.int64)
        self.dead = np.zeros(len(site.gateways), np.bool_)
        self.session = np.full(len(site.gateways), NO_SESSION, np.int64)

    def hear(self, gateway: NDArray[np.int32], now_ns: Indexes) -> Changes:
        """Take messages of gateways (-1: none), shape ``(n,)``, instant = their place; returns who is back."""
        known = np.flatnonzero(gateway >= 0)
        at, first = np.unique(gateway[known], return_index=True)
        first = known[first]
        gap_ns = now_ns[first] - self.gateway_heard_ns[at]
        for back in np.flatnonzero(self.dead[at] | (gap_ns >= self._silence_ns[at])):
            self.heard_ns[self._points_of_gateway.of(int(at[back]))] += gap_ns[back]
        self.dead[at] = False
        self.gateway_heard_ns[gateway[known]] = now_ns[known]
        row, link = self._absences_of.expand(at)
        signal = self._first_gateway + self._absences_of.targets[link]
        return self._moved(signal, np.full(len(signal), NORMAL, np.uint8), instant=first[row])

    def born(self, gateway: int, session: int) -> None:
        """Remember a gateway's session."""
        self.session[gateway] = session

    def die(self, gateway: int, session: int) -> Changes | None:
        """Take a death certificate; None when it belongs to an earlier session."""
        if NO_SESSION not in (session, self.session[gateway]) and session != self.session[gateway]:
            return None
        self.dead[gateway] = True
        signal = self._first_gateway + self._absences_of.of(gateway)
        return self._moved(signal, np.full(len(signal), ALARM, np.uint8))

    def tick(self, now_ns: int) -> tuple[Indexes, Changes]:
        """Return the points that fell silent since the last tick, and the absences that changed."""
        ends_ns = self.heard_ns + self._site.max_silence_ns
        expired = ends_ns <= now_ns
        silent = np.flatnonzero(expired & (~self.expired | (self.heard_ns >= self.last_tick_ns)))
        self.expired, self.last_tick_ns = expired, now_ns
        truth = np.concatenate([self._device_truths(ends_ns, now_ns), self._gateway_truths(now_ns)])
        return silent, self._moved(self._absences.first_signal + np.arange(len(truth)), truth)

    def _device_truths(self, ends_ns: Indexes, now_ns: int) -> Truths:
        """Answer the absences of devices, shape ``(device absences,)``."""
        if not len(self._absences.device):
            return np.empty(0, np.uint8)
        last_end_ns = np.maximum.reduceat(ends_ns, self._site.first_point)
        heard_ns = self.gateway_heard_ns[self._site.gateway_of]
        away = self.away(now_ns)[self._site.gateway_of]
        truth = np.where(away, UNKNOWN, np.where(last_end_ns <= heard_ns, ALARM, NORMAL)).astype(np.uint8)
        return np.asarray(truth[self._absences.device])

    def _gateway_truths(self, now_ns: int) -> Truths:
        """Answer the absences of gateways, shape ``(gateway absences,)``."""
        at = self._absences.gateway
        gone = self.dead[at] | (now_ns - self.gateway_heard_ns[at] >= self._absences.within_ns)
        return np.where(gone, ALARM, NORMAL).astype(np.uint8)

    def away(self, now_ns: int) -> Bools:
        """Return which gateways can't be heard now, shape ``(gateways,)``."""
        return self.dead | (now_ns - self.gateway_heard_ns >= self._silence_ns)

    @property
    def _first_gateway(self) -> int:
        return self._absences.first_signal + len(self._absences.device)

    def _moved(self, signal: Indexes, truth: Truths, instant: Indexes | None = None) -> Changes:
        """Set absences and return those that are new."""
        before = self._truth[signal]
        self._truth[signal] = truth
        at = np.zeros(len(signal), np.int64) if instant is None else instant
        return Changes(signal, before, truth, at, np.full(len(signal), -1)).take(before != truth)
