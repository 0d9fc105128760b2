"""One poison line in a batch of 5,000: 4,999 are stored and one is set aside with its reason.

On a real InfluxDB 1.6, and on loopback servers that answer as InfluxDB 2 and 3 document it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.batch import ReadingBatch
from ingest.face import QueryFace
from ingest.influx_endpoint import Endpoint, version_1, version_2, version_3
from ingest.influx_http import PROBE, InfluxHttp
from ingest.influx_refusals import blame
from ingest.influx_store import InfluxStore
from ingest.letter_service import SUBJECT
from ingest.line_protocol import Lines
from tests.ingest.answering_server import Judge, answering_as_documented
from tests.ingest.documented_answers import influxdb2_first_line, influxdb2_partial, influxdb3_partial
from tests.ingest.ingest_site import SECOND_NS, START_NS, load, site
from tests.ingest.ingest_traffic import ingesting, publish, status_when
from tests.ingest.store_servers import influxd
from tests.servers import connected, embedded_server

SITE = site()
BATCH = 5_000
AT = 3_217
WEEK_NS = 7 * 86_400 * SECOND_NS
"""A shard of a database without retention; types of fields are checked within one."""


def one_day_of_another_shard() -> ReadingBatch:
    """Return 5,000 readings of one point, of which one lies in another week."""
    times = START_NS + np.arange(BATCH) * SECOND_NS
    times[AT] += 8 * WEEK_NS
    return ReadingBatch.build(SITE.points, times, np.zeros(BATCH), np.arange(float(BATCH)))


def test_real_influxdb_stores_4999_of_5000_and_says_why_not_the_one(tmp_path: Path) -> None:
    rows = one_day_of_another_shard()
    with influxd(tmp_path / "influxd") as url:
        store = InfluxStore(SITE, version_1(url, "fire"), connections=4)
        older = b"pressure_transmitter,unit=elsewhere pressure=7i %d" % rows.time_ns[AT]
        assert store._http.write(Lines.of([older])) == {}
        written = store.write(rows, {})
        assert store.counts().stored == BATCH - 1 + 1, "the integer is a reading of somebody else"
        store.close()
    assert written.stored == BATCH - 1
    (refused,) = written.refused
    assert "field type conflict" in refused.reason
    assert refused.row == AT
    assert refused.evidence.endswith(f"pressure={AT}.0 {rows.time_ns[AT]}")


@pytest.mark.parametrize(
    ("endpoint", "answers", "requests"),
    [
        (lambda url: version_2(url, "fire", "org", "t"), influxdb2_first_line, 4),
        (
            lambda url: version_2(url, "fire", "org", "t"),
            lambda poison: influxdb2_partial("pressure", "pressure_transmitter", poison),
            30,
        ),
        (lambda url: version_3(url, "fire", "t"), influxdb3_partial, 4),
    ],
    ids=["influxdb2-line-number", "influxdb2-partial-without-line", "influxdb3-partial"],
)
def test_servers_that_answer_as_documented_store_4999_of_5000(
    endpoint: Callable[[str], Endpoint], answers: Callable[[bytes], Judge], requests: int
) -> None:
    rows = one_day_of_another_shard()
    with answering_as_documented(answers(f"pressure={AT}.0 ".encode())) as seen:
        store = InfluxStore(SITE, endpoint(seen.url), connections=4)
        written = store.write(rows, {})
        store.close()
    assert written.stored == BATCH - 1
    (refused,) = written.refused
    assert refused.row == AT
    assert refused.evidence.endswith(f"pressure={AT}.0 {rows.time_ns[AT]}")
    assert len(set(seen.accepted) - {PROBE}) == BATCH - 1
    assert len(seen.requests) <= requests + 2, "the proof of the server, and the reading alone"


def test_influxdb3_is_written_where_and_how_its_api_says() -> None:
    with answering_as_documented(influxdb3_partial(b"none")) as seen:
        http = InfluxHttp(version_3(seen.url, "fire", "secret"))
        assert http.write(Lines.of([b"a b=1 1"])) == {}
        http.close()
    assert seen.paths == ["/api/v3/write_lp?db=fire&precision=nanosecond&accept_partial=true&no_sync=false"]
    assert seen.headers[0]["authorization"] == "Bearer secret"


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 59)), st.integers(0, 3), st.integers(1, 5))
def test_whatever_is_poison_and_however_little_is_named_all_others_are_stored(
    poison: set[int], dialect: int, named: int
) -> None:
    lines = [b"a b=%d.0 1" % number for number in range(60)]
    words = [b"=%d.0 " % number for number in poison]
    judge = [
        influxdb2_first_line(*words),
        influxdb2_partial("b", "a", *words),
        influxdb2_partial("other", "a", *words),
        influxdb3_partial(*words, most=named),
    ][dialect]
    with answering_as_documented(judge) as seen:
        http = InfluxHttp(version_2(seen.url, "fire", "org"))
        assert http.write(Lines.of(lines)).keys() == poison
        http.close()
    assert set(seen.accepted) - {PROBE} == {line for at, line in enumerate(lines) if at not in poison}


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["data", "line", "line_number", "error", "message", "error_message"]), inner),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_answer_is_an_error_of_ours_or_blames_what_was_not_sent(body: bytes) -> None:
    lines = [b"a b=1 1", b"a b=2 2", b"c d=3 3"]
    found = blame(body, lines)
    assert all(0 <= at < len(lines) for at in found.named)
    assert all(0 <= at < len(lines) for at in found.suspects(lines))
    assert len(found.words) <= 500


def test_version_1_names_the_lines_that_it_can_not_read() -> None:
    lines = [b"a b=1 1", b"a b= 2", b"a b=3 3"]
    body = json.dumps({"error": "partial write: unable to parse 'a b= 2': missing field value dropped=0"})
    assert blame(body.encode(), lines).named.keys() == {1}


async def test_a_poison_reading_is_listed_and_is_stored_when_what_was_wrong_is_mended(tmp_path: Path) -> None:
    with influxd(tmp_path / "influxd") as url:
        registry = site(store={"kind": "influxdb1", "url": url, "database": "fire"})
        store = InfluxStore(registry, version_1(url, "fire"))
        assert store._http.write(Lines.of([b"pressure_transmitter,unit=x level=7i %d" % START_NS])) == {}
        store.close()
        rows = load(registry, 1)
        poison = sum(registry.points[int(point)].name == "level" for point in rows.point)
        async with (
            embedded_server(tmp_path) as server,
            connected(server) as backbone,
            ingesting(registry, backbone, tmp_path / "data"),
        ):
            await publish(backbone, rows, "one")
            await status_when(backbone, lambda seen: seen["stored"] == len(rows) - poison)
            listed = await backbone.request(SUBJECT, {"command": "list"})
            assert listed["counts"] == {"refused_by_store": poison}
            assert all("field type conflict" in one["reason"] for one in listed["letters"])
            again = await backbone.request(SUBJECT, {"command": "retry"})
            assert (again["stored"], again["dropped"], len(again["kept"])) == (0, 0, poison)
            dropped = await backbone.request(SUBJECT, {"command": "drop", "ids": [listed["letters"][0]["id"][:6]]})
            assert dropped == {"dropped": 1}
            # people mend it: the integers of somebody else go
            store = InfluxStore(registry, version_1(url, "fire"))
            await asyncio.to_thread(store._http.query, ['DROP MEASUREMENT "pressure_transmitter"'])
            store.close()
            again = await backbone.request(SUBJECT, {"command": "retry"}, timeout_s=30)
            assert (again["stored"], again["dropped"], again["kept"]) == (poison - 1, poison - 1, {})
            assert (await backbone.request(SUBJECT, {"command": "list"}))["letters"] == []
            found = await QueryFace(backbone).range(
                [f"hotel/pressure-{n}/level" for n in (1, 2, 3, 4)], START_NS, START_NS + 1
            )
            assert sum(len(one.value) for one in found) == poison - 1
