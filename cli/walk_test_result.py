"""The result of a walk test: a signed list of what was seen, what was marked by hand, and what was neither."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cli.session import Session
from cli.signed_documents import read_signed, sign, verify, write_signed
from cli.site_hash import site_hash
from cli.state import State
from cli.walk_test_mark import FINDING
from dashboards.console.devices.device_words import shown
from dashboards.console.texts import Language as ScreenLanguage
from dashboards.live.board import Reading
from dashboards.live.walk_log import Sight, Sighting, WalkLog
from dashboards.live.zone import zone_of
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, WireError
from domain.points import Point
from domain.quality import GOOD
from domain.site import Labels, Registry
from domain.walk_test import WalkTestView

FOLDER = "walk-tests"
FORM = "fengsui-walk-test-1"
BY_TIME = "system"

WORDS = {
    Sight.ALARMED: Labels(zh="已报警", en="alarmed"),
    Sight.DEVICE_ALARMED: Labels(
        zh="设备已报警，不能确定是哪个测点", en="its device alarmed, which point is not known"
    ),
    Sight.HAND_WORKS: FINDING[True],
    Sight.HAND_FAILS: FINDING[False],
    Sight.CHANGED: Labels(zh="有变化，未报警", en="changed, no alarm"),
    Sight.UNSEEN: Labels(zh="未见", en="not seen"),
}


def result_of(session: Session, log: WalkLog, classes: list[str]) -> dict[str, Any]:
    """Return what is signed. Times are those of the site, with their offset."""
    registry, test = session.registry, log.test
    points = [_point(session, sighting) for sighting in log.sightings.values()]
    return {
        "form": FORM,
        "id": test.id,
        "site": registry.site.site,
        "site_labels": registry.site.labels.model_dump(),
        "site_hash": site_hash(session.site),
        "software": f"fengsui {version('fengsui')}",
        "unit": test.unit,
        "unit_labels": registry.units[test.unit].labels.model_dump(),
        "zones": list(test.zones),
        "devices": list(test.devices),
        "classes": classes,
        "by": test.begun_by,
        "note": test.note,
        "begun": local(registry, test.begun_ns),
        "until": local(registry, test.until_ns),
        "ended": local(registry, test.ended_ns),
        "ended_by": test.ended_by,
        "ended_by_time": test.ended_by == BY_TIME,
        "audit_hash": test.audit_hash,
        "state_before_known": log.store_answered,
        "total": len(points),
        "alarmed": log.count(Sight.ALARMED),
        "device_alarmed": log.count(Sight.DEVICE_ALARMED),
        "hand_works": log.count(Sight.HAND_WORKS),
        "hand_fails": log.count(Sight.HAND_FAILS),
        "changed": log.count(Sight.CHANGED),
        "unseen": log.count(Sight.UNSEEN),
        "points": points,
    }


def _point(session: Session, sighting: Sighting) -> dict[str, Any]:
    registry, point = session.registry, sighting.point
    zone, device = registry.zone_of(point), registry.devices[f"{point.unit}/{point.device}"]
    return {
        "point": point.key,
        "labels": point_labels(registry, point).model_dump(),
        "device_labels": device.settings.labels.model_dump(),
        "zone": zone.settings.id,
        "zone_labels": zone.settings.labels.model_dump(),
        "building_labels": zone.building.labels.model_dump(),
        "floor": zone.settings.floor,
        "seen": sighting.is_proven,
        "sight": sighting.sight.value,
        "sight_words": WORDS[sighting.sight].model_dump(),
        "first_seen": local(registry, sighting.seen_ns),
        "value": sighting.value,
        "said": {"zh": said(registry, sighting, "zh"), "en": said(registry, sighting, "en")},
        "rule": sighting.rule,
        "alert": sighting.alert,
        "alert_of_device": sighting.of_device,
        "raised": local(registry, sighting.raised_ns),
        "by_hand": marks_json(registry, sighting),
    }


def marks_json(registry: Registry, sighting: Sighting) -> list[dict[str, Any]]:
    """Return what people marked at a point, oldest first; the last one counts."""
    return [
        {
            "works": mark.works,
            "by": mark.by,
            "at": local(registry, mark.at_ns),
            "remark": mark.remark,
            "reason": mark.reason,
        }
        for mark in sighting.marks
    ]


def point_labels(registry: Registry, point: Point) -> Labels:
    """Return what people call a point."""
    return registry.point_labels.get(point.key) or Labels(zh=point.name, en=point.name)


def said(registry: Registry, sighting: Sighting, language: str) -> str:
    """Write in words what a point said when it was first seen; nothing where it was not."""
    if sighting.value is None or sighting.seen_ns is None:
        return ""
    kind = registry.devices[f"{sighting.point.unit}/{sighting.point.device}"].profile.kind
    reading = Reading(sighting.seen_ns, sighting.value, GOOD)
    return shown(sighting.point, kind, reading, sighting.seen_ns, ScreenLanguage(language)).value


def local(registry: Registry, time_ns: int | None) -> str | None:
    """Write a time as the site's people read it, ISO 8601 with offset; None for none."""
    if time_ns is None:
        return None
    moment = datetime.fromtimestamp(time_ns / NS_PER_S, zone_of(registry.site.timezone))
    return moment.isoformat(timespec="seconds")


def result_file(state: State, test: WalkTestView) -> Path:
    """Return where the result of a test is kept."""
    return state.root / FOLDER / f"{test.unit}-{test.begun_ns // NS_PER_S}-{test.id[:8]}.json"


def keep_result(session: Session, log: WalkLog, classes: list[str]) -> Path:
    """Sign the result and keep it; returns the file."""
    path = result_file(session.state, log.test)
    write_signed(sign(result_of(session, log, classes), session.state), path)
    return path


def kept_results(state: State, units: set[str]) -> list[tuple[Path, dict[str, Any], str | None]]:
    """Return the results of some units, newest first: file, document, and why its signature does not hold.

    The reason is None where it holds; the document of a file that can't be read is empty.
    """
    found = []
    for path in sorted((state.root / FOLDER).glob("*.json")):
        try:
            signed = read_signed(path)
            if signed["document"].get("form") != FORM or signed["document"].get("unit") not in units:
                continue
            found.append((path, signed["document"], verify(signed, state)))
        except WireError as error:
            found.append((path, {}, error.reason))
        except FengsuiError as error:
            found.append((path, {}, str(error)))
    return sorted(found, key=lambda one: str(one[1].get("begun", "")), reverse=True)
