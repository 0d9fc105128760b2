"""What keeps people from being told, read to its end: what is planned hides nothing that runs, and lamp equals rows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from alerts import maintenance_service
from alerts.maintenance_face import MOST_LISTED, MaintenanceSubject
from alerts.maintenance_service import MaintenanceService, open_windows
from alerts.out_of_service_face import OutOfServiceSubject
from alerts.out_of_service_service import OutOfServiceService, running_entries
from alerts.schema import MaintenanceWindow, OutOfService
from alerts.silences_face import SilenceSubject
from alerts.walk_test_face import WalkTestSubject
from backbone.client import Backbone
from dashboards.console.suppression.entries import sides
from dashboards.live.hidden import Kind
from dashboards.live.lamp_figures import ALERTS, suppressed
from dashboards.live.link import Link
from dashboards.live.restrictions import Restrictions, ask_restrictions
from dashboards.live.scoped import scoped_board
from tests.alerts.alerts_scene import Scene, scene
from tests.dashboards.board_makers import well

PLANNED = 2 * MOST_LISTED + 7
RUNNING = 60
"""More than one page of planned ones, and more running ones than planned ones in the status document."""
HOTEL_EVERY = 3


class Direct:
    """The services behind the faces, without a bus."""

    def __init__(self, told: Scene) -> None:
        nowhere = cast("Backbone", None)
        windows, outs = MaintenanceService(told.office, nowhere), OutOfServiceService(told.office, nowhere)
        self._lists = {MaintenanceSubject.LIST.value: windows.list, OutOfServiceSubject.LIST.value: outs.list}
        self.asked = 0

    async def request(self, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        if subject in self._lists:
            return await self._lists[subject](body)
        return {SilenceSubject.LIST.value: {"silences": []}, WalkTestSubject.LIST.value: {"walk_tests": []}}[subject]


async def fill(told: Scene) -> None:
    """Write running windows, more planned ones that all begin in one moment, and as many outs of service."""
    now_ns = told.clock.now_ns()

    def unit(number: int) -> str:
        return "hotel" if number % HOTEL_EVERY == 0 else "mall"

    def window(number: int, from_ns: int, started_ns: int | None) -> MaintenanceWindow:
        return MaintenanceWindow(
            id=f"w{number}", unit=unit(number), zones=[], devices=[], rules=[], reason="r", planned_by="op",
            second_by=None, planned_ns=now_ns, from_ns=from_ns, until_ns=now_ns + 10**13, started_ns=started_ns,
        )  # fmt: skip

    def out(number: int) -> OutOfService:
        return OutOfService(
            id=f"o{number}", unit=unit(number), zones=["a"], devices=[], points=[], gateways=[], begun_by="op",
            reason="r", begun_ns=now_ns - number % 2, until_ns=now_ns + 10**13,
        )  # fmt: skip

    rows = [window(number, now_ns - number, now_ns) for number in range(RUNNING)]
    rows += [window(RUNNING + number, now_ns + 10**12, None) for number in range(PLANNED)]
    outs = [out(number) for number in range(PLANNED)]
    await told.office.change(lambda desk: desk.session.add_all([*rows, *outs]))


async def asked(told: Scene) -> Restrictions:
    return await ask_restrictions(cast("Link", SimpleNamespace(backbone=Direct(told))), told.clock)


async def test_all_that_runs_and_is_planned_is_read_once_each(tmp_path: Path) -> None:
    async with scene(tmp_path) as told:
        await fill(told)
        found = await asked(told)
        ids = [one.id for one in found.maintenance]
        assert (len(ids), len(set(ids))) == (RUNNING + PLANNED, RUNNING + PLANNED)
        assert sum(one.started_ns is not None for one in found.maintenance) == RUNNING
        outs = [one.id for one in found.out_of_service]
        assert (len(outs), len(set(outs))) == (PLANNED, PLANNED)


@pytest.mark.parametrize("units", [None, frozenset({"hotel"})])
async def test_the_lamp_counts_what_its_rows_show(tmp_path: Path, units: frozenset[str] | None) -> None:
    async with scene(tmp_path) as told:
        await fill(told)
        board = well()
        board.statuses[ALERTS] |= await told.office.database.read(open_windows)
        board.statuses[ALERTS]["out_of_service"] = await told.office.database.read(running_entries)
        quiet = suppressed(board if units is None else scoped_board(board, units), 0)
        rows = [one for one in sides((await asked(told)).within(units), {}, {}).now if one.is_on_lamp]
        windows, outs = (sum(one.kind is kind for one in rows) for kind in (Kind.MAINTENANCE, Kind.OUT_OF_SERVICE))
        assert (quiet.maintenance, quiet.out_of_service, quiet.cut) == (windows, outs, False)
        assert windows == (RUNNING if units is None else RUNNING // HOTEL_EVERY)


async def test_a_status_document_that_is_cut_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene(tmp_path) as told:
        await fill(told)
        monkeypatch.setattr(maintenance_service, "MOST_RUNNING", RUNNING - 1)
        document = await told.office.database.read(open_windows)
        running = [one for one in document["maintenance"] if one["started_ns"] is not None]
        assert (document["maintenance_cut"], len(running)) == (True, RUNNING - 1)
