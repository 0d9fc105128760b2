"""The page of the shift: what stands and what happened, handing it over with notes, taking it, and the past ones.

What it shows is asked for once for all who look (`dashboards.live.shift_desk`), and at once after
something was done here.
"""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from alerts.shifts_face import MOST_NOTES, HandoverView, ShiftsFace
from dashboards.api.principal import Kind
from dashboards.console.components import Column, DataTable
from dashboards.console.deeds import do, named, tell
from dashboards.console.dialogs import sure
from dashboards.console.handover.figures import Figure, brief, happened, standing
from dashboards.console.handover.past import past_row, show_past
from dashboards.console.handover.vouch import asked_account, asked_name, vouched
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import box, change, dress, line, link
from dashboards.console.wording import moment_text
from dashboards.live.shift_desk import Shift
from domain.accounts import Right
from domain.clock import NS_PER_S

COLUMNS = ("given", "by", "taken", "taker", "open", "notes")


class HandoverPage(Body):
    """Now on the left, the past on the right."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build; the address has nothing to say."""
        del address
        self._desk, self._view = desk, desk.view
        self._shift = desk.view.console.shifts.shift
        self._since_ns = desk.view.now_ns() - round(
            self._shift.period_s * NS_PER_S
        )  # figures are never newer for anybody
        self._drawn: Shift | None = None
        self._drawn_figures: object = None
        self._drawn_waiting: HandoverView | None = None
        self._is_theirs = self._view.principal.units is None
        if not self._is_theirs:
            line(self._view.text("handover_whole_site"), "body-note").props("role=alert")
            return
        self._shift.renew()  # what stands may have changed without an alarm: silences, maintenance
        with box("handover-columns") as self._root:
            self._build_now()
            with box("handover-right"):
                self._build_give()
                self._build_past()

    def _build_now(self) -> None:
        view = self._view
        with box("panel handover-now", "handover-now"):
            with box("panel-head"):
                line(view.text("handover_now"), "panel-title")
                self._holder = line("", "panel-note").props("data-part=handover-holder")
            self._waiting = box("handover-waiting", "handover-waiting")
            self._waiting.set_visibility(False)
            line(view.text("handover_stands"), "handover-title")
            self._stands = box("handover-figures", "handover-stands")
            line(view.text("handover_happened"), "handover-title")
            self._happened = box("handover-figures", "handover-happened")

    def _build_give(self) -> None:
        view = self._view
        with box("panel handover-own", "handover-own"):
            line(view.text("handover_notes"), "handover-title")
            self._notes = ui.textarea(placeholder=view.text("handover_notes_hint"))
            self._notes.props(
                f'outlined maxlength={MOST_NOTES} data-field=notes aria-label="{view.text("handover_notes")}"'
            )
            self._notes.classes("handover-notes")
            with box("handover-give"):
                line(view.text("handover_give_hint"), "panel-note")
                give = ui.button(view.text("handover_give"), on_click=self._give, color=None).classes("act act-main")
                give.props("flat no-caps data-action=give")

    def _build_past(self) -> None:
        view = self._view
        widths = ("9.5rem", "minmax(0, 0.8fr)", "9.5rem", "minmax(0, 0.8fr)", "minmax(0, 1.1fr)", "minmax(0, 1.6fr)")
        columns = [
            Column(key, view.text(f"handover_column_{key}"), width=width)
            for key, width in zip(COLUMNS, widths, strict=True)
        ]
        with box("panel handover-past", "handover-past"):
            with box("panel-head"):
                line(view.text("handover_past"), "panel-title")
            self._table = DataTable(columns, self._look, name="handovers", words=view.text("handover_past"))
            self._none = line(view.text("handover_none"), "handover-none")

    def refresh(self, now_ns: int) -> None:
        """Draw the newest answer, but not what an earlier look left; without one the frame says what is away."""
        del now_ns
        if not self._is_theirs:
            return
        self._shift.look()
        shift = self._shift.since(self._since_ns)
        if shift is not None and shift is not self._drawn:
            self._show(shift)

    async def _ask(self) -> None:
        """Ask now: something was done here."""
        await self._shift.fresh()
        shift = self._shift.since(self._since_ns)
        if shift is not None and not self._holder.is_deleted:
            self._show(shift)

    def _show(self, shift: Shift) -> None:
        view, now = self._view, shift.now
        self._drawn = shift
        since = moment_text(now.since_ns, view.console.zone)[:16]
        words = view.text("handover_nobody") if now.holder is None else view.text("handover_holds", who=now.holder)
        change(self._holder, f"{words} · {view.text('handover_since', since=since)}")
        figures = (standing(now.figures, view.language), happened(now.figures, view.language))
        if figures != self._drawn_figures:
            self._drawn_figures = figures
            for where, drawn in zip((self._stands, self._happened), figures, strict=True):
                self._draw(where, drawn)
        if now.waiting != self._drawn_waiting:
            self._drawn_waiting = now.waiting
            self._show_waiting(now.waiting)
        self._table.show([past_row(one, view) for one in shift.past])
        self._none.set_visibility(not shift.past)

    @staticmethod
    def _draw(where: ui.element, figures: Sequence[Figure]) -> None:
        where.clear()
        with where:
            for figure in figures:
                with link("", figure.go, "figure") if figure.go else box("figure") as one:
                    one.props["data-figure"] = figure.key
                    dress(one, "look", figure.look if figure.count else "")
                    line(str(figure.count), "figure-count")
                    line(figure.words, "figure-words")

    def _show_waiting(self, waiting: HandoverView | None) -> None:
        self._waiting.set_visibility(waiting is not None)
        self._waiting.clear()
        if waiting is None:
            return
        view = self._view
        given = moment_text(waiting.given_ns, view.console.zone)[:16]
        with self._waiting:
            line(view.text("handover_waits", by=waiting.given_by, at=given), "handover-waits")
            line(waiting.notes or view.text("handover_no_notes"), "handover-words")
            line(view.text("handover_open_then", what=brief(waiting.figures, view.language)), "panel-note")
            take = ui.button(view.text("handover_take"), on_click=lambda: self._take(waiting), color=None)
            take.classes("act act-main").props("flat no-caps data-action=take")

    async def _give(self) -> None:
        """Hand over, in the name of who sits here."""
        view = self._view
        if not named(view) or not await sure(view, view.text("handover_give_sure", by=view.operator)):
            return
        notes, by, account = (self._notes.value or "").strip()[:MOST_NOTES], view.operator, view.account

        async def act() -> object:
            return await self._face().give(by=by, account=account, notes=notes)

        if await do(self._desk, Right.ACT, view.text("handover_give"), act):
            self._notes.set_value("")
            await self._ask()

    async def _take(self, waiting: HandoverView) -> None:
        """Take over, as another person than who gave: by their own account, or theirs at this desk."""
        view = self._view
        by, signed_in = view.operator, view.principal.kind is Kind.USER
        with self._root:  # the button may go while its dialog is open
            if signed_in and self._is_mine(waiting):
                done = await self._take_by_account(waiting)
            elif signed_in:
                sure_of_it = await sure(view, view.text("handover_take_sure", by=by))
                done = sure_of_it and await self._taken(waiting, by, view.account)
            else:
                name = await asked_name(view)
                done = name is not None and await self._taken(waiting, name)
        if done:
            await self._ask()

    def _is_mine(self, waiting: HandoverView) -> bool:
        """Tell whether who sits here gave it: by account where it is known, for names change."""
        if waiting.given_account is not None:
            return waiting.given_account == self._view.account
        return waiting.given_by == self._view.operator

    async def _take_by_account(self, waiting: HandoverView) -> bool:
        given = await asked_account(self._view)
        if given is None:
            return False

        async def act() -> None:
            who = await vouched(self._view, *given)
            await self._face().take(waiting.id, by=who.name, account=who.account)

        done = await do(self._desk, Right.ACT, self._view.text("handover_take"), act)
        if done:
            tell(self._view, self._view.text("handover_sign_out"), timeout=8000)
        return done

    async def _taken(self, waiting: HandoverView, by: str, account: str | None = None) -> bool:
        words = self._view.text("handover_take")
        return await do(self._desk, Right.ACT, words, lambda: self._face().take(waiting.id, by=by, account=account))

    async def _look(self, handover_id: str, action: str) -> None:
        past = () if self._drawn is None else self._drawn.past
        chosen = next((one for one in past if one.id == handover_id), None)
        if action == "look" and chosen is not None:
            await show_past(self._view, chosen)

    def _face(self) -> ShiftsFace:
        return ShiftsFace(self._view.console.link.backbone)
