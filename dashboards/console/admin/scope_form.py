"""The dialog of an account or a token: words, several of a list, and a scope. One form, filled in or empty."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from alerts.accounts_face import MOST_NAMED, ScopeFields
from dashboards.console.view import View, box, change, line

MOST_CHOSEN_FROM = 300
"""Units that fit in a list to choose from; a larger site's are written by their ids."""

MOST_IDS = 20_000

_BETWEEN = re.compile(r"[\s,;，；、]+")


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text."""

    name: str
    words: str
    value: str = ""
    most: int = 64
    kind: str = "text"
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Several:
    """Some of a list, or one of it. ``choices``: value → words."""

    name: str
    words: str
    choices: Mapping[str, str]
    chosen: tuple[str, ...] = ()
    needed: bool = True
    many: bool = True


@dataclass(slots=True)
class Filled:
    """What was filled in."""

    words: dict[str, str] = field(default_factory=dict)
    several: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scope: ScopeFields = field(default_factory=ScopeFields)


class ScopeForm:
    """The dialog, for one use."""

    def __init__(
        self,
        view: View,
        title: str,
        fields: Iterable[Words | Several],
        scope: ScopeFields,
        act: Callable[[Filled], Awaitable[bool]],
    ) -> None:
        """``scope`` is what is filled in at first; ``act`` does it and says whether it was done: if not, all stays."""
        self._view = view
        self._act = act
        self._fields = tuple(fields)
        self._inputs: dict[str, ValueElement[Any]] = {}
        with ui.dialog() as self._dialog, box("dialog ask", "scope-form") as pane:
            pane.props["role"], pane.props["aria-label"] = "dialog", title
            line(title, "dialog-title")
            for one in self._fields:
                self._inputs[one.name] = self._input(one)
            self._scope(scope)
            self._missing = line("", "dialog-missing").props("role=alert")
            self._buttons()

    async def ask(self) -> bool:
        """Tell whether it was done; the dialog is closed then, or by hand."""
        answer = await self._dialog
        self._dialog.delete()
        return answer is True

    def _input(self, one: Words | Several) -> ValueElement[Any]:
        given: ValueElement[Any]
        if isinstance(one, Several):
            chosen = [value for value in one.chosen if value in one.choices]
            value = chosen if one.many else next(iter(chosen), None)
            given = ui.select(
                dict(one.choices), label=one.words, value=value, multiple=one.many, clearable=not one.many
            )
            given.props("use-chips" if one.many else "")
        else:
            given = ui.input(label=one.words, value=one.value).props(f"maxlength={one.most} type={one.kind}")
            given.props("autocomplete=off" if one.kind != "password" else "autocomplete=new-password")
        return given.props(f"outlined dense stack-label data-field={one.name}").classes("field")

    def _scope(self, scope: ScopeFields) -> None:
        view, registry = self._view, self._view.console.registry
        where = {"everywhere": view.text("admin_everywhere"), "some": view.text("admin_some")}
        value = "everywhere" if scope.everywhere else "some"
        self._where = ui.select(where, label=view.text("admin_scope"), value=value, on_change=self._narrow)
        self._where.props("outlined dense stack-label data-field=where").classes("field")
        with box("scope-some") as self._some:
            areas = sorted({unit.area for unit in registry.units.values() if unit.area is not None} | set(scope.areas))
            self._areas = self._input(
                Several("areas", view.text("admin_areas"), {area: area for area in areas}, scope.areas)
            )
            self._units = self._units_input(scope)
        self._narrow()

    def _units_input(self, scope: ScopeFields) -> ValueElement[Any]:
        view, registry = self._view, self._view.console.registry
        if len(registry.units) <= MOST_CHOSEN_FROM:
            names = {unit.id: f"{unit.labels.of(view.language)} ({unit.id})" for unit in registry.units.values()}
            gone = {unit: unit for unit in scope.units if unit not in names}
            return self._input(Several("units", view.text("admin_units"), {**names, **gone}, scope.units))
        given = ui.textarea(label=view.text("admin_unit_ids"), value=", ".join(scope.units))
        given.props(f"outlined dense stack-label data-field=units maxlength={MOST_IDS}").classes("field")
        return given

    def _narrow(self) -> None:
        self._some.set_visibility(self._where.value == "some")

    def _buttons(self) -> None:
        view = self._view
        with box("dialog-choices"):
            close = ui.button(view.text("close"), on_click=lambda: self._dialog.submit(None), color=None)
            close.classes("act").props("flat no-caps data-action=close")
            save = ui.button(view.text("save"), on_click=self._submit, color=None).classes("act act-main")
            save.props("flat no-caps data-action=save")

    async def _submit(self) -> None:
        filled, absent = Filled(scope=self._scoped()), []
        for one in self._fields:
            value = self._inputs[one.name].value
            if isinstance(one, Several):
                filled.several[one.name] = tuple(
                    str(item) for item in ((value or ()) if one.many else [value or ""]) if item
                )
            else:
                given = str(value or "")[: one.most]
                filled.words[one.name] = given if one.kind == "password" else given.strip()
            if one.needed and not (filled.several.get(one.name) or filled.words.get(one.name)):
                absent.append(one.words)
        scope = filled.scope
        if not (scope.everywhere or scope.units or scope.areas):
            absent.append(self._view.text("admin_scope"))
        if absent:
            change(self._missing, self._view.text("needed", fields=self._view.text("and").join(absent)))
            return
        change(self._missing, "")
        if await self._act(filled):
            self._dialog.submit(True)

    def _scoped(self) -> ScopeFields:
        if self._where.value == "everywhere":
            return ScopeFields(everywhere=True)
        return ScopeFields(units=ids_in(self._units.value), areas=ids_in(self._areas.value))


def ids_in(given: Any) -> tuple[str, ...]:
    """Return ids, chosen from a list or written with commas or spaces between; at most `MOST_NAMED`."""
    items = _BETWEEN.split(str(given)[:MOST_IDS]) if isinstance(given, str) else [str(one) for one in given or ()]
    return tuple(dict.fromkeys(one for one in items if one))[:MOST_NAMED]
