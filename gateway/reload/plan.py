"""What differs between two configurations of one gateway, for the machine (`Plan`) and for people (`Change`). Pure.

A line is a connection with everything that its connector is built from: its settings, its devices, their profiles,
the points as they were resolved, the transmitters that it hosts. Two lines are the same when all of that is equal,
whatever models it consists of; only lines that are not the same are restarted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel

from domain.points import Point
from domain.site import Connection, GatewaySettings, Profile, Registry, Transmitter

MOST_FIELDS = 12
"""Fields of one changed thing that are named; a profile may have thousands."""

MOST_SHOWN = 60

HIDDEN = ("settings", "options", "token")
"""Blocks whose values are never shown: a password may stand there."""

What = Literal["gateway", "line", "device", "transmitter"]
Did = Literal["added", "removed", "changed"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """Everything that the connector of a connection is made of."""

    connection: Connection
    profiles: tuple[Profile, ...]
    points: tuple[Point, ...]
    transmitters: tuple[Transmitter, ...]
    timezone: str

    @property
    def things(self) -> dict[tuple[What, str], Mapping[str, Any]]:
        """Return its devices and transmitters, each with all that is known of it, as plain data."""
        found: dict[tuple[What, str], Mapping[str, Any]] = {}
        profiles = {profile.profile: profile.model_dump(mode="json") for profile in self.profiles}
        for device in self.connection.devices:
            told = device.model_dump(mode="json", exclude={"id", "profile"})
            found["device", device.id] = {**told, "profile": profiles.get(device.profile, device.profile)}
        for transmitter in self.connection.transmitters:
            found["transmitter", f"{transmitter.unit}/{transmitter.id}"] = transmitter.model_dump(mode="json")
        return found

    @property
    def devices(self) -> frozenset[str]:
        """Return the ids of its own devices."""
        return frozenset(device.id for device in self.connection.devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is different, in the words of the files: ``fields`` are ``path: before → after``."""

    what: What
    did: Did
    line: str
    id: str
    fields: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a switch from one configuration to another does to lines; ``changes`` tell people why."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing that runs would notice."""
        return not self.changes

    @property
    def stopped(self) -> tuple[str, ...]:
        """Return the lines that end, or end and begin anew."""
        return (*self.removed, *self.changed)

    @property
    def started(self) -> tuple[str, ...]:
        """Return the lines that begin, or begin anew."""
        return (*self.added, *self.changed)

    @property
    def told(self) -> tuple[Mapping[str, Any], ...]:
        """Return the changes as JSON has them."""
        return tuple(change.document() for change in self.changes)


def lines_of(registry: Registry, settings: GatewaySettings) -> dict[str, Line]:
    """Return the lines of a gateway by the connection's id."""
    hosted = registry.hosted_by(settings.unit, settings.gateway)
    points: dict[tuple[str, str, str], list[Point]] = {}
    for point in registry.gateway_points(settings.unit, settings.gateway):
        points.setdefault((point.unit, point.gateway, point.device), []).append(point)
    return {
        connection.id: _line(
            registry, settings, connection, points, [t for t in hosted if t.connection == connection.id]
        )
        for connection in settings.connections
    }


def _line(
    registry: Registry,
    settings: GatewaySettings,
    connection: Connection,
    points: Mapping[tuple[str, str, str], Sequence[Point]],
    hosted: Sequence[Transmitter],
) -> Line:
    nodes = [(settings.unit, settings.gateway, connection.devices)]
    for one in hosted:
        node = registry.gateways[one.key]
        nodes += [(node.unit, node.gateway, inner.devices) for inner in node.connections]
    profiles = {
        registry.devices[f"{unit}/{device.id}"].profile.profile: None for unit, _, own in nodes for device in own
    }
    return Line(
        connection=_undrawn(connection),
        profiles=tuple(registry.profiles[name] for name in sorted(profiles)),
        points=tuple(
            point
            for unit, gateway, own in nodes
            for device in own
            for point in points.get((unit, gateway, device.id), ())
        ),
        transmitters=tuple(hosted),
        timezone=registry.site.timezone,
    )


def _undrawn(connection: Connection) -> Connection:
    """Return a connection without coordinates: a device that moves on its floor's plan is the same to its line."""
    if all(device.at is None for device in connection.devices):
        return connection
    devices = tuple(device.model_copy(update={"at": None}) for device in connection.devices)
    return connection.model_copy(update={"devices": devices})


def plan_of(before: Registry, after: Registry, unit: str, gateway: str) -> Plan:
    """Compare two configurations of a gateway; raises KeyError when one of them has no such gateway."""
    key = f"{unit}/{gateway}"
    old, new = before.gateways[key], after.gateways[key]
    mine, theirs = lines_of(before, old), lines_of(after, new)
    added = tuple(name for name in theirs if name not in mine)
    removed = tuple(name for name in mine if name not in theirs)
    changed = tuple(name for name in theirs if name in mine and mine[name] != theirs[name])
    changes = [*_gateway_changes(gateway, old, new)]
    changes += [Change(what="line", did="removed", line=name, id=name) for name in removed]
    changes += [
        Change(what="device", did="removed", line=name, id=one)
        for name in removed
        for one in sorted(mine[name].devices)
    ]
    for name in added:
        changes.append(Change(what="line", did="added", line=name, id=name))
        changes += [Change(what=what, did="added", line=name, id=one) for what, one in theirs[name].things]
    for name in changed:
        changes += _line_changes(name, mine[name], theirs[name])
    return Plan(added=added, removed=removed, changed=changed, changes=tuple(changes))


def _gateway_changes(name: str, old: GatewaySettings, new: GatewaySettings) -> Iterator[Change]:
    fields = tuple(differences(_head(old), _head(new)))
    if fields:
        yield Change(what="gateway", did="changed", line="", id=name, fields=fields)


def _head(settings: BaseModel) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude={"connections", "at"})


def _line_changes(name: str, old: Line, new: Line) -> Iterator[Change]:
    own = {"devices", "transmitters"}
    before = {**old.connection.model_dump(mode="json", exclude=own), "timezone": old.timezone}
    after = {**new.connection.model_dump(mode="json", exclude=own), "timezone": new.timezone}
    fields = tuple(differences(before, after))
    mine, theirs = old.things, new.things
    inner = [Change(what=what, did="removed", line=name, id=one) for what, one in mine if (what, one) not in theirs]
    for (what, one), told in theirs.items():
        if (what, one) not in mine:
            inner.append(Change(what=what, did="added", line=name, id=one))
        elif mine[what, one] != told:
            found = tuple(differences(mine[what, one], told))
            inner.append(Change(what=what, did="changed", line=name, id=one, fields=found))
    yield Change(what="line", did="changed", line=name, id=name, fields=fields)
    yield from inner


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return ``path: before → after`` of what differs, at most `MOST_FIELDS`; no value of a hidden block."""
    found = list(_differences(before, after, ""))
    return found if len(found) <= MOST_FIELDS else [*found[: MOST_FIELDS - 1], f"… {len(found) - MOST_FIELDS + 1}"]


def _differences(before: Any, after: Any, path: str) -> Iterator[str]:
    before, after = _named(before), _named(after)
    if before == after:
        return
    if isinstance(before, Mapping) and after is None:
        after = {}
    if isinstance(after, Mapping) and before is None:
        before = {}
    if isinstance(before, Mapping) and isinstance(after, Mapping) and (before or after):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif set(HIDDEN) & set(path.split(".")):
        yield path
    else:
        yield f"{path}: {_shown(before)} → {_shown(after)}"


def _named(value: Any) -> Any:
    """Return a list of things that have ids as a mapping, so that they are compared by name and not by place."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "id" in item for item in value):
        return {str(item["id"]): item for item in value}
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    text = str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"
