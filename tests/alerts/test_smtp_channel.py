"""Mail: real conversations with a real server, and texts that try to break out of a header."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels import Outcome, Push, Verdict, open_channel
from alerts.channels.mail import masked, recipients_of, write_mail
from alerts.channels.smtp import SmtpChannel
from backbone.server import free_ports
from domain.site.channels import SmtpSettings
from tests.alerts.alerts_scene import EBIKE_TEXT
from tests.alerts.mail_server import MailServer, mail_server
from tests.certificates import Authority

ACCEPTED, RETRY, REFUSED = Outcome.ACCEPTED, Outcome.RETRY, Outcome.REFUSED
NOW_S = 1_800_000_000
LIN = "lin@hotel.example"
BODY: dict[str, Any] = {
    "alert_id": "a" * 32,
    "class": "hazard",
    "level": "warning",
    "text_zh": EBIKE_TEXT,
    "text_en": "An e-bike is parked and charging at the exit.",
    "place": {"zh": "闽江大酒店 东楼 1楼 安全出口", "en": "Minjiang Hotel, East building, floor 1, exit"},
    "raised_at": "2027-01-15T16:00:00+08:00",
    "answer_url": "https://fengsui.example/answer/abc",
}


def push(key: str = "k-1", *, fire: bool = False, address: str | None = LIN, **body: Any) -> Push:
    """Return a push to Ms Lin."""
    return Push(key=key, fire=fire, body=BODY | body, address=address)


def settings(port: int, **more: Any) -> SmtpSettings:
    """Return a channel to a server on loopback, in clear unless told otherwise."""
    base = {"id": "mail", "kind": "smtp", "host": "localhost", "port": port, "security": "none", "timeout_s": 10}
    return SmtpSettings.model_validate({**base, "sender": "fengsui@fire.example", **more})


async def send(port: int, message: Push | None = None, **more: Any) -> Verdict:
    """Try once."""
    channel = open_channel(settings(port, **more))
    try:
        return await channel.send(message or push(), now_s=NOW_S)
    finally:
        await channel.close()


async def test_a_mail_says_what_and_where_in_both_languages() -> None:
    async with mail_server() as server:
        verdict = await send(server.port)
    assert (verdict.outcome, verdict.provider_id) == (ACCEPTED, "2.0.0 queued as Q1")
    mail, message = server.mails[0], server.mails[0].message
    assert (mail.sender, mail.recipients) == ("fengsui@fire.example", [LIN])
    assert message["Subject"] == (
        "【隐患】闽江大酒店 东楼 1楼 安全出口 | [Hazard] Minjiang Hotel, East building, floor 1, exit"
    )
    assert (message["Message-ID"], message["References"]) == ("<k-1@fire.example>", f"<{'a' * 32}@fire.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Importance"] is None
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    for part in (plain.get_content(), html.get_content()):
        assert EBIKE_TEXT in part
        assert BODY["text_en"] in part
        assert BODY["answer_url"] in part
    assert max(map(len, mail.content.splitlines())) <= 78
    assert mail.content.isascii()


async def test_a_fire_is_marked_as_urgent_and_a_repeat_is_recognisable() -> None:
    async with mail_server() as server:
        for _ in range(2):
            await send(server.port, push("k-9", fire=True, **{"class": "fire"}))
    first, second = (mail.message for mail in server.mails)
    assert (first["Importance"], first["X-Priority"]) == ("high", "1")
    assert first["Message-ID"] == second["Message-ID"] == "<k-9@fire.example>"


async def test_a_lane_keeps_one_connection_and_fire_has_its_own() -> None:
    async with mail_server() as server:
        channel = SmtpChannel(settings(server.port))
        verdicts = await asyncio.gather(*(channel.send(push(f"k-{n}"), now_s=NOW_S) for n in range(8)))
        assert {verdict.outcome for verdict in verdicts} == {ACCEPTED}
        assert server.connections == 1
        await channel.send(push("fire", fire=True), now_s=NOW_S)
        assert server.connections == 2
        await channel.close()
    assert sorted(mail.message["Message-ID"] for mail in server.mails[:8]) == [
        f"<k-{n}@fire.example>" for n in range(8)
    ]


async def test_fire_waits_for_no_other_mail() -> None:
    async with mail_server(MailServer(data=lambda number: None if number == 0 else "250 ok")) as server:
        channel = SmtpChannel(settings(server.port, timeout_s=60))
        stuck = asyncio.create_task(channel.send(push("slow"), now_s=NOW_S))
        while not server.mails:
            await asyncio.sleep(0.01)
        assert (await channel.send(push("fire", fire=True), now_s=NOW_S)).outcome is ACCEPTED
        assert not stuck.done()
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        await channel.close()


async def test_a_connection_that_the_server_left_is_made_anew_in_the_same_try() -> None:
    async with mail_server() as server:
        channel = SmtpChannel(settings(server.port))
        assert (await channel.send(push("k-1"), now_s=NOW_S)).outcome is ACCEPTED
        server.hang_up()
        assert (await channel.send(push("k-2"), now_s=NOW_S)).outcome is ACCEPTED
        await channel.close()
    assert (len(server.mails), server.connections) == (2, 2)


ANSWERS = [
    ("greylisted", {"rcpt": lambda _a, _n: "451 4.7.1 greylisted, try again"}, RETRY, "451"),
    ("mailbox busy", {"rcpt": lambda _a, _n: "450 4.2.1 busy"}, RETRY, "450"),
    ("no such person", {"rcpt": lambda _a, _n: "550 5.1.1 no such user"}, REFUSED, "550"),
    ("closing", {"rcpt": lambda _a, _n: "421 4.3.2 shutting down"}, RETRY, "421"),
    ("message refused", {"data": lambda _n: "554 5.7.1 looks like spam"}, REFUSED, "554"),
    ("server full", {"data": lambda _n: "452 4.3.1 disk full"}, RETRY, "452"),
    ("hangs up inside the message", {"hang_up_in_data": 1}, RETRY, "SMTPServerDisconnected"),
]


@pytest.mark.parametrize(("what", "script", "outcome", "reason"), ANSWERS, ids=[row[0] for row in ANSWERS])
async def test_what_servers_say(what: str, script: dict[str, Any], outcome: Outcome, reason: str) -> None:
    async with mail_server(MailServer(**script)) as server:
        verdict = await send(server.port)
    assert verdict.outcome is outcome, what
    assert reason in verdict.reason
    assert LIN not in verdict.reason, "an address in full is not for logs"


async def test_silence_is_bounded() -> None:
    async with mail_server(MailServer(data=lambda _number: None)) as server:
        verdict = await send(server.port, timeout_s=0.4)
    assert (verdict.outcome, verdict.reason) == (RETRY, "no answer within 0.4 s")


async def test_greylisting_passes_at_the_next_try_on_the_same_connection() -> None:
    script = MailServer(rcpt=lambda _a, number: "451 4.7.1 later" if number == 1 else "250 OK")
    async with mail_server(script) as server:
        channel = SmtpChannel(settings(server.port))
        assert [(await channel.send(push(), now_s=NOW_S)).outcome for _ in range(2)] == [RETRY, ACCEPTED]
        await channel.close()
    assert len(server.mails) == 1


async def test_one_refused_recipient_does_not_stop_the_other() -> None:
    script = MailServer(rcpt=lambda address, _n: "550 5.1.1 unknown" if address.startswith("old") else "250 OK")
    async with mail_server(script) as server:
        verdict = await send(server.port, push(address=f"old@hotel.example, {LIN}; no-address"))
    assert verdict.outcome is ACCEPTED
    assert "ol…@hotel.example refused: 550" in verdict.reason
    assert "no…" in verdict.reason
    assert server.mails[0].recipients == [LIN]


async def test_nobody_listens() -> None:
    verdict = await send(free_ports(1)[0])
    assert verdict.outcome is RETRY
    assert "SMTPConnectError" in verdict.reason


async def test_who_greets_in_another_language_is_tried_again() -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    verdict = await send(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    assert verdict.outcome is RETRY


@pytest.mark.parametrize(
    "address", [None, "", "  ", "lin", "lin@", "林@旅馆.中国", "a@b\r\nRCPT TO:<c@d>", "<a@b>", '"a b"@c']
)
async def test_no_address_is_a_refusal_with_its_mend(address: str | None) -> None:
    verdict = await send(free_ports(1)[0], push(address=address))
    assert verdict.outcome is REFUSED
    assert "set 'email'" in verdict.reason


async def test_a_password_is_checked_over_starttls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with mail_server(MailServer(user=("fengsui", "s3cret-word")), tls=_server(authority)) as server:
        safe: dict[str, Any] = {"security": "starttls", "ca_file": authority.cert, "username": "fengsui"}
        assert (await send(server.port, **safe, password="s3cret-word")).outcome is ACCEPTED  # noqa: S106
        wrong = await send(server.port, **safe, password="wrong-word")  # noqa: S106
        without = await send(server.port, security="starttls", ca_file=authority.cert)
    assert (wrong.outcome, "535" in wrong.reason, "wrong-word" in wrong.reason) == (REFUSED, True, False)
    assert (without.outcome, "530" in without.reason) == (REFUSED, True)
    assert len(server.mails) == 1


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with mail_server(tls=_server(authority), at_once=True) as server:
        assert (await send(server.port, security="tls", ca_file=authority.cert)).outcome is ACCEPTED


async def test_a_certificate_of_nobody_we_trust_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    for tls, at_once in (("starttls", False), ("tls", True)):
        async with mail_server(tls=_server(authority), at_once=at_once) as server:
            foreign = await send(server.port, security=tls, ca_file=other.cert)
            system = await send(server.port, security=tls)
            missing = await send(server.port, security=tls, ca_file=tmp_path / "nothing.pem")
        assert {one.outcome for one in (foreign, system, missing)} == {REFUSED}
        assert "not signed by ca_file" in foreign.reason
        assert "set ca_file" in system.reason
        assert "can't be read" in missing.reason
        assert not server.mails


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with mail_server(tls=_server(authority, host="elsewhere.example")) as server:
        verdict = await send(server.port, security="starttls", ca_file=authority.cert)
    assert (verdict.outcome, "write 'host' as" in verdict.reason) == (REFUSED, True)


async def test_without_starttls_nothing_goes_in_clear() -> None:
    async with mail_server() as server:
        verdict = await send(server.port, security="starttls")
    assert (verdict.outcome, "STARTTLS" in verdict.reason, server.mails) == (REFUSED, True, [])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"security": "none", "host": "mail.example", "username": "a", "password": "b"}, "in clear"),
        ({"security": "none", "ca_file": "/x"}, "certificates are for TLS"),
        ({"security": "tls", "key_file": "/x"}, "cert_file"),
        ({"security": "tls", "password": "b"}, "username"),
        ({"sender": "Fengsui <a@b>"}, "pattern"),
    ],
)
def test_settings_that_can_not_be_meant_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings(25, **more)


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(settings(25, username="a", password="s3cret"))  # noqa: S106
    assert masked("lin@hotel.example") == "li…@hotel.example"


NASTY = st.text(max_size=80) | st.sampled_from(
    [
        "\r\nBcc: thief@example.com",
        "\nRCPT TO:<thief@example.com>",
        "x\r\n.\r\nMAIL FROM:<thief@example.com>\r\n",
        "=?utf-8?q?=0D=0ABcc:_thief@example.com?=",
        "\u2028Bcc: thief@example.com\u2029",
        "\ud800\x00\x1b[31m",
        "，" * 300,
        ".\r\n.\r\n",
    ]
)


@given(
    st.dictionaries(st.sampled_from(["text_zh", "text_en", "raised_at", "picture", "alert_id", "class"]), NASTY), NASTY
)
def test_no_text_makes_a_header_or_a_recipient(body: dict[str, Any], place: str) -> None:
    body = BODY | body | {"place": {"zh": place, "en": place}}
    mail = write_mail(Push("k\r\nBcc: x", fire=True, body=body), sender="a@b.c", recipients=[LIN], now_s=NOW_S)
    content = mail.as_bytes()
    head, _, _ = content.partition(b"\r\n\r\n")
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    allowed = {
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References", b"Auto-Submitted", b"Importance",
        b"X-Priority", b"MIME-Version", b"Content-Type",
    }  # fmt: skip
    assert set(names) <= allowed
    assert len(names) == len(set(names))
    assert content.isascii()
    assert b"\0" not in content
    assert all(line[-1:] != b"\r" and b"\r" not in line[:-1] for line in content.split(b"\r\n"))
    assert mail["To"] == LIN


@given(NASTY | st.from_regex(r"[ -~]{0,20}@[ -~]{0,20}", fullmatch=True))
def test_no_address_holds_a_command(address: str) -> None:
    good, _ = recipients_of(address)
    for one in good:
        assert one.isascii()
        assert not set(one) & set(' \r\n<>,;:"\\\0')


def _server(authority: Authority, host: str = "localhost") -> ssl.SSLContext:
    pair = authority.signed("mail", host=host)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert, pair.key)
    return context
