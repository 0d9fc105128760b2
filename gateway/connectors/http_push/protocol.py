"""A pushed body → messages with their device, time, name and fields; pure, and never a crash whatever comes.

| input | result |
|---|---|
| no UTF-8, no JSON, too deep, no message where the envelope says, too many | `BodyError`: the request is refused |
| a message that is no object, names no device, has no fields | `MessageError`: it is set aside, the others go on |
| a time that is absent or is none | a message without a time; its readings get the gateway's |

Objects and lists that a platform wrote as text within a string are read like the rest (OneNET Studio's ``msg``).
Payloads in base64 or hex are a device maker's own language, and are not read here.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from domain.clock import NS_PER_MS
from gateway.connectors.http_push.config import Envelope, TimeFormat
from gateway.connectors.json_decoder import MOST_MS, Steps, UnusableError, find, steps_of

MOST_ID = 128
"""Characters of a device's id: Huawei's are the longest that we know of."""

MS_PER_S = 1000
NAME_BYTES = 24


class BodyError(UnusableError):
    """A body that nothing can be read of; ``at`` is the path of what is wrong."""

    def __init__(self, code: str, at: str, detail: str) -> None:
        """Keep the place."""
        super().__init__(code, detail)
        self.at = at


class MessageError(BodyError):
    """One message that can't be used; ``raw`` is that message."""

    def __init__(self, code: str, at: str, detail: str, message: Any) -> None:
        """Keep the message as text."""
        super().__init__(code, at, detail)
        self.message = text_of(message)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message: where it stood, whose it is, its time, what it is known by, what it says."""

    at: str
    device: str
    time_ns: int | None
    name: bytes | None
    fields: Mapping[str, Any]
    message: Any


class EnvelopeReader:
    """Reads the bodies of one platform."""

    def __init__(self, envelope: Envelope, *, connection: str, zone: tzinfo, messages: int, depth: int) -> None:
        """Take at most so many ``messages`` and levels; times without a zone are in ``zone``."""
        self._envelope = envelope
        self._connection = connection
        self._zone = zone
        self._messages = messages
        self._depth = depth
        self._steps = {
            name: steps_of(path)
            for name in ("messages", "device", "time", "id", "fields", "name", "value")
            if (path := getattr(envelope, name)) is not None
        }

    @property
    def has_time(self) -> bool:
        """Tell whether messages are expected to have a time."""
        return "time" in self._steps

    def messages(self, body: bytes) -> list[tuple[str, Any]]:
        """Return the messages of a body, each with its path; raises BodyError."""
        document = self._parsed(body)
        path = self._envelope.messages or ""
        found = _unwrapped(find(document, self._steps["messages"])) if path else document
        if found is None:
            raise BodyError("no_messages", path, "nothing stands here")
        self._check_depth(found, path)
        several = found if isinstance(found, list) else [found]
        if not several:
            raise BodyError("no_messages", path, "the list is empty")
        if len(several) > self._messages:
            raise BodyError("too_many", path, f"{len(several)} messages; at most {self._messages}")
        if several is not found and not isinstance(found, dict):
            raise BodyError("no_messages", path, f"a {type(found).__name__} where a message is expected")
        return [(f"{path}[{at}]" if several is found else path, one) for at, one in enumerate(several)]

    def read(self, at: str, message: Any) -> Pushed:
        """Return a message taken apart; raises MessageError."""
        written, message = message, _unwrapped(message)
        if not isinstance(message, dict):
            raise MessageError("no_object", at, f"a {type(message).__name__} where an object is expected", written)
        try:
            self._check_depth(message, at)
        except BodyError as error:
            raise MessageError(error.code, error.at, error.detail, written) from error
        device = self._text(message, "device")
        if device is None:
            where = _joined(at, self._envelope.device)
            raise MessageError("no_device", where, f"no id of at most {MOST_ID} characters stands here", message)
        fields = self._fields(at, message)
        time_ns = self._time_of(message)
        return Pushed(at, device, time_ns, self._name(message, device, time_ns), fields, message)

    def _parsed(self, body: bytes) -> Any:
        try:
            document = json.loads(body.decode())
        except UnicodeDecodeError as error:
            raise BodyError("not_json", "", f"no UTF-8 at byte {error.start}") from error
        except (ValueError, RecursionError) as error:
            raise BodyError("not_json", "", str(error) or type(error).__name__) from error
        self._check_depth(document, "")
        return document

    def _check_depth(self, document: Any, at: str) -> None:
        level = [document]
        for _ in range(self._depth + 1):
            level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
            if not level:
                return
        raise BodyError("too_deep", at, f"more than {self._depth} levels")

    def _fields(self, at: str, message: Mapping[str, Any]) -> Mapping[str, Any]:
        envelope = self._envelope
        if envelope.name is not None and envelope.value is not None:
            name = self._text(message, "name")
            if name is None:
                raise MessageError("no_fields", _joined(at, envelope.name), "no name of a value stands here", message)
            return {name: find(message, self._steps["value"])}
        if envelope.fields is None:
            return message
        fields = _unwrapped(find(message, self._steps["fields"]))
        if not isinstance(fields, dict):
            where = _joined(at, envelope.fields)
            raise MessageError("no_fields", where, "no object with the device's values stands here", message)
        try:
            self._check_depth(fields, _joined(at, envelope.fields))
        except BodyError as error:
            raise MessageError(error.code, error.at, error.detail, message) from error
        return fields

    def _text(self, message: Mapping[str, Any], name: str) -> str | None:
        """Return an id, which platforms write as text or as a whole number; None where there is none."""
        steps: Steps | None = self._steps.get(name)
        said = find(message, steps) if steps else None
        if isinstance(said, bool) or not isinstance(said, str | int):
            return None
        text = said if isinstance(said, str) else _digits(said)
        return text if 0 < len(text) <= MOST_ID else None

    def _time_of(self, message: Mapping[str, Any]) -> int | None:
        said = find(message, self._steps["time"]) if self.has_time else None
        if self._envelope.time_format is TimeFormat.ISO:
            ms = _iso_ms(said, self._zone)
        else:
            ms = _number_ms(said, MS_PER_S if self._envelope.time_format is TimeFormat.S else 1)
        return None if ms is None or not 0 <= ms < MOST_MS else ms * NS_PER_MS

    def _name(self, message: Mapping[str, Any], device: str, time_ns: int | None) -> bytes | None:
        """Return what a second copy is known by: the platform's id, or the whole message where that has a time.

        The time counts with the id: an id that a device sets, and never changes, must not hide its next alarm.
        """
        own = self._text(message, "id")
        if own is None and time_ns is None:
            return None
        of = f"id {own} {time_ns}" if own is not None else text_of(message)
        said = f"{self._connection}\x1f{device}\x1f{of}"
        return hashlib.blake2s(said.encode(errors="surrogatepass"), digest_size=NAME_BYTES).digest()


def text_of(message: Any) -> str:
    """Return a message as compact JSON, always the same for the same content."""
    return json.dumps(message, sort_keys=True, separators=(",", ":"))


def _unwrapped(said: Any) -> Any:
    """Return what a string says that holds JSON, anything else as it is."""
    if not isinstance(said, str) or said.lstrip()[:1] not in {"{", "["}:
        return said
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return said


def _inside(one: dict[str, Any] | list[Any]) -> list[Any]:
    return list(one.values()) if isinstance(one, dict) else one


def _joined(at: str, path: str) -> str:
    return f"{at}.{path}" if at else path


def _digits(number: int) -> str:
    return str(number) if abs(number) < 10**MOST_ID else ""


def _number_ms(said: Any, factor: int) -> int | None:
    if isinstance(said, str) and len(said) <= 20 and said.isascii() and said.isdigit():
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said < MOST_MS:
        return None  # NaN compares false, so it ends here too
    return math.floor(said * factor)


def _iso_ms(said: Any, zone: tzinfo) -> int | None:
    if not isinstance(said, str) or len(said) > 40:
        return None
    try:
        moment = datetime.fromisoformat(said)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        return math.floor(moment.timestamp() * MS_PER_S)
    except (ValueError, OverflowError):
        return None
