"""Which policies can fit, and what none fits: the check against asking every policy at many moments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alarm import AlarmClass, Level
from domain.site import EscalationPolicy, Matter
from domain.site.hours import DaysKnown, Span
from domain.site.policy_cover import cover
from domain.site.zone_kinds import ZoneKind

UNITS = ("hotel", "inn")
STEPS = [{"after_s": 0, "to": ["responsible"]}]
NIGHT = {"from": "22:00", "to": "06:00"}
DAY = {"from": "06:00", "to": "22:00"}


def policy(**facts: Any) -> EscalationPolicy:
    return EscalationPolicy.model_validate({"steps": STEPS, **facts})


def found(*policies: dict[str, Any]) -> tuple[tuple[int, ...], dict[AlarmClass, bool]]:
    result = cover([policy(**one) for one in policies], UNITS)
    return result.unreachable, result.gaps


def test_a_policy_behind_one_that_takes_everything_is_never_used() -> None:
    assert found({}, {"classes": ["fire"]}) == ((1,), {})
    assert found({"classes": ["fire"]}, {})[0] == ()


def test_day_and_night_together_are_always() -> None:
    whole = ({"when": NIGHT}, {"when": DAY}, {"classes": ["fire"]})
    assert found(*whole) == ((2,), {})
    assert found({"when": NIGHT}, {"when": {"from": "06:00", "to": "21:59"}}, {"classes": ["fire"]})[0] == ()


def test_working_days_and_days_off_are_all_days_and_open_and_closed_are_not_all_places() -> None:
    assert found({"when": {"days": ["workday"]}}, {"when": {"days": ["day_off"]}}, {})[0] == (2,)
    unreachable, gaps = found({"when": {"opening": "open"}}, {"when": {"opening": "closed"}})
    assert unreachable == ()
    assert gaps == dict.fromkeys(AlarmClass, False)  # places where nobody wrote opening hours


def test_units_levels_and_kinds_are_counted_through() -> None:
    assert found({"units": ["hotel"]}, {"units": ["inn"]}, {"levels": ["critical"]}) == ((2,), {})
    levels = tuple({"levels": [level.value]} for level in Level)
    assert found(*levels, {}) == ((3,), {})
    assert found({"zone_kinds": [kind.value for kind in ZoneKind]}, {})[0] == ()  # a place without a zone


def test_a_class_without_any_policy_is_told_from_one_with_some() -> None:
    gaps = found({"classes": ["fire"]}, {"classes": ["hazard"], "units": ["inn"]})[1]
    assert AlarmClass.FIRE not in gaps
    assert gaps[AlarmClass.HAZARD] is False
    assert gaps[AlarmClass.DUTY] is True


WHENS = st.one_of(
    st.none(),
    st.sampled_from(
        [NIGHT, DAY, {"days": ["workday"]}, {"days": ["day_off"]}, {"days": ["fri"], **NIGHT}, {"opening": "closed"}]
    ),
)
POLICIES = st.lists(
    st.fixed_dictionaries(
        {
            "classes": st.lists(st.sampled_from(["fire", "hazard"]), max_size=1),
            "levels": st.lists(st.sampled_from(["notice", "critical"]), max_size=2, unique=True),
            "units": st.lists(st.sampled_from(UNITS), max_size=1),
            "zone_kinds": st.lists(st.sampled_from(["exit", "room"]), max_size=1),
            "when": WHENS,
        }
    ),
    min_size=1,
    max_size=5,
)
MOMENTS = [datetime(2024, 1, 8) + timedelta(hours=2 * at) for at in range(7 * 12)]  # noqa: DTZ001 - a wall clock
CALENDARS = (
    DaysKnown(),
    DaysKnown(days_off=frozenset(moment.date() for moment in MOMENTS)),
    DaysKnown(workdays=frozenset(moment.date() for moment in MOMENTS)),
)


@given(POLICIES)
@settings(max_examples=40, deadline=None)
def test_what_a_moment_uses_is_reachable_and_what_it_misses_is_a_gap(facts: list[dict[str, Any]]) -> None:
    policies = [policy(**one) for one in facts]
    result = cover(policies, UNITS)
    used: set[int] = set()
    for opening in ((Span(),), (), None):
        for alarm_class in (AlarmClass.FIRE, AlarmClass.HAZARD):
            for level, unit, kind in (
                (level, unit, kind) for level in Level for unit in UNITS for kind in ("exit", "room", None)
            ):
                matter = Matter(alarm_class, level, unit, kind, opening)
                members = [number for number, one in enumerate(policies) if one.is_for(matter)]
                for calendar in CALENDARS:
                    for moment in MOMENTS:
                        fits = (number for number in members if policies[number].fits(matter, moment, calendar))
                        first = next(fits, None)
                        if first is None:
                            assert alarm_class in result.gaps
                            break
                        used.add(first)
    assert used.isdisjoint(result.unreachable)
