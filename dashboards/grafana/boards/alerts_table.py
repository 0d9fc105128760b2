"""Tables of alerts, alike on every board."""

from __future__ import annotations

from grafana_foundation_sdk.builders import table

from dashboards.grafana import asking, colours
from dashboards.grafana.frame import link_to
from dashboards.grafana.panels import Column, Look, property_of, rows
from dashboards.grafana.texts import Language, text

EVENT_COLOURS = {
    "raised": colours.DANGER,
    "escalated": colours.CAUTION,
    "acknowledged": colours.BLUE,
    "cleared": colours.NORMAL,
    "closed": colours.NORMAL,
    "unknown": colours.UNKNOWN,
}
LEVEL_COLOURS = {"notice": colours.SKY, "warning": colours.CAUTION, "critical": colours.DANGER}


def columns(language: Language) -> dict[str, Column]:
    """Return the columns that say what, where and how far."""
    confirmed = {
        "-": (text("not_yet", language), colours.SKY),
        "real": (text("confirmed_real", language), colours.DANGER),
        "false": (text("confirmed_false", language), colours.NORMAL),
        "test": (text("confirmed_test", language), colours.BLUE),
    }
    answered = {"1": (text("yes", language), colours.NORMAL), "0": (text("no", language), colours.DANGER)}
    return {
        "Time": Column(heading="column_time", unit="dateTimeAsIso", width=170),
        "class": Column(heading="column_class", mappings=colours.classes(language), width=100),
        "level": Column(
            heading="column_level", mappings=colours.glossary_words("level", language, LEVEL_COLOURS), width=90
        ),
        "event": Column(
            heading="column_event",
            mappings=colours.glossary_words("alert_event", language, EVENT_COLOURS),
            width=100,
        ),
        f"title_{language}": Column(heading="column_title"),
        f"place_{language}": Column(heading="column_place"),
        "acknowledged": Column(heading="column_acknowledged", mappings=colours.words(answered, language), width=90),
        "confirmed": Column(heading="column_confirmed", mappings=colours.words(confirmed, language), width=90),
    }


def statement(language: Language, where: str, *more: str) -> asking.Query:
    """Return the rows of alerts, newest first."""
    fields = [name for name in columns(language) if name != "Time"]
    names = ", ".join(f'"{name}"' for name in ["id", "open", "device", *fields, *more])
    return asking.table(f'SELECT {names} FROM "alert" WHERE {where} AND {asking.HERE} ORDER BY time DESC LIMIT 1000')  # noqa: S608  # no outside text


def open_alerts(look: Look, where: str = '"class" =~ /./') -> table.Panel:
    """Return the alerts that are open: the newest row of each, whose ``open`` is 1. Looks back 30 days."""
    panel = rows(
        look, _oldest_first(statement(look.language, where)), columns(look.language), newest_of="id", only=("open", 1)
    )
    return _linked(panel, look.language).time_from("30d")


def changes(look: Look, where: str) -> table.Panel:
    """Return changes of alerts, newest first."""
    return _linked(rows(look, statement(look.language, where), columns(look.language)), look.language)


def _oldest_first(query: asking.Query) -> asking.Query:
    """Let the last row of an alert be its newest."""
    return asking.table(query.query.replace(" ORDER BY time DESC LIMIT 1000", " ORDER BY time ASC"))


def _linked(panel: table.Panel, language: Language) -> table.Panel:
    place = text("column_place", language)
    link = link_to("device", language, "var-unit=${unit}&var-zone=${zone}")
    return panel.override_by_name(place, [property_of("links", [link])])
