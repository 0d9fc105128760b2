"""What waits for a confirm: 10 s × 3 resends, deny, fire first, nothing forgotten over a lost line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulators.gb26875.outbox import MOST_WAITING, PATIENCE_S, Entry, Manner, Outbox


class Bench:
    """An outbox whose frames are their sequence number and data."""

    def __init__(self) -> None:
        self.outbox, self.numbers = Outbox(), 0

    def push(self, name: bytes, *, urgent: bool = False, keep: bool = True, not_before_s: float = 0.0) -> None:
        self.outbox.push(Entry(name, 2, Manner(urgent=urgent, not_before_s=not_before_s), keep=keep))

    def due(self, now_s: float) -> bytes | None:
        return self.outbox.due(now_s, self._build)

    def _build(self, entry: Entry) -> bytes:
        entry.sequence, self.numbers = self.numbers, self.numbers + 1
        return bytes((entry.sequence,)) + entry.data


def test_the_next_frame_waits_for_the_confirm_of_the_first() -> None:
    bench = Bench()
    bench.push(b"a")
    bench.push(b"b")
    assert bench.due(0.0) == b"\0a"
    assert bench.due(1.0) is None
    assert not bench.outbox.confirmed(9)
    assert bench.outbox.confirmed(0)
    assert bench.due(1.0) == b"\1b"
    assert (bench.outbox.counts.sent, bench.outbox.counts.confirmed, len(bench.outbox)) == (2, 1, 1)


def test_no_confirm_sends_the_same_bytes_three_times_more_then_the_communication_has_failed() -> None:
    bench = Bench()
    bench.push(b"a")
    sent = [bench.due(turn * PATIENCE_S) for turn in range(5)]
    assert sent == [b"\0a"] * 4 + [None]
    assert bench.outbox.failed
    assert (bench.outbox.counts.resent, bench.outbox.counts.failed) == (3, 1)
    assert bench.due(100.0) == b"\0a"  # on the next line it goes again: nothing is forgotten


def test_a_deny_sends_it_again_at_once() -> None:
    bench = Bench()
    bench.push(b"a")
    bench.due(0.0)
    assert bench.outbox.denied(0)
    assert not bench.outbox.denied(5)
    assert bench.due(0.1) == b"\0a"
    assert bench.outbox.counts.denied == 1


def test_a_fire_goes_before_what_is_on_its_way_and_a_late_confirm_still_counts() -> None:
    bench = Bench()
    bench.push(b"state")
    bench.push(b"later")
    bench.due(0.0)
    bench.push(b"fire", urgent=True)
    assert bench.outbox.next_s() == 0.0
    assert bench.due(0.1) == b"\1fire"
    assert bench.outbox.confirmed(0)
    assert bench.outbox.confirmed(1)
    assert bench.due(0.2) == b"\2later"


def test_a_sign_of_life_is_not_kept_over_a_lost_line() -> None:
    bench = Bench()
    bench.push(b"", keep=False)
    bench.due(0.0)
    assert len(bench.outbox) == 0
    bench.outbox.lost()
    assert bench.outbox.idle


def test_after_a_reboot_what_waits_gets_a_new_number() -> None:
    bench = Bench()
    bench.push(b"a")
    bench.due(0.0)
    bench.outbox.forget_numbers()
    bench.numbers = 0
    bench.push(b"b", urgent=True)
    assert [bench.due(0.1), bench.outbox.confirmed(0), bench.due(0.2)] == [b"\0b", True, b"\1a"]


def test_what_is_held_back_leaves_at_its_time() -> None:
    bench = Bench()
    bench.push(b"late", not_before_s=60.0)
    assert bench.due(59.9) is None
    assert bench.outbox.next_s() == 60.0
    assert bench.due(60.0) == b"\0late"


def test_when_there_is_no_room_the_oldest_that_is_no_fire_goes_and_is_counted() -> None:
    bench = Bench()
    bench.push(b"fire", urgent=True)
    for at in range(MOST_WAITING):
        bench.push(str(at).encode())
    assert (len(bench.outbox), bench.outbox.counts.dropped) == (MOST_WAITING, 1)
    assert bench.due(0.0) == b"\0fire"


@given(st.lists(st.sampled_from(["push", "fire", "due", "confirm", "deny", "lost"]), max_size=60))
def test_everything_pushed_is_confirmed_in_the_end_whatever_happens_between(acts: list[str]) -> None:
    bench, pushed, now_s = Bench(), 0, 0.0
    for act in acts:
        now_s += 3.0
        match act:
            case "push" | "fire":
                bench.push(b"x", urgent=act == "fire")
                pushed += 1
            case "due":
                bench.due(now_s)
            case "confirm":
                bench.outbox.confirmed(bench.numbers - 1)
            case "deny":
                bench.outbox.denied(bench.numbers - 1)
            case "lost":
                bench.outbox.lost()
        assert bench.outbox.counts.confirmed + len(bench.outbox) == pushed
    for _ in range(10 * pushed):
        now_s += PATIENCE_S
        if (raw := bench.due(now_s)) is not None:
            bench.outbox.confirmed(raw[0])
    assert (len(bench.outbox), bench.outbox.counts.confirmed) == (0, pushed)
