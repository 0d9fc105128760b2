"""The page of the life cycle is made from the tables that decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts import life_cycle_page
from alerts.life_cycle import MOST_SHELVED_S
from alerts.reoccurrence import __doc__ as prose
from domain.alarm import AlarmClass
from domain.site.record import REOPEN_S

PAGE = Path(life_cycle_page.__file__).parents[1] / "docs" / "alert-life-cycle.md"


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert life_cycle_page.written(page) == page, "run python -m alerts.life_cycle_page docs/alert-life-cycle.md"
    for name, block in life_cycle_page.blocks().items():
        assert f"<!-- {name} -->\n{block}<!-- /{name} -->" in page


def test_the_command_writes_what_the_test_asks_for(tmp_path: Path) -> None:
    empty = tmp_path / "page.md"
    empty.write_text("<!-- actions -->\nold\n<!-- /actions -->\n")
    life_cycle_page.main(empty)
    assert (
        empty.read_text(encoding="utf-8") == f"<!-- actions -->\n{life_cycle_page.actions_table()}<!-- /actions -->\n"
    )


@pytest.mark.parametrize("latched", [False, True])
def test_the_pictures_close_only_what_is_answered_normal_and_reset(latched: bool) -> None:  # noqa: FBT001
    ways = [line.split(" : ") for line in life_cycle_page.diagram(latched=latched).splitlines() if "--> closed" in line]
    assert ways
    for way, step in ways:
        assert step in ({"reset"} if latched else {"cleared", "acknowledge", "data back"})
        assert "unacknowledged" not in way or step == "acknowledge"
        assert "unknown" not in way or step in {"data back", "cleared"}


def test_every_class_has_its_limits_and_the_prose_their_figures() -> None:
    assert set(MOST_SHELVED_S) == set(REOPEN_S) == set(AlarmClass)
    assert REOPEN_S[AlarmClass.FIRE] == 0
    assert REOPEN_S[AlarmClass.HAZARD] == 900
    assert "15 min" in (prose or "")
