"""What is said of gateways, lines, services and frames: only what was told, and nothing of a silent one."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from dashboards.api.principal import CONSOLE, Principal
from dashboards.console.components import Cell
from dashboards.console.gateways.diagnostics import figure_facts, held, line_rows, unit_rows
from dashboards.console.gateways.frames import frame_row, may_look
from dashboards.console.gateways.gateway_words import counted, reserve_text, share_text, trip_text
from dashboards.console.gateways.letters import letter_rows
from dashboards.console.gateways.list_rows import gateway_rows, service_rows
from dashboards.console.texts import Language
from dashboards.console.view import Console, View
from dashboards.live import told
from dashboards.live.board import Board
from dashboards.live.once import Once
from dashboards.live.site import LiveSite
from domain.accounts import RIGHTS, UserRole
from domain.clock import FakeClock
from domain.site import Registry
from tests.dashboards.board_makers import GATEWAY_WELL, NOW_NS, well
from tests.dashboards.district import HOST, district
from tests.dashboards.premises import premises

KEY = "hotel/gw-east"
UNIT = {
    "unit": "2",
    "devices": ["pressure"],
    "polls": 90,
    "missed": 10,
    "errors": {"timeout": 3, "crc": 7},
    "breaker": "open",
    "breaker_opened": 2,
    "median_s": 0.0213,
    "p99_s": 1.5,
    "period_s": 0.5,
}
WELL = {**UNIT, "unit": "1", "devices": ["panel"], "breaker": "closed", "missed": 0, "errors": {}}
DIAGNOSTICS: dict[str, Any] = {
    "age_s": 100.0,
    "connections": {
        "line": {
            "ok": True, "polls": 180, "missed": 20, "errors": {"timeout": 3}, "lost": ["pressure"], "busy_s": 12.0,
            "in_flight": 1, "units": [WELL, UNIT],
        }
    },
    "lanes": {"live": {"count": 3, "p99_s": 0.02}, "backfill": {"count": 0, "p99_s": None}},
    "process": {"memory": 70_000_000, "cpu_s": 3.0, "open_files": 20},
    "clock": {"steps": 1, "last_step_s": -4.2},
    "uplink": {"reconnects": 2},
    "spool": {"used": 0.25},
}  # fmt: skip


def view_of(board: Board, site: Registry | None = None, who: Principal = CONSOLE) -> View:
    """Return a view of a board; what asks services is not there."""
    nothing = cast("Any", None)
    console = Console(
        site=LiveSite(site or premises()), board=board, feed=nothing, link=nothing, clock=FakeClock(NOW_NS),
        zone=ZoneInfo("Asia/Shanghai"), door=nothing, pace=nothing, once=Once(), devices=nothing, gateways=nothing,
        dossiers=nothing, windows=nothing, load=nothing, pictures=nothing,
        shifts=nothing, mine=nothing, backtests=nothing,
    )  # fmt: skip
    return View(console, principal=who, language=Language.EN)


def person(role: UserRole, units: frozenset[str] | None = None) -> Principal:
    return Principal(kind=CONSOLE.kind, id="p", name="p", rights=RIGHTS[role], units=units)


def words(cell: Any) -> Any:
    return cell.words if isinstance(cell, Cell) else cell


def cells(row: dict[str, Any]) -> dict[str, Any]:
    return {name: words(cell) for name, cell in row["cells"].items()}


def test_a_gateway_that_is_well_says_so_and_a_silent_one_says_nothing() -> None:
    board = well()
    (fine,) = gateway_rows(view_of(board), NOW_NS)
    assert (fine["look"], cells(fine)["state"], cells(fine)["lines"], cells(fine)["lost"]) == ("", "Online", "1/1", "0")
    assert cells(fine)["forecast"] == "1 h 0 min"
    (silent,) = gateway_rows(view_of(board), NOW_NS + 60_000_000_000)
    assert silent["look"] == "unknown"
    assert cells(silent)["state"] == "Unknown: silent 1 min"
    assert (cells(silent)["lines"], cells(silent)["lost"]) == ("—", "—")


def test_what_is_lost_or_dropped_has_a_mark() -> None:
    board = well()
    board.statuses["gateway.hotel.gw-east"] = {
        **GATEWAY_WELL,
        "connections": {"line": {"ok": True, "lost": ["pressure"]}},
        "dropped": {"full": 4},
        "config": {"version": "abcdef0123456789"},
    }
    (row,) = gateway_rows(view_of(board), NOW_NS)
    assert row["cells"]["lost"] == Cell(1, "✗", "caution")
    assert row["cells"]["spool"].look == "caution"
    assert cells(row)["version"] == "abcdef012345"


def test_services_say_how_far_behind_they_are_and_junk_is_absent() -> None:
    board = well()
    board.statuses["ingest.main"] |= {"store": "down", "lag_messages": 12, "oldest_s": 31.0, "stored": 5}
    board.statuses["rules.main"] |= {"lag": "many", "lag_s": None, "processes": 2}
    rows = {row["id"]: row for row in service_rows(view_of(board), NOW_NS)}
    assert rows["ingest.main"]["look"] == "caution"
    assert (cells(rows["ingest.main"])["behind"], cells(rows["ingest.main"])["oldest"]) == ("12", "31 s")
    assert "5 stored" in cells(rows["ingest.main"])["figures"]
    assert cells(rows["rules.main"])["behind"] == "—"
    assert cells(rows["rules.main"])["figures"] == "2 processes"
    assert rows["console.main"]["look"] == "unknown"


def test_a_line_tells_what_it_held_and_who_is_silent() -> None:
    view = view_of(well())
    gateway = view.console.registry.gateways[KEY]
    (row,) = line_rows(view, gateway, {}, DIAGNOSTICS, known=True)
    assert row["look"] == "caution"
    assert cells(row) | {"errors": ""} == {
        "line": "line", "protocol": "modbus_tcp", "state": "Up", "polls": "180", "held": "90.0 %", "busy": "12.0 %",
        "errors": "", "silent": "Sprinkler pump",
    }  # fmt: skip
    (old,) = line_rows(view, gateway, {"connections": {"line": {"ok": False}}}, None, known=True)
    assert (cells(old)["state"], cells(old)["held"], cells(old)["polls"]) == ("Down", "—", "—")
    (silent,) = line_rows(view, gateway, {"connections": {"line": {"ok": True}}}, DIAGNOSTICS, known=False)
    assert (silent["look"], cells(silent)["state"], cells(silent)["silent"]) == ("unknown", "Unknown", "")


def test_units_that_do_not_answer_come_first_with_their_errors_by_kind() -> None:
    view = view_of(well())
    rows = unit_rows(view, view.console.registry.gateways[KEY], DIAGNOSTICS)
    assert [row["id"] for row in rows] == ["line-2", "line-1"]
    lost = cells(rows[0])
    assert (lost["state"], lost["errors"], lost["held"]) == ("Lost", "crc 7 · timeout 3", "90.0 %")
    assert (lost["median"], lost["p99"], lost["period"], lost["retries"]) == ("21.3 ms", "1.50 s", "0.5 s", "2")
    assert rows[0]["cells"]["devices"].go == "/devices/hotel/pressure"
    assert unit_rows(view, view.console.registry.gateways[KEY], None) == []


def test_figures_are_those_that_were_told() -> None:
    view = view_of(well())
    status = {"config": {"version": "v7", "source": "local", "by": "ann"}, "dead_letters": {"bad_frame": 3}}
    facts = dict(figure_facts(view, status, DIAGNOSTICS))
    assert facts["memory"] == "70 MB"
    assert facts["clock"] == "set 1 times, last by -4.2 s"
    assert facts["delivery"] == "live 20.0 ms"
    assert (facts["version"], facts["letters"], facts["spool_used"]) == ("v7 · local · ann", "bad_frame 3", "25.0 %")
    assert figure_facts(view, {}, None) == []


def test_frames_stay_text_and_have_their_time_and_way() -> None:
    view = view_of(well())
    frame = {
        "seq": 7,
        "time_ns": NOW_NS + 123_000_000,
        "out": True,
        "size": 3,
        "hex": "0102ff",
        "en": "<b>x</b>",
        "zh": "",
    }
    row = frame_row(view, frame)
    assert row["id"] == "7"
    assert cells(row) == {
        "time": "16:00:00.123", "way": "Out", "peer": "", "size": "3", "said": "<b>x</b>", "hex": "01 02 ff"
    }  # fmt: skip
    assert cells(frame_row(view, {"hex": 7}))["time"] == "—"
    assert cells(frame_row(view, {"direction": "out"}))["way"] == "Out"


@pytest.mark.parametrize(
    ("role", "units", "host", "seen"),
    [
        (UserRole.INSTALLER, None, KEY, True),
        (UserRole.INSTALLER, frozenset({"hotel"}), KEY, True),
        (UserRole.INSTALLER, frozenset({"other"}), KEY, False),
        (UserRole.INSTALLER, frozenset({"hotel"}), HOST, False),
        (UserRole.INSTALLER, frozenset({"hotel", "u0001"}), HOST, False),
        (UserRole.OPERATOR, None, KEY, False),
        (UserRole.ADMIN, None, HOST, True),
    ],
)
def test_frames_are_for_installers_who_may_see_all_that_passes_there(
    role: UserRole, units: frozenset[str] | None, host: str, *, seen: bool
) -> None:
    site = district(6) if host == HOST else premises()
    assert may_look(view_of(well(), site, person(role, units)), host) is seen


def test_dead_letters_come_newest_first_with_bytes_for_installers_only() -> None:
    letters = [
        {"time_ns": NOW_NS, "connection": "line", "reason": f"r{n}", "detail": "d", "raw": "4040"} for n in (1, 2)
    ]
    installer = letter_rows(
        view_of(well(), who=person(UserRole.INSTALLER)), KEY, {"letters": [*letters, "junk"]}, NOW_NS
    )
    assert [cells(row)["reason"] for row in installer] == ["r2", "r1"]
    assert cells(installer[0])["bytes"] == "4040"
    operator = letter_rows(view_of(well()), KEY, {"letters": letters}, NOW_NS)
    assert cells(operator[0])["bytes"] == ""
    assert letter_rows(view_of(well()), KEY, None, NOW_NS) == []
    scoped = view_of(well(), district(6), person(UserRole.INSTALLER, frozenset({"hotel"})))
    assert letter_rows(scoped, HOST, {"letters": letters}, NOW_NS) == []


def test_numbers_in_words() -> None:
    assert (share_text(None), share_text(0.9991), share_text(1.0)) == ("—", "99.9 %", "100 %")
    assert (trip_text(None), trip_text(0.0004), trip_text(2.5)) == ("—", "0.4 ms", "2.50 s")
    assert reserve_text(9 * 86_400 + 4 * 3600, Language.EN) == "can be offline 9 d 4 h"
    assert reserve_text(None, Language.ZH) == "尚无预测"
    assert counted({f"k{n}": 9 - n for n in range(8)}).endswith("k5 4 · …")
    assert (held(0, 0), held(None, 1), held(3, 1)) == (None, None, 0.75)


def test_documents_of_others_are_read_with_care() -> None:
    document = {"a": {"n": True, "s": "x" * 900, "l": [1, {"b": 2}, None], "c": {"x": 2, "y": "z", "w": 0, "v": 5}}}
    assert told.number(document, "a", "n") is None
    assert len(told.words(document, "a", "s")) == told.MOST_WORDS
    assert told.parts(document, "a", "l") == [{"b": 2}]
    assert told.texts(document, "a", "l") == ["1"]
    assert told.counts(document, "a", "c") == {"v": 5, "x": 2}
    assert told.part(document, "b", "c") == {}
    assert told.flag(document, "a", "n") is True
    assert told.flag(document, "a", "s") is None
