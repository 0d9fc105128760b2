"""What a command says of a malformed request: the field and the mend in both languages, never what was written."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from pydantic import BaseModel

from alerts.accounts_face import UserChangeRequest
from alerts.out_of_service_face import AddRequest
from alerts.walk_test_face import BeginRequest, MarkRequest
from cli.asking import checked
from domain.errors import RefusedError

SECRET = "secret words"  # noqa: S105  # of a test
BEGIN = functools.partial(BeginRequest, by="Li")
POINT = "^[0-9A-Za-z_-]{1,64}/[0-9A-Za-z_-]{1,64}$"
WHOLE_UNIT = "name zones, devices, points or gateways: a whole unit is never out of service"


@pytest.mark.parametrize(
    ("make", "zh", "en"),
    [
        (
            functools.partial(BEGIN, unit="hotel", duration_s=-7.25),
            "duration_s 不对：太小，不小于 1",
            "duration_s is wrong: too small, write 1 or more",
        ),
        (
            functools.partial(BEGIN, unit="hotel", note=SECRET * 999),
            "note 不对：太长，至多 2000 个字符",
            "note is wrong: too long, write at most 2000 characters",
        ),
        (
            functools.partial(MarkRequest, id="0" * 32, point=SECRET, works=True, by="Li"),
            f"point 不对：格式不对，写符合 {POINT} 的文字",
            f"point is wrong: has the wrong form, write text that matches {POINT}",
        ),
        (
            functools.partial(AddRequest, unit="hotel", by="Li", reason=SECRET, duration_s=3600),
            "request 不对：不符合要求",
            f"request is wrong: does not fit, {WHOLE_UNIT}",
        ),
    ],
)
def test_it_says_what_to_write_and_not_what_was_written(make: Callable[[], BaseModel], zh: str, en: str) -> None:
    with pytest.raises(RefusedError) as refused:
        checked(make)
    assert str(refused.value) == f"{zh} / {en}"


def test_a_word_that_is_none_of_the_known_ones_is_not_repeated() -> None:
    with pytest.raises(RefusedError, match=r"roles\.0 is wrong: not one of the known words") as refused:
        checked(lambda: UserChangeRequest.model_validate({"id": "li", "roles": [SECRET], "by": "Li"}))
    assert SECRET not in str(refused.value)
