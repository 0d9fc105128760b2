"""The Prometheus page: every number of every status document, in a form that parses."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboards.api.metrics import exposition
from tests.dashboards.board_makers import NOW_NS, alert, well

LINE = re.compile(r'[a-zA-Z_][a-zA-Z0-9_]*(\{([a-z_]+="(\\.|[^"\\\n])*",?)*\})? (-?[0-9.e+-]+|nan|-?inf)')
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def test_counts_of_a_status_document_become_samples() -> None:
    board = well(alert())
    board.statuses["ingest.main"]["rows"] = {"stored": 41, "note": "no number"}
    page = exposition(board, NOW_NS)
    assert 'fengsui_ingest_rows_stored{id="main"} 41.0' in page
    assert 'fengsui_open_alerts{class="fire",acknowledged="no"} 1.0' in page
    assert 'fengsui_status_age_seconds{process="rules.main"} 0.0' in page
    assert "fengsui_backbone_up 1.0" in page
    assert "note" not in page


@given(st.dictionaries(st.text(max_size=12), st.dictionaries(st.text(max_size=8), JSON, max_size=4), max_size=4))
def test_whatever_documents_say_the_page_parses(statuses: dict[str, dict[str, Any]]) -> None:
    board = well()
    board.statuses = statuses
    lines = exposition(board, NOW_NS).removesuffix("\n").split("\n")
    named = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    series = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(named) == len(set(named))
    assert len(series) == len(set(series))
    assert all(LINE.fullmatch(line) for line in lines if not line.startswith("#"))
