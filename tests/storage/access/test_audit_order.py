"""Which lines of a chain are out of their order, by their hashes alone."""

from storage.access.audit_order import Fault, Link, faults


def chain(names: str) -> list[Link]:
    """Lines 0, 1, 2 …; the hash of each is its letter."""
    return [Link(number, names[number - 1] if number else "", one) for number, one in enumerate(names)]


def standing(lines: list[Link], order: str) -> list[tuple[Fault, int]]:
    by_hash = {one.hash: one for one in lines}
    moved = [Link(number, by_hash[one].previous_hash, one) for number, one in enumerate(order)]
    return sorted(faults(moved))


def test_neighbours_and_lines_far_apart_that_changed_places() -> None:
    lines = chain("abcdefghij")
    assert standing(lines, "abcdefghij") == []
    assert standing(lines, "abcedfghij") == [("reordered", 3), ("reordered", 4)]
    assert standing(lines, "abchefgdij") == [("reordered", 3), ("reordered", 7)]
    assert standing(lines, "abcdefghji") == [("reordered", 8), ("reordered", 9)]


def test_one_line_that_was_moved_and_a_stretch_of_them() -> None:
    lines = chain("abcdefghij")
    assert standing(lines, "abdefgchij") == [("reordered", 6)]
    assert standing(lines, "abfghcdeij") != []


def test_a_line_put_in_and_all_after_it_renumbered() -> None:
    lines = chain("abcdef")
    forged = [
        *lines[:3],
        Link(3, "c", "x"),
        *(Link(one.position + 1, one.previous_hash, one.hash) for one in lines[3:]),
    ]
    assert list(faults(forged)) == [("inserted", 3)]


def test_a_line_taken_out_and_all_after_it_renumbered() -> None:
    lines = chain("abcdef")
    closed = [*lines[:3], *(Link(one.position - 1, one.previous_hash, one.hash) for one in lines[4:])]
    assert list(faults(closed)) == [("broken", 2)]
