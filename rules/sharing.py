"""Who should own which partition: everybody the same number, with as few moves as that takes.

Pure functions of what one process sees: the living members, and who holds which partition. Processes may see
different things for a moment; a lease has one holder all the same, so the worst is a look more.

* A free partition goes to the member that has fewest; of several, to the first by name. If that one does not take
  it in time (it is busy, or ill), whoever sees it takes it.
* A member gives one up, the highest, when it has at least two more than the poorest and nobody has more than it.
  So a new member gets what is above its share, one after the other, and nothing moves when nobody has too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping


def taken(me: str, members: Collection[str], holders: Mapping[int, str], partitions: int) -> list[int]:
    """Return the free partitions that ``me`` should take, rising; ``holders`` are those of held partitions."""
    counts = _counts(me, members, holders)
    mine = []
    for partition in range(partitions):
        if partition in holders:
            continue
        poorest = min(counts, key=lambda member: (counts[member], member))
        counts[poorest] += 1
        if poorest == me:
            mine.append(partition)
    return mine


def given_up(me: str, members: Collection[str], holders: Mapping[int, str]) -> int | None:
    """Return the partition that ``me`` should let go, None when things are fair or somebody else is to move."""
    counts = _counts(me, members, holders)
    richest = min(counts, key=lambda member: (-counts[member], member))
    if richest != me or counts[me] - min(counts.values()) < 2:
        return None
    return max(partition for partition, holder in holders.items() if holder == me)


def _counts(me: str, members: Collection[str], holders: Mapping[int, str]) -> Counter[str]:
    """Count what each living member holds; what a dead one holds will be free soon."""
    counts = Counter(dict.fromkeys({me, *members}, 0))
    counts.update(holder for holder in holders.values() if holder in counts)
    return counts
