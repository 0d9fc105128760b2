"""The alarm list for a hundred browsers, without them: what a change costs a console, and how much it sends.

5,000 open alarms; a hundred windows at the top, half of them in English, a tenth with a filter. One alarm changes at a
time, as the board tells it; each window is asked what its browser must be told. What it costs to send that is in
``benchmarks.console``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC

from dashboards.console.alarms.book import AlarmBook
from dashboards.console.alarms.filters import AlarmFilter
from dashboards.console.alarms.rows import RowBook
from dashboards.console.alarms.window import Window
from dashboards.console.texts import Language
from dashboards.live.board import Board
from domain.alarm import AlarmClass, Place
from domain.alert import AlertView
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.premises import premises

ALARMS, BROWSERS, CHANGES, ROWS = 5_000, 100, 400, 35
Row = tuple[str, str, str]
CLASSES = (AlarmClass.FAULT, AlarmClass.HAZARD, AlarmClass.SUPERVISORY)
REGISTRY = premises()
PLACE = Place(unit="hotel", building="east", floor=-1, zone="pump", zone_kind="pump_room", device="pressure")


def rows() -> Iterator[Row]:
    """Yield the rows of the table."""
    board, books = Board(), (AlarmBook(), RowBook())
    board.replace_alerts([_alarm(number) for number in range(ALARMS)], NOW_NS, cut=False)
    browsers = [_browser(number, books) for number in range(BROWSERS)]
    _told(browsers, board, books)
    for name, changes in (("a new alarm on top", _new), ("an alarm in sight changes", _changed)):
        costs, sizes = [], []
        for number in range(CHANGES):
            board.apply_alert(changes(number))
            began = time.process_time()
            sizes += _told(browsers, board, books)
            costs.append((time.process_time() - began) * 1000)
        each = statistics.mean(costs) / BROWSERS
        size = f"{statistics.mean(sizes):,.0f} bytes a browser"
        yield f"{name}: {ALARMS:,} open, {BROWSERS} browsers", f"{each:.3f} ms a browser, {size}", "none"


def _alarm(number: int, **changes: object) -> AlertView:
    values: dict[str, object] = {"id": f"{number:032x}", "alarm_class": CLASSES[number % 3], "place": PLACE, **changes}
    return alert(number, **values)


def _new(number: int) -> AlertView:
    return _alarm(ALARMS + number, alarm_class=AlarmClass.SUPERVISORY)


def _changed(number: int) -> AlertView:
    return _alarm(ALARMS + CHANGES - 1 - number % 20, alarm_class=AlarmClass.SUPERVISORY, comments=number + 1)


def _browser(number: int, books: tuple[AlarmBook, RowBook]) -> tuple[AlarmFilter, Window]:
    language = Language.EN if number % 2 else Language.ZH
    window = Window(lambda: books[1], lambda entry: books[1].text(entry, REGISTRY, UTC, language))
    window.ask(0, ROWS, fresh=True)
    return AlarmFilter.read({"unit": "hotel"} if number % 10 == 0 else {}), window


def _told(browsers: list[tuple[AlarmFilter, Window]], board: Board, books: tuple[AlarmBook, RowBook]) -> list[int]:
    """Ask every window; returns bytes to send, of those that have to be told something."""
    sizes = []
    for wanted, window in browsers:
        books[0].catch_up(board)
        listing = books[0].listing(wanted, REGISTRY)
        pinned = books[0].pinned(listing)
        news = window.news(listing.entries(pinned=pinned), pinned)
        if news is not None:
            sizes.append(len(news.encode()))
    return sizes
