"""What a transmitter answers to its centre: requests (command 4) and orders (command 1).

Types 61-68 and 81-88 are answered by types 1-8 and 21-28 with command 5; initialise (89), clock (90) and roll-call
(91) are confirmed, whichever of the two commands brings them (makers differ). What it can't answer it denies.
"""

from __future__ import annotations

from datetime import datetime

from simulators.gb26875 import objects
from simulators.gb26875.equipment import Component, FacilitySystem
from simulators.gb26875.frames import Command, Frame
from simulators.gb26875.objects import Asked, RequestError
from simulators.gb26875.transmitter import Event, Transmitter

SOFTWARE = (1, 1)
"""Version that systems and transmitter report (types 5 and 25)."""

DEFAULT_MINUTES = 10
"""Minutes to answer when an order for a roll-call gives none (the standard's worked example)."""


def answer(transmitter: Transmitter, order: Frame, now_s: float) -> bytes:
    """Do what the centre wants and return the frame that says so."""
    try:
        type_flag, asked = objects.read_request(order.data, transmitter.dialect)
        if type_flag in objects.ANSWERS:
            data = _response(transmitter, type_flag, asked)
            return transmitter.reply(order, Command.RESPONSE, data)
        _obey(transmitter, type_flag, asked, now_s)
    except RequestError as error:
        transmitter.note(Event.SKIPPED, note=str(error))
        return transmitter.reply(order, Command.DENY)
    return transmitter.reply(order, Command.CONFIRM)


def _obey(transmitter: Transmitter, type_flag: int, asked: list[Asked], now_s: float) -> None:
    if type_flag == objects.INITIALISE:
        transmitter.reboot()
        transmitter.greet()
    elif type_flag == objects.SET_CLOCK:
        if not asked or asked[0].time is None:
            raise RequestError("no time to set the clock to")
        transmitter.set_clock(asked[0].time)
        transmitter.note(Event.CLOCK_SET, note=f"{asked[0].time:%Y-%m-%d %H:%M:%S}")
    elif type_flag == objects.ROLL_CALL:
        minutes = asked[0].minutes if asked else None
        transmitter.raise_ring(minutes or DEFAULT_MINUTES, now_s)


def _response(transmitter: Transmitter, type_flag: int, asked: list[Asked]) -> bytes:
    at, dialect = transmitter.local_time(), transmitter.dialect
    kind = objects.ANSWERS[type_flag]
    if type_flag in objects.READ_COMPONENT:
        found = [_component(transmitter, one) for one in asked]
        return objects.unit(kind, [raw for one in found for raw in _component_objects(transmitter, kind, one)], dialect)
    if type_flag in objects.READ_SYSTEM:
        raws = [raw for one in asked for raw in _system_objects(transmitter, kind, one, at)]
        return objects.unit(kind, raws, dialect) if raws else bytes((kind, 0))
    match kind:
        case objects.STATE:
            raws = [objects.state(transmitter.state, at, dialect)]
        case objects.OPERATION:
            raws = [
                objects.operation(record.flags, record.operator, record.at, dialect)
                for record in transmitter.records
                if record.system is None and _since(record.at, asked[0])
            ][-(asked[0].records or 0) :]
        case objects.VERSION:
            raws = [bytes(SOFTWARE)]
        case objects.CONFIGURATION:
            raws = [objects.configuration(f"{transmitter.name} {transmitter.dialect.labels.zh}")]
        case _:
            raws = [objects.time_object(at, dialect)]
    return objects.unit(kind, raws, dialect) if raws else bytes((kind, 0))


def _component_objects(transmitter: Transmitter, kind: int, component: Component) -> list[bytes]:
    at, dialect = transmitter.local_time(), transmitter.dialect
    match kind:
        case objects.COMPONENT_STATE:
            return [objects.component_state(component.target, component.state, component.text, at, dialect)]
        case objects.COMPONENT_ANALOG:
            return transmitter.analogs_of(component)
        case _:
            return [objects.component_configuration(component.target, component.text, dialect)]


def _system_objects(transmitter: Transmitter, kind: int, asked: Asked, at: datetime) -> list[bytes]:
    system, dialect = _system(transmitter, asked), transmitter.dialect
    head = bytes((system.type, system.address))
    match kind:
        case objects.SYSTEM_STATE:
            return [objects.system_state(system.type, system.address, transmitter.word_of(system), at, dialect)]
        case objects.SYSTEM_OPERATION:
            return [
                objects.system_operation(
                    (system.type, system.address), record.flags, record.operator, record.at, dialect
                )
                for record in transmitter.records
                if record.system == (system.type, system.address) and _since(record.at, asked)
            ][-(asked.records or 0) :]
        case objects.SYSTEM_VERSION:
            return [head + bytes(SOFTWARE)]
        case objects.SYSTEM_CONFIGURATION:
            return [head + objects.configuration(f"{system.name}: {len(system.components)} 个部件")]
        case _:
            return [head + objects.time_object(at, dialect)]


def _component(transmitter: Transmitter, asked: Asked) -> Component:
    found = transmitter.equipment.at(asked.system or 0, asked.address or 0, asked.at or "")
    if found is None:
        raise RequestError(f"no component at {asked.at} of system {asked.system}-{asked.address}")
    return found


def _system(transmitter: Transmitter, asked: Asked) -> FacilitySystem:
    found = transmitter.equipment.systems.get((asked.system or 0, asked.address or 0))
    if found is None:
        raise RequestError(f"no system {asked.system}-{asked.address}")
    return found


def _since(at: datetime, asked: Asked) -> bool:
    return asked.since is None or at >= asked.since
