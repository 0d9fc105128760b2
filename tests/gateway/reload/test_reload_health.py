"""When is a line worse than before: its link, its devices, its errors."""

from __future__ import annotations

from gateway.reload.health import Look, unwell, verdict, worse

KNOWN = frozenset({"a", "b"})


def looks(count: int = 6, *, ok: bool = True, lost: str = "", polls: int = 10, errors: int = 0) -> list[Look]:
    return [Look(ok, frozenset(lost), at * polls, at * errors) for at in range(count)]


def test_a_line_that_fares_as_before_is_not_worse() -> None:
    assert worse(looks(), looks(), KNOWN) == []
    assert worse(looks(lost="a"), looks(lost="a"), KNOWN) == []
    assert worse(looks(ok=False), looks(ok=False), KNOWN) == []


def test_a_line_that_was_ok_and_stays_away_is_worse() -> None:
    (reason,) = worse(looks(), looks(ok=False), KNOWN)
    assert "was ok" in reason


def test_a_link_that_is_opened_again_just_now_is_not_worse() -> None:
    assert worse(looks(), [*looks(), *looks(1, ok=False)], KNOWN) == []


def test_a_device_that_answered_and_is_lost_is_named_a_new_one_is_not() -> None:
    (reason,) = worse(looks(), looks(lost="b"), KNOWN)
    assert reason.endswith("1 devices lost: b")
    assert worse(looks(), looks(lost="x"), KNOWN) == []


def test_a_device_that_is_back_at_the_end_is_not_lost() -> None:
    assert worse(looks(), [*looks(lost="b"), *looks(1)], KNOWN) == []


def test_errors_count_by_their_share_of_enough_polls() -> None:
    assert worse(looks(errors=1), looks(errors=2), KNOWN) == []
    (reason,) = worse(looks(errors=1), looks(errors=4), KNOWN)
    assert "10% → 40%" in reason
    assert worse(looks(), looks(2, polls=4, errors=4), KNOWN) == []


def test_errors_of_a_new_device_that_does_not_answer_yet_put_nothing_back() -> None:
    assert worse(looks(), looks(lost="x", errors=5), KNOWN) == []


def test_lines_without_a_past_are_told_and_never_worse() -> None:
    assert verdict({}, {"new": looks(ok=False)}, {}) == ""
    assert verdict({"old": looks()}, {"old": looks(ok=False)}, {}).startswith("old: ")


def test_what_is_new_and_does_not_work_is_told() -> None:
    assert unwell({"new": looks(ok=False)}, {}) == "new: 不通 / not ok"
    assert unwell({"old": looks(lost="ax")}, {"old": KNOWN}).endswith("new devices don't answer: x")
    assert unwell({"old": looks(lost="a"), "new": looks()}, {"old": KNOWN}) == ""
