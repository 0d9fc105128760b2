"""How an entry stands in a table: words, marks, what may be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from alerts.silences_face import SilenceView
from dashboards.console.components import Cell, Column
from dashboards.console.frame.walk_test_words import scope_text
from dashboards.console.places import Place, PlaceKind, place_words
from dashboards.console.suppression.entries import Entry
from dashboards.console.texts import Language, text
from dashboards.console.wording import brief_moment_text, person_text, place_text
from dashboards.live.hidden import Kind
from domain.accounts import Right
from domain.alert import AlertView
from domain.maintenance import MaintenanceView
from domain.out_of_service import OutOfServiceView
from domain.site import Registry
from domain.walk_test import WalkTestView

MARKS: Mapping[Kind, str] = {
    Kind.SILENCE: "◌",
    Kind.SHELVED: "‖",
    Kind.OUT_OF_SERVICE: "⊘",
    Kind.MAINTENANCE: "⚒",
    Kind.WALK_TEST: "⚑",
    Kind.DISABLED: "▬",
    Kind.CAUSE: "↳",
    Kind.DIGEST: "≡",
}

MOST_NAMED = 4
"""Places that are named one by one; the others are counted."""

END_RIGHTS: Mapping[Kind, Right] = {
    Kind.SILENCE: Right.SILENCE,
    Kind.SHELVED: Right.SHELVE,
    Kind.OUT_OF_SERVICE: Right.OUT_OF_SERVICE,
    Kind.MAINTENANCE: Right.OUT_OF_SERVICE,
    Kind.WALK_TEST: Right.WALK_TEST,
}
"""What ending one needs. Maintenance is out of service by plan: the same people."""

EXTENDED = frozenset({Kind.SILENCE, Kind.SHELVED, Kind.OUT_OF_SERVICE, Kind.MAINTENANCE})
"""Kinds whose end can be put off. A walk test has a report of what it was: another is begun."""


def columns(language: Language) -> list[Column]:
    """Return the columns of what goes on."""
    return [
        Column("kind", text("suppression_column_kind", language)),
        Column("what", text("suppression_column_what", language)),
        Column("who", text("suppression_column_who", language)),
        Column("why", text("suppression_column_why", language)),
        Column("since", text("suppression_column_since", language)),
        Column("left", text("suppression_column_left", language), kind="countdown"),
        Column("hides", text("suppression_column_hides", language), kind="number"),
    ]


def ended_columns(language: Language) -> list[Column]:
    """Return the columns of what has ended."""
    names = ("kind", "what", "who", "why", "ended", "ended_by")
    return [Column(name, text(f"suppression_column_{name}", language)) for name in names]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, and when: ``me`` is the name that a confirmation would carry, ``account`` whose it would be."""

    registry: Registry
    language: Language
    zone: tzinfo
    now_ns: int
    rights: frozenset[Right] = frozenset()
    me: str = ""
    account: str | None = None

    def moment(self, time_ns: int) -> str:
        """Write a time."""
        return brief_moment_text(time_ns, self.now_ns, self.zone)


def row(entry: Entry, eyes: Eyes) -> dict[str, Any]:
    """Return the row of what goes on or is planned."""
    registry, language, now_ns = eyes.registry, eyes.language, eyes.now_ns
    look = "alarm" if entry.fires or entry.waits else "caution" if entry.ends_soon(now_ns) else ""
    return {
        "id": entry.key,
        "look": look,
        "cells": {
            "kind": Cell(kind_words(entry, language), MARKS[entry.kind], "alarm" if look == "alarm" else ""),
            "what": Cell(what_words(entry, registry, language), go=_where(entry)),
            "who": _who(entry, registry, language),
            "why": entry.why or text(f"suppression_why_{_plain(entry.kind)}", language),
            "since": _since(entry, eyes),
            "left": _left(entry, language),
            "hides": _hides(entry),
        },
        "buttons": _buttons(entry, eyes),
    }


def ended_row(entry: Entry, eyes: Eyes) -> dict[str, Any]:
    """Return the row of what has ended."""
    registry, language = eyes.registry, eyes.language
    by_time = entry.ended_by in ("", "system")
    return {
        "id": entry.key,
        "look": "",
        "cells": {
            "kind": Cell(text(f"suppression_kind_{entry.kind}", language), MARKS[entry.kind]),
            "what": what_words(entry, registry, language),
            "who": _who(entry, registry, language),
            "why": entry.why,
            "ended": eyes.moment(entry.ended_ns or 0),
            "ended_by": text("suppression_by_time", language)
            if by_time
            else person_text(registry, entry.ended_by, language),
        },
    }


def kind_words(entry: Entry, language: Language) -> str:
    """Name the kind, and say loudly where it keeps fires back."""
    words = text(f"suppression_kind_{entry.kind}", language)
    if entry.waits:
        return f"{words} · {text('suppression_waits', language)}"
    if entry.fires:
        return f"{words} · {text('suppression_fires', language)}"
    return f"{words} · {text('suppression_planned', language)}" if entry.planned else words


def what_words(entry: Entry, registry: Registry, language: Language) -> str:
    """Say what it is about: places, matchers, an alert."""
    match entry.source:
        case SilenceView():
            return ", ".join(map(str, entry.source.matchers))
        case OutOfServiceView():
            return _places(registry, entry.source, language)
        case MaintenanceView():
            where = _places(registry, entry.source, language)
            rules = ", ".join(entry.source.rules)
            return f"{where} · {rules}" if rules else where
        case WalkTestView():
            return scope_text(registry, entry.source, language)
        case AlertView():
            return alert_words(entry.source, registry, language)
    return text(f"suppression_group_{entry.kind}", language, id=entry.group)


def alert_words(alert: AlertView, registry: Registry, language: Language) -> str:
    """Write an alert on one line."""
    words = alert.text_en if language is Language.EN else alert.text_zh
    return f"{words} ({place_text(registry, alert.place, language)})"


def _places(registry: Registry, view: OutOfServiceView | MaintenanceView, language: Language) -> str:
    named = [Place(PlaceKind.ZONE, f"{view.unit}/{name}") for name in view.zones]
    named += [Place(PlaceKind.DEVICE, f"{view.unit}/{name}") for name in view.devices]
    words = [place_words(registry, place, language) for place in named]
    if isinstance(view, OutOfServiceView):
        words += [_point_words(registry, f"{view.unit}/{point}", language) for point in view.points]
        gateways = (Place(PlaceKind.GATEWAY, f"{view.unit}/{name}") for name in view.gateways)
        words += [place_words(registry, place, language) for place in gateways]
    if not words:
        return f"{place_words(registry, Place(PlaceKind.UNIT, view.unit), language)}"
    more = [f"+{len(words) - MOST_NAMED}"] if len(words) > MOST_NAMED else []
    return text("and", language).join([*words[:MOST_NAMED], *more])


def _point_words(registry: Registry, key: str, language: Language) -> str:
    label = registry.point_labels.get(key)
    device = place_words(registry, Place(PlaceKind.DEVICE, key.rpartition("/")[0]), language)
    return f"{label.of(language) if label else key.rpartition('/')[2]} ({device})"


def _who(entry: Entry, registry: Registry, language: Language) -> str:
    names = [person_text(registry, name, language) for name in (entry.by, entry.second) if name]
    return " + ".join(names) if names else text(f"suppression_who_{_plain(entry.kind)}", language)


def _plain(kind: Kind) -> str:
    """Name what stands for the words that nobody wrote: of kinds that people begin, nothing."""
    return kind.value if kind in (Kind.DISABLED, Kind.CAUSE, Kind.DIGEST) else "person"


def _since(entry: Entry, eyes: Eyes) -> str:
    if not entry.since_ns:
        return text("ago_never", eyes.language)
    moment = eyes.moment(entry.since_ns)
    return text("suppression_from", eyes.language, time=moment) if entry.planned else moment


def _left(entry: Entry, language: Language) -> Cell | int:
    if entry.until_ns is None:
        return Cell(text(f"suppression_ends_{_plain(entry.kind)}", language), look="soft")
    return entry.until_ns


def _hides(entry: Entry) -> Cell:
    count = len(entry.hides)
    if not count:
        return Cell(0, look="soft")
    return Cell(count, go=rows_path(entry))


def rows_path(entry: Entry) -> str:
    """Return the address of the rows that an entry keeps back."""
    return f"/suppression/{entry.kind}/{entry.id}"


def _where(entry: Entry) -> str:
    if isinstance(entry.source, AlertView):
        return f"/alarm/{entry.source.id}"
    if entry.kind is Kind.WALK_TEST:
        return f"/installer/walk/{entry.id}"
    return ""


def _buttons(entry: Entry, eyes: Eyes) -> list[dict[str, Any]]:
    rights = eyes.rights
    found: list[tuple[str, bool, bool]] = []
    if entry.waits:
        found.append(("confirm", Right.SHELVE_FIRE in rights and not _is_mine(entry, eyes), True))
    right = END_RIGHTS.get(entry.kind)
    if entry.kind in EXTENDED:
        found.append(("extend", right in rights, False))
    if right is not None:
        found.append(("end", right in rights, False))
    return [
        {"action": action, "words": text(f"suppression_{action}", eyes.language), "on": on, "main": main}
        for action, on, main in found
    ]


def _is_mine(entry: Entry, eyes: Eyes) -> bool:
    """Tell whether who looks made a silence: by account where both are known by one; the service judges anyhow."""
    made_by = entry.source.created_account if isinstance(entry.source, SilenceView) else None
    if made_by is not None and eyes.account is not None:
        return made_by == eyes.account
    return eyes.me.strip().casefold() == entry.by.strip().casefold()


def hidden_rows(alerts: Sequence[AlertView], eyes: Eyes) -> list[dict[str, Any]]:
    """Return the rows of alerts that something keeps back, each with a link to its page."""
    registry, language = eyes.registry, eyes.language
    return [
        {
            "id": alert.id,
            "look": "alarm" if alert.active and alert.alarm_class.priority == 0 else "",
            "cells": {
                "class": text(f"class_{alert.alarm_class}", language),
                "text": Cell(alert.text_en if language is Language.EN else alert.text_zh, go=f"/alarm/{alert.id}"),
                "where": place_text(registry, alert.place, language),
                "raised": eyes.moment(alert.raised_at_ns),
                "state": text(f"suppression_state_{_state(alert)}", language),
            },
        }
        for alert in alerts
    ]


def _state(alert: AlertView) -> str:
    """Absence of data is never "over"."""
    return "unknown" if alert.data_unknown else "active" if alert.active else "over"


def hidden_columns(language: Language) -> list[Column]:
    """Return the columns of those rows."""
    names = ("class", "text", "where", "raised", "state")
    return [Column(name, text(f"suppression_column_{name}", language)) for name in names]
