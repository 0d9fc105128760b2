"""Whether every point is read and sent before its silence counts: what would cry wolf is refused by the check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.documents import Path
from domain.points import PointKind
from domain.site import Device, ProfilePoint, Registry
from domain.site.reports import ALL_POINTS
from gateway.connectors.contract import Finding


def check_silence(
    registry: Registry, devices: Sequence[Device], *, heartbeat_s: float, polled: bool = True
) -> list[Finding]:
    """Return what is read or sent too seldom, one finding for each place where that is written.

    ``heartbeat_s`` is the connection's; ``polled``: we ask at the points' periods, else devices speak by
    themselves. Of several points the one that counts as silent first is named.
    """
    found: dict[Path, tuple[float, Finding]] = {}
    for at, device in enumerate(devices):
        for point in device.profile.points:
            entry = registry.points[registry.points.index(f"{device.key}/{point.id}")]
            limit_s = entry.max_silence_s
            for path, what, every_s in _times(at, device, point, heartbeat_s, polled=polled):
                if every_s >= limit_s and (path not in found or limit_s < found[path][0]):
                    message = f"{what} every {every_s:g} s, but {entry.key} counts as silent after {limit_s:g} s"
                    found[path] = limit_s, Finding(path, message, f"write less than {limit_s:g}")
    return [finding for _, finding in found.values()]


def _times(
    at: int, device: Device, point: ProfilePoint, heartbeat_s: float, *, polled: bool
) -> Iterator[tuple[Path, str, float]]:
    """Yield where each of a point's times is written, what is done that often, and the time, s."""
    settings, report = device.settings, device.report_of(point)
    is_measure = point.kind is PointKind.MEASURE
    key = point.id if point.id in settings.points else ALL_POINTS
    written: Path = ("devices", at, "points", key) if key in settings.points else ("devices", at, "profile")
    if polled:
        period_s = device.period_s(point)
        place: Path = ("devices", at, "period_s") if settings.period_s == period_s else written
        yield ("period_s",) if device.connection.period_s == period_s else place, "points are read", period_s
    if report.period_s is not None and is_measure:
        yield written, "values are sent at most", report.period_s
    if report.by_change if is_measure else polled:
        what = "unchanged values are repeated" if is_measure else "states are repeated"
        place = ("settings", "heartbeat_s") if report.heartbeat_s is None else written
        yield place, what, report.heartbeat_s or heartbeat_s
