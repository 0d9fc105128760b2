"""The audit: searched by who, what and when, a page at a time; and whether the chain holds.

Verifying walks the whole chain where it is kept, piece by piece, in the background of one console at a time. What
`fengsui audit verify` does beyond that, comparing with the anchors in the feed, stays the command's.
"""

from __future__ import annotations

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from alerts.audit_face import GENESIS, AuditFace, Checked
from alerts.labelled_face import AuditPage, AuditRequest, LabelledFace
from dashboards.console import deeds, moments
from dashboards.console.admin.rows import Wording, audit_row
from dashboards.console.admin.tab import Tab, checked, head
from dashboards.console.components import Column, DataTable
from dashboards.console.view import box, change, line
from domain.accounts import Right
from domain.errors import FengsuiError, RefusedError

PAGE = 100
MOST_WORDS = 64


class AuditTab(Tab):
    """Filters, the page, older and newest, and the chain's state."""

    def build(self) -> None:
        """Draw filters and table."""
        view = self.view
        self._cursors: list[int | None] = [None]
        self._next: int | None = None
        self._shown: tuple[object, ...] = ()
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_tab_audit")
                self._chain = line("", "admin-outcome").props("role=status data-part=chain")
                self._button("admin_verify", self._verify, "verify")
            with box("admin-filters"):
                self._who = self._field("who", "admin_who")
                self._what = self._field("what", "admin_what")
                self._from = self._field("from", "admin_from", "datetime-local")
                self._until = self._field("until", "admin_before", "datetime-local")
                self._button("admin_search", self._search, "search")
                self._button("admin_newest", self._newest, "newest")
                self._older = self._button("admin_older", self._go_older, "older")
            self._table = DataTable(self._columns(), name="audit", words=view.text("admin_tab_audit"))

    def _columns(self) -> list[Column]:
        text = self.view.text
        return [
            Column("number", text("admin_number"), "number", "4.5rem"),
            Column("at", text("admin_when"), "time", "10.5rem"),
            Column("who", text("admin_who"), width="minmax(0, 0.7fr)"),
            Column("what", text("admin_what"), width="minmax(0, 0.8fr)"),
            Column("alert", text("admin_alert"), width="5.5rem"),
            Column("details", text("admin_details"), width="minmax(0, 3fr)"),
            Column("hash", text("admin_hash"), width="7.75rem"),
        ]

    def _field(self, name: str, words: str, kind: str = "text") -> ValueElement[str | None]:
        given = ui.input(label=self.view.text(words))
        given.props(f"outlined dense stack-label type={kind} maxlength={MOST_WORDS} data-field={name}")
        given.on("keydown.enter", self._search)
        return given.classes("admin-field")

    def _button(self, words: str, act: object, action: str) -> ui.button:
        button = ui.button(self.view.text(words), on_click=act, color=None).classes("act")  # type: ignore[arg-type]  # async or not
        return button.props(f"flat no-caps data-action={action}")

    async def show(self) -> None:
        """Show the page; nothing is drawn anew while nothing changed."""
        page = await self._page()
        if not self.is_here:
            return
        view = self.view
        self._next = page.next_cursor
        words = Wording(view.language, view.console.registry, view.console.zone, view.now_ns())
        self._older.set_enabled(page.next_cursor is not None)
        self._table.show([audit_row(entry, words) for entry in page.entries])

    async def _page(self) -> AuditPage:
        def request() -> AuditRequest:
            zone = self.view.console.zone
            return AuditRequest(
                actor=str(self._who.value or "").strip() or None,
                action=str(self._what.value or "").strip() or None,
                from_ns=moments.given(self._from.value, zone),
                until_ns=moments.given(self._until.value, zone),
                cursor=self._cursors[-1],
                limit=PAGE,
            )

        return await LabelledFace(self.view.console.link.backbone).audit(checked(request))

    async def _search(self) -> None:
        self._cursors = [None]
        await self.ask()

    async def _newest(self) -> None:
        self._who.value = self._what.value = self._from.value = self._until.value = ""
        await self._search()

    async def _go_older(self) -> None:
        if self._next is not None:
            self._cursors.append(self._next)
            await self.ask()

    async def _verify(self) -> None:
        view = self.view
        try:
            await self.desk.presence.check(Right.ADMINISTER)
            change(self._chain, view.text("admin_verifying", count=0))
            last: Checked | None = None
            async for piece in AuditFace(view.console.link.backbone).walk(GENESIS, {}):
                if not self.is_here:
                    return
                last = piece
                change(self._chain, view.text("admin_verifying", count=piece.number))
        except (FengsuiError, RefusedError) as error:
            change(self._chain, "")
            deeds.refused(view, error)
            return
        if last is not None and self.is_here:
            self._tell(last)

    def _tell(self, last: Checked) -> None:
        whole = last.broken_at is None
        key = "admin_chain_whole" if whole else "admin_chain_broken"
        words = self.view.text(key, count=last.number, head=last.head[:12], at=last.broken_at or 0)
        change(self._chain, f"✓ {words}" if whole else f"▲ {words}")
        self._chain.classes(add="" if whole else "broken", remove="broken" if whole else "")
