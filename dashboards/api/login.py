"""Signing in to the console with the password that its first start made."""

from __future__ import annotations

import asyncio
from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.api.sessions import COOKIE, Sessions
from dashboards.api.small_page import paragraph, small_page
from dashboards.console.texts import Language, text

WRONG_COSTS_S = 1.0
"""Wrong tries wait in one line for this long each, whoever makes them: at most one guess a second."""


def login_router(sessions: Sessions) -> APIRouter:
    """Return ``/login`` and ``/logout``."""
    router = APIRouter(include_in_schema=False)
    one_at_a_time = asyncio.Lock()

    @router.get("/login")
    async def form(lang: Language = Language.ZH) -> HTMLResponse:
        return _form(lang)

    @router.post("/login")
    async def sign_in(
        request: Request, password: Annotated[str, Form(max_length=200)], lang: Language = Language.ZH
    ) -> Response:
        if not sessions.right(password):
            async with one_at_a_time:
                await asyncio.sleep(WRONG_COSTS_S)
            return _form(lang, wrong=True)
        answer = RedirectResponse("/", 303)
        sessions.sign_in(answer, secure=request.url.scheme == "https")
        return answer

    @router.get("/logout")
    async def sign_out() -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def _form(language: Language, *, wrong: bool = False) -> HTMLResponse:
    note = paragraph(text("login_wrong", language), "wrong") if wrong else ""
    body = (
        f'{note}<form method="post" action="/login?lang={language}">'
        f"<label>{escape(text('password', language))}"
        '<input type="password" name="password" autocomplete="current-password" autofocus required></label>'
        f'<button class="big">{escape(text("login", language))}</button></form>'
    )
    other = f"/login?lang={language.other}"
    return small_page(text("login", language), body, language, status=401 if wrong else 200, switch=other)
