"""The phone, pushed to by httpx: receipts, repeats, moods, signatures, answers, and junk."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import FakeClock
from domain.errors import LinkError, RefusedError
from simulators.http_server import HttpError, body_length, parse_head, read_request, response
from simulators.listener import Listener
from simulators.phone import Mood, Phone, Push

PUSH: dict[str, Any] = {
    "id": "n1",
    "person": {"id": "p-lin", "zh": "林经理"},
    "rule": "panel_fire",
    "text_zh": "您单位东楼火警",
    "answer_url": "http://127.0.0.1:1/answer/t",
}


async def push(phone: Phone, document: Any = PUSH, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(phone.url, json=document, headers=headers)


async def test_a_push_is_recorded_and_its_receipt_stands_in_the_body() -> None:
    clock, arrived = FakeClock(), list[Push]()
    async with Phone(clock=clock, on_push=arrived.append) as phone:
        reply = await push(phone, **{"Idempotency-Key": "k1"})
    assert reply.status_code == 200
    assert reply.json() == {"ok": True, "message_id": "m-1", "delivered": True}
    [recorded] = phone.pushes
    assert arrived == [recorded]
    assert (recorded.id, recorded.idempotency_key, recorded.time_ns) == ("n1", "k1", clock.now_ns())
    assert (recorded.person, recorded.rule, recorded.text) == ("p-lin", "panel_fire", "您单位东楼火警")
    assert recorded.document == PUSH
    assert recorded.observation() == {
        "kind": "push",
        "rule": "panel_fire",
        "person": "p-lin",
        "text": "您单位东楼火警",
        "time_ns": clock.now_ns(),
    }


async def test_a_repeat_gets_the_same_receipt_and_is_recorded_once() -> None:
    async with Phone() as phone:
        replies = [(await push(phone, **{"Idempotency-Key": key})).json() for key in ("k1", "k1", "k2", "k1")]
    assert [reply["message_id"] for reply in replies] == ["m-1", "m-1", "m-2", "m-1"]
    assert (len(phone.pushes), phone.repeated) == (2, 2)


async def test_pushes_without_any_key_are_all_recorded() -> None:
    async with Phone() as phone:
        await push(phone, {"text": "a"})
        await push(phone, {"text": "b"})
    assert [item.text for item in phone.pushes] == ["a", "b"]


async def test_moods_end_after_their_number_of_pushes() -> None:
    async with Phone() as phone:
        phone.behave(Mood.HTTP_ERROR, times=1)
        assert (await push(phone)).status_code == 503
        phone.behave(Mood.REFUSES, times=1)
        refused = await push(phone)
        assert (refused.status_code, refused.json()["ok"]) == (200, False), "as chat services refuse"
        assert (await push(phone)).json()["ok"] is True
    assert (len(phone.pushes), phone.refused) == (1, 2)


async def test_a_hanging_phone_answers_nothing_until_it_is_switched_off() -> None:
    async with Phone() as phone:
        phone.behave(Mood.HANGS, times=1)
        async with httpx.AsyncClient(trust_env=False, timeout=0.3) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(phone.url, json=PUSH)
    assert phone.pushes == []


async def test_with_a_secret_only_signed_pushes_count() -> None:
    body = json.dumps(PUSH).encode()
    digest = hmac.new(b"between us", b"1800000000." + body, hashlib.sha256).hexdigest()
    signed = {"X-Fengsui-Timestamp": "1800000000", "X-Fengsui-Signature": f"sha256={digest}"}
    async with Phone(secret="between us") as phone, httpx.AsyncClient(trust_env=False) as client:  # noqa: S106 -- a test's
        right = await client.post(phone.url, content=body, headers=signed)
        forged = await client.post(phone.url, content=body + b" ", headers=signed)
        unsigned = await client.post(phone.url, content=body)
    assert [right.status_code, forged.status_code, unsigned.status_code] == [200, 401, 401]
    assert len(phone.pushes) == 1


async def test_waiting_for_a_push_ends_when_it_comes() -> None:
    async with Phone() as phone:
        with pytest.raises(TimeoutError):
            await phone.wait_for(person="p-lin", rule="panel_fire", timeout_s=0.05)
        waiting = asyncio.create_task(phone.wait_for(person="p-lin", rule="panel_fire", timeout_s=10))
        await push(phone, PUSH | {"person": "s-wang"})
        await push(phone, PUSH | {"id": "n2"})
        assert (await waiting).id == "n2"
        await push(phone, PUSH | {"id": "n3"})
        newest = phone.newest(person="p-lin", rule="panel_fire")
        assert newest is not None
        assert newest.id == "n3"


async def test_an_answer_is_posted_as_json_to_the_link() -> None:
    taken: list[dict[str, Any]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        assert request is not None
        taken.append({"path": request.path} | json.loads(request.body))
        status = HTTPStatus.OK if len(taken) == 1 else HTTPStatus.GONE
        writer.write(response(status, {"ok": len(taken) == 1}))
        await writer.drain()

    phone = Phone()
    async with Listener(take) as listener:
        link = f"http://127.0.0.1:{listener.port}/answer/token"
        assert await phone.answer(link, "received", "已安排人员") == {"ok": True}
        assert taken == [{"path": "/answer/token", "answer": "received", "note": "已安排人员"}]
        with pytest.raises(RefusedError) as refused:
            await phone.answer(link, "received")
        assert refused.value.code == 410
    with pytest.raises(LinkError):
        await phone.answer(link, "received")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /push HTTP/1.1\r\nContent-Length: 3\r\n\r\n[1]", 400),
        (b"POST /push HTTP/1.1\r\nContent-Length: 3\r\n\r\n{{{", 400),
        (b"GET /push HTTP/1.1\r\n\r\n", 405),
        (b"hello\r\n\r\n", 400),
        (b"POST /push HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST /push HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /push HTTP/1.1\r\nContent-Length: 999999\r\n\r\n", 413),
        (b"POST /push HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /push HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
async def test_what_is_no_push_is_refused_with_its_status(sent: bytes, status: int) -> None:
    async with Phone() as phone:
        reader, writer = await asyncio.open_connection("127.0.0.1", phone.port)
        writer.write(sent)
        async with asyncio.timeout(40):
            first = await reader.readline()
        writer.transport.abort()
        await asyncio.sleep(0)
    assert first.split()[1] == str(status).encode()
    assert phone.pushes == []


@given(st.binary(max_size=400))
def test_fuzz_any_head_is_a_request_or_an_error_with_a_status(head: bytes) -> None:
    try:
        length = body_length(parse_head(head))
    except HttpError as error:
        assert 400 <= error.status < 500
    else:
        assert 0 <= length <= 256 * 1024
