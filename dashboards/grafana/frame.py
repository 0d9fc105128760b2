"""What every board has around its panels: name, variables, links, annotations, refresh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.models import dashboard as models

from dashboards.grafana import asking, colours
from dashboards.grafana.panels import Panel
from dashboards.grafana.texts import Language, text

TAG = "fengsui"
UID_PREFIX = "fengsui-"
REFRESH = "10s"
SLOWEST = ["5s", "10s", "30s", "1m", "5m", "15m", "1h"]
"""What people may choose; below 5 s a board asks more than it learns."""
CONSOLE = "http://127.0.0.1:8080"
"""Where the console is until whoever installs says otherwise (variable ``console``)."""
ALL = ".*"

VARIABLES = {
    "unit": 'SHOW TAG VALUES FROM "standing" WITH KEY = "unit"',
    "building": 'SHOW TAG VALUES FROM "standing" WITH KEY = "building" WHERE "unit" =~ /^$unit$/',
    "zone": 'SHOW TAG VALUES FROM "standing" WITH KEY = "zone" WHERE "unit" =~ /^$unit$/'
    ' AND "building" =~ /^$building$/',
    "device": 'SHOW TAG VALUES WITH KEY = "device" WHERE "unit" =~ /^$unit$/ AND "building" =~ /^$building$/'
    ' AND "zone" =~ /^$zone$/',
}
"""Variable -> the statement that lists its values, each narrowed by those before it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A row of panels under a heading (a key of the catalogue)."""

    heading: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board in one language: ``name`` is its key in the catalogue and the end of its uid."""

    name: str
    sections: Sequence[Section]
    variables: Sequence[str] = ("unit", "building", "zone")
    span: str = "6h"
    annotated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What of a site is in its boards; the rest they ask the store for."""

    timezone: str = "Asia/Shanghai"
    console: str = CONSOLE


def uid_of(name: str, language: Language) -> str:
    """Return a board's uid (Grafana: 40 characters at most)."""
    return f"{UID_PREFIX}{name}-{language}"


def dashboard(board: Board, language: Language, site: Site) -> models.Dashboard:
    """Build the dashboard."""
    built = (
        builders.Dashboard(text(f"board_{board.name}", language))
        .uid(uid_of(board.name, language))
        .description(text(f"board_{board.name}_about", language))
        .tags([TAG, f"{TAG}-{language}"])
        .timezone("browser")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .refresh(REFRESH)
        .timepicker(builders.TimePicker().refresh_intervals(SLOWEST))
        .time(f"now-{board.span}", "now")
    )
    for variable in _variables(board.variables, language, site):
        built = built.with_variable(variable)
    for link in _links(language):
        built = built.link(link)
    if board.annotated:
        built = built.annotation(_Alerts(language))
    for section in board.sections:
        built = built.with_row(builders.Row(text(section.heading, language)))
        for panel in section.panels:
            built = built.with_panel(panel)
    found = built.build()
    for number, placed in enumerate(found.panels or [], start=1):
        placed.id_val = number
    return found


def _variables(names: Sequence[str], language: Language, site: Site) -> Iterable[cog.Builder[models.VariableModel]]:
    for name in names:
        yield (
            builders.QueryVariable(name)
            .label(text(f"variable_{name}", language))
            .datasource(asking.source())
            .query(VARIABLES[name])
            .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(models.VariableSort.ALPHABETICAL_ASC)
            .multi(True)
            .include_all(True)
            .all_value(ALL)
            .current(models.VariableOption(selected=True, text=text("all", language), value="$__all"))
        )
    yield (
        builders.TextBoxVariable("console")
        .label(text("variable_console", language))
        .hide(models.VariableHide.HIDE_VARIABLE)
        .default_value(site.console)
        .current(models.VariableOption(selected=True, text=site.console, value=site.console))
    )


def _links(language: Language) -> Iterable[builders.DashboardLink]:
    yield (
        builders.DashboardLink(text("link_boards", language))
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([f"{TAG}-{language}"])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    yield (
        builders.DashboardLink(text("link_console", language))
        .type(models.DashboardLinkType.LINK)
        .url("${console}")
        .icon("external link")
        .target_blank(True)
    )


class _Alerts(models.AnnotationQuery, cog.Builder[models.AnnotationQuery]):
    """Alerts as marks on curves. The SDK lacks the fields of an InfluxQL annotation; they are added as Grafana's editor
    for this data source writes them."""  # noqa: D205, D209  # one sentence, too long for a line

    def __init__(self, language: Language) -> None:
        super().__init__(
            name=text("annotation_alerts", language),
            datasource=asking.source(),
            enable=True,
            icon_color=colours.DANGER,
        )
        self._language = language

    def build(self) -> models.AnnotationQuery:
        """Return itself."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the annotation with its statement."""
        title = f"title_{self._language}"
        return {
            **super().to_json(),
            "query": f'SELECT "{title}", "class", "zone" FROM "alert"'  # noqa: S608  # no outside text
            f" WHERE \"event\" = 'raised' AND {asking.HERE}",
            "textColumn": title,
            "tagsColumn": "class,zone",
            "fromAnnotations": True,
        }


def link_to(name: str, language: Language, variables: str) -> dict[str, object]:
    """Return a data link to another board, e.g. ``var-device=${__value.text}``; time travels along."""
    url = f"/d/{uid_of(name, language)}?{variables}&${{__url_time_range}}"
    return {"title": text(f"board_{name}", language), "url": url}
