"""Our record in Alertmanager's words, and back. What is honest about it, and what is not there, is in docs/api.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from alerts.foreign_face import RESOLVE_S, ForeignPost
from alerts.labelled_face import LabelledAlert
from alerts.silences_face import SetSilence, SilenceView
from dashboards.alertmanager.shapes import (
    AlertGroup,
    GettableAlert,
    GettableSilence,
    PostableAlert,
    PostableSilence,
    Receiver,
    SilenceStatus,
    Status,
)
from dashboards.api.alert_filters import ns_of
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.matchers import Matcher

NOBODY = "nobody"
"""The receiver of an alert that nobody was told of."""

_YEAR_9999_S = 253_402_300_799
_GROUPED = ("unit", "building")


def stands(view: AlertView) -> bool:
    """Tell whether Alertmanager would call it firing: what has cleared and needs no reset is resolved there."""
    return view.active or view.data_unknown or (view.latched and view.reset_at_ns is None)


def alert_of(one: LabelledAlert, now_ns: int) -> GettableAlert:
    """Return an alert; while it stands without a known end, the end is 5 min from now, as Alertmanager has it."""
    view = one.alert
    ends_ns = one.ends_ns if one.ends_ns is not None else now_ns + round(RESOLVE_S * NS_PER_S)
    quiet = bool(one.silenced_by or one.inhibited_by)
    return GettableAlert(
        labels=one.labels,
        annotations=_annotations(one),
        startsAt=_at(one.starts_ns),
        endsAt=_at(ends_ns),
        updatedAt=_at(_updated_ns(view)),
        generatorURL=one.generator_url,
        fingerprint=one.fingerprint,
        receivers=[Receiver(name=name) for name in one.receivers or (NOBODY,)],
        status=Status(
            state="suppressed" if quiet else "active",
            silencedBy=list(one.silenced_by),
            inhibitedBy=list(one.inhibited_by),
        ),
    )


def groups_of(alerts: Iterable[GettableAlert]) -> list[AlertGroup]:
    """Return alerts by receiver, unit and building: what a digest is about."""
    found: dict[tuple[str, ...], list[GettableAlert]] = defaultdict(list)
    for alert in alerts:
        for receiver in alert.receivers:
            found[(receiver.name, *(alert.labels.get(name, "") for name in _GROUPED))].append(alert)
    return [
        AlertGroup(
            labels={name: value for name, value in zip(_GROUPED, key[1:], strict=True) if value},
            receiver=Receiver(name=key[0]),
            alerts=members,
        )
        for key, members in sorted(found.items())
    ]


def post_of(alert: PostableAlert) -> ForeignPost:
    """Return a posted alert; a time before 1970, which Go writes for none, is none."""
    return ForeignPost(
        labels=alert.labels,
        annotations=alert.annotations,
        generator_url=alert.generatorURL,
        starts_ns=ns_of(alert.startsAt) or None,
        ends_ns=ns_of(alert.endsAt) or None,
    )


def silence_of(view: SilenceView) -> GettableSilence:
    """Return a silence."""
    return GettableSilence(
        id=view.id,
        matchers=list(view.matchers),
        startsAt=_at(view.starts_ns),
        endsAt=_at(view.ends_ns),
        updatedAt=_at(view.updated_ns),
        createdBy=view.created_by,
        comment=view.comment,
        status=SilenceStatus(state=view.state.value),
    )


def set_of(silence: PostableSilence, by: str, units: tuple[str, ...] | None, account: str | None = None) -> SetSilence:
    """Return what the service is asked for; it never covers fires this way."""
    return SetSilence(
        id=silence.id or None,
        matchers=tuple(silence.matchers),
        starts_ns=ns_of(silence.startsAt) or None,
        ends_ns=max(ns_of(silence.endsAt) or 0, 1),
        by=by,
        account=account,
        comment=silence.comment,
        units=units,
    )


def has_matchers(silence: SilenceView, wanted: Sequence[Matcher]) -> bool:
    """Tell whether a silence has just these matchers among its own: Alertmanager compares them as text, too."""
    return all(matcher in silence.matchers for matcher in wanted)


def _annotations(one: LabelledAlert) -> dict[str, str]:
    view = one.alert
    ours = {
        "summary": view.text_zh,
        "summary_zh": view.text_zh,
        "summary_en": view.text_en,
        "description": " ".join([view.text_en, *_facts(view)]),
    }
    said = dict(one.annotations) if one.foreign else ours
    said["fengsui_id"] = view.id
    return said


def _facts(view: AlertView) -> list[str]:
    """Return what Alertmanager has no field for."""
    found = []
    if view.data_unknown:
        found.append("[data unknown]")
    if not view.active:
        found.append("[cleared, waits for a reset]")
    if view.acknowledged_by is not None:
        found.append(f"[acknowledged by {view.acknowledged_by}]")
    if view.confirmed is not None:
        found.append(f"[confirmed: {view.confirmed.value}]")
    return found


def _updated_ns(view: AlertView) -> int:
    times = (
        view.raised_at_ns,
        view.cleared_at_ns,
        view.acknowledged_at_ns,
        view.confirmed_at_ns,
        view.reset_at_ns,
        view.rechecked_at_ns,
    )
    return max(time_ns for time_ns in times if time_ns is not None)


def _at(time_ns: int) -> datetime:
    """Return a time in whole milliseconds, as Alertmanager's clients read them."""
    moment = datetime.fromtimestamp(min(time_ns // NS_PER_S, _YEAR_9999_S), UTC)
    return moment.replace(microsecond=time_ns // 1_000_000 % 1000 * 1000)
