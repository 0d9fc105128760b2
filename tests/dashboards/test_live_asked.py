"""Questions that are asked once for all browsers: when, how often, and what a failure leaves."""

from __future__ import annotations

import asyncio

from dashboards.live.asked import PERIOD_S, Asked
from domain.clock import FakeClock
from domain.errors import LinkError
from tests.dashboards.board_makers import NOW_NS


class Service:
    """Answers with a number that rises, or is away."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.answer: int | None = None

    async def ask(self) -> int:
        self.asked += 1
        asked = self.asked
        await self.gate.wait()
        if self.away:
            raise LinkError("nobody answers")
        return asked if self.answer is None else self.answer


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_many_looks_are_one_question_and_none_is_asked_while_nobody_looks() -> None:
    service, clock = Service(), FakeClock(NOW_NS)
    asked = Asked(service.ask, clock)
    assert service.asked == 0
    assert [asked.look() for _ in range(100)] == [None] * 100
    await settle()
    assert (asked.look(), service.asked, asked.age_s) == (1, 1, 0.0)
    clock.advance(PERIOD_S - 0.1)
    asked.look()
    await settle()
    assert service.asked == 1
    clock.advance(0.2)
    asked.look()
    await settle()
    assert (asked.look(), service.asked) == (2, 2)


async def test_the_same_answer_again_is_no_news() -> None:
    service, clock = Service(), FakeClock(NOW_NS)
    service.answer = 7
    asked = Asked(service.ask, clock)
    assert await asked.fresh() == 7
    assert await asked.fresh() == 7
    assert (asked.revision, service.asked) == (1, 2)


async def test_a_failure_keeps_the_last_answer_and_says_what_is_wrong() -> None:
    service, clock = Service(), FakeClock(NOW_NS)
    asked = Asked(service.ask, clock)
    await asked.fresh()
    service.away = True
    clock.advance(30)
    assert await asked.fresh() == 1
    assert (asked.trouble, asked.age_s, asked.revision) == ("nobody answers", 30.0, 1)
    service.away = False
    assert await asked.fresh() == 3
    assert asked.trouble == ""


async def test_what_an_earlier_look_left_is_not_known_to_who_looks_now() -> None:
    service, clock = Service(), FakeClock(NOW_NS)
    service.answer = 7
    asked = Asked(service.ask, clock, depends_on=lambda: 0)
    assert asked.since(clock.now_ns()) is None
    await asked.fresh()
    assert asked.since(NOW_NS) == 7
    clock.advance(3600)
    opened_ns = clock.now_ns()
    asked.renew()
    assert (asked.look(), asked.since(opened_ns)) == (7, None)
    await settle()
    assert (asked.since(opened_ns), asked.revision) == (7, 1)  # the same again, but said now


async def test_after_a_deed_an_answer_that_was_under_way_before_it_does_not_count() -> None:
    service, clock = Service(), FakeClock(NOW_NS)
    asked = Asked(service.ask, clock)
    service.gate.clear()
    asked.look()
    await settle()
    fresh = asyncio.create_task(asked.fresh())
    await settle()
    service.gate.set()
    assert await fresh == 2
    asked.soon()
    asked.look()
    await settle()
    assert service.asked == 3


async def test_while_nothing_changed_that_it_depends_on_an_answer_stays_good_but_not_a_failure() -> None:
    service, clock, state = Service(), FakeClock(NOW_NS), [1]
    asked = Asked(service.ask, clock, depends_on=lambda: state[0])
    service.away = True

    async def beat() -> None:
        clock.advance(PERIOD_S)
        asked.look()
        await settle()

    await beat()
    await beat()
    assert (service.asked, asked.answer) == (2, None)
    service.away = False
    await beat()
    await beat()
    assert service.asked == 3
    state[0] = 2
    asked.look()
    await settle()
    assert service.asked == 4
    await beat()
    assert service.asked == 4


async def test_who_begins_to_look_gets_an_answer_of_now_and_a_hundred_of_them_one() -> None:
    service, clock = Service(), FakeClock(NOW_NS)
    asked = Asked(service.ask, clock, depends_on=lambda: 0)
    for _ in range(100):
        asked.renew()
        asked.look()
        await settle()
    assert service.asked == 1
    clock.advance(PERIOD_S)
    asked.renew()
    asked.look()
    await settle()
    assert service.asked == 2
    service.gate.clear()
    clock.advance(PERIOD_S)
    asked.renew()
    asked.look()
    await settle()
    asked.renew()  # while the question is under way, which may be too old for who came
    service.gate.set()
    await settle()
    clock.advance(PERIOD_S)
    asked.look()
    await settle()
    assert service.asked == 4
