"""Roll-calls (查岗) as the gateways keep them: calling people, the calls of a day, what the plan says.

The record is the gateways' (``svc.gateway.<unit>.<gateway>``, commands ``roll_call`` and ``roll_calls``); a gateway
that is away leaves its calls out and is named. Answers are read as something that may be of another version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from backbone.subjects import gateway_service
from dashboards.live.link import Link
from dashboards.live.roll_calls import Result, points
from dashboards.live.site import LiveSite
from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError, WireError
from domain.site import Registry

MOST_LISTED = 1000
"""Calls asked of each host for the page: the newest."""

PAGE = 2000
"""Calls in one answer at most: about 300 bytes each."""

MOST_PAGES = 100
LATEST_NS = 2**63 - 1
CALLED_AT_ONCE = 16
"""Requests that a gateway works on together."""

MOST_WORDS = 80
CALL_TIMEOUT_S = 15.0

_RESULTS = {result.name.lower(): result for result in Result}
Host = tuple[str, str]
"""Gateway (``unit/gateway``) and connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. Times are ns UTC, None = has not happened; ``result`` None where it is of a later version."""

    id: str
    unit: str
    transmitter: str
    by: str
    called_ns: int
    minutes: int
    deadline_ns: int
    result: Result | None
    cause: str
    answered_ns: int | None
    operator: int | None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read one entry of a reply."""
        return cls(
            id=_words(document.get("id")),
            unit=_words(document.get("unit")),
            transmitter=_words(document.get("transmitter")),
            by=_words(document.get("by")),
            called_ns=_whole(document.get("called_ns")) or 0,
            minutes=_whole(document.get("minutes")) or 0,
            deadline_ns=_whole(document.get("deadline_ns")) or 0,
            result=_RESULTS.get(_words(document.get("result"))),
            cause=_words(document.get("cause")),
            answered_ns=_whole(document.get("answered_ns")),
            operator=_whole(document.get("operator")),
        )

    @property
    def key(self) -> str:
        """``unit/transmitter``."""
        return f"{self.unit}/{self.transmitter}"

    @property
    def took_s(self) -> float | None:
        """Seconds from call to answer; None without one."""
        return None if self.answered_ns is None else max(0, self.answered_ns - self.called_ns) / NS_PER_S


@dataclass(frozen=True, slots=True)
class Calls:
    """The newest calls of all hosts, newest first; ``plans`` by host; hosts that did not answer."""

    calls: tuple[Call, ...] = ()
    plans: Mapping[Host, Mapping[str, Any]] | None = None
    silent: tuple[str, ...] = ()


class RollCallDesk:
    """Asks and calls over ``link`` for what ``site`` has."""

    def __init__(self, link: Link, site: LiveSite) -> None:
        """Nothing is asked before somebody does."""
        self._link = link
        self._site = site

    async def newest(self) -> Calls:
        """Return the newest calls of every host; raises LinkError when none answers."""
        hosts = hosts_of(self._site.registry)
        asked = await asyncio.gather(
            *(self._of_host(host, limit=MOST_LISTED) for host in hosts), return_exceptions=True
        )
        calls: list[Call] = []
        plans: dict[Host, Mapping[str, Any]] = {}
        silent = []
        for host, reply in zip(hosts, asked, strict=True):
            if isinstance(reply, LinkError | RefusedError | WireError):
                silent.append(host[0])
            elif isinstance(reply, BaseException):
                raise reply
            else:
                calls += _calls(reply)
                plan = reply.get("plan")
                plans[host] = plan if isinstance(plan, Mapping) else {}
        if hosts and len(silent) == len(hosts):
            raise LinkError(", ".join(silent))
        return Calls(tuple(sorted(calls, key=_newest_first)), plans, tuple(dict.fromkeys(silent)))

    async def between(self, start_ns: int, end_ns: int, units: Iterable[str] | None = None) -> list[Call]:
        """Return all calls of a span (end excluded), newest first, of units (None: all).

        Raises LinkError when a host is away: half a day's list would look like a whole one.
        """
        if end_ns <= 0:
            return []
        wanted = None if units is None else frozenset(units)
        found: list[Call] = []
        for host in hosts_of(self._site.registry):
            found += await self._all_of(host, start_ns, end_ns)
        return sorted((one for one in found if wanted is None or one.unit in wanted), key=_newest_first)

    async def of(self, key: str, limit: int = MOST_LISTED) -> list[Call]:
        """Return the newest calls of ``unit/transmitter``, newest first."""
        transmitter = self._site.registry.transmitters[key]
        unit, _, name = key.partition("/")
        reply = await self._of_host(
            (transmitter.host, transmitter.connection), unit=unit, transmitter=name, limit=limit
        )
        return sorted((call for call in _calls(reply) if call.key == key), key=_newest_first)

    async def call(self, keys: Sequence[str], minutes: int | None, by: str) -> dict[str, str]:
        """Call transmitters (``unit/transmitter``), all at once; returns why not of those that were not called."""
        gate = asyncio.Semaphore(CALLED_AT_ONCE)

        async def one(key: str) -> str:
            async with gate:
                return await self._call(key, minutes, by)

        reasons = await asyncio.gather(*(one(key) for key in keys))
        return {key: reason for key, reason in zip(keys, reasons, strict=True) if reason}

    async def _call(self, key: str, minutes: int | None, by: str) -> str:
        transmitter = self._site.registry.transmitters[key]
        unit, _, name = key.partition("/")
        body = {
            "command": "roll_call",
            "connection": transmitter.connection,
            "unit": unit,
            "transmitter": name,
            "by": by,
        }
        try:
            await self._link.backbone.request(
                gateway_service(*transmitter.host.split("/")),
                body if minutes is None else body | {"minutes": minutes},
                timeout_s=CALL_TIMEOUT_S,
            )
        except RefusedError as error:
            return error.reason
        except LinkError as error:
            return str(error)
        return ""

    async def _all_of(self, host: Host, start_ns: int, end_ns: int) -> list[Call]:
        """Page back from the end of a span to its start."""
        found: dict[str, Call] = {}
        until_ns = min(end_ns - 1, LATEST_NS)
        for _ in range(MOST_PAGES):
            page = _calls(await self._of_host(host, until_ns=until_ns, limit=PAGE))
            fresh = [call for call in page if call.id not in found and call.called_ns >= start_ns]
            found |= {call.id: call for call in fresh if call.called_ns < end_ns}
            if not fresh or len(page) < PAGE:
                break
            until_ns = min(call.called_ns for call in fresh)
        return list(found.values())

    async def _of_host(self, host: Host, **request: Any) -> Mapping[str, Any]:
        body = {"command": "roll_calls", "connection": host[1], **request}
        reply = await self._link.backbone.request(gateway_service(*host[0].split("/")), body)
        if not isinstance(reply, Mapping):
            raise WireError(f"{host[0]} answered 'roll_calls' in a form that is not ours")
        return reply


def hosts_of(registry: Registry) -> list[Host]:
    """Return the hosts that can call people, in the order of the site."""
    duty = (registry.transmitters[key] for key in on_duty(registry))
    return list(dict.fromkeys((one.host, one.connection) for one in duty))


def on_duty(registry: Registry) -> list[str]:
    """Return the transmitters (``unit/transmitter``) beside which somebody is and that can be called."""
    return [point.rpartition("/")[0] for point in points(registry)]


def _calls(reply: Mapping[str, Any]) -> list[Call]:
    listed = reply.get("calls")
    return [Call.read(one) for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _newest_first(call: Call) -> tuple[int, str]:
    return -call.called_ns, call.id


def _words(value: object) -> str:
    return str(value)[:MOST_WORDS] if isinstance(value, str | int) else ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
