"""What each channel does with what the other side does: real servers, the real courier, and a table that is compared.

The table is `docs/channels-behaviour.md`; `pytest tests/alerts/test_channel_table.py --update` writes it anew: read the
difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from alerts.database import Database
from alerts.delivery import Courier
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.notices import notify
from alerts.office import Office
from alerts.outbox import RetryPolicy
from alerts.schema import Attempt, NoticeState, Notification
from alerts.transitions import apply
from domain.clock import NS_PER_S, SystemClock
from tests.alerts.alerts_scene import SECRET, SIGNING_KEY, hotel, labels, transition
from tests.alerts.phone_server import DRIP, HANG_UP, Phone, answer, phone

TABLE = Path(__file__).parents[2] / "docs" / "channels-behaviour.md"
RETRY = RetryPolicy(first_s=0.02, longest_s=0.05, attempts=3)
PATIENT_S = 30.0
"""For whoever answers: so long that no load of the machine makes a time-out of it."""
SHORT_S = 2.0

HUGE = answer(b'{"errcode": 0, "code": 0, "pad": "' + b"x" * 100_000 + b'"}')
HTML = answer(b"<html>sign in</html>", headers="Content-Type: text/html\r\n")

GOOD: dict[str, Any] = {
    "webhook": {"ok": True, "message_id": "m-1", "delivered": True},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0, "msg": "success", "data": {}},
    "sms": {"Code": "OK", "BizId": "b-1"},
    "voice": {"ok": True, "message_id": "call-1"},
}
REFUSED: dict[str, Any] = {
    "webhook": {"success": False, "message": "no such receiver"},
    "dingtalk": {"errcode": 310000, "errmsg": "keywords not in content"},
    "wecom": {"errcode": 93000, "errmsg": "invalid webhook url"},
    "feishu": {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"},
    "sms": {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "invalid number", "message": "invalid number"},
    "voice": {"ok": False, "message": "number barred"},
}
BUSY: dict[str, bytes] = {
    "webhook": answer({"errcode": 130101, "errmsg": "send too fast"}),
    "dingtalk": answer({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}),
    "wecom": answer({"errcode": 45009, "errmsg": "api freq out of limit"}),
    "feishu": answer({"code": 9499, "msg": "too many request", "data": {}}, "400 Bad Request"),
    "sms": answer({"Code": "isv.BUSINESS_LIMIT_CONTROL"}),
    "voice": answer({"code": 11232, "msg": "frequency limited"}),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "webhook": {"secret": SECRET},
    "dingtalk": {"access_token": SECRET, "secret": SECRET},
    "wecom": {"key": SECRET},
    "feishu": {"secret": SECRET},
    "sms": {
        "body": '{"to": "{phone}", "text": "{text}"}',
        "good": {"Code": "OK"},
        "busy": {"Code": "isv.BUSINESS_LIMIT_CONTROL"},
        "message_id": "BizId",
    },
    "voice": {"secret": SECRET},
}


class Behaviour(NamedTuple):
    """What the other side does: the answer by kind and number of the request on that path."""

    words: str
    does: Callable[[str, int], bytes | None]
    timeout_s: float = PATIENT_S


def good(kind: str) -> bytes:
    return answer(GOOD[kind])


BEHAVIOURS = {
    "good": Behaviour("takes it", lambda kind, _: good(kind)),
    "no": Behaviour("HTTP 200, and no in the body", lambda kind, _: answer(REFUSED[kind])),
    "busy": Behaviour("too many, in the body", lambda kind, _: BUSY[kind]),
    "429": Behaviour("HTTP 429, Retry-After: 70", lambda *_: answer({}, "429 Too Many", "Retry-After: 70\r\n")),
    "500": Behaviour("HTTP 500, always", lambda *_: answer({}, "500 Internal Server Error")),
    "500-then-good": Behaviour(
        "HTTP 503 twice, then takes it", lambda kind, n: answer({}, "503 Busy") if n < 2 else good(kind)
    ),
    "lost-answer": Behaviour(
        "takes it, the answer is lost, takes it", lambda kind, n: HANG_UP if n == 0 else good(kind)
    ),
    "hangs-up": Behaviour("hangs up, always", lambda *_: HANG_UP),
    "silent": Behaviour("says nothing", lambda *_: None, SHORT_S),
    "drips": Behaviour("answers a byte at a time, for ever", lambda *_: DRIP, SHORT_S),
    "huge": Behaviour("100 kB of answer", lambda *_: HUGE),
    "redirect": Behaviour(
        "HTTP 302 elsewhere", lambda *_: answer({}, "302 Found", "Location: http://127.0.0.1:9/\r\n")
    ),
    "junk": Behaviour("HTTP 200 with broken JSON", lambda *_: answer(b'{"errcode": 0')),
    "html": Behaviour("HTTP 200 with a sign-in page", lambda *_: HTML),
    "404": Behaviour("HTTP 404", lambda *_: answer({}, "404 Not Found")),
}
CASES = [(kind, name) for kind in GOOD for name in BEHAVIOURS]


def site(port: int) -> Any:
    """Return a hotel with one channel, and one person on it, for each kind and behaviour."""
    channels = [
        {
            "id": f"{kind}-{name}",
            "kind": kind,
            "url": f"http://127.0.0.1:{port}/{kind}/{name}",
            "timeout_s": BEHAVIOURS[name].timeout_s,
            **SETTINGS[kind],
        }
        for kind, name in CASES
    ]
    people = [
        {
            "id": f"p-{kind}-{name}",
            "role": "unit_staff",
            "labels": labels("甲", "A"),
            "channels": [f"{kind}-{name}"],
            "phone": "13900000000",
        }
        for kind, name in CASES
    ]
    return hotel(channels, people=[*_others(), *people])


def _others() -> list[dict[str, Any]]:
    roles = (("p-chen", "unit_staff"), ("p-lin", "safety_manager"), ("s-wang", "supervisor"))
    return [{"id": name, "role": role, "labels": labels("乙", "B")} for name, role in roles]


async def start(office: Office) -> None:
    """Raise one alert and tell each person of it."""
    change = transition()

    def work(desk: Desk) -> None:
        apply(desk, [(1, change)])
        for kind, name in CASES:
            person = desk.directory.person(f"p-{kind}-{name}")
            assert person is not None
            notify(desk, desk.alert(change.id), person, step=0, reason="step")

    await office.change(work)


async def lines(office: Office, platform: Phone) -> list[str]:
    """Return the table's lines when each message has come to an end, or waits for longer than any of ours would.

    A line is written when its message is first seen so: on a slow machine a rate limit may be over before the rest is.
    """
    names = {f"{kind}-{name}": (kind, name) for kind, name in CASES}
    done: dict[str, str] = {}
    async with asyncio.timeout(240):
        while len(done) < len(CASES):
            for one in await waiting(office, names.keys() - done.keys()):
                if _ended(one, office.clock.now_ns()):
                    done[one.channel] = row(*names[one.channel], one, await last_of(office, one), platform)
            await asyncio.sleep(0.1)
    return [done[name] for name in names]


async def waiting(office: Office, channels: Iterable[str]) -> Sequence[Notification]:
    """Return the messages of channels."""
    query = select(Notification).where(Notification.channel.in_(list(channels)))
    return await office.database.read(lambda session: session.scalars(query).all())


def _ended(one: Notification, now_ns: int) -> bool:
    late = one.attempts > 0 and one.next_try_ns > now_ns + 2 * NS_PER_S
    return one.state in (NoticeState.ACCEPTED, NoticeState.DEAD) or (one.state is NoticeState.QUEUED and late)


async def last_of(office: Office, one: Notification) -> Attempt:
    """Return the last try of a message."""
    query = select(Attempt).where(Attempt.notification_id == one.id).order_by(Attempt.number.desc()).limit(1)
    return await office.database.read(lambda session: session.scalars(query).one())


def row(kind: str, name: str, notice: Notification, last: Attempt, platform: Phone) -> str:
    """Return a line of the table, and hold what must be true of every line."""
    came = [one for one in platform.received if one.path.partition("?")[0] == f"/{kind}/{name}"]
    assert {one.key for one in came} <= {notice.id}, "every repeat has the key of the first try"
    assert SECRET not in (notice.last_error or "") + (last.detail or "")
    states = {NoticeState.ACCEPTED: "accepted", NoticeState.DEAD: "given up", NoticeState.QUEUED: "waits"}
    state = states[notice.state]
    if notice.state is NoticeState.QUEUED:
        state += f" {round((notice.next_try_ns - (last.ended_at_ns or 0)) / NS_PER_S)} s"
    if notice.delivered_at_ns:
        state = "delivered"
    reason = (last.detail or "").replace("|", "\\|") or "–"
    seen = str(len(came)) if BEHAVIOURS[name].timeout_s == PATIENT_S else "–"  # the time may be over on the way there
    cells = (kind, BEHAVIOURS[name].words, str(last.outcome), str(notice.attempts), seen, state, reason)
    return f"| {' | '.join(cells)} |"


HEAD = """# What each channel does with what the other side does

Written by `tests/alerts/test_channel_table.py` from real servers on loopback and the real outbox (three tries, short
pauses); the test compares it, so it can't lie. The platforms' answers are those of their documents: no real platform
could be reached.

* **tries** is what the outbox made, **came** what the server saw (– where a try may end before it gets there). Every
  repeat carried the same idempotency key (the test asserts it for each line): as header
  `Idempotency-Key` and, for chat robots, readable in the message (`烽燧 #…`).
* **given up** means: the person's next channel gets the message, and the alarm `notification_dead` is raised for the
  channel until it takes a message again.
* **waits** is the pause before the next try; meanwhile the channel sends fires and one probe, nothing else.

| channel | the other side | last verdict | tries | came | state | reason |
|---|---|---|---|---|---|---|
"""


@pytest.mark.timeout(300)
async def test_what_each_channel_did(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async with phone() as platform:
        platform.by_path = lambda path, number: BEHAVIOURS[path.split("/")[2]].does(path.split("/")[1], number)
        registry = site(platform.port)
        database = await Database.open(f"sqlite:///{tmp_path / 'alerts.db'}")
        office = Office(database, Directory(registry), SystemClock())
        await start(office)
        couriers = [
            Courier(office, channel, answer_base_url="http://console.test", signing_key=SIGNING_KEY, retry=RETRY)
            for channel in registry.site.channels
        ]
        tasks = [asyncio.create_task(courier.run()) for courier in couriers]
        try:
            rows = await lines(office, platform)
        finally:
            for courier in couriers:
                courier.stop()
            await asyncio.gather(*tasks)
        await database.close()
    text = HEAD + "\n".join(rows) + "\n"
    if request.config.getoption("--update", default=False):
        TABLE.write_text(text, encoding="utf-8")
    assert text == TABLE.read_text(encoding="utf-8")
