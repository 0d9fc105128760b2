"""Who sits before a page, as long as it stands open: their scope, their rights now, and the end of their session.

An open page is presence: it asks every `ASK_S` who its session belongs to, which also keeps the session from ending
by silence. A session that is over sends its page to the sign-in within that time; acting asks anew each time. While
nobody can be asked the page stands, as `dashboards.api.door` says.
"""

from __future__ import annotations

from dataclasses import replace

from nicegui import ui

from alerts.accounts_face import VouchHereRequest
from alerts.actions_face import Second
from alerts.silences_face import SeenSilence, SilenceView
from dashboards.api.principal import Kind, Principal
from dashboards.api.way_back import sign_in_at
from dashboards.console.view import View
from dashboards.live.scoped import scoped_board, scoped_registry
from dashboards.live.site import LiveSite
from domain.accounts import Right
from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError

ASK_S = 5.0
"""A session that is over leaves nothing on the screen within twice that: the door asks every 2 s at most."""

SOON_S = 2 * 3600
"""How long before its end in any case a page says so."""


class Presence:
    """The person of one page."""

    def __init__(self, view: View, key: str | None, address: str = "/") -> None:
        """``key`` is that of the session, None at an open console; ``address``: where they are, and come back to."""
        self.address = address
        self._view = view
        self._whole = view.console
        self._key = key
        self._built_for = _shape(view.principal)
        self.is_over = False

    @property
    def principal(self) -> Principal:
        """Who it was when somebody last asked."""
        return self._view.principal

    def look(self) -> None:
        """Let the view see the newest of what is within the scope."""
        units = self.principal.units
        if units is None:
            self._view.console = self._whole
            return
        whole = self._whole
        seen, board, at = whole.site, whole.board, whole.site.revision
        site = whole.once.of(("site", units), at, lambda: LiveSite(scoped_registry(seen.registry, units), at))
        narrow = whole.once.of(("board", units), board.revision, lambda: scoped_board(board, units))
        if self._view.console.site is not site or self._view.console.board is not narrow:
            self._view.console = replace(whole, site=site, board=narrow)

    async def ask(self) -> None:
        """Ask who it is now; leave for the sign-in when the session is over, draw anew when who they are changed.

        ``is_over`` is set by both: from then on nothing more is sent, also to a browser that won't be led away.
        """
        if self._key is None:
            return
        try:
            found = await self._whole.door.of_session(self._key)
        except LinkError:
            return
        if found is None or found.must_change or not found.may(Right.READ):
            self.is_over = True
            ui.navigate.to(sign_in_at(self.address) if found is None else "/")
        elif _shape(found) != self._built_for:
            self.is_over = True
            ui.navigate.reload()
        else:
            self._view.principal = found

    async def check(self, right: Right, alert_id: str | None = None, *, unit: str | None = None) -> None:
        """Raise RefusedError unless they may do something now, and to this alert, in this unit."""
        who = self.principal
        if self._key is not None:
            asked = await self._whole.door.of_session(self._key, fresh=True)
            if asked is None:
                ui.navigate.to(sign_in_at(self.address))
                raise RefusedError(self._view.text("signed_out"))
            if asked.must_change or (asked.kind is Kind.USER and asked.name != self._view.operator):
                ui.navigate.reload()  # renamed, or a new password: nothing is done in a name that was
                raise RefusedError(self._view.text("not_yours"))
            who = self._view.principal = asked
        if not who.may(right):
            raise RefusedError(self._view.text("not_yours"))
        if unit is not None and not who.sees(unit):
            raise RefusedError(f"没有单位 {unit} / no such unit: {unit}")
        if alert_id is not None and who.units is not None:
            found = await self._whole.link.alerts.get(alert_id)
            if not who.sees(found.alert.place.unit):
                raise RefusedError(f"没有告警 {alert_id} / no such alert")

    async def vouch(self, right: Right, silence: SilenceView) -> Second:
        """Return them as the second person of a silence as they saw it; raises RefusedError where they are nobody's."""
        if self._key is None:
            raise RefusedError("须登录后确认 / sign in to confirm it")
        seen = SeenSilence(id=silence.id, version=silence.version)
        request = VouchHereRequest(
            key=self._key,
            right=right,
            beside=silence.created_by,
            beside_account=silence.created_account,
            silence=seen,
        )
        second = (await self._whole.door.accounts.vouch_here(request)).second
        if second is None:
            raise RefusedError(self._view.text("not_yours"))
        return second

    def ends_soon(self, now_ns: int) -> int | None:
        """Return when the session ends in any case, if that is soon."""
        ends_ns = self.principal.ends_ns
        return ends_ns if ends_ns is not None and ends_ns - now_ns < SOON_S * NS_PER_S else None


def _shape(who: Principal) -> tuple[object, ...]:
    """Return what a page was built for; once it differs the page is drawn anew."""
    return who.units, who.rights, who.name, who.person
