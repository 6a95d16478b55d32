"""The hot cache: files of instances that the remote object store has, kept on the local disk for those who read them.

Only what is verified in the object store enters, so any file here may be removed at any time, by anybody. Several
processes share the folder: one puts files in, others read them, the worker evicts. The time of last use is the file's
own modification time; the folder is divided, so that looking through it goes in small steps, however many it holds.
"""

import os
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import BinaryIO, Self

import structlog

from storage.errors import NotFound, StoreUnavailable
from storage.settings import StorageSettings

_SHARDS = tuple(f"{number:02x}" for number in range(256))
_DRAFT = ".draft-"
# A use is noted once an hour at most: eviction looks no closer, and a note is a write.
_HOUR_S = 3600
_BATCH = 200
_AT_START = 8
_DRAFT_LIFE_S = 3600
# Free room is kept above what receiving demands: at least this share of the disk, so that nothing waits for eviction.
_MARGIN = 0.01

_log = structlog.get_logger(__name__)


class HotCache:
    """Files by object key; every method is safe in any thread and process.

    Args:
        root: its folder, on the file system of the spool.
        maximum_bytes: what the files may take together.
        maximum_age_s: a file that nobody has used for so long goes.
        minimum_free_bytes: below this much free disk receiving is refused; the cache gives way well before.
    """

    def __init__(self, root: Path, *, maximum_bytes: int, maximum_age_s: float, minimum_free_bytes: int) -> None:
        self.root = root.absolute()
        self.maximum_bytes = maximum_bytes
        self.maximum_age_s = maximum_age_s
        self.minimum_free_bytes = minimum_free_bytes
        # what came in through this process since its shard was last looked through
        self.added: Counter[str] = Counter()
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @classmethod
    def open(cls, settings: StorageSettings) -> Self | None:
        """The cache of the settings; ``None`` where the object store is a local folder itself.

        Raises:
            StoreUnavailable: its folder cannot be made.
        """
        if not settings.object_store_url.startswith("s3://"):
            return None
        try:
            return cls(
                settings.data_dir / "cache",
                maximum_bytes=settings.maximum_cache_bytes,
                maximum_age_s=settings.maximum_cache_days * 86400.0,
                minimum_free_bytes=settings.minimum_free_bytes,
            )
        except OSError as error:
            raise StoreUnavailable("The folder of the hot cache cannot be made.") from error

    @classmethod
    def derived(cls, settings: StorageSettings) -> Self:
        """The place of what was made of instances for viewers, kept in bounds by the same rules.

        Raises:
            StoreUnavailable: its folder cannot be made.
        """
        try:
            return cls(
                settings.data_dir / "derived",
                maximum_bytes=settings.maximum_derived_bytes,
                maximum_age_s=settings.maximum_cache_days * 86400.0,
                minimum_free_bytes=settings.minimum_free_bytes,
            )
        except OSError as error:
            raise StoreUnavailable("The folder of what is made for viewers cannot be made.") from error

    def path(self, key: str) -> Path:
        """Where the file of an object is, if it is here."""
        name = key.rsplit("/", 1)[-1]
        if not name[:2].isalnum() or "\0" in name:
            raise NotFound("There is no such object.")
        return self.root / name[:2] / name

    def file(self, key: str, size: int) -> BinaryIO | None:
        """The open file of an object, whose bytes stay whatever happens to its name; None: it is not here.

        A file of another size than ``size`` is damaged; it goes, and the object is read where it is safe.
        """
        try:
            file = self.path(key).open("rb", buffering=0)
        except OSError:  # evicted, or a disk that cannot be read: the object store has it
            return None
        found = os.fstat(file.fileno())
        if found.st_size != size:
            file.close()
            _log.warning("a damaged file was removed from the hot cache", key=key, size=found.st_size, expected=size)
            self.remove(key)
            return None
        if time.time() - found.st_mtime > _HOUR_S:
            with suppress(OSError):
                os.utime(file.fileno())
        return file

    def keep(self, source: Path, key: str, size: int) -> None:
        """Take over a spool file whose object has been verified; where that cannot be done the file just goes."""
        if not self.maximum_bytes:
            source.unlink(missing_ok=True)
            return
        try:
            self._into_place(source, self.path(key), size)
        except FileNotFoundError:
            return
        except OSError:
            source.unlink(missing_ok=True)

    def put(self, key: str, pieces: Iterable[bytes | memoryview]) -> None:
        """Keep bytes that were read from the object store and proved right; it is no harm if they cannot be kept."""
        if not self.maximum_bytes or self.shortage() > 0:
            return
        draft = self.root / f"{_DRAFT}{secrets.token_hex(8)}"
        try:
            with draft.open("xb", buffering=0) as file:
                size = sum(file.write(piece) for piece in pieces)
                # Otherwise a power cut may leave a file of the right size that is full of zeros.
                os.fdatasync(file.fileno())
            self._into_place(draft, self.path(key), size)
        except OSError:
            draft.unlink(missing_ok=True)

    def remove(self, key: str) -> None:
        """Forget one object."""
        with suppress(OSError):
            self.path(key).unlink()

    def shortage(self) -> int:
        """How many bytes of free disk are missing to what receiving needs and a margin; negative: there is room."""
        disk = os.statvfs(self.root)
        margin = max(self.minimum_free_bytes, int(disk.f_blocks * disk.f_frsize * _MARGIN))
        return self.minimum_free_bytes + margin - disk.f_bavail * disk.f_frsize

    def _into_place(self, source: Path, target: Path, size: int) -> None:
        try:
            source.rename(target)
        except FileNotFoundError:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            source.rename(target)
        self.added[target.parent.name] += size


class Eviction:
    """Keeps a hot cache within its limits, least recently used first; one process does it, a small step at a time.

    What the shards hold is known from when each was last looked through: bytes by hour of last use. That is enough to
    choose the hour up to which files go, and costs a few kilobytes a shard, not a table of every file.
    """

    def __init__(self, cache: HotCache) -> None:
        self._cache = cache
        self._held: dict[str, Counter[int]] = {}
        self._turn = cycle(_SHARDS)

    @property
    def bytes(self) -> int:
        """What the cache holds, as far as it has been looked through."""
        return sum(held.total() for held in self._held.values()) + self._cache.added.total()

    def step(self) -> bool:
        """Look through some of the cache and remove a modest batch if it is over a limit; whether more has to go.

        On ext4 the removal of very many files at once makes the creation of new ones slow, and those are instances
        that arrive.
        """
        shard = next(self._turn)
        self._look_through(shard)
        if shard == _SHARDS[0]:
            self._clear_drafts()
        short = self._cache.shortage()
        # Which are the least recently used is known when all has been looked through: soon, at once if it is urgent.
        while len(self._held) < len(_SHARDS) and (short > 0 or len(self._held) % _AT_START):
            self._look_through(next(self._turn))
        too_old = int((time.time() - self._cache.maximum_age_s) // _HOUR_S) - 1
        known = len(self._held) == len(_SHARDS)
        over = self.bytes - self._cache.maximum_bytes if known else 0
        return self._evict(max(over, short, 0), too_old)

    def _look_through(self, shard: str, limit: int = -1) -> list[tuple[float, int, Path]]:
        """Count anew what a shard holds; gives what was last used in an hour up to ``limit``, longest unused first."""
        held: Counter[int] = Counter()
        found: list[tuple[float, int, Path]] = []
        self._cache.added.pop(shard, None)
        with suppress(FileNotFoundError), os.scandir(self._cache.root / shard) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    state = entry.stat()
                    hour = int(state.st_mtime // _HOUR_S)
                    held[hour] += state.st_size
                    if hour <= limit:
                        found.append((state.st_mtime, state.st_size, Path(entry.path)))
        self._held[shard] = held
        return sorted(found)

    def _clear_drafts(self) -> None:
        for draft in self._cache.root.glob(f"{_DRAFT}*"):
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < time.time() - _DRAFT_LIFE_S:
                    draft.unlink()

    def _evict(self, excess: int, too_old: int) -> bool:
        """Remove up to a batch: what is too old, and the least recently used until ``excess`` bytes are gone."""
        limit = max(too_old, self._limit(excess))
        room = _BATCH
        for shard in sorted((shard for shard in _SHARDS if self._oldest(shard) <= limit), key=self._oldest):
            before = self._held[shard].total()
            found = self._look_through(shard, limit)
            excess -= before - self._held[shard].total()  # what others have evicted
            for used, size, path in found:
                hour = int(used // _HOUR_S)
                if hour > too_old and excess <= 0:
                    break
                if not room:
                    return True
                with suppress(OSError):
                    path.unlink()
                room -= 1
                excess -= size
                self._held[shard][hour] -= size
        return False

    def _oldest(self, shard: str) -> float:
        return min((hour for hour, size in self._held.get(shard, {}).items() if size > 0), default=float("inf"))

    def _limit(self, excess: int) -> int:
        """The hour up to which files have to go so that ``excess`` bytes are gone; -1: none."""
        if excess <= 0:
            return -1
        hours: Counter[int] = Counter()
        for held in self._held.values():
            hours.update(held)
        for hour in sorted(hours):
            excess -= hours[hour]
            if excess <= 0:
                return hour
        return max(hours, default=-1)
