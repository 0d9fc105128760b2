"""The pages for signing in and out; they work without a script.

The form carries the value of a cookie of its own (double submit), so that a page of others can't sign a browser in as
somebody else. Who was led here from a page comes back to it (`dashboards.api.way_back`). Signing out is a form, too: a
picture's address must not be enough to blank a control room's screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alerts.accounts_face import MOST_PASSWORD, Outcome, SignInReply, new_secret
from dashboards.api.coming_in import Visit, admit, sign_in, sign_out
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError
from dashboards.api.sessions import FORM_COOKIE, FORM_S, from_our_site, same, session_key
from dashboards.api.small_page import paragraph, small_page
from dashboards.api.way_back import ours
from dashboards.console.texts import Language, text
from domain.errors import LinkError

Field = Annotated[str, Form(max_length=MOST_PASSWORD)]
Back = Annotated[str, Query(alias="next")]
STATUS = {Outcome.WRONG: 401, Outcome.WAIT: 429, Outcome.BUSY: 503}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a sign-in form was asked for: its language, the page to come back to, who tried."""

    language: Language
    back: str
    user: str = ""

    def address(self, language: Language) -> str:
        """Return the form's own address."""
        return f"/login?lang={language}" + (f"&next={quote(self.back, safe='')}" if self.back != "/" else "")


def login_router(context: Context) -> APIRouter:
    """Return ``/login`` and ``/logout``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def form(request: Request, lang: Language = Language.ZH, back: Back = "") -> HTMLResponse:
        return _form(request, _Asked(lang, ours(back)))

    @router.post("/login")
    async def come_in(
        request: Request,
        *,
        user: Field = "",
        password: Field = "",
        form: Field = "",
        lang: Language = Language.ZH,
        back: Back = "",
    ) -> Response:
        asked = _Asked(lang, ours(back), user)
        kept = request.cookies.get(FORM_COOKIE, "")
        if not kept or not same(form, kept) or not from_our_site(request.headers):
            return _form(request, asked, note=text("login_stale", lang), status=403)
        try:
            visit = await sign_in(context, request, user, password)
        except LinkError:
            return _form(request, asked, note=text("unavailable", lang), status=503)
        if not isinstance(visit, Visit):
            return _refused(request, asked, visit)
        answer = RedirectResponse("/password" if visit.principal.must_change else asked.back, 303)
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


def _refused(request: Request, asked: _Asked, reply: SignInReply) -> HTMLResponse:
    wait_s = ceil(reply.wait_s)
    words = text("login_wrong", asked.language)
    if reply.outcome is not Outcome.WRONG:
        words = text("login_wait", asked.language, seconds=wait_s)
    answer = _form(request, asked, note=words, status=STATUS[reply.outcome])
    if wait_s:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _form(request: Request, asked: _Asked, *, note: str = "", status: int = 200) -> HTMLResponse:
    secret, language = new_secret(), asked.language
    body = (
        (paragraph(note, "wrong") if note else "")
        + f'<form method="post" action="{escape(asked.address(language))}">'
        + f'<input type="hidden" name="form" value="{secret}">'
        + f"<label>{escape(text('account', language))}"
        + f'<input name="user" maxlength="64" autocomplete="username" value="{escape(asked.user[:64])}" autofocus'
        + f" required></label><label>{escape(text('password', language))}"
        + '<input type="password" name="password" autocomplete="current-password" required></label>'
        + f'<button class="big">{escape(text("login", language))}</button></form>'
    )
    page = small_page(text("login", language), body, language, status=status, switch=asked.address(language.other))
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
