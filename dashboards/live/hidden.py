"""Which open alerts are told to nobody, and what keeps each of them. Pure.

An alert may be kept by several things at once and stands under each. Fires that lie in something out of service are
told as ever: they are no part of what it hides. What a panel disabled (屏蔽) is no hidden alert but a state of its own;
it stands here one by one, as its lamp counts it, because nothing is reported behind it either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from alerts.silences_face import silence_of_reason
from domain.alarm import AlarmClass
from domain.alert import AlertView, SuppressionKind


class Kind(StrEnum):
    """What keeps somebody from being told, in the order of the page."""

    SILENCE = "silence"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out_of_service"
    MAINTENANCE = "maintenance"
    WALK_TEST = "walk_test"
    DISABLED = "disabled"
    CAUSE = "cause"
    DIGEST = "digest"


Key = tuple[Kind, str]
Hidden = Mapping[Key, tuple[AlertView, ...]]

_SUPPRESSED = {
    SuppressionKind.CAUSE: Kind.CAUSE,
    SuppressionKind.MAINTENANCE: Kind.MAINTENANCE,
    SuppressionKind.DIGEST: Kind.DIGEST,
}


def hidden_alerts(
    alerts: Iterable[AlertView], is_disabled: Callable[[AlertView], bool]
) -> dict[Key, tuple[AlertView, ...]]:
    """Return open alerts by what keeps them; ``is_disabled`` tells which alert says that a panel disabled something."""
    found: dict[Key, list[AlertView]] = {}
    for alert in alerts:
        for key in _kept_by(alert):
            found.setdefault(key, []).append(alert)
        if is_disabled(alert):
            found[Kind.DISABLED, alert.id] = [alert]
    return {key: tuple(kept) for key, kept in found.items()}


def _kept_by(alert: AlertView) -> Iterable[Key]:
    if alert.shelved_until_ns is not None:
        silence = silence_of_reason(alert.shelve_reason or "")
        yield (Kind.SILENCE, silence) if silence else (Kind.SHELVED, alert.id)
    if alert.out_of_service is not None and alert.alarm_class is not AlarmClass.FIRE:
        yield Kind.OUT_OF_SERVICE, alert.out_of_service
    if alert.held and alert.walk_test is not None:
        yield Kind.WALK_TEST, alert.walk_test
    if alert.suppressed_by is not None and alert.suppressed_kind is not None:
        yield _SUPPRESSED[alert.suppressed_kind], alert.suppressed_by
