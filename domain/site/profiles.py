"""Checks ``profiles/*.yaml``: ids, and limits that make sense."""

from __future__ import annotations

from collections.abc import Sequence

from domain.documents import Document, Path
from domain.points import PointKind
from domain.site.findings import Findings
from domain.site.models import Profile, ProfilePoint
from domain.site.reports import ReportSettings


class Profiles:
    """The usable profiles by name, and the names of those that are there but broken."""

    def __init__(self, documents: Sequence[Document], findings: Findings) -> None:
        self.found: dict[str, Profile] = {}
        self._broken: set[str] = set()
        for doc in documents:
            profile = findings.model(Profile, doc)
            if profile is None:
                self._broken.add(str(doc.value(("profile",))))
                continue
            if profile.profile in self.found:
                findings.add(doc, ("profile",), "this profile is defined twice", "rename one of the two")
            ids = [((("points", at, "id")), point.id) for at, point in enumerate(profile.points)]
            findings.unique(doc, ids, "point")
            _check_limits(doc, profile, findings)
            self.found[profile.profile] = profile

    @property
    def names(self) -> set[str]:
        """All names that a device may give; a broken profile is not reported again by each device."""
        return self._broken | set(self.found)


def _check_limits(doc: Document, profile: Profile, findings: Findings) -> None:
    for at, point in enumerate(profile.points):
        path: Path = ("points", at)
        check_order(doc, path, ("low limit", point.low), ("high limit", point.high), findings=findings)
        check_order(doc, path, ("floor", point.floor), ("ceiling", point.ceiling), findings=findings)
        check_report(doc, (*path, "report"), point, point.report, findings=findings)


def check_report(doc: Document, path: Path, point: ProfilePoint, report: ReportSettings, *, findings: Findings) -> None:
    """Note a state or event whose changes would be held back."""
    if point.kind is not PointKind.MEASURE and report.holds_back:
        message = f"a {point.kind} is always sent when it changes, and at once"
        findings.add(doc, path, message, "leave only 'heartbeat_s', or make the point a measure")


def check_order(
    doc: Document, path: Path, low: tuple[str, float | None], high: tuple[str, float | None], *, findings: Findings
) -> None:
    """Note a lower bound that is not below its upper bound; each is ``(name, value or None)``."""
    if low[1] is not None and high[1] is not None and low[1] >= high[1]:
        findings.add(
            doc, path, f"{low[0]} {low[1]:g} is not below {high[0]} {high[1]:g}", "swap or correct the two numbers"
        )
