"""The page where a person changes their own password; it works without a script.

Whoever got a password from an administrator is led here first and can do nothing else until it is changed.
"""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from alerts.accounts_face import MOST_PASSWORD
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError, status_of
from dashboards.api.sessions import session_key
from dashboards.api.small_page import paragraph, small_page
from dashboards.console.texts import Language, text
from dashboards.console.wording import refusal_text
from domain.errors import FengsuiError, RefusedError

Field = Annotated[str, Form(max_length=MOST_PASSWORD)]


def password_router(context: Context) -> APIRouter:
    """Return ``/password``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/password")
    async def form(request: Request, lang: Language = Language.ZH) -> Response:
        key = session_key(request.cookies)
        if key is None or await context.door.of_session(key) is None:
            return RedirectResponse("/login", 303)
        return _form(context.door.csrf(key), lang)

    @router.post("/password")
    async def change(
        request: Request,
        *,
        old: Field = "",
        new: Field = "",
        again: Field = "",
        csrf: Field = "",
        lang: Language = Language.ZH,
    ) -> Response:
        key = session_key(request.cookies)
        if key is None:
            return RedirectResponse("/login", 303)
        try:
            context.check_csrf(request, csrf)
            if new != again:
                raise RefusedError(text("password_differs", lang))
            await context.door.accounts.own_password(key, old=old, new=new)
        except ForbiddenError:
            return _form(context.door.csrf(key), lang, note=text("login_stale", lang), status=403)
        except FengsuiError as error:
            reason = error.reason if isinstance(error, RefusedError) else text("unavailable", lang)
            note, status = refusal_text(reason, lang), status_of(error)[0]
            return _form(context.door.csrf(key), lang, note=note, status=status)
        context.door.forget(key)
        return RedirectResponse("/", 303)

    return router


def _form(csrf: str, language: Language, *, note: str = "", status: int = 200) -> HTMLResponse:
    def field(name: str, words: str, purpose: str) -> str:
        return (
            f"<label>{escape(text(words, language))}"
            f'<input type="password" name="{name}" autocomplete="{purpose}" required></label>'
        )

    body = (
        (paragraph(note, "wrong") if note else paragraph(text("password_rule", language)))
        + f'<form method="post" action="/password?lang={language}"><input type="hidden" name="csrf" value="{csrf}">'
        + field("old", "password_old", "current-password")
        + field("new", "password_new", "new-password")
        + field("again", "password_again", "new-password")
        + f'<button class="big">{escape(text("save", language))}</button></form>'
        + f'<p><a href="/">{escape(text("back", language))}</a></p>'
    )
    title = text("password_change", language)
    return small_page(title, body, language, status=status, switch=f"/password?lang={language.other}")
