"""What the numbers in a snapshot mean: keys of points, terms, alarms and gateways, and their fingerprint.

State is matched by meaning, never by position: a point by its key, a term by its test, its point and its
worked-out limits, an alarm by its rule's id and its entity. The keys of a plan are stored once a plan, the
snapshots only name their fingerprint.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.errors import WireError
from rules.packing import pack, unpack
from rules.plan import Plan

MOST_BYTES = 2**30
"""Keys of six million points; more can't be meant."""
_LISTS = ("points", "gateways", "terms", "alarms", "meanings")


@dataclass(frozen=True)
class Identity:
    """Keys of everything that has state, in the order of its arrays.

    ``terms``: bank, test, point and limit, then absences; ``alarms``: rule and entity; ``meanings``: per
    alarm, the hash of its rule's version and conditions.
    """

    points: tuple[str, ...]
    gateways: tuple[str, ...]
    terms: tuple[str, ...]
    alarms: tuple[str, ...]
    meanings: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan) -> Identity:
        """Read the keys off a plan."""
        points = tuple(point.key for point in plan.site.table)
        alarms = [
            f"{plan.rules[rule].id} {plan.site.entity_key(plan.rules[rule].entity, entity)}"
            for rule, entity in zip(plan.slot_rule.tolist(), plan.slot_entity.tolist(), strict=True)
        ]
        meanings = [rule.meaning for rule in plan.rules]
        return cls(
            points,
            tuple(plan.site.gateways),
            tuple(_terms(plan, points)),
            tuple(alarms),
            tuple(meanings[rule] for rule in plan.slot_rule.tolist()),
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all keys: equal fingerprints, equal arrays."""
        digest = hashlib.blake2s(digest_size=16)
        for name in _LISTS:
            digest.update("\n".join(getattr(self, name)).encode() + b"\0")
        return digest.hexdigest()

    def encode(self) -> bytes:
        """Return the keys as bytes, compressed: they repeat themselves."""
        return zlib.compress(pack({name: list(getattr(self, name)) for name in _LISTS}, {}), 1)

    @classmethod
    def decode(cls, data: bytes) -> Identity:
        """Read the keys; raises WireError for other bytes."""
        try:
            whole = zlib.decompressobj()
            header, _ = unpack(whole.decompress(data, MOST_BYTES))
            return cls(*(tuple(str(key) for key in header[name]) for name in _LISTS))
        except (zlib.error, KeyError, TypeError) as error:
            raise WireError(f"keys of a snapshot can't be read: {error!r}", data) from error


def positions(keys: Sequence[str], old: Sequence[str]) -> NDArray[np.int64]:
    """Return where each key stood in ``old``, -1 for a new one; shape ``(keys,)``."""
    if keys is old:
        return np.arange(len(keys))
    at: Mapping[str, int] = {key: number for number, key in enumerate(old)}
    return np.array([at.get(key, -1) for key in keys], np.int64)


def _terms(plan: Plan, points: Sequence[str]) -> list[str]:
    found = []
    for bank in plan.banks:
        kind = type(bank).__name__
        meanings = [test.meaning for test in bank.tests]
        for row, (point, test) in enumerate(zip(bank.point.tolist(), bank.test.tolist(), strict=True)):
            found.append(f"{kind} {meanings[test]} {points[point]} {bank.worked_out(row)}")
    absent = plan.absences
    found += [f"absence {plan.site.devices[at].key}" for at in absent.device.tolist()]
    pairs = zip(absent.gateway.tolist(), absent.within_ns.tolist(), strict=True)
    return found + [f"absence {plan.site.gateways[at]} {within_ns}" for at, within_ns in pairs]
