"""Voice call: a telephony service that takes our webhook speaks the text and reports back.

The request is a webhook's (idempotency key, time stamp, signature; `alerts.channels.webhook`) with this body:

| field | what |
|---|---|
| key | the notification's id, the same on repeats: one call, however often it is asked for |
| phone, speech, language | whom to call, what to say (twice is good practice), in which language |
| keys | ``{"1": "received"}``: what the keys of the telephone mean |
| callback | where to report: answered, key pressed, nobody there (`alerts.receipts`), signed with the same secret |
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.channels.contract import Push
from alerts.channels.http_lanes import HttpLanes
from alerts.channels.verdict import Outcome, Verdict, judge
from alerts.channels.webhook import signed_request
from domain.site.channels import VoiceSettings

MOST_SPEECH = 300
"""Characters spoken: a minute or so. Assumption: nobody listens longer."""

_SPEECH = {
    "zh": "烽燧消防告警。{text}。收到请按1。",
    "en": "Fengsui fire safety alert. {text}. Press 1 to say that you have received it.",
}
KEYS = {"1": "received"}


class VoiceChannel:
    """Calls through one telephony service."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Prepare; nothing is connected yet."""
        self._settings = settings
        self._lanes = HttpLanes(settings.timeout_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._lanes.close()

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Ask for the call once; never raises for what the other side does."""
        if not push.address:
            return Verdict(Outcome.REFUSED, "the person has no telephone number")
        body = {
            "key": push.key,
            "phone": push.address,
            "speech": speech(push),
            "language": push.words.language,
            "keys": KEYS,
            "callback": push.callback,
            "fire": push.fire,
        }
        request = signed_request(self._settings.url, body, push.key, self._settings.secret, now_s)
        return await self._lanes.send(request, judge_call, fire=push.fire)


def judge_call(status: int, body: bytes, headers: Mapping[str, str]) -> Verdict:
    """Return what the service's answer means; a good one is a JSON object (``{}`` will do), a sign-in page is none."""
    verdict = judge(status, body, headers)
    if verdict.outcome is Outcome.ACCEPTED and not body.lstrip().startswith(b"{"):
        return Verdict(Outcome.RETRY, f"HTTP {status} without a JSON object: something else answered")
    return verdict


def speech(push: Push) -> str:
    """Return what is said, in the person's language."""
    text = " ".join(push.words.short.split()).rstrip("。.！!")[:MOST_SPEECH]
    return _SPEECH["en" if push.words.language == "en" else "zh"].replace("{text}", text)
