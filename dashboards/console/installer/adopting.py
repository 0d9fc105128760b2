"""Adopting a stranger: what it shall be called, what would be written, and writing it.

Nothing is written before a person has seen the very lines, and nothing that ``fengsui check`` would refuse.
"""

from __future__ import annotations

import re
from contextlib import suppress

from nicegui import ui

from dashboards.console import deeds
from dashboards.console.form import Form
from dashboards.console.installer.adoption import MOST_ID, MOST_LABEL, Adopter, Proposal, Wish
from dashboards.console.place_picker import PlacePicker
from dashboards.console.places import PlaceKind
from dashboards.console.section import Desk
from dashboards.console.view import View, box, line
from dashboards.live.stranger_desk import Heard
from domain.accounts import Right
from domain.errors import FengsuiError

AUTO = "auto"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def adopt(desk: Desk, heard: Heard) -> bool:
    """Ask, show, write; then go where its first frames are seen."""
    view = desk.view
    adopter = view.console.adopter
    if adopter is None or not deeds.named(view):
        return False
    wish = await _ask(view, adopter, heard)
    if wish is None:
        return False
    try:
        proposal = await adopter.propose(wish)
    except FengsuiError as error:
        deeds.refused(view, error)
        return False
    if not await _look(view, proposal):
        return False
    words = view.text("installer_adopt")
    done = await deeds.do(desk, Right.ADOPT, words, lambda: adopter.write(wish, proposal.state), unit=wish.unit)
    if done:
        view.console.feed.strangers.soon()
        desk.go(f"/installer/adopted/{wish.unit}/{wish.id}")
    return done


async def _ask(view: View, adopter: Adopter, heard: Heard) -> Wish | None:
    stranger = heard.stranger
    title = view.text("installer_adopt_title", address=stranger.address)
    form = Form(view, title, name="adopt", save=view.text("installer_preview"))
    with form.fields:
        line(view.text("installer_heard", peer=stranger.peer, frames=stranger.frames), "form-note")
        picker = PlacePicker(view, (PlaceKind.ZONE,), form.look, words=view.text("installer_zone"), one=True)
    name = form.words("id", view.text("installer_id"), value=first_id(stranger.address), most=MOST_ID)
    address = stranger.address
    zh = form.words("zh", view.text("installer_zh"), value=f"用户信息传输装置 {address}"[:MOST_LABEL], most=MOST_LABEL)
    en = form.words("en", view.text("installer_en"), value=f"Transmitter {address}"[:MOST_LABEL], most=MOST_LABEL)
    profiles = {one: f"{labels.of(view.language)} ({one})" for one, labels in adopter.profiles.items()}
    guess = stranger.profile if stranger.profile in profiles else AUTO
    profile = form.choice("profile", view.text("installer_profile"), profiles, guess)
    duty = form.tick("duty", view.text("installer_duty"))
    duty.set_value(True)
    only = form.tick("peer", view.text("installer_peer", peer=stranger.peer))

    def check() -> tuple[str, str]:
        unit = picker.chosen[0].unit if picker.chosen else ""
        return _wrong(view, unit, str(name.value or ""), str(zh.value or ""), str(en.value or "")), ""

    if not await form.ask(check):
        return None
    place = picker.chosen[0]
    return Wish(
        host=heard.host,
        connection=heard.connection,
        address=address,
        unit=place.unit,
        id=str(name.value).strip(),
        zone=place.name,
        zh=str(zh.value).strip(),
        en=str(en.value).strip(),
        profile=str(profile.value or AUTO),
        peer=stranger.peer if only.value else "",
        duty=bool(duty.value),
        by=view.operator,
    )


def first_id(address: str) -> str:
    """Return an id made of an address: ``utd-889``."""
    return f"utd-{re.sub(r'[^A-Za-z0-9]+', '-', address).strip('-')}"[:MOST_ID]


def _wrong(view: View, unit: str, name: str, zh: str, en: str) -> str:
    registry = view.console.registry
    if not unit:
        return view.text("installer_no_zone")
    if not _TOKEN.fullmatch(name.strip()):
        return view.text("installer_bad_id")
    if f"{unit}/{name.strip()}" in registry.gateways or f"{unit}/{name.strip()}" in registry.devices:
        return view.text("installer_taken", id=name.strip())
    return "" if zh.strip() and en.strip() else view.text("installer_no_name")


async def _look(view: View, proposal: Proposal) -> bool:
    """Show the lines that would be written; returns whether they shall be."""
    with ui.dialog() as dialog, box("dialog form", "proposal") as pane:
        title = view.text("installer_will_write", file=proposal.file, line=proposal.line)
        pane.props["role"], pane.props["aria-label"] = "dialog", title
        line(title, "dialog-title")
        with ui.element("pre").classes("written").props("data-part=written"):
            line(proposal.text)
        line(view.text("installer_then"), "form-note")
        with box("dialog-choices"):
            close = ui.button(view.text("close"), on_click=lambda: dialog.submit(False), color=None)
            close.classes("act").props("flat no-caps data-action=close")
            write = ui.button(view.text("installer_write"), on_click=lambda: dialog.submit(True), color=None)
            write.classes("act act-main").props("flat no-caps data-action=write")
    answer = await dialog
    with suppress(ValueError):  # the page went away while it stood open
        dialog.delete()
    return answer is True
