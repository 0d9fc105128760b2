"""Vouchers: what the account service gives out once a second person has shown who they are, good for one deed.

A deed that needs two persons takes the second by a voucher and never by a name: whoever can ask the service may write
any name, and can't make a voucher. It says who vouched, beside whom, with which right and scope; it is taken once, by
the transaction of the deed, and is over after `GOOD_S`. Vouchers live in memory, as keys of 256 random bits: after a
restart of the service the second person shows who they are again.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from alerts.actions_face import Second
from alerts.life_cycle import same_person
from alerts.silences_face import SeenSilence
from domain.accounts import Right
from domain.clock import NS_PER_S
from domain.errors import RefusedError

GOOD_S = 120.0
"""Assumption: long enough for the first person's request to follow at once, on a slow line, too."""

MOST_KEPT = 1000
PROOF_BYTES = 32

NO_PROOF = "第二人须重新验证身份 / the second person has to show who they are again"
ANOTHER_DEED = "第二人确认的是另一件事 / what the second person vouched for is another deed"
CHANGED = "静默在您查看后已被更改，请重新查看再确认 / the silence was changed since you looked at it: look again first"
OUTSIDE = "此单位不在第二人范围内 / this unit is outside the second person's scope"


@dataclass(frozen=True, slots=True)
class Vouched:
    """Who vouches, beside whom, with which right, and for which units (None: everywhere).

    ``account`` is that of who vouches. ``silence``: which one they confirm, and as what they saw it; such a voucher is
    good for that silence alone, as it stands then, and any other for no silence.
    """

    by: str
    beside: str
    right: Right
    units: Collection[str] | None
    account: str | None = None
    silence: SeenSilence | None = None


class Vouchers:
    """Those that were given out and not taken. Used on the writer's thread only, inside transactions."""

    def __init__(self) -> None:
        """Start without any."""
        self._given: OrderedDict[str, tuple[Vouched, int]] = OrderedDict()

    def give(self, vouched: Vouched, now_ns: int) -> Second:
        """Return the second person as a deed takes them."""
        proof = secrets.token_hex(PROOF_BYTES)
        self._given[proof] = vouched, now_ns + round(GOOD_S * NS_PER_S)
        while len(self._given) > MOST_KEPT:
            self._given.popitem(last=False)
        return Second(by=vouched.by, proof=proof)

    def take(self, second: Second, now_ns: int, *, beside: str, right: Right, unit: str | None = None) -> Vouched:
        """Return who vouched for this deed of ``beside``, once; raises RefusedError for whatever else it is."""
        vouched = self._taken(second, now_ns)
        if vouched.silence is not None or vouched.right is not right or not same_person(vouched.beside, beside):
            raise RefusedError(ANOTHER_DEED)
        if unit is not None and vouched.units is not None and unit not in vouched.units:
            raise RefusedError(OUTSIDE)
        return vouched

    def take_silence(self, second: Second, now_ns: int, silence: SeenSilence) -> Vouched:
        """Return who vouched for this silence, once; raises RefusedError, also where they saw it as it is no more."""
        vouched = self._taken(second, now_ns)
        if vouched.silence is None or vouched.silence.id != silence.id or vouched.right is not Right.SHELVE_FIRE:
            raise RefusedError(ANOTHER_DEED)
        if vouched.silence != silence:
            raise RefusedError(CHANGED)
        return vouched

    def _taken(self, second: Second, now_ns: int) -> Vouched:
        vouched, until_ns = self._given.pop(second.proof, (None, 0))
        if vouched is None or now_ns > until_ns or vouched.by != second.by:
            raise RefusedError(NO_PROOF)
        return vouched
