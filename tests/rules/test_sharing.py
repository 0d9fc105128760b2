"""Partitions go to those who have fewest, everybody ends with the same, and then nothing moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.sharing import given_up, taken

MEMBERS = st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=5, unique=True)


def test_one_owns_all_and_two_take_turns() -> None:
    assert taken("a", ["a"], {}, 4) == [0, 1, 2, 3]
    assert taken("a", ["a", "b"], {}, 4) == [0, 2]
    assert taken("b", ["a", "b"], {}, 4) == [1, 3]


def test_what_a_dead_one_held_goes_to_the_poorest() -> None:
    assert taken("b", ["a", "b"], {0: "a", 1: "a", 2: "b"}, 4) == [3]
    assert taken("a", ["a", "b"], {0: "a", 1: "a", 2: "b"}, 4) == []


def test_a_new_member_gets_one_at_a_time_from_the_richest() -> None:
    holders = {0: "a", 1: "a", 2: "a", 3: "b"}
    assert given_up("a", ["a", "b", "c"], holders) == 2
    assert given_up("b", ["a", "b", "c"], holders) is None


def test_whoever_is_unknown_counts_for_nobody() -> None:
    assert given_up("a", ["a", "b"], {0: "a", 1: "gone", 2: "gone"}) is None


@given(MEMBERS, st.integers(1, 12), st.data())
def test_from_anywhere_it_becomes_fair_and_stays(members: list[str], partitions: int, data: st.DataObject) -> None:
    anybody = st.dictionaries(st.integers(0, partitions - 1), st.sampled_from(members))
    holders = data.draw(anybody)
    moves = 0
    while len(holders) < partitions or any(given_up(one, members, holders) is not None for one in members):
        for one in members:
            holders |= dict.fromkeys(taken(one, members, holders, partitions), one)
        for one in members:
            surplus = given_up(one, members, holders)
            if surplus is not None:
                del holders[surplus]
                moves += 1
        assert moves <= partitions, "it moves for ever"
    counts = [list(holders.values()).count(one) for one in members]
    assert max(counts) - min(counts) <= 1
    assert all(taken(one, members, holders, partitions) == [] for one in members)
