"""Turns a request for reading (types 61-68, 81-88) into the frame that asks the device.

What a request lacks, or has too much of, is a ValueError that says what to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.site.transmitters import FacilitySystemSettings
from gateway.connectors.gb26875.centre import MOST_RECORDS
from gateway.connectors.gb26875.exchange import Build
from gateway.connectors.gb26875.profile import component_bytes
from gateway.connectors.gb26875.session import Session

OF_SYSTEM = (61, 65, 66, 68)
OF_COMPONENT = (62, 63, 67)
OF_TRANSMITTER = (81, 85, 86, 88)
SYSTEM_RECORDS, TRANSMITTER_RECORDS = 64, 84
ALL = (*OF_SYSTEM, *OF_COMPONENT, *OF_TRANSMITTER, SYSTEM_RECORDS, TRANSMITTER_RECORDS)

LONGEST_TEXT = 64


def question(request: Mapping[str, Any], session: Session) -> Build:
    """Return what makes the frame of a request; raises ValueError."""
    flag = number_of(request, "type", 0, 255)
    if flag in OF_TRANSMITTER:
        return lambda sender, number, now: sender.read_transmitter(flag, sequence=number, now=now)
    if flag == TRANSMITTER_RECORDS:
        count, start = _count(request), _start(request)
        return lambda sender, number, now: sender.read_transmitter_operations(count, start, sequence=number, now=now)
    if flag not in ALL:
        raise ValueError(f"type {flag} reads nothing → write one of {', '.join(map(str, sorted(ALL)))}")
    type_, address, declared = _system(request, session)
    if flag in OF_SYSTEM:
        return lambda sender, number, now: sender.read_system(flag, type_, address, sequence=number, now=now)
    if flag == SYSTEM_RECORDS:
        count, start = _count(request), _start(request)
        return lambda sender, number, now: sender.read_system_operations(
            type_, address, count, start, sequence=number, now=now
        )
    component = _component(request, session, declared)
    return lambda sender, number, now: sender.read_component(flag, type_, address, component, sequence=number, now=now)


def text_of(request: Mapping[str, Any], name: str) -> str:
    """Return a text of a request; raises ValueError."""
    value = request.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_TEXT:
        raise ValueError(f"'{name}' is {value!r} → write a text of 1 to {LONGEST_TEXT} characters")
    return value


def number_of(request: Mapping[str, Any], name: str, least: int, most: int, default: int | None = None) -> int:
    """Return a whole number of a request; raises ValueError."""
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"'{name}' is {value!r} → write a number from {least} to {most}")
    return value


def _count(request: Mapping[str, Any]) -> int:
    return number_of(request, "count", 1, MOST_RECORDS, MOST_RECORDS)


def _start(request: Mapping[str, Any]) -> datetime:
    text = text_of(request, "start")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise ValueError(f"'start' is {text!r} → write local time without a zone, such as 2026-01-31T08:00:00")
    return moment


def _system(request: Mapping[str, Any], session: Session) -> tuple[int, int, FacilitySystemSettings | None]:
    """Return type and address of the system that a request names, and its settings where it is declared."""
    name = text_of(request, "system")
    declared = session.registered.settings.systems
    for system in declared:
        if name in (system.id, f"{system.type}-{system.address}"):
            return system.type, system.address, system
    first, _, second = name.partition("-")
    if all(part.isascii() and part.isdecimal() and int(part) <= 255 for part in (first, second)):
        return int(first), int(second), None
    known = ", ".join(system.id for system in declared) or "none is declared"
    raise ValueError(f"no system '{name}' → write its id ({known}) or type-address, such as 1-1")


def _component(request: Mapping[str, Any], session: Session, system: FacilitySystemSettings | None) -> bytes:
    name = text_of(request, "component")
    for component in system.components if system is not None else ():
        if name == component.id:
            return component_bytes(component.at, session.profile)
    return component_bytes(name, session.profile)
