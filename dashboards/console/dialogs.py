"""The one form in which pages ask people: a dialog with a title, fields, and what the button says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from dashboards.console.view import View, box, change, drop, line


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    AREA = "area"
    CHOICE = "choice"
    NUMBER = "number"
    PASSWORD = "password"  # noqa: S105  # a kind of field
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked. ``words``: its label. ``choices``: value → words. ``most``: characters.

    A time is written as ``YYYY-MM-DDTHH:MM`` in the site's zone, as browsers write it.
    """

    name: str
    words: str
    kind: Kind | str = Kind.TEXT
    needed: bool = True
    choices: Mapping[str, str] = field(default_factory=dict)
    most: int = 200
    value: str = ""
    hint: str = ""


async def ask(
    view: View, title: str, fields: Sequence[Field], *, save: str = "", about: str = ""
) -> dict[str, str] | None:
    """Return what was filled in, stripped, by name; None when the dialog was closed.

    ``about`` names what is asked about. The button does nothing until every needed field has something, and says which
    one has not.
    """
    with ui.dialog() as dialog, box("dialog", "ask") as pane:
        pane.props["role"], pane.props["aria-label"] = "dialog", title
        line(title, "dialog-title")
        if about:
            line(about, "dialog-about")
        inputs = {one.name: _input(one, first=one is fields[0]) for one in fields}
        missing = line("", "dialog-missing").props("role=alert")

        def submit() -> None:
            answers = {name: str(given.value or "").strip() for name, given in inputs.items()}
            absent = [one.words for one in fields if one.needed and not answers[one.name]]
            if absent:
                change(missing, view.text("needed", fields=view.text("and").join(absent)))
            else:
                dialog.submit(answers)

        _buttons(view, save or view.text("save"), submit, lambda: dialog.submit(None))
    answers = await dialog
    drop(dialog)
    return answers if isinstance(answers, dict) else None


async def sure(view: View, question: str, *, yes: str = "") -> bool:
    """Ask whether something is meant; closing the dialog means no."""
    with ui.dialog() as dialog, box("dialog", "sure") as pane:
        pane.props["role"], pane.props["aria-label"] = "alertdialog", question
        line(question, "dialog-title")
        _buttons(view, yes or view.text("yes"), lambda: dialog.submit(True), lambda: dialog.submit(False))
    answer = await dialog
    drop(dialog)
    return answer is True


def _buttons(view: View, save: str, submit: Any, close: Any) -> None:
    with box("dialog-choices"):
        ui.button(view.text("close"), on_click=close, color=None).classes("act").props("flat no-caps data-action=close")
        button = ui.button(save, on_click=submit, color=None).classes("act act-main")
        button.props("flat no-caps data-action=save")


def _input(one: Field, *, first: bool) -> ValueElement[Any]:
    given: ValueElement[Any]
    match one.kind:
        case Kind.CHOICE:
            value = one.value if one.value in one.choices else None
            given = ui.select(dict(one.choices), label=one.words, value=value, with_input=len(one.choices) > 12)
        case Kind.AREA:
            given = ui.textarea(label=one.words, value=one.value, placeholder=one.hint)
        case _:
            given = ui.input(label=one.words, value=one.value, placeholder=one.hint)
            types = {Kind.NUMBER: "number", Kind.PASSWORD: "password", Kind.TIME: "datetime-local"}
            given.props(f"type={types.get(Kind(one.kind), 'text')}")
    given.props(f"outlined dense stack-label maxlength={one.most} data-field={one.name}").classes("field")
    if one.kind == Kind.PASSWORD:
        given.props("autocomplete=off")
    return given.props("autofocus") if first else given
