"""What each documented answer of a store does to a write; and InfluxDB 1 with a password, and a real conflict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.influx_endpoint import version_1, version_2
from ingest.influx_http import LINES_PER_REQUEST, LONGEST_RETRY_AFTER_S, PROBE, InfluxHttp, retry_after_s
from ingest.influx_store import InfluxStore
from ingest.line_protocol import Lines
from ingest.store import Mark, RangeQuery, StoreDeniedError, StoreDownError
from tests.ingest.answering_server import STORED, Answer, Judge, Seen, answering_as_documented
from tests.ingest.ingest_site import START_NS, readings, site
from tests.ingest.store_servers import influxd

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)


@contextmanager
def writing(judge: Judge, *, compress: bool = False) -> Iterator[tuple[Seen, InfluxHttp]]:
    with answering_as_documented(judge) as seen:
        http = InfluxHttp(version_2(seen.url, "fire", "org", "secret"), compress=compress)
        try:
            yield seen, http
        finally:
            http.close()


def always(answer: Answer) -> Judge:
    return lambda _: answer


def refusing(poison: set[bytes], status: int = 400) -> Judge:
    """Refuse a request that has any of ``poison`` in it, as a server does that parses before it writes."""
    refusal = Answer(status, '{"code":"invalid","message":"unable to parse"}')
    return lambda lines: refusal if poison & set(lines) else STORED


def test_version_2_is_written_where_and_how_its_api_says() -> None:
    with writing(always(STORED)) as (seen, http):
        assert http.write(Lines.of([b"a b=1 1", b"a b=2 2"])) == {}
    assert seen.paths == ["/api/v2/write?org=org&bucket=fire&precision=ns"]
    assert seen.headers[0]["authorization"] == "Token secret"
    assert seen.accepted == [b"a b=1 1", b"a b=2 2"]


def test_bodies_are_compressed_when_asked_for() -> None:
    with writing(always(STORED), compress=True) as (seen, http):
        http.write(Lines.of([b"a b=1 1"]))
    assert seen.headers[0]["content-encoding"] == "gzip"
    assert seen.accepted == [b"a b=1 1"]


def test_many_lines_go_in_parts_over_one_connection() -> None:
    lines = [b"a b=%d 1" % number for number in range(2 * LINES_PER_REQUEST + 1)]
    with writing(always(STORED)) as (seen, http):
        http.write(Lines.of(lines))
    assert [len(request) for request in seen.requests] == [LINES_PER_REQUEST, LINES_PER_REQUEST, 1]
    assert len(seen.connections) == 1
    assert seen.accepted == lines


@pytest.mark.parametrize("status", [400, 422])
def test_a_poison_line_is_found_and_the_others_are_stored(status: int) -> None:
    lines = [b"a b=%d 1" % number for number in range(1000)]
    with writing(refusing({lines[617]}, status)) as (seen, http):
        assert http.write(Lines.of(lines)) == {617: f"HTTP {status}: unable to parse"}
    assert set(seen.accepted) - {PROBE} == set(lines) - {lines[617]}
    assert len(seen.requests) < 30, "by halves, not one by one"


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 39)), st.sampled_from([400, 422, 413]))
def test_whatever_lines_are_poison_all_others_are_stored_once(poison: set[int], status: int) -> None:
    lines = [b"a b=%d 1" % number for number in range(40)]
    with writing(refusing({lines[at] for at in poison}, status)) as (seen, http):
        assert http.write(Lines.of(lines)).keys() == poison
    stored = [line for line in seen.accepted if line != PROBE]
    assert stored == [line for at, line in enumerate(lines) if at not in poison]


def test_413_halves_until_it_fits() -> None:
    with writing(lambda lines: Answer(413) if len(lines) > 100 else STORED) as (seen, http):
        lines = [b"a b=%d 1" % number for number in range(1000)]
        assert http.write(Lines.of(lines)) == {}
    assert seen.accepted == lines


def test_a_server_that_refuses_everything_is_not_the_datas_fault() -> None:
    with (
        writing(always(Answer(400, "unknown protocol"))) as (_, http),
        pytest.raises(StoreDeniedError, match="refuses every line"),
    ):
        http.write(Lines.of([b"a b=1 1", b"a b=2 2"]))


@pytest.mark.parametrize(("status", "wanted_s"), [(429, 7.0), (503, 7.0), (500, 0.0), (502, 0.0), (504, 0.0)])
def test_busy_and_down_may_pass(status: int, wanted_s: float) -> None:
    headers = {"Retry-After": "7"} if wanted_s else {}
    with writing(always(Answer(status, "later", headers))) as (seen, http):
        with pytest.raises(StoreDownError, match=f"answered {status}: later") as caught:
            http.write(Lines.of([b"a b=1 1"]))
        assert caught.value.retry_after_s == wanted_s
        assert caught.value.retryable
        assert len(seen.requests) == 1, "the writer decides when to try again"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 301])
def test_a_refusal_of_us_needs_a_person(status: int) -> None:
    with (
        writing(always(Answer(status, '{"message":"no"}'))) as (_, http),
        pytest.raises(StoreDeniedError, match=f"answered {status}: no") as caught,
    ):
        http.write(Lines.of([b"a b=1 1"]))
    assert not caught.value.retryable


def test_nobody_there_is_down() -> None:
    with answering_as_documented(always(STORED)) as seen:
        address = seen.url
    http = InfluxHttp(version_1(address, "fire"))
    with pytest.raises(StoreDownError, match="no answer"):
        http.write(Lines.of([b"a b=1 1"]))
    with pytest.raises(StoreDownError, match="no answer"):
        http.query(["SHOW DATABASES"])
    http.close()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, 0.0),
        ("", 0.0),
        ("12", 12.0),
        ("999999999", LONGEST_RETRY_AFTER_S),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
    ],
)
def test_retry_after(header: str | None, expected: float) -> None:
    assert retry_after_s(header, NOW) == expected


@given(st.text(max_size=30))
def test_retry_after_never_fails_on_junk(header: str) -> None:
    assert 0.0 <= retry_after_s(header, NOW) <= LONGEST_RETRY_AFTER_S


@pytest.mark.parametrize("body", ["", "nonsense", "[]", "{}", '{"results": 7}'])
def test_a_query_answered_with_nonsense_is_down(body: str) -> None:
    with writing(always(Answer(200, body))) as (_, http), pytest.raises(StoreDownError, match="answered a query"):
        http.query(["SELECT 1"])


def test_a_reading_of_the_wrong_type_is_parked_and_its_neighbours_on_the_line_are_stored(tmp_path: Path) -> None:
    registry = site()
    with influxd(tmp_path / "influxd") as url:
        store = InfluxStore(registry, version_1(url, "fire"))
        foreign = b'pressure_transmitter,unit=hotel pressure="words" %d' % START_NS
        assert store._http.write(Lines.of([foreign])) == {}
        rows = readings(
            registry, ["pressure-1/pressure", "pressure-1/level", "camera-1/ebike_count"], [5, 5, 5], [600, 2.5, 1]
        )
        written = store.write(rows, {"TELEMETRY": [Mark(1, 1)]})
        query = RangeQuery(points=(1, registry.points.index("hotel/camera-1/ebike_count")), start_ns=0, end_ns=2**62)
        found = [series.value.tolist() for series in store.range(query)]
        store.close()
    assert written.stored == 2
    (refused,) = written.refused
    assert "field type conflict" in refused.reason
    assert refused.evidence.endswith(f"pressure=600.0 {START_NS + 5_000_000_000}")
    assert found == [[2.5], [1.0]]


def test_influxdb_with_a_password(tmp_path: Path) -> None:
    registry = site()
    rows = readings(registry, ["pressure-1/pressure"], [0], [600])
    with influxd(tmp_path / "influxd", auth=True) as url:
        admin = "CREATE USER admin WITH PASSWORD 'pass:word' WITH ALL PRIVILEGES"
        httpx.post(f"{url}/query", data={"q": admin}, trust_env=False).raise_for_status()
        for token in (None, "admin:wrong"):
            store = InfluxStore(registry, version_1(url, "fire", token))
            for attempt in (partial(store.write, rows, {}), store.counts, store.latest):
                with pytest.raises(StoreDeniedError, match="401"):
                    attempt()
            store.close()
        store = InfluxStore(registry, version_1(url, "fire", "admin:pass:word"))
        assert store.write(rows, {}).stored == 1
        assert store.counts().stored == 1
        store.close()
