"""Panels as our boards use them: every one has a unit, thresholds, a text for "unknown", and a description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import barchart, common, stat, statetimeline, statushistory, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

from dashboards.grafana import asking, colours
from dashboards.grafana.asking import Query
from dashboards.grafana.texts import Language, text

Steps = Sequence[tuple[float, str]]


class Common(Protocol):
    """What all panel builders of the SDK have."""

    def title(self, title: str) -> Self: ...  # noqa: D102
    def description(self, description: str) -> Self: ...  # noqa: D102
    def datasource(self, datasource: models.DataSourceRef) -> Self: ...  # noqa: D102
    def targets(self, targets: list[Any]) -> Self: ...  # noqa: D102
    def unit(self, unit: str) -> Self: ...  # noqa: D102
    def thresholds(self, thresholds: cog.Builder[models.ThresholdsConfig]) -> Self: ...  # noqa: D102
    def mappings(self, mappings: list[models.ValueMapping]) -> Self: ...  # noqa: D102
    def no_value(self, no_value: str) -> Self: ...  # noqa: D102
    def height(self, h: int) -> Self: ...  # noqa: D102
    def span(self, w: int) -> Self: ...  # noqa: D102
    def interval(self, interval: str) -> Self: ...  # noqa: D102
    def color_scheme(self, color: cog.Builder[models.FieldColor]) -> Self: ...  # noqa: D102


Built = TypeVar("Built", bound=Common)
Panel = cog.Builder[models.Panel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What all kinds of panel share.

    ``key`` names the panel in the catalogue of texts (``<key>`` and ``<key>_about``); ``steps`` are thresholds from
    below, ``interval`` is the least bucket, ``mappings`` None those of "unknown" alone.
    """

    language: Language
    key: str
    unit: str = "short"
    steps: Steps = colours.CALM
    mappings: list[models.ValueMapping] | None = None
    width: int = 12
    height: int = 8
    interval: str = "20s"

    def onto(self, panel: Built, *queries: Query) -> Built:
        """Put it onto a panel."""
        refs = [replace(query, ref=chr(ord("A") + at)) for at, query in enumerate(queries)]
        return (
            panel.title(text(self.key, self.language))
            .description(text(f"{self.key}_about", self.language))
            .datasource(asking.source())
            .targets(list(refs))
            .unit(self.unit)
            .thresholds(colours.thresholds(*self.steps))
            .mappings(self.mappings or colours.unknown(self.language))
            .no_value(text("unknown", self.language))
            .height(self.height)
            .span(self.width)
            .interval(self.interval)
        )


def by_thresholds() -> builders.FieldColor:
    """Colour by threshold."""
    return builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS)


def property_of(name: str, value: object) -> models.DynamicConfigValue:
    """Return one property of an override."""
    return models.DynamicConfigValue(id_val=name, value=value)


def numbers(look: Look, *queries: Query) -> stat.Panel:
    """Return big numbers, each with its name."""
    reduced = common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")
    panel = look.onto(stat.Panel(), *queries).color_scheme(by_thresholds())
    return (
        panel.reduce_options(reduced)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .color_mode(common_models.BigValueColorMode.BACKGROUND_SOLID)
        .text_mode(common_models.BigValueTextMode.VALUE_AND_NAME)
    )


def curves(look: Look, *queries: Query, limits: bool = False) -> timeseries.Panel:
    """Return curves that break where nothing is known; with ``limits`` series that end in ↓ or ↑ are dashed."""
    panel = look.onto(timeseries.Panel(), *queries)
    panel = (
        panel.legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI))
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .line_width(1)
        .fill_opacity(0)
        .show_points(common_models.VisibilityMode.AUTO)
        .span_nulls(False)
        .insert_nulls(120_000.0)
    )
    if limits:
        dashed = {"fill": "dash", "dash": [10, 6]}
        panel = panel.override_by_regexp(
            "/(↓|↑)$/",
            [
                property_of("custom.lineStyle", dashed),
                property_of("custom.spanNulls", True),
                property_of("custom.insertNulls", False),
                property_of("color", {"mode": "fixed", "fixedColor": colours.DANGER}),
            ],
        )
    return panel


def timeline(look: Look, *queries: Query) -> statetimeline.Panel:
    """Return states over time, with their words in the bars."""
    return (
        look.onto(statetimeline.Panel(), *queries)
        .color_scheme(by_thresholds())
        .merge_values(True)
        .show_value(common_models.VisibilityMode.AUTO)
        .align_value(common_models.TimelineValueAlignment.LEFT)
        .row_height(0.85)
        .fill_opacity(80)
        .legend(_legend())
    )


def heartbeats(look: Look, *queries: Query) -> statushistory.Panel:
    """Return states sample by sample."""
    return (
        look.onto(statushistory.Panel(), *queries)
        .color_scheme(by_thresholds())
        .show_value(common_models.VisibilityMode.AUTO)
        .row_height(0.85)
        .fill_opacity(80)
        .legend(_legend())
    )


def bars(look: Look, *queries: Query) -> barchart.Panel:
    """Return bars."""
    return (
        look.onto(barchart.Panel(), *queries)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .show_value(common_models.VisibilityMode.ALWAYS)
        .fill_opacity(80)
        .legend(_legend())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a table shows a column: its heading (a key of the catalogue), unit, words and width in pixels."""

    heading: str
    unit: str = "short"
    mappings: list[models.ValueMapping] | None = None
    width: int | None = None


def rows(
    look: Look,
    query: Query,
    columns: Mapping[str, Column],
    *,
    newest_of: str | None = None,
    only: tuple[str, object] | None = None,
) -> table.Panel:
    """Return a table of exactly ``columns``, in their order.

    With ``newest_of`` only the newest row of each value of that column is shown; ``only`` keeps rows whose column has
    a value (after that). Both work on what the query returned.
    """
    panel = look.onto(table.Panel(), query).color_scheme(by_thresholds()).show_header(True)
    panel = panel.align(common_models.FieldTextAlignment.AUTO)
    for step in _steps(columns, newest_of, only, look.language):
        panel = panel.with_transformation(step)
    for column in columns.values():
        said = [property_of("unit", column.unit)]
        if column.mappings is not None:
            said += [
                property_of("mappings", column.mappings),
                property_of("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
            ]
        if column.width is not None:
            said.append(property_of("custom.width", column.width))
        panel = panel.override_by_name(text(column.heading, look.language), said)
    return panel


def _steps(
    columns: Mapping[str, Column], newest_of: str | None, only: tuple[str, object] | None, language: Language
) -> list[models.DataTransformerConfig]:
    """Return the transformations: newest row of each, filter, then order and headings."""
    steps: list[models.DataTransformerConfig] = []
    shown = {name: name for name in columns}
    if newest_of is not None:
        wanted = {*columns, newest_of, *([only[0]] if only else [])}
        fields = {
            name: {"aggregations": [], "operation": "groupby"}
            if name == newest_of
            else {"aggregations": ["last"], "operation": "aggregate"}
            for name in sorted(wanted)
        }
        steps.append(models.DataTransformerConfig(id_val="groupBy", options={"fields": fields}))
        shown = {name if name == newest_of else f"{name} (last)": name for name in sorted(wanted)}
    if only is not None:
        column = next(now for now, was in shown.items() if was == only[0])
        match = {"fieldName": column, "config": {"id": "equal", "options": {"value": only[1]}}}
        options = {"type": "include", "match": "all", "filters": [match]}
        steps.append(models.DataTransformerConfig(id_val="filterByValue", options=options))
    order = {now: list(columns).index(was) for now, was in shown.items() if was in columns}
    headings = {now: text(columns[was].heading, language) for now, was in shown.items() if was in columns}
    hidden = {now: True for now, was in shown.items() if was not in columns}
    organised = {"excludeByName": hidden, "indexByName": order, "renameByName": headings}
    return [*steps, models.DataTransformerConfig(id_val="organize", options=organised)]


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
