"""Instances of a series are looked up once for all that ask within seconds."""

import pytest

from storage.archive import Archive, known, read_ahead, retrieve
from storage.errors import NotFound
from tests.storage.samples import ct, keep, pixels, uid


def test_the_second_instance_makes_the_whole_series_known(archive: Archive) -> None:
    for number in (3, 1, 2, 4):
        keep(archive, ct("a", 1, number))
    study, series = uid("a"), uid("a", 1)
    assert known.held_instance(archive, study, series, uid("a", 1, 1)) is None
    first = known.instance(archive, study, series, uid("a", 1, 1))
    assert known.held_instance(archive, study, series, uid("a", 1, 1)) == first
    assert known.held_instance(archive, study, series, uid("a", 1, 3)) is None
    assert known.followers(archive, first, 9) == ()
    known.instance(archive, study, series, uid("a", 1, 2))
    assert [row.instance_number for row in known.followers(archive, first, 2)] == [2, 3]
    assert known.held_instance(archive, study, series, uid("a", 1, 4)) is not None
    keep(archive, ct("a", 1, 5))
    assert known.instance(archive, study, series, uid("a", 1, 5)).instance_number == 5
    with pytest.raises(NotFound):
        known.instance(archive, study, series, uid("a", 1, 6))


def test_a_very_long_series_is_looked_up_one_by_one(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "LONGEST_SERIES", 2)
    for number in (1, 2, 3):
        keep(archive, ct("a", 1, number))
    for number in (1, 2):
        known.instance(archive, uid("a"), uid("a", 1), uid("a", 1, number))
    assert known.held_instance(archive, uid("a"), uid("a", 1), uid("a", 1, 3)) is None
    assert known.held_instance(archive, uid("a"), uid("a", 1), uid("a", 1, 2)) is not None


def test_what_is_forgotten_is_asked_again(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1))
    known.instance(archive, uid("a"), uid("a", 1), uid("a", 1, 1))
    known.forget(archive, uid("a"))
    assert known.held_instance(archive, uid("a"), uid("a", 1), uid("a", 1, 1)) is None


def test_a_frame_is_at_hand_once_its_place_is_known(archive: Archive) -> None:
    for number in (1, 2, 3):
        keep(archive, ct("a", 1, number))
    for number in (1, 2):
        row = known.instance(archive, uid("a"), uid("a", 1), uid("a", 1, number))
    last = known.instance(archive, uid("a"), uid("a", 1), uid("a", 1, 3))
    ahead = read_ahead.behind(archive, row, 1)
    assert ahead is not None
    read_ahead.fetch(archive, ahead)
    assert read_ahead.is_ready(archive, last, 1)
    assert bytes(retrieve.frame_at_once(archive, last, 1, b"<", b">") or b"") == b"<" + pixels(3).tobytes() + b">"
    path = retrieve.open_instance(archive, last).path
    assert path is not None
    path.rename(path.with_suffix(".moved"))
    assert retrieve.frame_at_once(archive, last, 1) is None
