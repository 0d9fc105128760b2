"""The pages for signing in and out; they work without a script.

The form carries the value of a cookie of its own (double submit), so that a page of others can't sign a browser in as
somebody else. Signing out is a form, too: a picture's address must not be enough to blank a control room's screen.
"""

from __future__ import annotations

from html import escape
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alerts.accounts_face import MOST_PASSWORD, Outcome, SignInReply, new_secret
from dashboards.api.coming_in import Visit, admit, sign_in, sign_out
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError
from dashboards.api.sessions import FORM_COOKIE, FORM_S, from_our_site, same, session_key
from dashboards.api.small_page import paragraph, small_page
from dashboards.console.texts import Language, text
from domain.errors import LinkError

Field = Annotated[str, Form(max_length=MOST_PASSWORD)]
STATUS = {Outcome.WRONG: 401, Outcome.WAIT: 429, Outcome.BUSY: 503}


def login_router(context: Context) -> APIRouter:
    """Return ``/login`` and ``/logout``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def form(request: Request, lang: Language = Language.ZH) -> HTMLResponse:
        return _form(request, lang)

    @router.post("/login")
    async def come_in(
        request: Request, user: Field = "", password: Field = "", form: Field = "", lang: Language = Language.ZH
    ) -> Response:
        kept = request.cookies.get(FORM_COOKIE, "")
        if not kept or not same(form, kept) or not from_our_site(request.headers):
            return _form(request, lang, note=text("login_stale", lang), status=403)
        try:
            visit = await sign_in(context, request, user, password)
        except LinkError:
            return _form(request, lang, note=text("unavailable", lang), status=503, user=user)
        if not isinstance(visit, Visit):
            return _refused(request, lang, visit, user)
        answer = RedirectResponse("/password" if visit.principal.must_change else "/", 303)
        admit(context, request, answer, visit)
        answer.delete_cookie(FORM_COOKIE, path="/login")
        return answer

    @router.get("/logout")
    async def ask(request: Request, lang: Language = Language.ZH) -> Response:
        key = session_key(request.cookies)
        return RedirectResponse("/login", 303) if key is None else _leave(context.door.csrf(key), lang)

    @router.post("/logout")
    async def leave(request: Request, csrf: Field = "", lang: Language = Language.ZH) -> Response:
        answer = RedirectResponse("/login", 303)
        try:
            context.check_csrf(request, csrf)
            await sign_out(context, request, answer)
        except ForbiddenError:
            return RedirectResponse("/logout", 303)
        except LinkError:
            return small_page(text("sign_out", lang), paragraph(text("unavailable", lang), "wrong"), lang, status=503)
        return answer

    return router


def _refused(request: Request, language: Language, reply: SignInReply, user: str) -> HTMLResponse:
    wait_s = ceil(reply.wait_s)
    words = text("login_wrong", language)
    if reply.outcome is not Outcome.WRONG:
        words = text("login_wait", language, seconds=wait_s)
    answer = _form(request, language, note=words, status=STATUS[reply.outcome], user=user)
    if wait_s:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _form(request: Request, language: Language, *, note: str = "", status: int = 200, user: str = "") -> HTMLResponse:
    secret = new_secret()
    body = (
        (paragraph(note, "wrong") if note else "")
        + f'<form method="post" action="/login?lang={language}"><input type="hidden" name="form" value="{secret}">'
        + f"<label>{escape(text('account', language))}"
        + f'<input name="user" maxlength="64" autocomplete="username" value="{escape(user[:64])}" autofocus required>'
        + f"</label><label>{escape(text('password', language))}"
        + '<input type="password" name="password" autocomplete="current-password" required></label>'
        + f'<button class="big">{escape(text("login", language))}</button></form>'
    )
    page = small_page(text("login", language), body, language, status=status, switch=f"/login?lang={language.other}")
    secure = request.url.scheme == "https"
    page.set_cookie(FORM_COOKIE, secret, max_age=FORM_S, path="/login", httponly=True, samesite="strict", secure=secure)
    return page


def _leave(csrf: str, language: Language) -> HTMLResponse:
    body = (
        f'<form method="post" action="/logout?lang={language}"><input type="hidden" name="csrf" value="{csrf}">'
        f'<button class="big">{escape(text("sign_out", language))}</button></form>'
        f'<p><a href="/">{escape(text("back", language))}</a></p>'
    )
    return small_page(text("sign_out", language), body, language, switch=f"/logout?lang={language.other}")
