"""What a screen says while a walk test runs: where, by whom, until when. Pure.

The alerts service names the running tests in its status document; a document that is old says nothing of now, and
the banner beside this one says that the service is silent.
"""

from __future__ import annotations

from pydantic import ValidationError

from dashboards.console.texts import Language, text
from dashboards.console.wording import clock_text
from dashboards.live.board import Board
from dashboards.live.zone import zone_of
from domain.site import Registry
from domain.walk_test import WalkTestView

MOST_PLACES = 3
"""Places that are named one by one; the others are counted."""


def walk_test_words(board: Board, registry: Registry, language: Language) -> str:
    """Return one sentence for each running test, joined; empty when none runs."""
    told = board.statuses.get("alerts.main", {}).get("walk_tests", ())
    zone = zone_of(registry.site.timezone)
    sentences = []
    for one in told if isinstance(told, list) else ():
        try:
            test = WalkTestView.model_validate(one)
        except ValidationError:  # of another version: it is said that there is one, not what it is
            sentences.append(text("walk_test", language, where="?", by="?", until="?"))
            continue
        until, where = clock_text(test.until_ns, zone), scope_text(registry, test, language)
        sentences.append(text("walk_test", language, where=where, by=test.begun_by, until=until))
    return " · ".join(sentences)


def scope_text(registry: Registry, test: WalkTestView, language: Language) -> str:
    """Write what a test covers: the unit, and the zones and devices that were named."""
    unit = registry.units.get(test.unit)
    places = [unit.labels.of(language) if unit else test.unit]
    zones = [registry.zones.get(f"{test.unit}/{name}") for name in test.zones]
    devices = [registry.devices.get(f"{test.unit}/{name}") for name in test.devices]
    named = [one.settings.labels.of(language) if one else "?" for one in (*zones, *devices)]
    more = [f"+{len(named) - MOST_PLACES}"] if len(named) > MOST_PLACES else []
    return " · ".join([*places, text("and", language).join([*named[:MOST_PLACES], *more])] if named else places)
