"""Use case: make the index anew from the objects alone, or add to it what it does not know (Filmless row E4).

Of each object the header is read and, where pixels are encapsulated, the places of its fragments. What no data set says
is in the file meta (:mod:`storage.archive.origin`): time, facility, and the row numbers, in whose order instances are
added. The first instance of a study then is the same as before, and so is every answer.
"""

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from uuid import uuid4

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.arrival import read
from storage.archive.origin import HEAD_BYTES
from storage.archive.replay import Found, Replay
from storage.archive.sparse import copy_all, copy_header
from storage.dicom.part10 import FileMeta, read_meta
from storage.errors import ArchiveError, InvalidInstance, InvalidRequest, NotFound, OutOfResources, StoreUnavailable
from storage.index import rebuilding, removals
from storage.objects import ObjectHead, instance_key
from storage.spooled_file import SpooledFile, recover

THREADS = 8
REFUSALS_KEPT = 10_000
_PREFIX = "instances/"
_AHEAD = 64
_TOLD = 1000
Progress = Callable[[str, int, int | None], object]


@dataclass
class RebuildReport:
    """What was done: ``known`` objects were in the index already; of ``refused`` (key, reason) the first are kept."""

    objects: int = 0
    added: int = 0
    known: int = 0
    refused_count: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, key: str, reason: str) -> None:
        """Note an object that cannot be indexed."""
        self.refused_count += 1
        if len(self.refused) < REFUSALS_KEPT:
            self.refused.append((key, reason))


@dataclass(frozen=True)
class _Refusal:
    reason: str


_KNOWN = _Refusal("")


def rebuild(
    archive: Archive,
    principal: Principal,
    *,
    merge: bool = False,
    read_all: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> RebuildReport:
    """Index every object of the store; after an interruption ``merge`` goes on.

    ``merge``: into an index that holds instances already. ``read_all``: read every byte and prove it; without it the
    digest of the file meta is taken at its word, and a later scrub proves it.

    Raises:
        Forbidden: the principal may not administer.
        InvalidRequest: the index holds instances, and it was not said that this is meant.
        StoreUnavailable: index or object store cannot be reached.
    """
    may(principal, Action.ADMINISTER, None)
    with archive.index.read() as connection:
        filled = rebuilding.holds_instances(connection)
    if filled and not merge:
        raise InvalidRequest(
            "The index holds instances. To go on after an interruption, or to add to it, say --resume."
        )
    total = 0
    for total, _ in enumerate(archive.objects.keys(_PREFIX), 1):
        if total % _TOLD == 0:
            progress("Listing objects", total, None)

    def tell(done: int) -> None:
        progress("Reading objects", done, max(total, done))

    found = archive.objects.keys(_PREFIX)
    report = _index(archive, found, skip_known=filled, read_all=read_all, recent=False, tell=tell)
    _record(archive, principal, report, read_all=read_all)
    return report


def adopt(archive: Archive, heads: Iterable[ObjectHead], principal: Principal) -> RebuildReport:
    """Index these objects, each of which is proved first; what is known already stays as it is.

    Raises:
        Forbidden, StoreUnavailable: as :func:`rebuild`.
    """
    may(principal, Action.ADMINISTER, None)
    ordered = sorted(heads, key=lambda head: head.key)
    report = _index(archive, ordered, skip_known=True, read_all=True, recent=True)
    _record(archive, principal, report, read_all=True)
    return report


def _record(archive: Archive, principal: Principal, report: RebuildReport, *, read_all: bool) -> None:
    with archive.index.write(durable=True) as connection:
        detail = {"objects": report.objects, "added": report.added, "refused": report.refused_count, "read": read_all}
        audit.record(connection, principal, audit.REBUILD, detail=detail)


def _index(
    archive: Archive,
    heads: Iterable[ObjectHead],
    *,
    skip_known: bool,
    read_all: bool,
    recent: bool,
    tell: Callable[[int], None] = lambda done: None,
) -> RebuildReport:
    """Read objects ahead in parallel, and add them study by study; the keys of a study lie together."""
    report = RebuildReport()
    replay = Replay(archive, recent=recent)
    with (
        tempfile.TemporaryDirectory(prefix="rebuild-", dir=archive.settings.data_dir) as folder,
        ThreadPoolExecutor(THREADS, thread_name_prefix="rebuild") as pool,
    ):
        reader = _Reader(archive, Path(folder), skip_known=skip_known, read_all=read_all)
        outcomes = _ahead(pool, reader.read, heads)
        for _, study in groupby(outcomes, key=lambda outcome: outcome[0].key.split("/")[1]):
            found: list[Found] = []
            for head, outcome in study:
                report.objects += 1
                if isinstance(outcome, Found):
                    found.append(outcome)
                elif outcome is _KNOWN:
                    report.known += 1
                else:
                    report.refuse(head.key, outcome.reason)
                tell(report.objects)
            known, refused = replay.add(found)
            report.known += known
            report.added += len(found) - known - len(refused)
            for key in refused:
                report.refuse(key, "Another content of its SOP Instance UID is kept.")
    return report


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[ObjectHead], Found | _Refusal], heads: Iterable[ObjectHead]
) -> Iterator[tuple[ObjectHead, Found | _Refusal]]:
    """What ``work`` gives of each, in their order, with a bounded number of them under way."""
    under_way: deque[tuple[ObjectHead, Future[Found | _Refusal]]] = deque()
    for head in heads:
        under_way.append((head, pool.submit(work, head)))
        if len(under_way) >= _AHEAD:
            first, future = under_way.popleft()
            yield first, future.result()
    for first, future in under_way:
        yield first, future.result()


class _Reader:
    """Reads and checks one object; in any thread."""

    def __init__(self, archive: Archive, folder: Path, *, skip_known: bool, read_all: bool) -> None:
        self._archive = archive
        self._folder = folder
        self._skip_known = skip_known
        self._read_all = read_all

    def read(self, head: ObjectHead) -> Found | _Refusal:
        try:
            if head.key.count("/") != 3 or not head.size:
                raise InvalidInstance("This is no object of this archive.")
            if self._skip_known and self._is_known(head):
                return _KNOWN
            path = self._archive.objects.path(head.key)
            if path is not None:
                return self._found(head, path)
            path = self._folder / uuid4().hex
            try:
                (copy_all if self._read_all else copy_header)(self._archive.objects, head, path)
                return self._found(head, path)
            finally:
                path.unlink(missing_ok=True)
        except NotFound:
            return _Refusal("It went while it was read.")
        except (StoreUnavailable, OutOfResources):
            self._archive.objects.check()  # raises if it is the store and not this object
            return _Refusal("It cannot be read.")
        except ArchiveError as error:
            return _Refusal(str(error))

    def _is_known(self, head: ObjectHead) -> bool:
        meta, _ = read_meta(self._archive.objects.read(head.key, 0, min(head.size, HEAD_BYTES)))
        with self._archive.index.read() as connection:
            known = rebuilding.keys(connection, [meta.sop_instance_uid]).get(meta.sop_instance_uid) == head.key
            return known or removals.awaits_erasing(connection, head.key)

    def _found(self, head: ObjectHead, path: Path) -> Found:
        with path.open("rb") as file:
            meta, offset = read_meta(file.read(HEAD_BYTES))
        if not meta.dataset_sha256:
            raise InvalidInstance("It was not written by this archive: it has no digest of its data set.")
        spooled = recover(path) if self._read_all else _described(path, head, meta, offset)
        arrival = read(
            spooled, study_instance_uid="", unknown_sop_classes="accept", searchable=self._archive.searchable.current()
        )
        uids = arrival.study_instance_uid, arrival.series_instance_uid, arrival.sop_instance_uid
        if instance_key(*uids, meta.dataset_sha256) != head.key:
            raise InvalidInstance("Its key is not that of its content.")
        return Found(head, meta, offset, arrival, self._read_all)


def _described(path: Path, head: ObjectHead, meta: FileMeta, offset: int) -> SpooledFile:
    return SpooledFile(
        path=path,
        size=head.size,
        dataset_offset=offset,
        dataset_sha256=meta.dataset_sha256,
        transfer_syntax_uid=meta.transfer_syntax_uid,
        sop_class_uid=meta.sop_class_uid,
        sop_instance_uid=meta.sop_instance_uid,
        source_ae_title=meta.source_ae_title,
    )
