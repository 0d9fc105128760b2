"""Facts of the site that the settings page tells and nobody changes there: they stand in files, or are built in."""

from __future__ import annotations

from functools import lru_cache
from importlib import metadata

from dashboards.console.frame.header import zone_text
from dashboards.console.view import View
from dashboards.console.wording import moment_text
from dashboards.live.health import SILENT_AFTER_S, STALE_AFTER_S
from dashboards.live.open_alerts import MOST_KEPT

UNKNOWN = "?"
FACTS = (
    *("site", "zone", "clock", "version", "size", "gateways", "silent", "stale", "listed", "rosters", "grafana"),
    "sign_in",
)
"""Their names, in order."""


def facts(view: View, now_ns: int) -> list[tuple[str, str]]:
    """Return name and words of each fact; what is not set says so."""
    site, registry = view.console.registry.site, view.console.registry
    words = (
        f"{site.labels.of(view.language)} ({site.site})",
        f"{site.timezone} ({zone_text(view.console.zone, now_ns)})",
        moment_text(now_ns, view.console.zone)[:16],
        version(),
        view.text("fact_size_words", units=len(registry.units), devices=len(registry.devices)),
        str(len(registry.gateways)),
        view.text("fact_seconds", seconds=round(SILENT_AFTER_S)),
        view.text("fact_seconds", seconds=round(STALE_AFTER_S)),
        view.text("fact_listed_words", count=MOST_KEPT),
        str(len(site.rosters)) if site.rosters else view.text("fact_none"),
        site.console.grafana or view.text("fact_none"),
        view.text("fact_open" if view.console.door.is_open else "fact_accounts"),
    )
    return list(zip(FACTS, words, strict=True))


@lru_cache(maxsize=1)
def version() -> str:
    """Return the version that is installed; a question mark where the package is not."""
    try:
        return metadata.version("fengsui")
    except metadata.PackageNotFoundError:
        return UNKNOWN
