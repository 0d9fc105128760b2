"""What devices and people told, on a terminal: shown as it is, never as markup, never obeyed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from cli.alerts_tables import alert_table, plain
from cli.check_command import Language
from cli.config_tables import change_table, status_table
from cli.demo_screen import alert_rows
from cli.gb26875_tables import object_table, stranger_table, transmitter_table
from cli.roll_call_tables import call_table
from cli.simulate_commands import report_table, verdict_table
from cli.unregistered_command import unregistered_table
from simulators.expectations import State, Verdict
from simulators.runner import Report
from tests.dashboards.board_makers import alert

HOSTILE = "[/][conceal]烟感\x1b[2J\u202e\x9b\n:fire:"
SHOWN = "[/][conceal]烟感�[2J�� :fire:"
ALERT = alert(text_zh=HOSTILE, text_en=HOSTILE, owner=HOSTILE)
VERDICT = Verdict(what=HOSTILE, line=1, state=State.FAILED, why=HOSTILE, at_s=1.0)
REPORT = Report(scenario=HOSTILE, played_s=1.0, verdicts=(VERDICT,), remarks=())
ROW = {"unit": HOSTILE, "id": HOSTILE, "state": HOSTILE, "frames": HOSTILE, "address": HOSTILE, "profile": HOSTILE}
CALL = {"unit": HOSTILE, "transmitter": HOSTILE, "result": HOSTILE, "by": HOSTILE, "minutes": HOSTILE}

CHANGE = {"line": HOSTILE, "did": HOSTILE, "what": HOSTILE, "id": HOSTILE, "fields": [HOSTILE]}


@pytest.mark.parametrize(
    "told",
    [
        plain(HOSTILE),
        alert_rows((ALERT,)),
        alert_table((ALERT,), Language.ZH),
        verdict_table((VERDICT,), HOSTILE),
        report_table(REPORT),
        transmitter_table((ROW,), Language.ZH),
        stranger_table((ROW,), Language.ZH),
        object_table(({HOSTILE: HOSTILE},), HOSTILE),
        call_table((CALL,), Language.ZH),
        change_table(HOSTILE, {"changes": [CHANGE]}, Language.ZH),
        status_table({HOSTILE: {"config": {"version": HOSTILE, "last": {"reason": HOSTILE}}}}, Language.ZH),
        unregistered_table((ROW,), Language.ZH),
    ],
)
def test_a_description_is_shown_as_it_is_and_obeyed_by_nobody(told: RenderableType) -> None:
    out = io.StringIO()
    Console(file=out, width=400, color_system=None, emoji=True).print(told)
    assert SHOWN in out.getvalue()
    assert not set("\x1b\u202e\x9b") & set(out.getvalue())
