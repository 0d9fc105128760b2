"""Dead letters: on disk, counted, once a message, and never more than two files of them."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch import ReadingBatch
from domain.errors import StoreError
from domain.points import Point, PointTable
from ingest.dead_letters import NAME, DeadLetter, DeadLetters, LetterKind
from ingest.letters_of_readings import letter_of, rows_of
from ingest.store import Refused

TABLE = PointTable(Point(unit="u", gateway="g", device="d", name=f"p{n}") for n in range(2))


def letter(seq: int, evidence: str = "00ff", received_ns: int = 5) -> DeadLetter:
    return DeadLetter(
        kind=LetterKind.BAD_PAYLOAD,
        reason="no Sparkplug payload",
        evidence=evidence,
        stream="TELEMETRY",
        seq=seq,
        received_ns=received_ns,
        subject="tel.0.hotel.DDATA.gw-east.x",
    )


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / NAME).read_text(encoding="utf-8").splitlines()]


def test_a_letter_tells_reason_evidence_and_message(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    letters.park([letter(7)])
    (entry,) = lines(tmp_path)
    assert entry["reason"] == "no Sparkplug payload"
    assert entry["evidence"] == "00ff"
    assert (entry["stream"], entry["seq"]) == ("TELEMETRY", 7)
    assert letters.counts == {"bad_payload": 1}


def test_a_message_has_one_letter_also_after_a_restart(tmp_path: Path) -> None:
    DeadLetters(tmp_path).park([letter(7), letter(8)])
    again = DeadLetters(tmp_path)
    again.park([letter(8), letter(9)])
    assert [entry["seq"] for entry in lines(tmp_path)] == [7, 8, 9]
    assert again.counts == {"bad_payload": 3}


def test_a_sequence_of_a_stream_made_anew_is_another_message(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    letters.park([letter(7)])
    letters.park([letter(7, received_ns=6)])
    assert letters.counts == {"bad_payload": 2}


def test_letters_without_a_message_are_all_kept(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    refused = DeadLetter(kind=LetterKind.REFUSED_BY_STORE, reason="field type conflict", evidence="a b=1 2")
    letters.park([refused, refused])
    letters.park([refused])
    assert letters.counts == {"refused_by_store": 3}
    assert DeadLetters(tmp_path).counts == {"refused_by_store": 3}


def test_a_line_cut_short_by_a_crash_spoils_only_itself(tmp_path: Path) -> None:
    DeadLetters(tmp_path).park([letter(1)])
    with (tmp_path / NAME).open("a") as file:
        file.write('{"kind": "bad_pay')
    letters = DeadLetters(tmp_path)
    letters.park([letter(2)])
    assert letters.counts == {"bad_payload": 2}
    assert DeadLetters(tmp_path).counts == {"bad_payload": 2}


def test_two_files_at_most_and_counts_go_on(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, most_bytes=2_000)
    for seq in range(1, 101):
        letters.park([letter(seq)])
    assert letters.counts == {"bad_payload": 100}
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAME, f"{NAME}.1"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 6_000
    letters.park([letter(100)])
    assert letters.counts == {"bad_payload": 100}


def test_evidence_is_cut(tmp_path: Path) -> None:
    DeadLetters(tmp_path).park([letter(1, evidence="x" * 100_000)])
    assert len(str(lines(tmp_path)[0]["evidence"])) == 2_000


def test_a_disk_that_takes_nothing_is_an_error_and_not_a_lost_letter(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    (tmp_path / NAME).mkdir()
    with pytest.raises(StoreError, match="can't be written"):
        letters.park([letter(1)])
    (tmp_path / NAME).rmdir()
    letters.park([letter(1)])
    assert letters.counts == {"bad_payload": 1}


def test_letters_have_ids_by_which_they_are_removed_from_both_files(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, most_bytes=600)
    for seq in range(1, 5):
        letters.park([letter(seq)])
    entries = letters.all()
    assert len({entry["id"] for entry in entries}) == len(entries)
    seqs = [entry["seq"] for entry in entries]
    unwanted = [entries[0]["id"], entries[-1]["id"], "nobody"]
    assert letters.remove(unwanted) == 2
    assert [entry["seq"] for entry in letters.all()] == seqs[1:-1]
    assert letters.counts == {"bad_payload": len(seqs) - 2}
    assert DeadLetters(tmp_path).counts == letters.counts
    letters.park([letter(seqs[-1])])
    assert letters.all()[-1]["seq"] == seqs[-1], "what was dropped may be set aside again"


@given(st.binary(max_size=200) | st.dictionaries(
    st.sampled_from(["kind", "reason", "evidence", "stream", "subject", "seq", "received_ns", "parked_ns", "reading"]),
    st.none() | st.integers() | st.text(max_size=5) | st.dictionaries(
        st.sampled_from(["point", "time_ns", "value", "quality", "text"]),
        st.none() | st.integers() | st.floats() | st.text(max_size=5)
    ),
).map(lambda entry: json.dumps(entry).encode()))  # fmt: skip
def test_a_file_that_somebody_edited_is_read_as_far_as_it_goes(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        DeadLetters(folder).park([letter(1)])
        with (folder / NAME).open("ab") as file:
            file.write(junk)
        letters = DeadLetters(folder)
        letters.park([letter(2)])
        found = letters.all()
        assert {entry["seq"] for entry in found} >= {1, 2}
        batch, taken = rows_of([one["reading"] for one in found if isinstance(one.get("reading"), dict)], TABLE)
        assert len(batch) == len(taken)


@pytest.mark.parametrize("value", [1.5, math.nan])
def test_a_refused_reading_comes_back_from_its_letter_as_it_was(tmp_path: Path, value: float) -> None:
    rows = ReadingBatch.build(TABLE, [5, 6], [0, 1], [0.0, value], [192, 500], text={1: "东"})
    for _ in range(2):  # its message comes again, to a process that was started anew
        DeadLetters(tmp_path).park([letter_of(Refused("no", "evidence", 1), rows)])
    (entry,) = DeadLetters(tmp_path).all()
    found, taken = rows_of([entry["reading"], {"point": "somebody/elses/point"}, {}], TABLE)
    assert taken == [0]
    assert (found.time_ns.tolist(), found.point.tolist(), found.quality.tolist()) == ([6], [1], [500])
    np.testing.assert_array_equal(found.value, [value])
    assert dict(found.text) == {0: "东"}
