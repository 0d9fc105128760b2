"""What people may ask of the access server: requests as JSON, answers as JSON.

| command | request | answer |
|---|---|---|
| `transmitters` | `unit`, `transmitter`, `skip` (all optional) | `transmitters` (at most 1,000), `total` |
| `strangers` | | `strangers` |
| `frames` | `unit`, `transmitter`, `limit` | `frames`: the newest with their words, oldest first |
| `read` | `unit`, `transmitter`, `type`; `system`, `component`, `count`, `start` as the type needs | `objects` |
| `set_clock`, `initialise` | `unit`, `transmitter` | `outcome` |
| `roll_call` | `unit`, `transmitter`, `by`; `minutes` (optional) | `call` |
| `roll_calls` | `unit`, `transmitter`, `until_ns`, `limit` (all optional) | `calls`, newest first; `plan` |

`system` is a declared system's id or type-address, as `1-1`; `component` a declared one's id or its address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from domain.errors import RefusedError
from gateway.connectors.gb26875.directory import Directory
from gateway.connectors.gb26875.exchange import Build, Exchange
from gateway.connectors.gb26875.objects import decode_unit
from gateway.connectors.gb26875.quarantine import Quarantine
from gateway.connectors.gb26875.questions import number_of, question, text_of
from gateway.connectors.gb26875.roll_call_store import Choice
from gateway.connectors.gb26875.roll_calls import RollCalls
from gateway.connectors.gb26875.session import MOST_KEPT, Kept, Session
from gateway.connectors.gb26875.spelling import frame_words
from gateway.connectors.gb26875.wire_json import object_documents

Answer = Mapping[str, Any]

MOST_SHOWN = 1_000
"""Transmitters in one answer: about 600 bytes each, and a message of the backbone has at most 1 MiB."""

MOST_LISTED, USUALLY_LISTED = 2_000, 100
"""Roll-calls in one answer: about 300 bytes each; who asks for more gets so many."""

LARGEST_LIMIT = 10_000
LATEST_NS = 2**63 - 1

MOST_WORDS = 600

MOST_WORDS = 600


class Commands:
    """Does what people ask; see the module's table."""

    def __init__(
        self,
        directory: Directory,
        quarantine: Quarantine,
        exchange: Exchange,
        roll_calls: RollCalls,
        *,
        connection: str,
        allow_initialise: bool,
    ) -> None:
        """``allow_initialise``: the site lets people initialise devices."""
        self._directory = directory
        self._quarantine = quarantine
        self._exchange = exchange
        self._roll_calls = roll_calls
        self._connection = connection
        self._allow_initialise = allow_initialise
        self._known: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Answer]]] = {
            "transmitters": self._transmitters,
            "strangers": self._strangers,
            "frames": self._frames,
            "read": self._read,
            "set_clock": self._set_clock,
            "initialise": self._initialise,
            "roll_call": self._roll_call,
            "roll_calls": self._list_roll_calls,
        }

    async def do(self, request: Mapping[str, Any]) -> Answer:
        """Do what ``request["command"]`` names; raises RefusedError, or ValueError for a request without sense."""
        name = request.get("command")
        if not isinstance(name, str) or name not in self._known:
            raise ValueError(f"'{name}' is no command of gb26875 → write one of {', '.join(self._known)}")
        return await self._known[name](request)

    async def _transmitters(self, request: Mapping[str, Any]) -> Answer:
        unit, name = request.get("unit"), request.get("transmitter")
        wanted = [
            session
            for session in self._directory
            if unit in (None, session.registered.settings.unit) and name in (None, session.registered.settings.id)
        ]
        skip = number_of(request, "skip", 0, len(wanted), 0)
        shown = wanted[skip : skip + MOST_SHOWN]
        rows = [{**_document(one), "connection": self._connection} for one in shown]
        return {"transmitters": rows, "total": len(wanted)}

    async def _strangers(self, request: Mapping[str, Any]) -> Answer:
        del request
        return {"strangers": self._quarantine.documents()}

    async def _frames(self, request: Mapping[str, Any]) -> Answer:
        session = self._session(request)
        kept = session.kept(number_of(request, "limit", 1, LARGEST_LIMIT, MOST_KEPT))
        return {"frames": [_told(one) for one in kept]}

    async def _read(self, request: Mapping[str, Any]) -> Answer:
        session = self._session(request)
        outcome = await self._exchange.ask(session, question(request, session))
        if outcome.answer is None:
            raise RefusedError(f"{session.key} did not answer: {outcome.sent}", retryable=True)
        unit = decode_unit(outcome.answer, session.profile)
        objects = [one for item in unit.objects for one in object_documents(item, unit.type, session.profile)]
        return {"type": unit.type, "objects": objects}

    async def _set_clock(self, request: Mapping[str, Any]) -> Answer:
        return await self._control(request, lambda sender, number, now: sender.set_clock(sequence=number, now=now))

    async def _initialise(self, request: Mapping[str, Any]) -> Answer:
        if not self._allow_initialise:
            raise RefusedError("devices may not be initialised here → set 'allow_initialise: true' for the connection")
        return await self._control(request, lambda sender, number, now: sender.initialise(sequence=number, now=now))

    async def _control(self, request: Mapping[str, Any], build: Build) -> Answer:
        session = self._session(request)
        outcome = await self._exchange.ask(session, build)
        return {"outcome": outcome.sent.value}

    async def _roll_call(self, request: Mapping[str, Any]) -> Answer:
        session = self._session(request)
        minutes = None if request.get("minutes") is None else number_of(request, "minutes", 1, 10)
        call = await self._roll_calls.call(session.key, minutes, text_of(request, "by"))
        return {"call": call.document()}

    async def _list_roll_calls(self, request: Mapping[str, Any]) -> Answer:
        unit, name = (None if request.get(one) is None else text_of(request, one) for one in ("unit", "transmitter"))
        until_ns = None if request.get("until_ns") is None else number_of(request, "until_ns", 0, LATEST_NS)
        limit = number_of(request, "limit", 1, LARGEST_LIMIT, USUALLY_LISTED)
        calls = await self._roll_calls.list(Choice(unit, name, until_ns), min(limit, MOST_LISTED))
        plan = self._roll_calls.plan.model_dump(mode="json")
        return {"calls": [call.document() for call in calls], "plan": plan}

    def _session(self, request: Mapping[str, Any]) -> Session:
        """Return the session that a request names; raises RefusedError for one that is not here."""
        key = f"{text_of(request, 'unit')}/{text_of(request, 'transmitter')}"
        session = self._directory.get(key)
        if session is None:
            raise RefusedError(f"no transmitter {key} on connection '{self._connection}'")
        return session


def _told(one: Kept) -> dict[str, Any]:
    zh, en = frame_words(one.raw)
    return {
        "time_ns": one.time_ns,
        "direction": "out" if one.out else "in",
        "hex": one.raw.hex(),
        "zh": zh[:MOST_WORDS],
        "en": en[:MOST_WORDS],
    }


def _document(session: Session) -> dict[str, Any]:
    """Return the state of one transmitter."""
    settings, line = session.registered.settings, session.line
    seen = "up" if session.is_up else "down"
    return {
        "unit": settings.unit,
        "id": settings.id,
        "duty": settings.duty,
        "state": seen if session.last_ns else "never",
        "peer": f"{line.ip}:{line.port}" if line is not None else None,
        "since_ns": session.since_ns or None,
        "last_ns": session.last_ns or None,
        "profile": session.profile.name,
        "profile_reasons": [{"zh": zh, "en": en} for zh, en in session.reasons],
        "frames": session.frames,
        "refused": session.refused,
        "duplicates": session.duplicates,
        "conflicts": session.conflicts,
        "unexpected": session.unexpected,
        "overrun": session.overrun,
        "waiting": len(session.waiting),
        "clock_error_s": session.clock_error_s,
        "inspection": session.inspection or None,
        "inspected_ns": session.inspected_ns or None,
    }
