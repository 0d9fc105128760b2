"""What the numbers in a snapshot mean: keys of points, terms, alarms and gateways, and their fingerprint.

State is matched by meaning, never by position: a point by its key, a term by its test, its point and its
worked-out limits, an alarm by its rule's id and its entity. The keys of a plan are stored once a plan, the
snapshots only name their fingerprint. Points that were learned stand there with all that is known of them:
whoever takes over knows them even when their births are gone.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from domain.alarm import EntityKind
from domain.errors import WireError
from domain.points import Point
from rules.kernels import Indexes
from rules.packing import AnyArray, pack, unpack
from rules.plan import Plan
from rules.timed import Group

MOST_BYTES = 2**30
"""Keys of six million points; more can't be meant."""
_POINTS = TypeAdapter(list[Point])


@dataclass(frozen=True, slots=True, kw_only=True)
class BankKeys:
    """One bank's terms: its name, the meanings of its tests, and per term point, test and worked-out limit."""

    name: str
    tests: tuple[str, ...]
    point: NDArray[np.int32]
    test: NDArray[np.int32]
    limit: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Keys of everything that has state, in the order of its arrays.

    | attribute | meaning |
    |---|---|
    | ``entities`` | keys of points, devices, zones and gateways by kind |
    | ``learned`` | the points among them that are not in the site |
    | ``banks`` | keys of terms, bank by bank |
    | ``absent_device``, ``absent_gateway`` | devices; (gateway, within [ns], reconnect [ns]), shape ``(n, 3)`` |
    | ``absent_point``, ``schedules`` | (point, within [ns]), shape ``(n, 2)``; keys of schedules |
    | ``lasting``, ``sequences`` | whose each node that remembers is, condition by condition |
    | ``rules`` | per rule its id, its kind of entity and its meaning |
    | ``slot_rule``, ``slot_entity`` | per alarm its rule and its entity; rising |
    """

    entities: Mapping[EntityKind, Sequence[str]]
    learned: tuple[Point, ...]
    banks: tuple[BankKeys, ...]
    absent_device: Indexes
    absent_gateway: Indexes
    absent_point: Indexes
    schedules: tuple[str, ...]
    lasting: tuple[Group, ...]
    sequences: tuple[Group, ...]
    rules: tuple[tuple[str, EntityKind, str], ...]
    slot_rule: NDArray[np.int32]
    slot_entity: NDArray[np.int32]

    @classmethod
    def of(cls, plan: Plan) -> Identity:
        """Read the keys off a plan."""
        site, absent = plan.site, plan.absences
        return cls(
            entities={
                kind: tuple(site.keys) if kind is EntityKind.POINT else site.entities(kind) for kind in EntityKind
            },
            learned=tuple(site.table[at] for at in np.flatnonzero(site.learned & ~site.spare).tolist()),
            banks=tuple(
                BankKeys(
                    name=type(bank).__name__,
                    tests=tuple(test.meaning for test in bank.tests),
                    point=bank.point,
                    test=bank.test,
                    limit=bank.worked_out(),
                )
                for bank in plan.banks
            ),
            absent_device=absent.device,
            absent_gateway=np.stack([absent.gateway, absent.within_ns, absent.reconnect_ns], axis=1),
            absent_point=np.stack([absent.point, absent.point_within_ns], axis=1),
            schedules=tuple(leaf.key for leaf in absent.schedules),
            lasting=plan.forest.lasting.groups,
            sequences=plan.forest.sequences.groups,
            rules=tuple((rule.id, rule.entity, rule.meaning) for rule in plan.rules),
            slot_rule=plan.slot_rule,
            slot_entity=plan.slot_entity,
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all keys: equal fingerprints, equal arrays."""
        digest = hashlib.blake2b(digest_size=16)
        for keys in (*self.entities.values(), [repr(self._facts())]):
            digest.update("\n".join(keys).encode() + b"\0")
        for array in self._arrays().values():
            digest.update(np.ascontiguousarray(array).tobytes() + b"\0")
        return digest.hexdigest()

    def encode(self) -> bytes:
        """Return the keys as bytes, compressed: they repeat themselves."""
        header = {
            **self._facts(),
            "entities": {kind.value: list(keys) for kind, keys in self.entities.items()},
            "learned": [asdict(point) for point in self.learned],
        }
        return zlib.compress(pack(header, self._arrays()), 1)

    @classmethod
    def decode(cls, data: bytes) -> Identity:
        """Read the keys; raises WireError for other bytes."""
        try:
            header, arrays = unpack(zlib.decompressobj().decompress(data, MOST_BYTES))
            banks = [
                BankKeys(
                    name=str(name),
                    tests=tuple(map(str, tests)),
                    point=arrays[f"{name}.point"],
                    test=arrays[f"{name}.test"],
                    limit=arrays[f"{name}.limit"],
                )
                for name, tests in header["banks"]
            ]
            return cls(
                entities={kind: [str(key) for key in header["entities"][kind.value]] for kind in EntityKind},
                learned=tuple(_POINTS.validate_python(header["learned"])),
                banks=tuple(banks),
                absent_device=arrays["absent_device"],
                absent_gateway=arrays["absent_gateway"].reshape(-1, 3),
                absent_point=arrays["absent_point"].reshape(-1, 2),
                schedules=tuple(map(str, header["schedules"])),
                lasting=_groups("lasting", header, arrays),
                sequences=_groups("sequences", header, arrays),
                rules=tuple((str(name), EntityKind(kind), str(meaning)) for name, kind, meaning in header["rules"]),
                slot_rule=arrays["slot_rule"],
                slot_entity=arrays["slot_entity"],
            )
        except (zlib.error, KeyError, TypeError, ValueError) as error:
            raise WireError(f"keys of a snapshot can't be read: {error!r}", data) from error

    @property
    def starts(self) -> list[int]:
        """Where each bank's terms begin among all leaves, and at last the absences."""
        return [0, *np.cumsum([len(bank.point) for bank in self.banks]).tolist()]

    def from_entities(self, kind: EntityKind, theirs: Identity) -> Indexes:
        """Return where each point, device, zone or gateway stood in another plan, -1 for a new one."""
        return _positions(self.entities[kind], theirs.entities[kind])

    def from_terms(self, theirs: Identity, from_points: Indexes) -> list[Indexes]:
        """Return where each term stood within its bank in another plan, -1 for a new one; bank by bank."""
        known = {bank.name: bank for bank in theirs.banks}
        return [_from_bank(bank, known.get(bank.name), from_points) for bank in self.banks]

    def from_absences(self, theirs: Identity) -> Indexes:
        """Return where each absence stood among those of another plan, -1 for a new one."""
        return _positions(self._absences(), theirs._absences())

    def from_groups(self, theirs: Identity, what: str) -> Indexes:
        """Return where each node that remembers (``lasting``, ``sequences``) stood in another plan, -1 for new ones."""
        start = 0
        known: dict[str, tuple[Group, int]] = {}
        for group in getattr(theirs, what):
            known.setdefault(group.name, (group, start))
            start += len(group.entity)
        return np.concatenate(
            [np.empty(0, np.int64), *(self._from_group(theirs, one, known) for one in getattr(self, what))]
        )

    def _from_group(self, theirs: Identity, group: Group, known: Mapping[str, tuple[Group, int]]) -> Indexes:
        if group.name not in known:
            return np.full(len(group.entity), -1, np.int64)
        old, start = known[group.name]
        wanted = self.from_entities(group.kind, theirs)[group.entity]
        at = _found(old.entity, wanted)
        return np.where(at >= 0, start + at, -1)

    def alarms(self, theirs: Identity, slots: Indexes) -> Indexes:
        """Return where some alarms of another plan stand here, -1 where they don't."""
        number = {name: at for at, (name, _, _) in enumerate(self.rules)}
        back = {kind: _positions(theirs.entities[kind], self.entities[kind]) for kind in EntityKind}
        kinds = [kind for _, kind, _ in self.rules]
        wanted = np.full(len(slots), -1, np.int64)
        width = 1 + max((len(keys) for keys in self.entities.values()), default=0)
        for at, slot in enumerate(slots.tolist()):
            name, kind, _ = theirs.rules[theirs.slot_rule[slot]]
            rule, entity = number.get(name, -1), int(back[kind][theirs.slot_entity[slot]])
            if rule >= 0 and entity >= 0 and kinds[rule] is kind:
                wanted[at] = rule * width + entity
        return _found(self.slot_rule.astype(np.int64) * width + self.slot_entity, wanted)

    def meaning(self, slot: int) -> str:
        """Return the meaning of an alarm's rule."""
        _, _, meaning = self.rules[int(self.slot_rule[slot])]
        return meaning

    def alarm(self, slot: int) -> str:
        """Return an alarm's rule and entity, for people."""
        name, kind, _ = self.rules[self.slot_rule[slot]]
        return f"{name} {self.entities[kind][self.slot_entity[slot]]}"

    def _absences(self) -> list[str]:
        devices, gateways = self.entities[EntityKind.DEVICE], self.entities[EntityKind.GATEWAY]
        points = self.entities[EntityKind.POINT]
        return [
            *(f"device {devices[at]}" for at in self.absent_device.tolist()),
            *(f"gateway {gateways[at]} {within} {again}" for at, within, again in self.absent_gateway.tolist()),
            *(f"point {points[at]} {within}" for at, within in self.absent_point.tolist()),
            *(f"schedule {key}" for key in self.schedules),
        ]

    def _facts(self) -> dict[str, Any]:
        return {
            "banks": [[bank.name, list(bank.tests)] for bank in self.banks],
            "rules": [[name, kind.value, meaning] for name, kind, meaning in self.rules],
            "schedules": list(self.schedules),
            "lasting": [[group.name, group.kind.value] for group in self.lasting],
            "sequences": [[group.name, group.kind.value] for group in self.sequences],
        }

    def _arrays(self) -> dict[str, AnyArray]:
        found: dict[str, AnyArray] = {
            "absent_device": self.absent_device,
            "absent_gateway": self.absent_gateway.ravel(),
            "absent_point": self.absent_point.ravel(),
            "slot_rule": self.slot_rule,
            "slot_entity": self.slot_entity,
        }
        for what in ("lasting", "sequences"):
            found |= {f"{what}.{at}": group.entity for at, group in enumerate(getattr(self, what))}
        for bank in self.banks:
            found |= {f"{bank.name}.{name}": getattr(bank, name) for name in ("point", "test", "limit")}
        return found


def _groups(what: str, header: Mapping[str, Any], arrays: Mapping[str, AnyArray]) -> tuple[Group, ...]:
    """Read the groups of nodes that remember."""
    return tuple(
        Group(str(name), EntityKind(kind), arrays[f"{what}.{at}"]) for at, (name, kind) in enumerate(header[what])
    )


def _positions(keys: Sequence[str], old: Sequence[str]) -> Indexes:
    """Return where each key stood in ``old``, -1 for a new one; shape ``(keys,)``."""
    if keys is old or keys == old:
        return np.arange(len(keys))
    at: Mapping[str, int] = {key: number for number, key in enumerate(old)}
    return np.array([at.get(key, -1) for key in keys], np.int64)


def _from_bank(mine: BankKeys, theirs: BankKeys | None, from_points: Indexes) -> Indexes:
    """Return where each term stood: the same test of the same point, with the same limit."""
    if theirs is None or not len(theirs.point):
        return np.full(len(mine.point), -1, np.int64)
    tests = _positions(mine.tests, theirs.tests)
    point, test = from_points[mine.point], tests[mine.test] if len(tests) else mine.test
    width = len(theirs.tests)
    wanted = np.where((point >= 0) & (test >= 0), point * width + test, -1)
    old = _found(theirs.point.astype(np.int64) * width + theirs.test, wanted)
    return np.where((old >= 0) & (theirs.limit[old] == mine.limit), old, -1)


def _found(keys: Indexes, wanted: Indexes) -> Indexes:
    """Return where each wanted number stands among rising ``keys``, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((keys[at] == wanted) & (wanted >= 0), at, -1)
