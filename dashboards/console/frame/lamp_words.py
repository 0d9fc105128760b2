"""What stands on a lamp beside its name: number and words. Pure.

Figures that move all the time are told in steps (`CALM_S`, `FEW`), so that a quiet screen stands still.
"""

from __future__ import annotations

from datetime import tzinfo

from dashboards.console.texts import Language, text
from dashboards.console.wording import clock_text, span_text
from dashboards.live.lamp_figures import LinkFigures, Suppressed
from dashboards.live.lamps import Lamp, LampKind, LampMode

CALM_S = 5.0
"""Below this age nothing is told but that it is below: a status document is written once a second."""
FEW = 100
"""Messages that may wait at any moment without anybody being late."""
UNKNOWN = "?"


def number_of(lamp: Lamp) -> str:
    """Return the large figure."""
    if lamp.mode is LampMode.UNKNOWN:
        return UNKNOWN
    if lamp.kind is LampKind.LINK:
        return f"{lamp.total}/{lamp.total}"
    return f"{lamp.count}+" if lamp.more else str(lamp.count)


def words_of(lamp: Lamp, language: Language) -> str:
    """Return what stands below the name."""
    if lamp.kind is LampKind.LINK:
        if lamp.mode is LampMode.CALM:
            return text("link_fine", language)
        return f"{text('lamp_unknown', language)} · {text('link_silent', language, count=lamp.count)}"
    if lamp.mode is LampMode.UNKNOWN:
        return text("lamp_unknown", language)
    if lamp.mode is LampMode.CALM:
        return text("lamp_calm", language)
    if lamp.doubtful:
        return text("lamp_doubtful", language)
    if lamp.suppressed is not None:
        return suppressed_words(lamp.suppressed, language)
    return text("lamp_fresh", language, count=lamp.fresh) if lamp.fresh else text("lamp_handled", language)


def suppressed_words(quiet: Suppressed, language: Language) -> str:
    """Say how much is kept quiet in which way; what counts nothing is left out."""
    counts = {
        "quiet_points": quiet.points,
        "quiet_shelved": quiet.shelved,
        "quiet_out_of_service": quiet.out_of_service,
        "quiet_silences": quiet.silences,
        "quiet_maintenance": quiet.maintenance,
    }
    return " · ".join(text(key, language, count=count) for key, count in counts.items() if count)


def link_words(figures: LinkFigures, zone: tzinfo, language: Language) -> str:
    """Say how fresh what we know is: the oldest of a gateway, what waits for rules and store, the last receipt."""
    receipt = UNKNOWN if figures.receipt_ns is None else clock_text(figures.receipt_ns, zone)
    return " · ".join(
        (
            text("link_oldest", language, age=_age(figures.oldest_s, language)),
            text("link_backlog", language, count=_backlog(figures, language)),
            text("link_receipt", language, at=receipt),
        )
    )


def _age(age_s: float | None, language: Language) -> str:
    if age_s is None:
        return UNKNOWN
    return f"<{span_text(CALM_S, language)}" if age_s < CALM_S else span_text(age_s, language)


def _backlog(figures: LinkFigures, language: Language) -> str:
    if figures.backlog is None:
        return UNKNOWN
    waits = figures.lag_s is not None and figures.lag_s >= CALM_S
    count = f"<{FEW}" if figures.backlog < FEW else f"{float(f'{figures.backlog:.2g}'):.0f}"
    return f"{count} ({span_text(figures.lag_s, language)})" if waits else count
