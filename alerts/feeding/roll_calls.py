"""Results of a day's roll-calls, asked of the gateways that host the transmitters (``svc.gateway.<unit>.<gateway>``).

The gateway's own record is the truth: readings of the point ``roll_call`` tell results without the call they belong
to. A gateway that does not answer leaves a gap that the facts show (`Coverage.roll_calls`), and is asked again.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from alerts.feeding.daily import RollCalls
from alerts.feeding.intervals import Span
from alerts.feeding.models import RollCallFacts
from alerts.feeding.plant import UnitPlant
from backbone.client import Backbone
from backbone.subjects import gateway_service
from domain.errors import FengsuiError, LinkError, WireError

log = logging.getLogger(__name__)

ASK_S = 5.0
MOST_CALLS = 1000
"""Newest calls of a unit that are asked for: at most 3 a day are planned (assumption), people may add to them."""


async def ask(backbone: Backbone, unit: str, plant: UnitPlant, day: Span, silent: set[str]) -> RollCalls:
    """Return the results of ``day``; a host that is away, or answers in another form, is a gap and no error.

    Hosts in ``silent`` are not asked, and one that does not answer becomes one: it may host thousands of units.
    """
    counts: Counter[str] = Counter()
    answered = 0
    for host, connection in sorted(set(plant.duty.values())):
        if host in silent:
            continue
        mine = {key.partition("/")[2] for key, at in plant.duty.items() if at == (host, connection)}
        request = {"command": "roll_calls", "connection": connection, "unit": unit, "limit": MOST_CALLS}
        try:
            reply = await backbone.request(gateway_service(*host.split("/")), request, timeout_s=ASK_S)
            counts += results(reply, mine, day)
        except LinkError as error:
            log.warning("%s tells nothing of roll-calls: %s", host, error)
            silent.add(host)
            continue
        except FengsuiError as error:
            log.warning("%s told nothing of roll-calls of %s: %s", host, unit, error)
            continue
        answered += len(mine)
    return RollCalls(results=RollCallFacts(**counts) if answered else None, answered=answered)


def results(reply: Any, transmitters: set[str], day: Span) -> Counter[str]:
    """Count the results of the day's calls of some transmitters; raises WireError for a reply of another form."""
    calls = reply.get("calls") if isinstance(reply, dict) else None
    if not isinstance(calls, list):
        raise WireError("the answer has no list of calls")
    found: Counter[str] = Counter()
    for call in calls:
        if not isinstance(call, dict) or not isinstance(call.get("called_ns"), int):
            raise WireError("a call without the time of calling")
        result = call.get("result")
        if not isinstance(result, str) or result not in RollCallFacts.model_fields:
            raise WireError(f"a call with the result {result!r}"[:200])
        if str(call.get("transmitter")) in transmitters and day[0] <= call["called_ns"] < day[1]:
            found[result] += 1
    return found
