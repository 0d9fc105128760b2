"""Signing in and out, the same for the form and for JSON: a new session each time, never one that a browser brought.

The session's id is made here and given to the browser only; the alerts service gets its SHA-256. A session that the
browser had before ends with the sign-in, so that nobody can plant one (session fixation).
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from alerts.accounts_face import MOST_PASSWORD, Outcome, PrincipalView, SignInReply, SignInRequest, key_of, new_secret
from dashboards.api.context import Context
from dashboards.api.sessions import drop_cookie, session_key, set_cookie

MOST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that has just begun: its secret, which only the browser gets, and whose it is."""

    secret: str
    principal: PrincipalView

    @property
    def key(self) -> str:
        """Its name on our side."""
        return key_of(self.secret)


async def sign_in(context: Context, request: Request, user: str, password: str) -> Visit | SignInReply:
    """Try a password; returns the refusal where it is one. Raises LinkError while the service is away."""
    if len(password) > MOST_PASSWORD or len(user) > 64:
        return SignInReply(outcome=Outcome.WRONG)
    secret = new_secret()
    reply = await context.door.accounts.sign_in(
        SignInRequest(
            user=user.strip(),
            password=password,
            key=key_of(secret),
            ends=session_key(request.cookies),
            address=(request.client.host if request.client else "")[:64],
            agent=request.headers.get("user-agent", "")[:MOST_AGENT],
        )
    )
    forget(context, request)
    return Visit(secret, reply.principal) if reply.principal is not None else reply


def admit(context: Context, request: Request, response: Response, visit: Visit) -> None:
    """Give the browser its session."""
    set_cookie(
        response,
        visit.secret,
        ends_ns=visit.principal.ends_ns or 0,
        now_ns=context.clock.now_ns(),
        secure=request.url.scheme == "https",
    )


async def sign_out(context: Context, request: Request, response: Response) -> None:
    """End the browser's session; raises LinkError while the service is away: a cookie thrown away is no end."""
    key = session_key(request.cookies)
    if key is not None:
        await context.door.accounts.sign_out(key)
        context.door.forget(key)
    drop_cookie(response, secure=request.url.scheme == "https")


def forget(context: Context, request: Request) -> None:
    """Look the browser's session up anew."""
    key = session_key(request.cookies)
    if key is not None:
        context.door.forget(key)
