"""The keys of the frame, and the dialog that lists them."""

from __future__ import annotations

from nicegui import ui

from dashboards.console.alarms.keys import KEYS
from dashboards.console.section import Section
from dashboards.console.view import View, box, drop, line

MUTE, FIRST, HANDOVER, SETTINGS, HELP = "m", "f", "h", "s", "?"
NAMED = (
    (MUTE, "key_mute"),
    (FIRST, "key_first"),
    (HANDOVER, "key_handover"),
    (SETTINGS, "key_settings"),
    (HELP, "key_help"),
)
DIGITS = "1234567890"
ALWAYS = (MUTE,)
"""Keys that count while a dialog is open, too: a sound must be stopped whatever is in front."""


def pages(view: View, sections: tuple[Section, ...]) -> dict[str, Section]:
    """Return the pages that have a digit: those of the menu that this person may open, in its order."""
    open_to = [one for one in sections if one.in_menu and view.principal.may(one.right)]
    return dict(zip(DIGITS, open_to, strict=False))


async def show_help(view: View, sections: tuple[Section, ...]) -> None:
    """List the keys until the dialog is closed."""
    listed = [(key, view.text(words)) for key, words in NAMED]
    listed += [(digit, view.text(f"nav_{section.name}")) for digit, section in pages(view, sections).items()]
    listed += [(key, view.text(words)) for key, words in KEYS]
    listed += [("Tab · Enter", view.text("key_tab")), ("Esc", view.text("key_escape"))]
    with ui.dialog() as dialog, box("dialog help", "help-dialog") as pane:
        pane.props["role"], pane.props["aria-label"] = "dialog", view.text("help")
        line(view.text("help"), "dialog-title")
        with box("help-keys"):
            for key, words in listed:
                line(key.upper() if len(key) == 1 else key, "help-key")
                line(words, "help-words")
        line(view.text("help_mute"), "help-note")
        close = ui.button(view.text("close"), on_click=dialog.close, color=None)
        close.classes("act").props("flat no-caps autofocus data-action=close")
    await dialog
    drop(dialog)
