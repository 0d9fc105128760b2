"""The rows of one profile → the profile, and what each device does otherwise.

What all devices say alike stands in the profile; where they differ, the profile keeps what it had (or the first
one's), and each device gets ``limits`` and ``points`` of its own. A profile that comes out as the known one of that
name is not written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.point_cells import Entry, Sheet, first_of, same
from cli.point_columns import READ, REPORT
from domain.documents import Path
from domain.points import PointKind
from domain.site import Profile, ProfilePoint, ReportSettings
from gateway.connectors import CONNECTORS

FIXED = ("kind", "zh", "en", "quantity", "word", "part", "floor", "ceiling", *READ, "bits", "read_more")
"""What must be the same for a point in all devices of a profile."""

LIMITS = ("low", "high", "max_silence_s")


@dataclass(slots=True)
class ProfileDraft:
    """A profile in the making: ``data`` as its file will have it, the cell of each value, and per device the rest."""

    name: str
    data: dict[str, Any]
    cells: dict[Path, tuple[Entry, str]] = field(default_factory=dict)
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_known: bool = False


def draft_profile(
    sheet: Sheet,
    name: str,
    devices: Mapping[str, Sequence[Entry]],
    usual_s: Mapping[str, float | None],
    known: Profile | None,
) -> ProfileDraft:
    """Return the profile of the rows of ``devices`` (by key, each with its points in order).

    ``usual_s`` is the period at which most points of each device are read.
    """
    every = [entry for entries in devices.values() for entry in entries]
    same(sheet, every, ("protocol", "device_kind", "options"), "profile")
    protocol = first_of(every, "protocol") or (known.protocol if known else "modbus_tcp")
    by_point: dict[str, dict[str, Entry]] = {}
    for key, entries in devices.items():
        for entry in entries:
            if key in by_point.setdefault(entry.get("point"), {}):
                sheet.problem(
                    entry.row, "point", entry.get("point"), "this point stands twice", "remove one of the two rows"
                )
            by_point[entry.get("point")][key] = entry
    _check_complete(sheet, devices, by_point)
    points = []
    draft = ProfileDraft(name, {})
    for at, (point, of_device) in enumerate(by_point.items()):
        entries = list(of_device.values())
        same(sheet, entries, FIXED, "profile and point")
        before = next((one for one in known.points if one.id == point), None) if known else None
        made, rest = _point(point, of_device, protocol, before, known)
        _share_period(made, of_device, rest, usual_s, before)
        points.append(made)
        _note_cells(draft.cells, ("points", at), entries[0])
        for key, override in rest.items():
            draft.overrides.setdefault(key, {})[point] = override
    options = first_of(every, "options")
    draft.data = {
        "profile": name,
        "protocol": protocol,
        "kind": first_of(every, "device_kind") or (known.kind if known else name),
        "labels": known.labels.model_dump() if known else {"zh": name, "en": name},
        "source": known.source if known else f"point list {sheet.name}",
        "options": options if options is not None else dict(known.options) if known else {},
        "points": points,
    }
    if not draft.data["options"]:
        del draft.data["options"]
    holder = next((entry for entry in every if entry.get("options") is not None), every[0])
    draft.cells |= {("options",): (holder, "options"), ("protocol",): (every[0], "protocol")}
    draft.cells |= {(): (every[0], "profile"), ("kind",): (every[0], "device_kind")}
    draft.is_known = known is not None and _is_alike(draft.data, known)
    return draft


def _check_complete(
    sheet: Sheet, devices: Mapping[str, Sequence[Entry]], by_point: Mapping[str, Mapping[str, Entry]]
) -> None:
    for key, entries in devices.items():
        for point in (one for one, of_device in by_point.items() if key not in of_device):
            message = f"has no row for '{point}', which other devices of its profile have"
            mend = "add the row, or give this device a profile of its own"
            sheet.problem(entries[0].row, "device", entries[0].get("device"), message, mend)


def _note_cells(cells: dict[Path, tuple[Entry, str]], at: Path, entry: Entry) -> None:
    cells[at] = entry, "point"
    for column in ("kind", "quantity", "word", "part", "floor", "ceiling", "low", "high", "max_silence_s", "period_s"):
        cells[*at, column] = entry, column
    cells[*at, "labels", "zh"], cells[*at, "labels", "en"] = (entry, "zh"), (entry, "en")
    cells[*at, "read"] = entry, "read_more"
    for column, key in READ.items():
        if column in entry.values or (*at, "read", key) not in cells:
            cells[*at, "read", key] = entry, column
    cells[*at, "read", "bits"] = entry, "bits"
    cells[*at, "report"] = entry, "deadband"
    for column, key in REPORT.items():
        cells[*at, "report", key] = entry, column


def _point(
    point: str, of_device: Mapping[str, Entry], protocol: str, before: ProfilePoint | None, known: Profile | None
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return a point of the profile, and what single devices do otherwise, by device."""
    entries = list(of_device.values())
    zh, en = first_of(entries, "zh"), first_of(entries, "en")
    made: dict[str, Any] = {"id": point}
    for column in ("kind", "quantity", "word", "part"):
        value = first_of(entries, column)
        if value is not None and value not in ("measure", "none"):
            made[column] = value
    made["labels"] = {"zh": zh or en or point, "en": en or zh or point}
    made |= {column: value for column in ("floor", "ceiling") if (value := first_of(entries, column)) is not None}
    rest: dict[str, dict[str, Any]] = {}
    _share_limits(made, of_device, rest, before, known)
    _share_report(made, of_device, rest, before, known)
    made["read"] = _read(entries, protocol)
    return made, rest


def _share_limits(
    made: dict[str, Any],
    of_device: Mapping[str, Entry],
    rest: dict[str, dict[str, Any]],
    before: ProfilePoint | None,
    known: Profile | None,
) -> None:
    """Put limits into the profile where all devices agree with it, else into those that differ."""
    for column in LIMITS:
        values = {key: entry.get(column) for key, entry in of_device.items()}
        had = getattr(before, column) if before else None
        if column == "max_silence_s":
            had = had or (known.max_silence_s if before and known else None)
            base = had or next((one for one in values.values() if one is not None), None)
            values = {key: base if one is None else one for key, one in values.items()}
        elif had is not None and all(one is not None for one in values.values()):
            base = had
        else:
            base = next(iter(values.values())) if len(set(values.values())) == 1 else None
        if base is not None:
            made[column] = base
        for key, one in values.items():
            if one != base:
                rest.setdefault(key, {}).setdefault("limits", {})[column] = one


def _share_report(
    made: dict[str, Any],
    of_device: Mapping[str, Entry],
    rest: dict[str, dict[str, Any]],
    before: ProfilePoint | None,
    known: Profile | None,
) -> None:
    """The same for ``report``; what a device can't take back from the profile, the profile does not say."""
    said = {
        key: {field: entry.get(column) for column, field in REPORT.items() if entry.get(column) is not None}
        for key, entry in of_device.items()
    }
    had = _said(before.report.over(known.report if known else ReportSettings()), made) if before else {}
    if before is not None and all(set(had) <= set(one) for one in said.values()):
        base = had
    else:
        base = next(iter(said.values())) if all(one == next(iter(said.values())) for one in said.values()) else {}
    if base:
        made["report"] = base
    for key, one in said.items():
        if one != base:
            rest.setdefault(key, {})["report"] = {
                field: value for field, value in one.items() if base.get(field) != value
            }


def _share_period(
    made: dict[str, Any],
    of_device: Mapping[str, Entry],
    rest: dict[str, dict[str, Any]],
    usual_s: Mapping[str, float | None],
    before: ProfilePoint | None,
) -> None:
    """The same for ``period_s``, which devices have a usual one of."""
    wished = {key: entry.get("period_s") for key, entry in of_device.items()}
    values = set(wished.values())
    base = before.period_s if before else None
    if base not in values and values != {None}:
        one = next(iter(values))
        base = one if len(values) == 1 and any(usual_s[key] != one for key in wished) else None
    if base is not None:
        made["period_s"] = base
    for key, one in wished.items():
        if one is not None and one != (base or usual_s[key]):
            rest.setdefault(key, {})["period_s"] = one


def _said(report: ReportSettings, made: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report as a list says it: of a state its heartbeat, no deadband where every reading is sent."""
    found = report.model_dump(exclude_none=True)
    if made.get("kind", PointKind.MEASURE) != PointKind.MEASURE:
        return {field: value for field, value in found.items() if field == "heartbeat_s"}
    if not report.by_change:
        found.pop("deadband", None)
        found.pop("deadband_percent", None)
    return found


def _read(entries: Sequence[Entry], protocol: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for column, key in READ.items():
        value = first_of(entries, column)
        if value is not None:
            read[key] = value
    bits = first_of(entries, "bits")
    if bits is not None:
        ends = str(bits).split("-")
        read["bits"] = [int(one) if one.strip().isdigit() else one for one in (ends * 2 if len(ends) == 1 else ends)]
    more = first_of(entries, "read_more")
    return read | (_with_numbers(more) if more and protocol == "modbus_tcp" else more or {})


def _with_numbers(more: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings whose keys are raw values: JSON has only texts for keys."""
    made = dict(more)
    if isinstance(made.get("sentinels"), dict):
        made["sentinels"] = {_whole_key(key): value for key, value in made["sentinels"].items()}
    codes = made.get("quantity_from")
    if isinstance(codes, dict) and isinstance(codes.get("codes"), dict):
        made["quantity_from"] = codes | {"codes": {_whole_key(key): one for key, one in codes["codes"].items()}}
    return made


def _whole_key(key: str) -> int | str:
    return int(key) if key.lstrip("-").isdigit() else key


def _is_alike(data: Mapping[str, Any], known: Profile) -> bool:
    """Tell whether a profile says the same as the known one, however it is written."""
    try:
        made = Profile.model_validate(data)
        return bool(_meaning(made) == _meaning(known))
    except ValueError:
        return False  # what is wrong in it is told by the check


def _meaning(profile: Profile) -> Any:
    protocol = CONNECTORS[profile.protocol]
    return (
        profile.protocol,
        profile.kind,
        protocol.options.model_validate(profile.options),
        [
            (
                point.model_copy(update={"read": {}, "report": ReportSettings(), "max_silence_s": None}),
                protocol.read.model_validate(point.read),
                point.max_silence_s or profile.max_silence_s,
                _said(point.report.over(profile.report), {"kind": point.kind}),
            )
            for point in profile.points
        ],
    )
