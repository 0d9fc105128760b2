"""The human receipt: a signed link opened on a phone, one big button.

Opening the link only shows what it is about: chat programs fetch every link they see, and a receipt
must come from a person. The answer is the POST; that somebody has read it is told by `read_receipt`. A link works
once; afterwards it says what was answered.
"""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.face import Answer, LinkView
from dashboards.api import read_receipt
from dashboards.api.context import Context
from dashboards.api.errors import status_of
from dashboards.api.small_page import paragraph, script_policy, small_page
from dashboards.api.subscriptions import push_button
from dashboards.console.texts import Language, text
from dashboards.console.wording import person_text, place_text, refusal_text
from domain.alarm import AlarmClass
from domain.errors import FengsuiError, RefusedError

MOST_NOTE = 2000

Token = Annotated[str, Path(max_length=1024, pattern=r"^[A-Za-z0-9_.-]+$")]


class AnswerBody(BaseModel):
    """An answer: the fields of the form and of the JSON alike."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer
    note: str = Field(default="", max_length=MOST_NOTE)


def answer_router(context: Context) -> APIRouter:
    """Return ``/answer/{token}``: GET shows, POST answers, by a form or in JSON."""
    router = APIRouter(include_in_schema=False)

    @router.get("/answer/{token}")
    async def show(token: Token, lang: Language = Language.ZH) -> HTMLResponse:
        try:
            link = await context.link.alerts.link(token)
        except FengsuiError as error:
            return _refusal(error, lang)
        return _question(context, token, link, lang, await push_button(context, token, lang))

    @router.post("/answer/{token}")
    async def answer(request: Request, token: Token, lang: Language = Language.ZH) -> Response:
        if request.headers.get("content-type", "").startswith("application/json"):
            body = AnswerBody.model_validate_json(await request.body())
            alert = await context.link.alerts.answer(token, body.answer, body.note)
            return JSONResponse({"answer": body.answer.value, "alert": alert.id})
        async with request.form(max_files=0, max_fields=4) as form:
            body = AnswerBody.model_validate(dict(form))
        try:
            await context.link.alerts.answer(token, body.answer, body.note)
        except FengsuiError as error:
            return _refusal(error, lang)
        words = text("answer_thanks", lang, answer=text(f"answer_{body.answer}", lang))
        return small_page(text("answer_title", lang), paragraph(f"✓ {words}", "done"), lang)

    read_receipt.add_read(router, context)
    return router


def _question(context: Context, token: str, link: LinkView, language: Language, push: str) -> HTMLResponse:
    alert = link.alert
    words = alert.text_en if language is Language.EN else alert.text_zh
    fire = " fire" if alert.alarm_class is AlarmClass.FIRE else ""
    person = person_text(context.registry, link.person, language)
    body = (
        f'<div class="what{fire}">{escape(words)}</div>'
        + paragraph(place_text(context.registry, alert.place, language), "where")
        + paragraph(text("answer_for", language, person=person), "who")
    )
    if link.answer is not None:
        said = text(f"answer_{link.answer}", language)
        body += paragraph(f"✓ {text('answer_already', language, answer=said)}", "done")
    else:
        body += _form(token, language) + read_receipt.tag()
    other = f"/answer/{token}?lang={language.other}"
    policy = script_policy(read_receipt.SOURCE, *(["'self'"] if push else []))
    return small_page(text("answer_title", language), body + push, language, switch=other, policy=policy)


def _form(token: str, language: Language) -> str:
    buttons = "".join(
        f'<button name="answer" value="{answer}"{" class=big" if answer is Answer.RECEIVED else ""}>'
        f"{escape(text(f'answer_{answer}', language))}</button>"
        for answer in Answer
    )
    return (
        f'<form method="post" action="/answer/{escape(token)}?lang={language}">{buttons}'
        f"<label>{escape(text('answer_note', language))}"
        f'<textarea name="note" rows="2" maxlength="{MOST_NOTE}"></textarea></label></form>'
    )


def _refusal(error: FengsuiError, language: Language) -> HTMLResponse:
    status, _ = status_of(error)
    reason = error.reason if isinstance(error, RefusedError) else text("unavailable", language)
    title = text("answer_not_possible", language)
    return small_page(title, paragraph(refusal_text(reason, language), "done wrong"), language, status=status)
