"""Checks the parts of a site that only a connector understands; `fengsui check` and the gateway run it.

The registry has been built before, so ids and references are right; here each ``settings``,
``address``, ``options`` and ``read`` is held to the models of its protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from domain.documents import Document, Path, nearest, problems_of
from domain.errors import Problem
from domain.quantity import to_canonical
from domain.site import Connection, GatewaySettings, Profile, Registry, itself
from domain.site.labels import Settings
from gateway.connectors import CONNECTORS, Protocol
from gateway.connectors.contract import Finding, ReadSettings

_HEEDED = ("report", "period_s", "part")
_IDLE = "this protocol does nothing with it"

PROTOCOLS = tuple(sorted(CONNECTORS))
"""The protocols that a connection may have: `build_registry`'s ``known_protocols``."""


def check_site(registry: Registry, gateways: Sequence[Document], profiles: Sequence[Document]) -> list[Problem]:
    """Check all gateways and profiles of a site; returns every problem found."""
    found: list[Problem] = []
    sound: set[str] = set()
    for document in profiles:
        profile = registry.profiles[document.value(("profile",))]
        problems = check_profile(document, profile)
        found += problems
        if not problems:
            sound.add(profile.profile)
    for document in gateways:
        key = f"{document.value(('unit',))}/{document.value(('gateway',))}"
        found += check_gateway(document, registry, registry.gateways[key], sound_profiles=sound)
    return found


def check_gateway(
    document: Document,
    registry: Registry,
    gateway: GatewaySettings,
    *,
    sound_profiles: Iterable[str] | None = None,
) -> list[Problem]:
    """Check the connections of one gateway.

    ``sound_profiles`` are those without problems of their own (default: all); a connection with
    another one is checked for its settings only.
    """
    sound = set(registry.profiles if sound_profiles is None else sound_profiles)
    found: list[Problem] = []
    for at, connection in enumerate(gateway.connections):
        path: Path = ("connections", at)
        protocol = CONNECTORS.get(connection.protocol)
        if protocol is None:
            found.append(
                document.problem((*path, "protocol"), "no such protocol", nearest(connection.protocol, CONNECTORS))
            )
            continue
        problems = _model_problems(protocol.settings, connection.settings, document, (*path, "settings"))
        found += problems
        if problems or not all(device.profile in sound for device in connection.devices):
            continue
        devices = [registry.devices[f"{gateway.unit}/{device.id}"] for device in connection.devices]
        found += _problems(_unheeded_of_devices(connection, protocol), document, path)
        found += _problems(protocol.check_connection(connection, registry, devices), document, path)
    return found


def check_profile(document: Document, profile: Profile) -> list[Problem]:
    """Check the options of a profile and how each of its points is read; the gateway's own are not read at all."""
    if profile.protocol == itself.PROTOCOL:
        return []
    protocol = CONNECTORS.get(profile.protocol)
    if protocol is None:
        return [document.problem(("protocol",), "no such protocol", nearest(profile.protocol, CONNECTORS))]
    found = _model_problems(protocol.options, profile.options, document, ("options",))
    found += _problems(_unheeded((), profile, protocol), document, ())
    for at, point in enumerate(profile.points):
        path: Path = ("points", at, "read")
        found += _problems(_unheeded(("points", at), point, protocol), document, ())
        problems = _model_problems(protocol.read, point.read, document, path)
        if not problems:
            read = protocol.read.model_validate(point.read)
            problems = [document.problem(path, *words) for words in _wrong_quantities(read, point.quantity)]
        found += problems
    return found or _problems(protocol.check_profile(profile), document, ())


def _unheeded_of_devices(connection: Connection, protocol: Protocol) -> Iterator[Finding]:
    """Yield what the devices of a connection say about points that their protocol does nothing with."""
    for at, device in enumerate(connection.devices):
        if device.parts and "part" not in protocol.heeds:
            yield Finding(("devices", at, "parts"), _IDLE, "remove 'parts'")
        for name, override in device.points.items():
            yield from _unheeded(("devices", at, "points", name), override, protocol)


def _unheeded(path: Path, written: Settings, protocol: Protocol) -> Iterator[Finding]:
    """Yield what is written in one block and has no meaning for the protocol."""
    for name in _HEEDED:
        if name in written.model_fields_set and name not in protocol.heeds:
            yield Finding((*path, name), _IDLE, f"remove '{name}'")


def _model_problems(model: type[Settings], data: Any, document: Document, path: Path) -> list[Problem]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        return problems_of(error, document, path, model=model)
    return []


def _wrong_quantities(read: ReadSettings, quantity: str) -> list[tuple[str, str]]:
    """Return message and mend for each symbol that can't become the point's quantity."""
    return [
        (
            f"'{symbol}' is no measure of the point's quantity '{quantity}'",
            f"write a symbol that is converted to '{quantity}'",
        )
        for symbol in read.symbols()
        if to_canonical(symbol)[0] != quantity
    ]


def _problems(findings: Iterable[Finding], document: Document, prefix: Path) -> list[Problem]:
    return [document.problem((*prefix, *item.path), item.message, item.mend) for item in findings]
