"""What pages share (`Console`) and what each browser has of its own (`View`)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol, TypeVar

from nicegui import Client, ui
from nicegui.element import Element

from dashboards.api.door import Door
from dashboards.api.principal import CONSOLE, Principal
from dashboards.console.installer.adoption import Adopter
from dashboards.console.pace import Pace
from dashboards.console.preferences import Preferences
from dashboards.console.texts import Language, text
from dashboards.live.backtest_desk import BacktestDesk
from dashboards.live.board import Board
from dashboards.live.device_desk import DeviceDesk
from dashboards.live.dossiers import Dossiers
from dashboards.live.feed import Feed
from dashboards.live.gateway_desk import GatewayDesk
from dashboards.live.link import Link
from dashboards.live.load import Load
from dashboards.live.mine_desk import MineDesk
from dashboards.live.once import Once
from dashboards.live.pictures import Pictures
from dashboards.live.shift_desk import ShiftDesk
from dashboards.live.site import LiveSite
from dashboards.live.windows import Windows
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S, Clock
from domain.site import Registry

T = TypeVar("T")

LANGUAGE_COOKIE = "fengsui_language"
OPERATOR_COOKIE = "fengsui_operator"
MOST_NAME = 64


@dataclass(frozen=True, slots=True)
class Console:
    """One per process."""

    site: LiveSite
    board: Board
    feed: Feed
    link: Link
    clock: Clock
    zone: tzinfo
    door: Door
    pace: Pace
    once: Once
    dossiers: Dossiers
    windows: Windows
    load: Load
    pictures: Pictures
    devices: DeviceDesk
    gateways: GatewayDesk
    shifts: ShiftDesk
    mine: MineDesk
    backtests: BacktestDesk
    adopter: Adopter | None = None
    """Writes strangers into the site's files; None where the console has no site folder that is followed."""

    @property
    def registry(self) -> Registry:
        """The site as it is known now."""
        return self.site.registry


class FrameHand(Protocol):
    """What a page may ask of the frame around it."""

    def prefer(self, preferences: Preferences) -> None:
        """Look and sound otherwise from now on, and remember it in this browser."""

    def speak(self, language: Language) -> None:
        """Draw everything in a language, and remember it in this browser."""

    def attempt(self, alarm_class: AlarmClass, volume: int) -> None:
        """Let a class be heard once, at a volume in per cent."""


@dataclass(slots=True)
class View:
    """One per browser: who looks, in which language."""

    console: Console
    principal: Principal = CONSOLE
    language: Language = Language.ZH
    operator: str = ""
    """The name that actions carry: the account's, or what is typed at an open console."""
    muted: set[str] = field(default_factory=set)
    """Ids of alarms that do not sound at this desk any more; nobody else's desk knows."""
    preferences: Preferences = field(default_factory=Preferences)
    hand: FrameHand | None = None
    client: Client | None = None
    """The browser's own client: what is said after a wait is said to it, whatever was drawn anew meanwhile."""

    @property
    def account(self) -> str | None:
        """The account that actions carry beside the name, where somebody is signed in."""
        return self.principal.account

    def text(self, key: str, **values: object) -> str:
        """Return a text in this browser's language."""
        return text(key, self.language, **values)

    def now_ns(self) -> int:
        """Return the console's time."""
        return self.console.clock.now_ns()

    def shared(self, name: Hashable, make: Callable[[], T]) -> T:
        """Return what is the same for all browsers of one scope, made once a second and whenever the board changed.

        ``name`` has all that it depends on beside board, site and scope: a filter, a language.
        """
        console = self.console
        state = (console.board.revision, console.site.revision, self.now_ns() // NS_PER_S)
        return console.once.of((name, self.principal.units), state, make)


def drop(element: Element) -> None:
    """Delete an element, unless it is gone already: the browser left, or what it stood in was cleared."""
    if not element.is_deleted:
        element.delete()


def keep_cookie(name: str, value: str) -> None:
    """Let the browser remember ``value`` (letters, digits, ``=&%-_.``) for a year, on this site's own pages."""
    ui.run_javascript(f"document.cookie = '{name}={value}; path=/; max-age=31536000; samesite=strict'")


def box(classes: str, name: str = "") -> Element:
    """Return a plain container; ``name`` is what tests and style sheets call it."""
    element = ui.element("div").classes(classes)
    if name:
        element.props["data-part"] = name
    return element


def link(words: str, path: str, classes: str = "") -> Element:
    """Return a link to another page of ours, which opens without a load."""
    element = ui.element("a").classes(f"link {classes}".strip())
    element.props["href"] = element.props["data-go"] = path
    with element:
        line(words)
    return element


def line(content: str, classes: str = "") -> ui.label:
    """Return a text that is shown as it is: markup in it stays text."""
    return ui.label(content).classes(classes)


def change(label: ui.label | ui.button, content: str) -> None:
    """Set a label's text; nothing is sent when it is the same."""
    if label.text != content:
        label.set_text(content)


def dress(element: Element, name: str, value: str) -> None:
    """Set a data attribute that the style sheet looks at; nothing is sent when it is the same."""
    key = f"data-{name}"
    if element.props.get(key) != value:
        element.props[key] = value
