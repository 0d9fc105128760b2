"""Frames as JSON documents and back: one object for each frame or refusal.

    {"ok": true, "seq": 1, "version": [1, 1], "time": "2012-09-26T09:58:32", "src": 889, "dst": 88888,
     "cmd": 2, "type": 21, "count": 1, "objects": [{"state": 8, "time": "2012-09-26T09:58:02"}]}
    {"ok": false, "error": "checksum", "raw": "4040…2323"}

``time`` is local and ISO 8601, null when the tag is no time; what it is then, unless all zero, is in
``time_raw``. ``src`` and ``dst`` are u48 little-endian whatever the profile. ``value`` is in ``quantity``, the
canonical one; an analog type that nobody knows keeps its count and says ``none``. What was not read has ``raw``
and ``reason``. An object whose fields alone would not give its bytes again (padding by spaces, a time that is
none) has ``raw`` as well, and on the way back ``raw`` and ``time_raw`` win.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Any

from gateway.connectors.gb26875.layouts import ATTRIBUTES, FORMS, LONG_TEXT, STAMP, Layout, layout_of, layouts_of
from gateway.connectors.gb26875.objects import Heartbeat, InformationObject, Raw, decode_unit
from gateway.connectors.gb26875.profile import DeviceProfile, time_bytes, time_of
from gateway.connectors.gb26875.protocol import Frame, Received, Rejected
from gateway.connectors.gb26875.shapes import DESCRIPTION_SIZE, AnalogValue, Texted, text_bytes
from gateway.connectors.gb26875.stamps import Stamp

KEYS: Mapping[str, str] = {
    "system_type": "sys_type",
    "system_address": "sys_addr",
    "component_type": "comp_type",
    "component": "comp_addr_raw",
    "state": "state",
    "short_state": "state",
    "text": "text",
    LONG_TEXT: "text",
    "analog_type": "analog_type",
    "value": "value",
    "flags": "op_flags",
    "operator": "operator",
    "major": "major",
    "minor": "minor",
    "records": "record_count",
    "reserved": "reserved",
    "timeout_min": "timeout_min",
}
"""Field of a layout -> its key in a document; the time is ``time``, of a request for records ``start_time``."""

_REQUESTS_FROM = (64, 84)
"""Types whose time says from when records are asked for."""


def frame_document(event: Received | Rejected, profile: DeviceProfile) -> dict[str, Any]:
    """Return the document of a frame or of a refusal; never raises."""
    if isinstance(event, Rejected):
        return {"ok": False, "error": event.error.value, "raw": event.raw.hex()}
    frame = event.frame
    unit = decode_unit(frame, profile)
    return {
        "ok": True,
        "seq": frame.sequence,
        "version": list(frame.version),
        **_time_entries(frame.time, profile),
        "src": int.from_bytes(frame.source, "little"),
        "dst": int.from_bytes(frame.destination, "little"),
        "cmd": frame.command,
        "type": unit.type,
        "count": unit.count,
        "objects": [document for item in unit.objects for document in object_documents(item, unit.type, profile)],
    }


def object_documents(item: InformationObject, flag: int | None, profile: DeviceProfile) -> Iterator[dict[str, Any]]:
    """Yield the document of an object of type ``flag``; nothing for an empty heartbeat."""
    if isinstance(item, Heartbeat | Raw):
        if item.data:
            reason = "heartbeat" if isinstance(item, Heartbeat) else item.reason.value
            yield {"raw": item.data.hex(), "reason": reason}
        return
    layout = layout_of(item, flag or 0, profile)
    document = {key: value for name in layout.fields for key, value in _entries(name, item, flag, profile)}
    raw = layout.write(item)
    if not _gives(document, raw, flag or 0, layout, profile):
        document["raw"] = raw.hex()
    yield document


def frame_from_document(document: Mapping[str, Any], profile: DeviceProfile) -> Frame:
    """Return the frame that a document describes; ``count`` and ``ok`` are not needed.

    Raises ValueError that names the key and says what to write instead.
    """
    version = document.get("version", (1, 0))
    if not isinstance(version, list | tuple) or len(version) != 2:
        raise ValueError(f"'version' is {version!r} → write main and user version, such as [1, 1]")
    return Frame(
        sequence=_number(document, "seq", 0xFFFF),
        version=(_whole(version[0], "version", 0xFF), _whole(version[1], "version", 0xFF)),
        time=_hex(document, "time_raw", "") if "time_raw" in document else _time_raw(document, "time", profile, ""),
        source=_number(document, "src", (1 << 48) - 1).to_bytes(6, "little"),
        destination=_number(document, "dst", (1 << 48) - 1).to_bytes(6, "little"),
        command=_number(document, "cmd", 0xFF),
        data=_data(document, profile),
    )


def _data(document: Mapping[str, Any], profile: DeviceProfile) -> bytes:
    objects = document.get("objects") or []
    if not isinstance(objects, list) or not all(isinstance(one, Mapping) for one in objects):
        raise ValueError("'objects' is no list of objects → write [{…}, …]")
    if document.get("type") is None:
        return b"".join(_hex(one, "raw", f"objects[{index}].") for index, one in enumerate(objects))
    flag = _number(document, "type", 0xFF)
    count = _number(document, "count", 0xFF) if document.get("count") is not None else len(objects)
    layouts = layouts_of(flag, profile)
    bodies = [_object_bytes(one, flag, layouts, profile, f"objects[{index}].") for index, one in enumerate(objects)]
    return bytes((flag, count)) + b"".join(bodies)


def _object_bytes(
    document: Mapping[str, Any], flag: int, layouts: tuple[Layout, ...], profile: DeviceProfile, where: str
) -> bytes:
    if "raw" in document:
        return _hex(document, "raw", where)
    if not layouts:
        raise ValueError(f"'type' {flag} has no layout → give '{where}raw', the object's bytes in hexadecimal")
    timed = any(key in document for key in ("time", "start_time"))
    layout = layouts[0] if timed else layouts[-1]
    try:
        return layout.write(_object(document, flag, layout, profile, where))
    except ValueError as error:
        raise ValueError(f"{'' if where in str(error) else where}{error}") from None


def _gives(document: Mapping[str, Any], raw: bytes, flag: int, layout: Layout, profile: DeviceProfile) -> bool:
    """Tell whether a document's fields alone give an object's bytes again, under a layout that its profile has."""
    if layout not in layouts_of(flag, profile):
        return False
    try:
        return layout.write(_object(document, flag, layout, profile, "")) == raw
    except ValueError:  # a replaced character may need more room than the bytes that it stands for
        return False


def _entries(name: str, item: InformationObject, flag: int | None, profile: DeviceProfile) -> Iterator[tuple[str, Any]]:
    """Yield the entries of one field of an object."""
    if name == STAMP:
        yield _time_key(flag), _moment_text(getattr(item, "time", None))
        return
    value = getattr(item, ATTRIBUTES.get(name, name))
    if isinstance(item, Texted) and name in ("text", LONG_TEXT):
        yield "text", item.text
    elif name == "component":
        yield "comp_addr_raw", value.hex()
        yield "comp_addr_words", [int.from_bytes(value[:2], "little"), int.from_bytes(value[2:], "little")]
    elif isinstance(item, AnalogValue) and name == "value":
        known = profile.analog(item.analog_type)
        yield "value", known.value(value) if known else value
        yield "quantity", known.quantity.value if known else "none"
    else:
        yield KEYS[name], value


def _object(
    document: Mapping[str, Any], flag: int, layout: Layout, profile: DeviceProfile, where: str
) -> InformationObject:
    """Return the object that a document's fields describe."""
    values = [_field(name, document, flag, profile, where) for name in layout.fields]
    return layout.shape(*values, *layout.absent)  # type: ignore[no-any-return]


def _field(name: str, document: Mapping[str, Any], flag: int, profile: DeviceProfile, where: str) -> Any:
    match name:
        case "stamp":
            return Stamp(_time_raw(document, _time_key(flag), profile, where), profile.times)
        case "text" | "long_text":
            return text_bytes(str(document.get("text", "")), DESCRIPTION_SIZE if name == "text" else None)
        case "component":
            return _component(document, where)
        case "value":
            return _count(document, profile, where)
        case _:
            return _number(document, KEYS[name], 0xFFFF if FORMS[name] == "H" else 0xFF, where)


def _component(document: Mapping[str, Any], where: str) -> bytes:
    words = document.get("comp_addr_words")
    if "comp_addr_raw" in document:
        return _hex(document, "comp_addr_raw", where)
    if not isinstance(words, list | tuple) or len(words) != 2:
        raise ValueError(f"'{where}comp_addr_raw' is missing → write four bytes in hexadecimal, such as 0a000200")
    return b"".join(_whole(word, f"{where}comp_addr_words", 0xFFFF).to_bytes(2, "little") for word in words)


def _count(document: Mapping[str, Any], profile: DeviceProfile, where: str) -> int:
    value = document.get("value")
    if isinstance(value, bool) or not (isinstance(value, int | float) and isfinite(value)):
        raise ValueError(f"'{where}value' is {value!r} → write a number")
    known = profile.analog(_number(document, "analog_type", 0xFF, where))
    return known.count(value) if known else int(value)


def _time_key(flag: int | None) -> str:
    return "start_time" if flag in _REQUESTS_FROM else "time"


def _time_entries(raw: bytes, profile: DeviceProfile) -> dict[str, Any]:
    """Return the time tag of a frame; bytes that are no time, and not the zeros that stand for none, are kept."""
    moment = time_of(raw, profile)
    kept = {"time_raw": raw.hex()} if moment is None and any(raw) else {}
    return {"time": _moment_text(moment), **kept}


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _time_raw(document: Mapping[str, Any], key: str, profile: DeviceProfile, where: str) -> bytes:
    """Return a time tag; null is six zero bytes, which is how devices write no time."""
    text = document.get(key)
    if text is None:
        return bytes(6)
    try:
        return time_bytes(datetime.fromisoformat(text), profile)
    except (TypeError, ValueError):
        raise ValueError(
            f"'{where}{key}' is {text!r} → write local time such as 2026-09-26T09:58:32, or null"
        ) from None


def _number(document: Mapping[str, Any], key: str, most: int, where: str = "") -> int:
    if key not in document:
        raise ValueError(f"'{where}{key}' is missing → write a whole number from 0 to {most}")
    return _whole(document[key], f"{where}{key}", most)


def _whole(value: Any, key: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"'{key}' is {value!r} → write a whole number from 0 to {most}")
    return value


def _hex(document: Mapping[str, Any], key: str, where: str) -> bytes:
    try:
        return bytes.fromhex(document[key])
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"'{where}{key}' is {document.get(key)!r} → write bytes in hexadecimal, such as 0a00"
        ) from None
