"""What must not be overlooked, below the header: something is away, a walk test runs, a shift waits, a session ends."""

from __future__ import annotations

from dashboards.console.components import Pulse
from dashboards.console.frame.walk_test_words import walk_test_words
from dashboards.console.presence import Presence
from dashboards.console.view import View, change, line
from dashboards.console.wording import clock_text
from dashboards.live.health import SERVICES, service_health


class Banners:
    """Hidden until there is something to say."""

    def __init__(self, view: View, presence: Presence) -> None:
        """Build hidden."""
        self._view = view
        self._presence = presence
        self._away = line("", "banner").props("role=alert data-part=banner")
        self._test = line("", "test-banner").props("role=status data-part=walk-test")
        self._ends = line("", "test-banner").props("role=status data-part=session-ends")
        for banner in (self._away, self._test, self._ends):
            banner.set_visibility(False)
        self._pulse = Pulse(view.text("away_page"), view.now_ns())

    def refresh(self, now_ns: int) -> None:
        """Beat, and say what is to be said."""
        view = self._view
        self._pulse.beat(now_ns)
        ends_ns = self._presence.ends_soon(now_ns)
        ends = "" if ends_ns is None else view.text("session_ends", until=clock_text(ends_ns, view.console.zone))
        tests = walk_test_words(view.console.board, view.console.registry, view.language)
        for banner, words in ((self._away, self._away_words(now_ns)), (self._test, tests), (self._ends, ends)):
            banner.set_visibility(bool(words))
            change(banner, words)

    def _away_words(self, now_ns: int) -> str:
        view, board = self._view, self._view.console.board
        if not board.connected:
            return view.text("away_backbone")
        silent = [key for key in SERVICES if not service_health(board, key, now_ns).fine]
        names = [view.text(f"service_{key.partition('.')[0]}") for key in silent]
        return view.text("away_services", names=view.text("and").join(names)) if names else ""
