"""Anything that the Apprise library can reach, and the weakness that comes with it.

Apprise says yes or no and nothing else: no receipt, no message id, no wait, and yes is what its plug-in takes for
success. Seen on 2.2 and 2.3: for DingTalk, WeCom and Feishu that is any HTTP 200, which these platforms give to
messages that they refused, too; `AppriseSettings` refuses those schemes, there are kinds of our own for them. So what
is accepted here is "accepted by Apprise's word", and a person's answer is the only receipt. A no may be anything, so it
is tried again. Apprise knows nothing of idempotency keys: a repeat is a second message.

Its plug-ins block, so each try has a thread of its own and calls its plug-in there: `Apprise.notify` sends through one
pool of the process (of 6 threads on 2 cores, 2.3), where plug-ins that hang would hold up a fire. A thread can't be
ended from outside: one that hangs keeps its place until it returns, and a lane whose places are all taken says so at
once. The environment's proxies are used.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from typing import Self

import apprise
from apprise.conversion import convert_between

from alerts.channels.contract import FIRE_SLOTS, OTHER_SLOTS, Push
from alerts.channels.told import line, told
from alerts.channels.verdict import Outcome, Verdict, plain
from domain.site.channels import AppriseSettings

BY_ITS_WORD = "accepted by Apprise's word: its plug-in saw no failure"


class AppriseChannel:
    """Sends through one Apprise address; close it when done."""

    def __init__(self, settings: AppriseSettings) -> None:
        """Prepare both lanes; the address is read when first used."""
        self._settings = settings
        self._free = {True: FIRE_SLOTS, False: OTHER_SLOTS}
        self._secrets = [part for part in re.split(r"[^A-Za-z0-9_.-]+", settings.url) if len(part) > 5]

    async def close(self) -> None:
        """Nothing to close: threads end when their plug-in returns."""

    async def send(self, push: Push, *, now_s: int) -> Verdict:  # noqa: ARG002  # Apprise stamps by itself
        """Try once; never raises for what a plug-in does."""
        if self._free[push.fire] <= 0:
            return Verdict(Outcome.RETRY, "all tries of this lane still hang in Apprise")
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._start(push, answer)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await asyncio.shield(answer)
        except TimeoutError:
            return Verdict(Outcome.RETRY, f"Apprise did not return within {self._settings.timeout_s:g} s")

    def _start(self, push: Push, answer: asyncio.Future[Verdict]) -> None:
        """Run a try in a daemon's thread: it must hold up neither the loop nor the end of the process."""
        loop = asyncio.get_running_loop()
        self._free[push.fire] -= 1

        def done(verdict: Verdict) -> None:
            self._free[push.fire] += 1
            if not answer.done():
                answer.set_result(verdict)

        def work() -> None:
            verdict = self._blocking(push)
            if not loop.is_closed():
                loop.call_soon_threadsafe(done, verdict)

        threading.Thread(target=work, name=f"apprise-{push.key}", daemon=True).start()

    def _blocking(self, push: Push) -> Verdict:
        words = told(push)
        text = "\n".join(part for part in (words.text_zh, words.text_en, words.link or "") if part)
        with _Overheard() as heard:
            try:
                return self._notify(words.title, text, heard.texts)
            except Exception as error:  # noqa: BLE001  # 130 plug-ins by as many authors, each with its own errors
                return Verdict(Outcome.RETRY, self._clean(f"Apprise failed: {type(error).__name__}: {error}"))

    def _notify(self, title: str, text: str, heard: Callable[[], list[str]]) -> Verdict:
        plugin = apprise.Apprise.instantiate(self._settings.url)
        if plugin is None:
            scheme = self._settings.url.partition("://")[0]
            why = self._clean("; ".join(heard()))
            return Verdict(Outcome.REFUSED, f"Apprise can't read this address ({line(scheme, 20)}://…): {why}")
        body = convert_between(apprise.NotifyFormat.TEXT, plugin.notify_format, text)  # type: ignore[no-untyped-call]
        if plugin.notify(body=body, title=title, notify_type=apprise.NotifyType.WARNING):
            return Verdict(Outcome.ACCEPTED, BY_ITS_WORD)
        return Verdict(Outcome.RETRY, self._clean(f"Apprise says no: {'; '.join(heard()) or 'without a reason'}"))

    def _clean(self, text: str) -> str:
        """Return a text without anything that stands in the address: most of them hold a secret."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return plain(line(text, 200))


class _Overheard(logging.Handler):
    """Keeps what Apprise logs as a warning or worse from the thread that entered it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._texts: list[str] = []

    def texts(self) -> list[str]:
        """Return what was heard so far."""
        return self._texts[:5]

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._texts.append(record.getMessage()[:200])

    def __enter__(self) -> Self:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
