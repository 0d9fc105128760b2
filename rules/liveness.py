"""Who is heard: silence of points, devices and gateways, driven by the registry and the log's ticks.

*Points.* A point without a good reading for its ``max_silence`` is unknown, whatever the reason, and so are
all tests on it. Everything starts "heard at the first message", so what was dead at the start is found.
A *learned* point has been there only since its first reading: until then it is no instrument that fell
silent but one that nobody has met, so it says nothing about its device.

*Gateways.* Away = its death certificate came, or no message for its time. A death certificate of an
earlier session (another ``bdSeq`` than that of its last birth) is old news and is passed over.

*Transmitters* are gateways that another gateway hosts. What comes from one is a sign of life of its host as
well. While the host is away nobody knows how a transmitter is, and its silence is measured up to the
moment at which the host was last heard: one host that dies is one alarm, not one for each transmitter.
A host that comes back has lost its lines too, and they are dialled up anew one by one, some after minutes: so for
``within`` of an absence after the return, a transmitter is as it was at that moment, unless it is heard.

*Points.* A point is *absent* by the same rule as a device, each by its own time; events are never awaited.

*Devices.* A device is silent when none of its points is heard in time, **and its gateway would have told
us**. So its silence is measured up to the moment at which its gateway was last heard, and while the
gateway (or its host) is away the device is *unknown*: not silent, because one cut cable is one alarm and
not forty; not back either, because nothing was seen. An open "device silent" stays open through the cut.

When a gateway returns, the time of its absence is taken out of the silence of its points, when a host
returns out of that of its transmitters and their points: they have the time they are due to report again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.forest import Changes
from rules.kernels import ALARM, NORMAL, UNKNOWN, Bools, Indexes, Truths
from rules.links import Links
from rules.plan import Plan

NO_SESSION = -1
NEVER_NS = -(2**62)
"""When a learned point was heard before its first reading, and when a host returned that was never away."""


class Liveness:
    """Hearing of one partition. Times are counted log time [ns].

    | attribute | shape | meaning |
    |---|---|---|
    | ``heard_ns`` | (points,) int64 | last good reading |
    | ``expired`` | (points,) bool | silent at the last tick |
    | ``gateway_heard_ns`` | (gateways,) int64 | last message |
    | ``dead`` | (gateways,) bool | death certificate, nothing since |
    | ``died_ns`` | (gateways,) int64 | when it came |
    | ``session`` | (gateways,) int64 | ``bdSeq`` of the last birth, -1 before |
    | ``returned_ns`` | (gateways,) int64 | when a host was heard again after it had been away |
    """

    def __init__(self, plan: Plan) -> None:
        """Everything in the site counts as heard at 0."""
        site = plan.site
        self._site, self._absences = site, plan.absences
        self._silence_ns = plan.gateway_silence_ns
        self._truth = plan.forest.truth
        gateways = len(site.gateways)
        gateway_of_point = site.gateway_of[site.device_of]
        self._points_of_gateway = Links(gateway_of_point, np.arange(len(site.table)), gateways)
        self._absences_of = Links(plan.absences.gateway, np.arange(len(plan.absences.gateway)), gateways)
        hosted = np.flatnonzero(site.host_of >= 0)
        self._hosted_by = Links(site.host_of[hosted], hosted, gateways)
        self._has_hosted = bool(len(hosted))
        self.heard_ns = np.where(site.learned, NEVER_NS, 0)
        self.expired = np.zeros(len(site.table), np.bool_)
        self.last_tick_ns = 0
        self.gateway_heard_ns = np.zeros(gateways, np.int64)
        self.dead = np.zeros(gateways, np.bool_)
        self.died_ns = np.zeros(gateways, np.int64)
        self.session = np.full(gateways, NO_SESSION, np.int64)
        self.returned_ns = np.full(gateways, NEVER_NS, np.int64)

    def brings_host_back(self, gateway: int, now_ns: int) -> bool:
        """Tell whether a message would be the first of a host that was away; such a one begins a segment."""
        if not self._has_hosted or gateway < 0:
            return False
        host = self._host(gateway)
        return bool(self._hosted_by.count[host]) and self._is_back(host, now_ns)

    def hear(self, gateway: NDArray[np.int32], now_ns: Indexes) -> Changes:
        """Take messages of gateways (-1: none), shape ``(n,)``, instant = their place; returns who is back."""
        instant = np.arange(len(gateway))
        if self._has_hosted:
            if self.brings_host_back(int(gateway[0]), int(now_ns[0])):
                self._host_back(self._host(int(gateway[0])), int(now_ns[0]))
            host = np.where(gateway >= 0, self._site.host_of[gateway], -1)
            gateway, now_ns, instant = (
                np.concatenate(two) for two in ((gateway, host), (now_ns, now_ns), (instant, instant))
            )
            order = np.argsort(instant, kind="stable")
            gateway, now_ns, instant = gateway[order], now_ns[order], instant[order]
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
        return self._moved(signal, np.full(len(signal), NORMAL, np.uint8), instant=instant[first[row]])

    def born(self, gateway: int, session: int) -> None:
        """Remember a gateway's session."""
        self.session[gateway] = session

    def die(self, gateway: int, session: int, now_ns: int) -> Changes | None:
        """Take a death certificate; None when it belongs to an earlier session."""
        if NO_SESSION not in (session, self.session[gateway]) and session != self.session[gateway]:
            return None
        if not self.dead[gateway]:
            self.dead[gateway], self.died_ns[gateway] = True, now_ns
        absent = self._absences_of.of(gateway)
        signal = self._first_gateway + absent[self._absences.reconnect_ns[absent] == 0]
        return self._moved(signal, np.full(len(signal), ALARM, np.uint8))

    def tick(self, now_ns: int) -> tuple[Indexes, Changes]:
        """Return the points that fell silent since the last tick, and the absences that changed."""
        ends_ns = self.heard_ns + self._site.max_silence_ns
        expired = ends_ns <= now_ns
        silent = np.flatnonzero(expired & (~self.expired | (self.heard_ns >= self.last_tick_ns)))
        self.expired, self.last_tick_ns = expired, now_ns
        truth = np.concatenate(
            [self._device_truths(ends_ns, now_ns), self._gateway_truths(now_ns), self._point_truths(now_ns)]
        )
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

    def _point_truths(self, now_ns: int) -> Truths:
        """Answer the absences of points as those of devices, each by its own time; shape ``(point absences,)``."""
        point = self._absences.point
        gateway = self._site.gateway_of[self._site.device_of[point]]
        heard_ns = self.heard_ns[point]
        silent = (heard_ns + self._absences.point_within_ns <= self.gateway_heard_ns[gateway]) & (heard_ns >= 0)
        away = self.away(now_ns)[gateway] & (heard_ns >= 0)  # who was never met is not there yet
        return np.where(away, UNKNOWN, np.where(silent, ALARM, NORMAL)).astype(np.uint8)

    def _gateway_truths(self, now_ns: int) -> Truths:
        """Answer the absences of gateways, shape ``(gateway absences,)``: of transmitters as far as the host knew."""
        at, host = self._absences.gateway, self._site.host_of[self._absences.gateway]
        hosted = host >= 0
        upto_ns = np.where(hosted, self._known_upto_ns(host), now_ns)
        lost = self.dead[at] & (upto_ns - self.died_ns[at] >= self._absences.reconnect_ns)
        gone = lost | (upto_ns - self.gateway_heard_ns[at] >= self._absences.within_ns)
        nobody_knows = hosted & self._unheard(now_ns)[host]
        return np.where(nobody_knows, UNKNOWN, np.where(gone, ALARM, NORMAL)).astype(np.uint8)

    def _known_upto_ns(self, host: NDArray[np.int32]) -> Indexes:
        """Return up to when silence of transmitters counts, shape (gateway absences,); ``host`` is -1 for others.

        A rule that gives no time to reconnect asks for the certificate itself, and gets it.
        """
        upto_ns, returned_ns = self.gateway_heard_ns[host], self.returned_ns[host]
        settling = (upto_ns - returned_ns < self._absences.within_ns) & (self._absences.reconnect_ns > 0)
        return np.where(settling, np.minimum(upto_ns, returned_ns), upto_ns)

    def away(self, now_ns: int) -> Bools:
        """Return which gateways can't be heard now, themselves or through their host; shape ``(gateways,)``."""
        unheard, host = self._unheard(now_ns), self._site.host_of
        return unheard | ((host >= 0) & unheard[host])

    def _unheard(self, now_ns: int) -> Bools:
        return self.dead | (now_ns - self.gateway_heard_ns >= self._silence_ns)

    def _host(self, gateway: int) -> int:
        """Return the gateway whose process speaks for a gateway: its host, or itself."""
        host = int(self._site.host_of[gateway])
        return gateway if host < 0 else host

    def _is_back(self, gateway: int, now_ns: int) -> bool:
        return bool(self.dead[gateway] or now_ns - self.gateway_heard_ns[gateway] >= self._silence_ns[gateway])

    def _host_back(self, host: int, now_ns: int) -> None:
        """Take the time of a host's absence out of the silence of its transmitters and of their points."""
        gap_ns = now_ns - self.gateway_heard_ns[host]
        hosted = self._hosted_by.of(host)
        _, link = self._points_of_gateway.expand(hosted)
        points = self._points_of_gateway.targets[link]
        for times, rows in ((self.gateway_heard_ns, hosted), (self.died_ns, hosted), (self.heard_ns, points)):
            times[rows] = np.minimum(times[rows] + gap_ns, now_ns)
        self.returned_ns[host] = now_ns

    @property
    def _first_gateway(self) -> int:
        return self._absences.first_signal + len(self._absences.device)

    def _moved(self, signal: Indexes, truth: Truths, instant: Indexes | None = None) -> Changes:
        """Set absences and return those that are new."""
        before = self._truth[signal]
        self._truth[signal] = truth
        at = np.zeros(len(signal), np.int64) if instant is None else instant
        return Changes(signal, before, truth, at, np.full(len(signal), -1)).take(before != truth)
