"""Where a chain does not hold together: which of its lines were moved, put in, or taken out. Rules, no I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Fault = Literal["reordered", "inserted", "broken"]


@dataclass(frozen=True)
class Link:
    """A line's place: where it stands, what it says it follows, and its own hash."""

    position: int
    previous_hash: str
    hash: str


def faults(links: Sequence[Link]) -> Iterator[tuple[Fault, int]]:
    """What is wrong with the order of some lines, and the position of each line it is wrong with.

    ``links`` stand in the order of their positions and begin with one whose own place is known to be right. The true
    order is walked by the hashes: a line that stands apart from both its neighbours of that order was moved, one that
    nothing follows beside one that goes on was put in. ``broken``: the line after this one does not follow it, and none
    that it does follow is there: this one was altered and hashed anew, or one after it removed and the rest renumbered.
    """
    following: dict[str, list[Link]] = {}
    for one in links[1:]:
        following.setdefault(one.previous_hash, []).append(one)
    left = {one.position: one for one in links[1:]}
    walk = [links[0]]
    told = False
    while left:
        candidates = [one for one in following.get(walk[-1].hash, ()) if one.position in left]
        if not candidates:
            lowest = left[min(left)]
            # Positions that are missing are told of as removed lines; here nothing is missing.
            if lowest.position == walk[-1].position + 1:
                told = True
                yield "broken", walk[-1].position
            candidates = [lowest]
        true = _going_on(candidates, following)
        for one in candidates:
            del left[one.position]
            if one is not true:
                told = True
                yield "inserted", one.position
        walk.append(true)
    for position in sorted(_moved(walk)):
        told = True
        yield "reordered", position
    if not told:
        yield from (("reordered", one.position) for one in _jumps(walk))


def _going_on(candidates: list[Link], following: dict[str, list[Link]]) -> Link:
    """Of lines that claim the same predecessor, the one that others follow; the last of them where none is followed."""
    return next((one for one in candidates if one.hash in following), candidates[-1])


def _moved(walk: list[Link]) -> Iterator[int]:
    ranks = {position: rank for rank, position in enumerate(sorted(one.position for one in walk))}
    order = [ranks[one.position] for one in walk]
    for index in range(1, len(walk)):
        after_its_own = order[index] == order[index - 1] + 1
        is_last = index + 1 == len(walk)
        before_its_own = not is_last and order[index + 1] == order[index] + 1
        if not after_its_own and not before_its_own and (not is_last or order[index] < order[index - 1]):
            yield walk[index].position


def _jumps(walk: list[Link]) -> Iterator[Link]:
    """Whole stretches that were moved: the line that each begins with."""
    return (one for before, one in pairwise(walk) if one.position < before.position)
