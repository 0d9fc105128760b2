"""The face stands alone: whoever asks the store loads neither a database nor a line of the writer."""

from __future__ import annotations

import subprocess
import sys

import ingest.face

LOADED = "import sys, ingest.face; print(*[name for name in sys.modules if name.split('.')[0] in ('ingest', 'duckdb')])"


def test_importing_the_face_loads_no_store() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["ingest", "ingest.aggregate", "ingest.face"]


def test_what_the_face_offers_is_pinned() -> None:
    assert ingest.face.__all__ == [
        "MOST_POINTS",
        "MOST_ROWS",
        "Aggregate",
        "CountsReply",
        "Gap",
        "GapsReply",
        "GapsRequest",
        "LatestReading",
        "LatestReply",
        "LatestRequest",
        "PointGaps",
        "PointInfo",
        "PointsReply",
        "PointsRequest",
        "Qualities",
        "QualityReply",
        "QualityRequest",
        "QueryFace",
        "RangeReply",
        "RangeRequest",
        "Series",
    ]
