"""A mail server on loopback: aiosmtpd in the test's loop, with scripted answers; everything that came is kept."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 2.0.0 queued as Q1"


@dataclass
class Mail:
    """A message as it came: envelope, bytes, and what a mail program reads in it."""

    sender: str
    recipients: list[str]
    content: bytes
    connection: int

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class MailServer:
    """Scripted answers; ``port`` is set when it listens."""

    rcpt: Callable[[str, int], str] = lambda _address, _number: "250 OK"
    data: Callable[[int], str | None] = lambda _number: OK
    user: tuple[str, str] | None = None
    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0
    named: int = 0
    hang_up_in_data: int = 0
    protocols: list[SMTP] = field(default_factory=list)

    def hang_up(self) -> None:
        """End every connection at once, as a server does that restarts."""
        for protocol in self.protocols:
            if isinstance(protocol.transport, asyncio.Transport):
                protocol.transport.abort()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer a recipient."""
        self.named += 1
        said = self.rcpt(address, self.named)
        if said.startswith("25"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer a message; None never answers."""
        number = len(self.mails)
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), content, self.connections))
        if number < self.hang_up_in_data:
            assert server.transport is not None
            server.transport.close()
            return OK
        said = self.data(number)
        if said is None:
            await asyncio.sleep(3600)
        assert said is not None
        return said

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        """Check a name and password."""
        good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self.user
        return AuthResult(success=good, handled=good)


@asynccontextmanager
async def mail_server(
    script: MailServer | None = None, *, tls: ssl.SSLContext | None = None, at_once: bool = False
) -> AsyncIterator[MailServer]:
    """Run a server; ``tls`` offers STARTTLS, or with ``at_once`` TLS from the first byte."""
    server = script or MailServer()

    def made() -> SMTP:
        server.connections += 1
        protocol = SMTP(
            server,
            hostname="mail.test",
            tls_context=None if at_once else tls,
            authenticator=server.authenticate if server.user else None,
            auth_required=server.user is not None,
            auth_require_tls=tls is not None and not at_once,
            loop=asyncio.get_running_loop(),
        )
        server.protocols.append(protocol)
        return protocol

    listener = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0, ssl=tls if at_once else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        server.hang_up()
        for protocol in server.protocols:
            if protocol._handler_coroutine is not None:  # aiosmtpd ends it only when a peer goes
                protocol._handler_coroutine.cancel()
        await asyncio.sleep(0.01)
        await listener.wait_closed()
