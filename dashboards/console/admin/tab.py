"""What the tabs of the administration share: asked when opened, after an act, every ten seconds; rights each time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from nicegui import ui
from pydantic import ValidationError

from dashboards.console.section import Desk
from dashboards.console.view import View, box, change, line
from dashboards.console.wording import refusal_text
from domain.accounts import Right
from domain.errors import FengsuiError, RefusedError

T = TypeVar("T")

EVERY_S = 10.0


class Tab(ABC):
    """One tab. A subclass draws itself in `build`, and in `show` what it asked."""

    right = Right.ADMINISTER

    def __init__(self, desk: Desk) -> None:
        """Draw, then ask until the tab is left."""
        self.desk = desk
        self._here = True
        self._note = line("", "admin-note").props("role=status data-part=admin-note")
        self.build()
        ui.timer(EVERY_S, self.ask, immediate=True)

    @property
    def view(self) -> View:
        """What the browser has of its own."""
        return self.desk.view

    @abstractmethod
    def build(self) -> None:
        """Draw what stands before anything is known."""

    @abstractmethod
    async def show(self) -> None:
        """Ask the services, and draw what they say; raises FengsuiError."""

    async def ask(self) -> None:
        """Show the newest, or say why it can't be shown; what is on the screen then is marked as old."""
        if not self._here:
            return
        words = ""
        try:
            await self.desk.presence.check(self.right)
            await self.show()
        except RefusedError as error:
            words = refusal_text(error.reason, self.view.language)
        except FengsuiError:
            words = self.view.text("admin_away")
        if self._here:
            change(self._note, words)
            self._note.set_visibility(bool(words))

    @property
    def is_here(self) -> bool:
        """Tell whether somebody still looks at it: ask after every wait."""
        return self._here

    def leave(self) -> None:
        """Ask no more."""
        self._here = False


def checked(make: Callable[[], T]) -> T:
    """Return what ``make`` makes of a form; raises RefusedError that names the fields that are not well filled in."""
    try:
        return make()
    except ValidationError as error:
        names = ", ".join(sorted({str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]}))
        raise RefusedError(f"填写有误：{names} / not well filled in: {names}") from None


def head(view: View, title: str, note: str = "") -> None:
    """Draw the head of a panel."""
    with box("panel-head"):
        line(view.text(title), "panel-title")
        if note:
            line(view.text(note), "panel-note")
