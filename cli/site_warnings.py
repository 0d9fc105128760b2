"""What is odd about a site that passes its check: it runs, and somebody should know."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from cli.yaml_documents import read_document
from dashboards.live.zone import zone_of
from domain.errors import ConfigurationError, Problem
from domain.site import Registry
from domain.site.duty_times import Surroundings
from domain.site.telling_checks import warnings
from domain.templates import expanded


def site_warnings(
    site: Path, registry: Registry, *, now_ns: int | None = None, environment: Mapping[str, str] = os.environ
) -> list[Problem]:
    """Return warnings about a checked site: gaps in rosters of the next weeks, cases without a policy."""
    try:
        document = expanded(read_document(site / "site.yaml", site, environment))
    except ConfigurationError:
        return []  # changed since it was checked
    known = Surroundings(registry.people, registry.calendar, zone_of(registry.site.timezone))
    return warnings(document, registry.site, known, time.time_ns() if now_ns is None else now_ns)
