"""What a camera saw, and the evidence that people attached: read by the console, never by the browser.

An address below none of the site's allowed prefixes is a link that somebody may open knowingly; the page itself never
loads it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from nicegui import ui

from alerts.face import AlertDetail
from dashboards.console.asking import Asking
from dashboards.console.detail.parts import Part, outside
from dashboards.console.detail.receipts import HASH_SHOWN, who
from dashboards.console.view import View, box, line
from dashboards.console.wording import moment_text, refusal_text
from domain.errors import FengsuiError, RefusedError

LINK_SCHEMES = ("http://", "https://")
MOST_PICTURES = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture: where it is, where the console serves it, its hash where somebody recorded one, and what it is."""

    url: str
    served: str
    sha256: str | None
    words: str


class Pictures:
    """The panel; it shows what could be read, and says of everything else why not."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._part = Part(view, "pictures")
        self._wanted: tuple[Wanted, ...] = ()
        self._more = 0
        self._asking: Asking[tuple[str | None, ...]] = Asking(self._show, ignore)

    def follow(self, detail: AlertDetail) -> None:
        """Show the pictures of an alert."""
        wanted = self._all(detail)
        if not wanted:
            self._part.say(self._view.text("detail_picture_none"))
        if wanted[:MOST_PICTURES] == self._wanted:
            return
        self._wanted, self._more = wanted[:MOST_PICTURES], max(0, len(wanted) - MOST_PICTURES)
        if self._wanted:
            self._part.say(self._view.text("detail_picture_wait"))
            asked = self._wanted
            self._asking.anew(lambda: self._look(asked))

    def close(self) -> None:
        """Draw nothing any more."""
        self._asking.close()

    def _all(self, detail: AlertDetail) -> tuple[Wanted, ...]:
        view, alert = self._view, detail.alert
        found = []
        if alert.picture_url is not None:
            found.append(Wanted(alert.picture_url, f"/pictures/{alert.id}", None, view.text("detail_picture_of")))
        for one in sorted(detail.attachments, key=lambda one: -one.at_ns):
            by = who(view.console.registry, one.by, view.language)
            about = (moment_text(one.at_ns, view.console.zone), by, one.note, f"SHA-256 {one.sha256[:HASH_SHOWN]}…")
            words = " · ".join(part for part in about if part)
            found.append(Wanted(one.url, f"/pictures/{alert.id}/{one.sha256}", one.sha256, words))
        return tuple(found)

    async def _look(self, wanted: tuple[Wanted, ...]) -> tuple[str | None, ...]:
        """Return for each why it can't be shown, None where it can."""
        return tuple(await asyncio.gather(*(self._why_not(one) for one in wanted)))

    async def _why_not(self, one: Wanted) -> str | None:
        try:
            await self._view.console.pictures.get(one.url, sha256=one.sha256)
        except RefusedError as error:
            return refusal_text(error.reason, self._view.language)
        return None

    def _show(self, reasons: tuple[str | None, ...]) -> None:
        wanted, view = self._wanted, self._view

        def build() -> None:
            for one, reason in zip(wanted, reasons, strict=False):
                with box("detail-picture"):
                    _draw(view, one, reason)
            if self._more:
                line(view.text("detail_more", count=self._more), "detail-said")

        self._part.show((wanted, reasons), build)


def _draw(view: View, one: Wanted, reason: str | None) -> None:
    if reason is None:
        image = ui.element("img").classes("detail-image")
        image.props["src"], image.props["alt"] = one.served, one.words
    else:
        line(f"{view.text('detail_picture_not')}{reason}", "detail-said")
        if one.url.startswith(LINK_SCHEMES):
            outside(view.text("detail_picture"), one.url)
        else:
            line(one.url, "detail-said")
    line(one.words, "detail-caption")


def ignore(error: FengsuiError) -> None:
    """Take an error that was already turned into words."""
    del error
