"""A second person for whom the account service has vouched, without an account behind them."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.accounts.vouchers import Vouched
from alerts.actions_face import Second
from alerts.office import Office
from alerts.silences_face import SeenSilence
from domain.accounts import Right


def vouched(
    office: Office,
    by: str,
    *,
    beside: str = "op",
    units: Sequence[str] | None = None,
    silence: SeenSilence | None = None,
) -> Second:
    """Return them, good for one deed of ``beside``; or for a silence as they saw it."""
    given = Vouched(by, beside, Right.SHELVE_FIRE, units, silence=silence)
    return office.vouchers.give(given, office.clock.now_ns())
