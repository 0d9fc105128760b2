"""The push endpoint on a real port: batches, copies, tokens, limits, slow callers, TLS, answers after the commit."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from backbone.tls import TlsError
from domain.clock import FakeClock, SystemClock
from domain.errors import LinkError, RefusedError, StoreError
from domain.quality import GOOD, Reason
from gateway.connectors.http_push.connector import HttpPushConnector
from gateway.connectors.http_push.findings import exposure
from gateway.hosting import Hosting
from gateway.nodes import Nodes
from gateway.session import Session, Voice
from gateway.spool import Spool, SpoolLimits
from gateway.values import Values
from tests.certificates import Authority
from tests.gateway.gateway_sites import GATEWAY, UNIT, HeldSink, ListSink, registry_of, wiring_of
from tests.gateway.http_push.push_desk import TOKEN, listening, make, message, pushes, until


async def test_a_push_becomes_readings_with_the_messages_own_time() -> None:
    sink = ListSink()
    async with listening(connector := make(), sink) as platform:
        stamp = int(time.time() * 1000) - 3_600_000  # an hour late: platforms repeat
        answer = await platform.push(message(1, ts=stamp, temperature=61.5))
    assert answer.status_code == 200
    assert answer.json() == {"stored": 1, "copies": 0, "left": 0, "set_aside": {"count": 0, "first": []}}
    assert sink.of("nb-1/smoke") == [(1.0, GOOD, Reason.NONE)]
    assert sink.of("nb-1/temperature") == [(61.5, GOOD, Reason.NONE)]
    assert sink.of("nb-1/signal") == []
    assert sink.times("nb-1/smoke") == [stamp * 1_000_000]
    assert connector.health().figures["stored"] == 1


async def test_what_can_t_be_used_is_set_aside_by_name_and_the_rest_goes_on() -> None:
    sink = ListSink()
    batch = [
        message(1),
        "what",
        {"timestamp": 1, "payload": {}},
        message(imei="999"),
        {"IMEI": "861428040004544", "payload": "7E01FF"},
        {"IMEI": "861428040004544", "payload": {"hello": 1}},
        message(0, imei=861428040004544),
    ]
    async with listening(connector := make(), sink) as platform:
        answer = await platform.push(batch)
    told = answer.json()
    assert (answer.status_code, told["stored"], told["set_aside"]["count"]) == (200, 2, 5)
    assert [(one["at"], one["reason"]) for one in told["set_aside"]["first"]] == [
        ("[1]", "no_object"), ("[2].IMEI", "no_device"), ("[3]", "unknown_device"),
        ("[4].payload", "no_fields"), ("[5]", "no_known_field"),
    ]  # fmt: skip
    assert sorted(letter.reason for letter in sink.letters) == [
        "no_device", "no_fields", "no_known_field", "no_object", "unknown_device",
    ]  # fmt: skip
    assert len(sink.of("nb-1/smoke")) == len(sink.of("nb-2/smoke")) == 1
    assert connector.health().errors["unknown_device"] == 1


async def test_an_unregistered_device_is_shown_and_never_taken() -> None:
    async with listening(connector := make(), ListSink()) as platform:
        for number in range(600):
            if number % 100 == 0:
                await platform.push([message(imei=f"x-{number + at}") for at in range(100)])
    shown = (await connector.command({"command": "unregistered"}))["unregistered"]
    assert (len(shown), shown[0]["address"], shown[0]["messages"]) == (500, "x-599", 1)
    assert json.loads(shown[0]["last"])["payload"]["battery"] == 93
    assert connector.health().figures["unregistered"] == 500
    with pytest.raises(RefusedError):
        await connector.command({"command": "transmitters"})


@pytest.mark.parametrize(
    ("body", "reason", "at"),
    [
        (b"\xff\xfe", "not_json", ""),
        (b'{"a": ', "not_json", ""),
        (b"[" * 5000, "not_json", ""),
        (json.dumps([[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]).encode(), "too_deep", ""),
        (b"[]", "no_messages", ""),
        (b"12", "no_messages", ""),
        (json.dumps([{}] * 1001).encode(), "too_many", ""),
    ],
)
async def test_a_body_that_can_t_be_read_is_refused_and_kept_as_a_dead_letter(
    body: bytes, reason: str, at: str
) -> None:
    sink = ListSink()
    async with listening(make(), sink) as platform:
        answer = await platform.push(body)
        assert (await platform.push(message())).status_code == 200
    assert (answer.status_code, answer.json()["error"]["reason"], answer.json()["error"]["at"]) == (400, reason, at)
    assert [(letter.reason, letter.raw) for letter in sink.letters] == [(reason, body[:1024])]


async def test_only_a_token_that_holds_is_let_in() -> None:
    sink = ListSink()
    settings: dict[str, Any] = {"next_token": "next-token-0123456789", "query": "key", "echo": "msg"}
    async with listening(connector := make(**settings), sink) as platform:
        body = message()
        for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": ""},
                        {"Authorization": "Bearer \xe9".encode("latin1")}):  # fmt: skip
            answer = await platform.push(body, headers=headers)
            assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "unauthorised")
        assert not sink.batches
        assert not sink.letters
        assert (await platform.push(body, headers={"Authorization": "bearer next-token-0123456789"})).is_success
        assert (await platform.push(message(1), headers={"Authorization": ""}, path=f"/push?key={TOKEN}")).is_success
        check = await platform.client.get(f"/push?key={TOKEN}&msg=hello&nonce=1&signature=x")
        assert (check.status_code, check.text) == (200, "hello")
        assert (await platform.client.get("/push?msg=hello")).status_code == 401
        assert (await platform.push(body, path="/")).status_code == 404
        refused = await platform.client.put("/push", content=b"{}")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert connector.health().errors["unauthorised"] == 5


async def test_another_header_may_carry_the_token() -> None:
    async with listening(make(header="X-Api-Key"), ListSink()) as platform:
        assert (await platform.push(message(), headers={"X-Api-Key": TOKEN})).status_code == 200
        assert (await platform.push(message())).status_code == 401


async def test_sizes_are_limited_before_and_while_a_body_is_read() -> None:
    sink = ListSink()

    async def pieces(count: int) -> Any:
        for _ in range(count):
            yield b"x" * 4096

    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with listening(make(limits={"body_bytes": 8192}), sink) as platform:
        announced = await platform.push(message(padding="x" * 9000))
        chunked = await platform.client.post("/push", content=pieces(5), headers=headers)
        packed = await platform.push(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
        with pytest.raises(httpx.HTTPError):  # without end: cut
            await platform.client.post("/push", content=pieces(1_000_000), headers=headers)
        assert (await platform.push(message())).status_code == 200
    assert (announced.status_code, chunked.status_code, packed.status_code) == (413, 413, 415)
    assert sink.letters == []


async def raw(port: int, text: str) -> bytes:
    """Send a text, keep the line open, and return all that comes until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text.encode())
        async with asyncio.timeout(40):
            return await reader.read()
    finally:
        writer.close()


async def test_slow_callers_are_cut_and_others_served_meanwhile() -> None:
    head = f"POST /push HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n"
    async with listening(connector := make(limits={"head_s": 0.5, "body_s": 0.5}), ListSink()) as platform:
        slow = asyncio.gather(
            raw(connector.port, ""),
            raw(connector.port, "POST /push HT"),
            raw(connector.port, f"{head}Content-Length: 100\r\n\r\n{{"),
        )
        assert (await platform.push(message())).status_code == 200
        silent, half_head, half_body = await slow
    assert silent == half_head == b""
    assert half_body.startswith(b"HTTP/1.1 408")


async def test_more_connections_than_allowed_are_ended() -> None:
    async with listening(connector := make(limits={"connections": 3}), ListSink()):
        lines = [await asyncio.open_connection("127.0.0.1", connector.port) for _ in range(5)]

        async def is_cut(reader: asyncio.StreamReader) -> bool:
            try:
                return await reader.read() == b""
            except ConnectionError:
                return True

        ends = [asyncio.create_task(is_cut(reader)) for reader, _ in lines]
        await until(lambda: sum(end.done() for end in ends) >= 2)
        await asyncio.sleep(0.3)  # were there more to cut, they would be by now
        assert [end.result() for end in ends if end.done()] == [True, True]
        for _, writer in lines:
            writer.close()
        await asyncio.gather(*ends)


async def test_a_token_that_sends_too_fast_is_told_to_wait_and_the_other_goes_on() -> None:
    other = "other-token-0123456789"
    settings: dict[str, Any] = {"next_token": other, "limits": {"requests_per_s": 0.01, "burst": 3}}
    async with listening(make(**settings), ListSink()) as platform:
        answers = [await platform.push(message(at % 2)) for at in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert int(answers[3].headers["Retry-After"]) > 1
        assert (await platform.push(message(), headers={"Authorization": f"Bearer {other}"})).status_code == 200


async def test_clocks_that_are_wrong_are_marked_and_absent_times_too() -> None:
    clock, sink = FakeClock(), ListSink()
    now_ms = clock.now_ns() // 1_000_000
    stamps = [now_ms - 172_799_000, now_ms + 299_000, now_ms - 172_801_000, now_ms + 301_000, "yesterday", True]
    async with listening(connector := make(clock), sink) as platform:
        for stamp in stamps:
            assert (await platform.push(message(ts=stamp))).json()["stored"] == 1
    reasons = [reason for _, _, reason in sink.of("nb-1/smoke")]
    assert reasons == [Reason.NONE] * 2 + [Reason.CLOCK] * 4
    assert len(set(sink.times("nb-1/smoke"))) == 6
    assert (connector.health().errors["device_clock"], connector.health().errors["no_device_time"]) == (2, 2)


async def test_the_answer_follows_the_commit_and_a_disk_that_refuses_is_a_503() -> None:
    sink = HeldSink()
    async with listening(connector := make(), sink) as platform:
        pushed = message(1)
        push = asyncio.create_task(platform.push(pushed))
        await until(lambda: sink.waiting == 1)
        await asyncio.sleep(0.2)
        assert not push.done()
        sink.error = StoreError("disk full")
        sink.open.set()
        refused = await push
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        sink.error = None
        assert (await platform.push(pushed)).json()["stored"] == 1
    assert sink.of("nb-1/smoke") == [(1.0, GOOD, Reason.NONE)]
    assert connector.health().errors["not_stored"] == 1


async def test_too_many_requests_that_wait_are_refused_and_a_slow_disk_too() -> None:
    sink = HeldSink()
    async with listening(make(limits={"waiting": 1, "answer_s": 1.0}), sink) as platform:
        first = asyncio.create_task(platform.push(message(1)))
        await until(lambda: sink.waiting == 1)
        more = await asyncio.gather(*(platform.push(message(at)) for at in range(3)))
        reasons = Counter(one.json()["error"]["reason"] for one in (await first, *more))
        assert reasons == {"overrun": 2, "not_stored_now": 2}
        sink.open.set()
        await until(lambda: len(sink.of("nb-1/smoke")) == 2)  # what was taken is stored all the same


def hosted(connector_settings: dict[str, Any], spool: Spool) -> HttpPushConnector:
    """Return a connector with the hosting that a process gives it."""
    registry = registry_of(pushes(**connector_settings))
    values, voice = Values(registry.gateway_points(UNIT, GATEWAY)), Voice(GATEWAY, SystemClock())
    own = Session(voice, values, unit=UNIT, node=GATEWAY, devices=["nb-1", "nb-2"])
    nodes = Nodes(own, voice, values, spool)
    hosting = Hosting(registry, unit=UNIT, gateway=GATEWAY, spool=spool, nodes=nodes, values=values)
    return HttpPushConnector(replace(wiring_of(registry), hosting=hosting))


async def test_a_message_that_comes_again_is_stored_once_after_a_restart_too(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"envelope": {"device": "IMEI", "id": "request_id", "fields": "payload"}}
    first, other = {**message(1), "request_id": "r-1"}, {**message(0), "request_id": "r-2"}
    told = []
    for bodies in ([first, [first, first, other]], [first, other]):
        spool = await Spool.open(tmp_path / "spool.sqlite", limits=SpoolLimits(), clock=SystemClock())
        async with listening(hosted(settings, spool), spool) as platform:
            told += [(await platform.push(body)).json() for body in bodies]
        await spool.close()
    assert [(one["stored"], one["copies"]) for one in told] == [(1, 0), (1, 2), (0, 1), (0, 1)]


async def test_an_id_that_never_changes_hides_no_alarm() -> None:
    settings: dict[str, Any] = {"envelope": {"device": "IMEI", "id": "mid", "time": "timestamp", "fields": "payload"}}
    sink = ListSink()
    async with listening(make(**settings), sink) as platform:
        now_ms = int(time.time() * 1000)
        for at in range(3):
            await platform.push({**message(at % 2, ts=now_ms + at), "mid": 1})
    assert [value for value, _, _ in sink.of("nb-1/smoke")] == [0.0, 1.0, 0.0]


async def test_tls_serves_and_asks_for_a_client_certificate_where_that_is_wanted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, client = authority.signed("server"), authority.signed("client")
    files: dict[str, Any] = {"cert_file": str(server.cert), "key_file": str(server.key)}
    trust = ssl.create_default_context(cafile=authority.cert)
    async with listening(make(**files), ListSink(), verify=trust) as platform:
        assert (await platform.push(message())).status_code == 200
    both = ssl.create_default_context(cafile=authority.cert)
    both.load_cert_chain(client.cert, client.key)
    settings: dict[str, Any] = {**files, "client_ca_file": str(authority.cert)}
    async with listening(connector := make(**settings), ListSink(), verify=both) as platform:
        assert (await platform.push(message())).status_code == 200
        async with httpx.AsyncClient(verify=trust) as stranger:
            with pytest.raises(httpx.HTTPError):
                await stranger.post(f"https://127.0.0.1:{connector.port}/push", json=message())


async def test_a_certificate_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    connector = make(cert_file=str(tmp_path / "no.pem"), key_file=str(tmp_path / "no.key"))
    with pytest.raises(TlsError, match=r"cert_file .*no\.pem can't be read"):
        await connector.run(ListSink())
    assert connector.health().errors == {"tls_file": 1}


async def test_a_port_that_is_taken_is_an_error_for_the_supervisor() -> None:
    async with listening(connector := make(), ListSink()):
        with pytest.raises(LinkError, match="can't listen on"):
            await make(port=connector.port).run(ListSink())


async def test_a_stop_ends_open_requests_and_leaves_the_port() -> None:
    sink = HeldSink()
    async with listening(connector := make(), sink) as platform:
        port = connector.port
        push = asyncio.create_task(platform.push(message(1)))
        await until(lambda: sink.waiting == 1)
    answer = (await asyncio.gather(push, return_exceptions=True))[0]
    assert isinstance(answer, httpx.HTTPError) or (isinstance(answer, httpx.Response) and answer.is_server_error)
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)


def test_a_token_in_clear_on_a_network_is_warned_of() -> None:
    open_wide = make(host="0.0.0.0")._settings  # noqa: S104  # that is the point
    assert "can be read on the way" in (exposure("cloud", open_wide) or "")
    assert exposure("cloud", make()._settings) is None
