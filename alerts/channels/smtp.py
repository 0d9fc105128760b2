"""Mail by SMTP: what the server says to each command decides.

| the server | verdict |
|---|---|
| 250 after the message | accepted; its words (often a queue id) are the provider's id |
| 4xx anywhere (greylisting 450/451, full 452, closing 421) | retry (the outbox's pauses outlast greylisting) |
| 5xx to login, sender, every recipient or message | refused |
| 5xx to some recipients only | accepted for the others; the reason names the refused |
| no STARTTLS where it is asked for, a certificate that we do not trust | refused: mail never goes in clear instead |
| silence, a lost connection, nobody there | retry |

Each lane keeps one connection and uses it for mail after mail; fire waits for no other mail. A connection that
a server closed while it rested is made anew within the same try, as long as no recipient was named on it. A try is
bounded as a whole from the moment when the lane's connection is free for it.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

import aiosmtplib
from aiosmtplib import errors

from alerts.channels.contract import Push
from alerts.channels.mail import masked, recipients_of, write_mail
from alerts.channels.verdict import Outcome, Verdict, plain
from backbone.tls import TlsError, TlsFiles
from domain.site.channels import SmtpSettings, TransportSecurity

LONGEST_REST_S = 60.0
"""A connection that rested longer is made anew: servers close idle ones after minutes (RFC 5321: 5 at least)."""

GOODBYE_S = 2.0
CLOSING = 421
"""The server closes the connection, whatever was asked (RFC 5321, 3.8)."""

_CERTIFICATE = frozenset({"tls_ca", "tls_expired", "tls_name", "tls_client", "tls_file"})


class SmtpChannel:
    """Sends through one mail server; close it when done."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Prepare both lanes; nothing is connected yet."""
        self._settings = settings
        self._lanes = {True: _Lane(settings), False: _Lane(settings)}

    async def close(self) -> None:
        """Say goodbye on both connections."""
        for lane in self._lanes.values():
            await lane.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once; never raises for what the server does."""
        good, bad = recipients_of(push.address)
        if not good:
            what = f"'{masked(bad[0])}' is no mail address" if bad else "the person has no mail address"
            return Verdict(Outcome.REFUSED, f"{what}: set 'email' of the person in site.yaml")
        mail = write_mail(push, sender=self._settings.sender, recipients=good, now_s=now_s)
        verdict = await self._lanes[push.fire].send(mail.as_bytes(), good)
        if bad and verdict.outcome is Outcome.ACCEPTED:
            left_out = ", ".join(masked(one) for one in bad)
            return Verdict(Outcome.ACCEPTED, plain(f"{verdict.reason}; left out: {left_out}"), verdict.provider_id)
        return verdict


class _Lane:
    """One connection, one mail at a time."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._files = TlsFiles(ca_file=settings.ca_file, cert_file=settings.cert_file, key_file=settings.key_file)
        self._line = asyncio.Lock()
        self._client: aiosmtplib.SMTP | None = None
        self._used_s = 0.0

    async def send(self, mail: bytes, recipients: list[str]) -> Verdict:
        """Send on the lane's connection, which is dropped after anything but a clear answer."""
        async with self._line:
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    return await self._converse(mail, recipients)
            except TimeoutError:
                verdict = Verdict(Outcome.RETRY, f"no answer within {self._settings.timeout_s:g} s")
            except (errors.SMTPException, OSError, ValueError, TlsError) as error:
                verdict = self._judge(error)
            except asyncio.CancelledError:
                self._drop()
                raise
            self._drop()
            return verdict

    async def close(self) -> None:
        """Say goodbye, or just go where nobody listens."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(errors.SMTPException, OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await client.quit()
            client.close()

    async def _converse(self, mail: bytes, recipients: list[str]) -> Verdict:
        client = await self._begun()
        try:
            refused = await _name_recipients(client, recipients)
            if len(refused) == len(recipients):
                await client.rset()
                return _all_refused(refused)
            said = await client.data(mail)
        except errors.SMTPResponseException as error:
            if error.code != CLOSING:
                with suppress(errors.SMTPException):
                    await client.rset()
                return _answer(error.code, error.message)
            raise
        self._used_s = asyncio.get_running_loop().time()
        reason = "; ".join(f"{masked(one.recipient)} refused: {one.code} {plain(one.message)}" for one in refused)
        return Verdict(Outcome.ACCEPTED, reason, plain(said.message) or None)

    async def _begun(self) -> aiosmtplib.SMTP:
        """Return a connection on which a mail has been begun; one that the server left is made anew once."""
        rested_s = asyncio.get_running_loop().time() - self._used_s
        if self._client is not None and self._client.is_connected and rested_s < LONGEST_REST_S:
            try:
                await self._client.mail(self._settings.sender)
            except (errors.SMTPServerDisconnected, OSError):
                pass
            except errors.SMTPResponseException as error:
                if error.code != CLOSING:
                    raise
            else:
                return self._client
        self._drop()
        self._client = await self._connected()
        await self._client.mail(self._settings.sender)
        return self._client

    async def _connected(self) -> aiosmtplib.SMTP:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password if settings.username is not None else None,
            timeout=settings.timeout_s,
            use_tls=settings.security is TransportSecurity.TLS,
            start_tls=settings.security is TransportSecurity.STARTTLS,
            tls_context=None if settings.security is TransportSecurity.NONE else self._files.context(),
            local_hostname=settings.sender.rpartition("@")[2],
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _judge(self, error: Exception) -> Verdict:
        """Return what a failed conversation means; the connection is gone in any case."""
        peer = f"{self._settings.host}:{self._settings.port}"
        tls = error if isinstance(error, TlsError) else self._explained(error, peer)
        if tls is not None:
            outcome = Outcome.REFUSED if tls.code in _CERTIFICATE else Outcome.RETRY
            return Verdict(outcome, plain(str(tls)))
        if isinstance(error, errors.SMTPNotSupported) or type(error) is errors.SMTPException:
            return Verdict(Outcome.REFUSED, plain(f"{peer} offers less than is asked for: {error}"))
        if isinstance(error, errors.SMTPResponseException):
            return _answer(error.code, error.message)
        return Verdict(Outcome.RETRY, plain(f"{peer}: {type(error).__name__}: {error}"))

    def _explained(self, error: BaseException, peer: str) -> TlsError | None:
        seen: BaseException | None = error
        while seen is not None:
            if isinstance(seen, ssl.SSLError):
                return self._files.explained(seen, peer)
            seen = seen.__cause__ or seen.__context__
        return None


async def _name_recipients(client: aiosmtplib.SMTP, recipients: list[str]) -> list[errors.SMTPRecipientRefused]:
    refused = []
    for recipient in recipients:
        try:
            await client.rcpt(recipient)
        except errors.SMTPRecipientRefused as error:
            if error.code == CLOSING:
                raise
            refused.append(error)
    return refused


def _all_refused(refused: list[errors.SMTPRecipientRefused]) -> Verdict:
    """Return what it means that no recipient was taken: one that is only put off is worth another try."""
    reason = "; ".join(f"{masked(one.recipient)}: {one.code} {plain(one.message)}" for one in refused)
    if any(_passing(one.code) for one in refused):
        return Verdict(Outcome.RETRY, plain(reason))
    return Verdict(Outcome.REFUSED, plain(reason))


def _answer(code: int, message: str) -> Verdict:
    return Verdict(Outcome.RETRY if _passing(code) else Outcome.REFUSED, plain(f"{code} {message}"))


def _passing(code: int) -> bool:
    """Tell whether a reply may be another one later: 4xx by the standard, and what is no reply at all."""
    return not 500 <= code < 600
