"""What commands that ask a running site share: the answer, requests that are checked, and ids by their beginning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from backbone.client import Backbone
from cli.problem_texts import chinese
from cli.running_site import ask, find_session
from cli.session import ASK_S
from domain.errors import RefusedError
from domain.wording import explain

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


def asked(site: Path | None, state: Path | None, name: str, work: Callable[[Backbone], Awaitable[T]]) -> T:
    """Return what the running site answers over a connection of this name; a refusal is a sentence and an exit code."""

    async def main() -> T:
        async with await find_session(site, state).connect(name, ASK_S) as backbone:
            return await work(backbone)

    return ask(main)


def checked(make: Callable[[], M], whole: str = "request") -> M:
    """Return a request; raises RefusedError for one that is malformed, ``whole`` being at fault when no field is."""
    try:
        return make()
    except ValidationError as error:
        raise malformed(error, whole) from None


def malformed(error: ValidationError, whole: str = "request") -> RefusedError:
    """Return the refusal of a malformed request: what is wrong, and what to write; never what was written.

    A screen and a log are no place for a password, nor for a page of text that was too long.
    """
    wrong = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in wrong["loc"]) or whole
    what, mend = explain(wrong, ())
    zh = "，".join(dict.fromkeys(told for one in (what, mend) if (told := chinese(one)) != one))
    return RefusedError(f"{field} 不对：{zh or what} / {field} is wrong: {what}, {mend}")


def the_one(beginning: str, known: Iterable[str], zh: str, en: str) -> str:
    """Return the id that begins so; raises RefusedError when none or several do.

    ``zh`` is what is counted, with its measure word (条告警的编号); ``en`` what follows the number (alerts begin so).
    """
    found = [one for one in known if one.startswith(beginning)]
    if len(found) != 1:
        raise RefusedError(f"{len(found)} {zh}以 {beginning} 开头 / {len(found)} {en}")
    return found[0]
