"""The hot cache gives way by space, age and free disk, least recently used first, and never gives wrong bytes."""

import os
import time
from pathlib import Path

import pytest

from storage.cache import Eviction, HotCache
from storage.errors import NotFound
from storage.objects import instance_key

HOUR = 3600
DAY = 24 * HOUR


def key(number: int) -> str:
    return instance_key("1.2", "1.2.3", f"1.2.3.{number}", f"{number:064x}")


def cache_of(tmp_path: Path, *, most: int = 1 << 40, days: float = 1000, minimum_free: int = 0) -> HotCache:
    return HotCache(tmp_path / "cache", maximum_bytes=most, maximum_age_s=days * DAY, minimum_free_bytes=minimum_free)


def keep(cache: HotCache, number: int, size: int = 1000, unused_s: float = 0) -> Path:
    source = cache.root.parent / f"source-{number}"
    source.write_bytes(bytes([number % 256]) * size)
    cache.keep(source, key(number), size)
    assert not source.exists()
    path = cache.path(key(number))
    at = time.time() - unused_s
    os.utime(path, (at, at))
    return path


def evict(cache: HotCache) -> None:
    """As the worker does, long enough to have looked through all of it."""
    eviction = Eviction(cache)
    for _ in range(300):
        eviction.step()


def kept(cache: HotCache, numbers: range) -> set[int]:
    return {number for number in numbers if cache.path(key(number)).exists()}


def test_what_is_kept_is_given_back(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    keep(cache, 7)
    file = cache.file(key(7), 1000)
    assert file is not None
    with file:
        assert file.read() == bytes([7]) * 1000
    assert cache.file(key(8), 1000) is None
    assert list(cache.root.rglob("*.dcm")) == [cache.path(key(7))]


def test_bytes_from_the_store_are_kept_too(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    cache.put(key(1), (b"ab", memoryview(b"cd")))
    file = cache.file(key(1), 4)
    assert file is not None
    with file:
        assert file.read() == b"abcd"
    assert [path.name for path in cache.root.iterdir() if path.is_file()] == []


def test_a_file_of_another_size_is_noticed_and_goes(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    path = keep(cache, 1)
    with path.open("r+b") as file:
        file.truncate(10)
    assert cache.file(key(1), 1000) is None
    assert not path.exists()


def test_the_least_recently_used_go_first_and_only_as_many_as_needed(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, most=10_000)
    for number in range(20):
        keep(cache, number, unused_s=(20 - number) * 2 * HOUR)
    used = cache.file(key(0), 1000)  # the oldest is used once more
    assert used is not None
    used.close()
    evict(cache)
    assert kept(cache, range(20)) == {0, *range(11, 20)}


def test_what_nobody_uses_goes_by_age(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, days=30)
    keep(cache, 1, unused_s=29 * DAY)
    keep(cache, 2, unused_s=31 * DAY)
    keep(cache, 3)
    evict(cache)
    assert kept(cache, range(5)) == {1, 3}


def test_a_disk_that_fills_empties_the_cache_before_receiving_is_refused(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    for number in range(5):
        keep(cache, number, unused_s=number * 2 * HOUR)
    cache.minimum_free_bytes = 0
    evict(cache)
    assert len(kept(cache, range(5))) == 5
    disk = os.statvfs(tmp_path)
    cache.minimum_free_bytes = disk.f_bavail * disk.f_frsize  # nothing is free above what receiving needs
    assert cache.shortage() > 0
    evict(cache)
    assert kept(cache, range(5)) == set()
    cache.put(key(9), (b"x",))
    assert cache.file(key(9), 1) is None


def test_mass_eviction_goes_in_modest_batches(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    for number in range(450):
        keep(cache, number, size=10)
    eviction = Eviction(cache)
    for _ in range(256):
        eviction.step()
    assert eviction.bytes == 4500
    cache.maximum_bytes = 1000
    left = []
    more = True
    while more:
        more = eviction.step()
        left.append(len(kept(cache, range(450))))
    assert left == [250, 100]
    assert eviction.bytes == 1000


def test_a_file_that_is_being_read_is_read_to_its_end(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, most=1)
    keep(cache, 1, unused_s=2 * HOUR)
    file = cache.file(key(1), 1000)
    assert file is not None
    with file:
        os.utime(cache.path(key(1)), (0, 0))
        evict(cache)
        assert kept(cache, range(3)) == set()
        assert file.read() == bytes([1]) * 1000


def test_others_may_evict_at_the_same_time(tmp_path: Path) -> None:
    one, other = cache_of(tmp_path, most=5_000), cache_of(tmp_path, most=5_000)
    for number in range(20):
        keep(one, number, unused_s=number * 2 * HOUR)
    first, second = Eviction(one), Eviction(other)
    for _ in range(256):
        first.step()
        second.step()
    assert kept(one, range(20)) == set(range(5))
    assert first.bytes == second.bytes == 5_000


def test_without_room_in_the_settings_nothing_is_kept(tmp_path: Path) -> None:
    cache = cache_of(tmp_path, most=0)
    source = tmp_path / "source"
    source.write_bytes(b"x")
    cache.keep(source, key(1), 1)
    assert not source.exists()
    cache.put(key(1), (b"x",))
    assert cache.file(key(1), 1) is None


def test_a_draft_that_a_dead_process_left_goes(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    for name, age in ((".draft-old", 2 * HOUR), (".draft-new", 0)):
        (cache.root / name).write_bytes(b"x")
        os.utime(cache.root / name, (time.time() - age,) * 2)
    evict(cache)
    assert [path.name for path in cache.root.iterdir()] == [".draft-new"]


def test_no_key_leads_out_of_the_folder(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    assert cache.path("instances/a/../../bcd").is_relative_to(cache.root)
    for name in ("..", "a/..", "../.dcm", "a\0b"):
        with pytest.raises(NotFound):
            cache.path(name)
