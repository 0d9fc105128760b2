"""Above the list: classes to choose from with their counts, a search, the filter that is on, and what it hides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from nicegui import ui

from dashboards.console.alarms.book import AlarmBook, Listing
from dashboards.console.alarms.filters import MOST_TEXT, NO_AREA, AlarmFilter, Disabled, Standing, address, building_of
from dashboards.console.alarms.places import building_words
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.section import Desk
from dashboards.console.view import View, box, change, dress, line, link
from dashboards.console.wording import area_text
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.site import Registry

MOST_CHOICES = 200
"""Of units, buildings or rules: the ones with the most alarms; others are found by the search."""

FORMS = ("", "list", "groups")
"""How the list is shown: as its length says, one by one, by building."""


class FilterBar:
    """The bar of one browser; every change of the filter is another address."""

    def __init__(self, desk: Desk, wanted: AlarmFilter, form: str, book: Callable[[], AlarmBook]) -> None:
        """Build for the filter and the form that the address says."""
        self._desk, self._view = desk, desk.view
        self._wanted, self._form, self._book = wanted, form, book
        with box("filter-bar", "filter-bar").props("role=search"):
            self._classes = {one: self._class_button(one) for one in AlarmClass}
            self._search()
            self._plain("filter", self._ask, "filter")
            self._forms()
        self._hides = self._chips() if wanted.is_on else None

    def refresh(self, listing: Listing) -> None:
        """Show counts, and what is hidden."""
        book = self._book()
        for alarm_class, count in self._classes.items():
            change(count, str(book.all.counts[alarm_class]))
        if self._hides is not None:
            hidden, fires = book.hidden(listing)
            change(self._hides, self._view.text("filter_hides", count=hidden, fires=fires))
            dress(self._hides, "fires", "yes" if fires else "no")

    def _to(self, wanted: AlarmFilter, form: str | None = None) -> str:
        shown = self._form if form is None else form
        return address("/", wanted.query() | ({"view": shown} if shown else {}))

    def _class_button(self, alarm_class: AlarmClass) -> ui.label:
        """Return the count of a class, in a link that turns its filter on or off."""
        chosen = alarm_class in self._wanted.classes
        shown = link("", self._to(self._wanted.toggled(alarm_class)), "class-filter")
        dress(shown, "class", alarm_class.value)
        dress(shown, "chosen", "yes" if chosen else "no")
        shown.props["role"], shown.props["aria-pressed"] = "button", "true" if chosen else "false"
        shown.clear()
        with shown:
            ui.element("span").classes(f"shape shape-{alarm_class}").props("aria-hidden=true")
            line(self._view.text(f"class_{alarm_class}"))
            return line("0", "class-count")

    def _search(self) -> None:
        given = ui.input(placeholder=self._view.text("filter_text"), value=self._wanted.text)
        given.props(f"dense outlined clearable maxlength={MOST_TEXT} data-part=filter-text").classes("filter-text")
        given.props["aria-label"] = self._view.text("filter_text")

        def search() -> None:
            text = str(given.value or "").strip()
            if text != self._wanted.text:
                self._desk.go(self._to(AlarmFilter.read(self._wanted.query() | {"text": text})))

        given.on("keydown.enter", search)
        given.on("clear", lambda: self._desk.go(self._to(self._wanted.without("text"))))

    def _plain(self, words: str, act: Callable[[], object], part: str) -> None:
        button = ui.button(self._view.text(words), on_click=act, color=None)
        button.classes("act").props(f"flat no-caps data-part={part}")

    def _forms(self) -> None:
        with box("forms", "forms"):
            for form in FORMS:
                shown = link(self._view.text(f"form_{form or 'auto'}"), self._to(self._wanted, form), "form-choice")
                dress(shown, "chosen", "yes" if form == self._form else "no")

    def _chips(self) -> ui.label:
        """Show what is filtered by, each with a way out of it; returns the line that says what is hidden."""
        view = self._view
        with box("filter-on", "filter-on").props("role=status"):
            warning = line("", "filter-hides").props("data-part=filter-hides")
            for part, value in self._wanted.query().items():
                for one in value.split(",") if part == "class" else [value]:
                    words = f"{view.text(f'filter_{part}')}：{part_words(view, part, one)} ✕"
                    chip = link(words, self._to(self._wanted.without(part, one)), "chip")
                    dress(chip, "chip", part)
                    chip.props["aria-label"] = view.text("filter_remove", filter=words.removesuffix(" ✕"))
            link(view.text("filter_none"), self._to(AlarmFilter()), "chip chip-none").props["data-part"] = "filter-none"
        return warning

    async def _ask(self) -> None:
        """Ask for what is not on the bar; what can be chosen is what open alarms have."""
        view, now = self._view, self._wanted.query()
        fields = [
            Field(part, view.text(f"filter_{part}"), Kind.CHOICE, needed=False, choices=some, value=now.get(part, ""))
            for part, some in choices(view, self._book().all.alerts, now).items()
        ]
        said = await ask(view, view.text("filter"), fields, save=view.text("filter_apply"))
        if said is not None:
            kept = {name: value for name, value in now.items() if name not in said}
            self._desk.go(self._to(AlarmFilter.read(kept | said)))


def choices(view: View, alerts: list[AlertView], now: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what can be chosen of each part, most alarms first, and what is chosen now in any case."""
    registry = view.console.registry
    found = {
        "area": Counter(area for alert in alerts if (area := _area(registry, alert))),
        "unit": Counter(alert.place.unit for alert in alerts),
        "building": Counter(building_of(alert) for alert in alerts if alert.place.building),
        "rule": Counter(alert.rule for alert in alerts),
    }
    offered = {part: _offered(view, part, counts, now.get(part, "")) for part, counts in found.items()}
    offered["state"] = {"": "—"} | {one.value: view.text(f"standing_{one}") for one in Standing}
    offered["disabled"] = {"": "—"} | {one.value: view.text(f"disabled_{one}") for one in Disabled}
    return {part: some for part, some in offered.items() if part != "area" or len(some) > 1}


def part_words(view: View, part: str, value: str) -> str:
    """Write a value of a filter as people read it."""
    registry, language = view.console.registry, view.language
    if part == "class":
        return view.text(f"class_{value}")
    if part == "state":
        return view.text(f"standing_{value}")
    if part == "disabled":
        return view.text(f"disabled_{value}")
    if part == "area":
        return area_text(registry, "" if value == NO_AREA else value, language)
    if part == "unit" and value in registry.units:
        return registry.units[value].labels.of(language)
    if part == "building" and "/" in value:
        unit, _, building = value.partition("/")
        return building_words(registry, unit, building, language)
    if part == "zone" and value in registry.zones:
        return registry.zones[value].settings.labels.of(language)
    return value


def _offered(view: View, part: str, counts: Counter[str], chosen: str) -> dict[str, str]:
    some = dict(counts.most_common(MOST_CHOICES))
    if chosen:
        some.setdefault(chosen, 0)
    return {"": "—"} | {value: f"{part_words(view, part, value)} ({count})" for value, count in some.items()}


def _area(registry: Registry, alert: AlertView) -> str | None:
    unit = registry.units.get(alert.place.unit)
    return None if unit is None else unit.area
