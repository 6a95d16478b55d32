"""Use case: hold what the index says against the bytes that are there, both ways (Filmless row E4: integrity).

Nothing is deleted. The bucket is listed first and the rows are walked afterwards: a row is committed before its object
is made, so an instance that arrives meanwhile is never taken for an orphan; and what looks wrong is looked at again.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from storage.access import audit
from storage.access.permission import may
from storage.access.principal import Action, Principal
from storage.archive import Archive
from storage.archive.audit_checkpoint import AUDIT
from storage.archive.finding import FINDINGS_KEPT, Finding, Kind, ScrubReport
from storage.archive.origin import HEAD_BYTES
from storage.archive.rebuild import adopt
from storage.archive.repair import repair
from storage.archive.throttle import paced
from storage.archive.upload import is_verified
from storage.claim import claim
from storage.dicom.part10 import read_meta
from storage.errors import InvalidInstance, NotFound, StoreUnavailable
from storage.index import films, removals
from storage.index import scrubbing as rows
from storage.index.inventory import Inventory
from storage.objects import ObjectHead, series_document_key

THREADS = 8
INSTANCES, DERIVED = "instances/", "derived/"
_PAGE = 500
_LISTED = 1000
# A file that was written to this recently may be on its way.
_YOUNG_S = 60.0

Progress = Callable[[str, int, int | None], object]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Scrub:
    """What is to be done; ``rate`` in bytes a second, 0: as fast as it goes.

    ``quick``: existence and size alone. ``older_than``: read again only what was not read for so long. ``repair``: make
    an object anew from a good copy in the spool or the cache. ``adopt``: index instance objects that have no row.
    """

    quick: bool = False
    older_than: timedelta | None = None
    repair: bool = False
    adopt: bool = False
    rate: int = 0


def scrub(
    archive: Archive, wanted: Scrub, principal: Principal, progress: Progress = lambda stage, done, total: None
) -> ScrubReport:
    """Look through the whole archive; ``progress`` hears the stage, how much is done and of how much.

    What is damaged is noted in the index, for the administrator's status, and in the audit trail.

    Raises:
        Forbidden: the principal may not administer.
        StoreUnavailable: the index or the object store cannot be reached; run again to go on (``older_than``).
    """
    may(principal, Action.ADMINISTER, None)
    report = ScrubReport(wanted.quick, datetime.now(UTC))
    with (
        Inventory(archive.settings.data_dir) as inventory,
        ThreadPoolExecutor(THREADS, thread_name_prefix="scrub") as pool,
    ):
        report.objects = _list(archive, inventory, progress)
        _Rows(archive, wanted, principal, report, inventory, pool).walk(progress)
        _derived(archive, inventory)
        leftovers = _leftovers(archive, inventory, pool)
        for finding in _adopted(archive, leftovers, principal) if wanted.adopt else leftovers:
            report.add(finding)
    for finding in (*_spool(archive), *_quarantine(archive)):
        report.add(finding)
    report.finished_at = datetime.now(UTC)
    counts = dict(sorted(report.counts.items()))
    with archive.index.write() as connection:
        audit.record(
            connection,
            principal,
            audit.VERIFY,
            detail={"instances": report.instances, "read": report.read, "repaired": report.repaired, **counts},
        )
    return report


def _list(archive: Archive, inventory: Inventory, progress: Progress) -> int:
    heads: list[ObjectHead] = []
    listed = 0
    for head in archive.objects.keys(""):
        heads.append(head)
        if len(heads) == _LISTED:
            inventory.add(heads)
            listed += len(heads)
            heads = []
            progress("Listing objects", listed, None)
    inventory.add(heads)
    progress("Listing objects", listed + len(heads), None)
    return listed + len(heads)


class _Rows:
    """The rows of instances, page by page, against the inventory and, unless it is to be quick, against the bytes."""

    def __init__(
        self,
        archive: Archive,
        wanted: Scrub,
        principal: Principal,
        report: ScrubReport,
        inventory: Inventory,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._archive = archive
        self._reading = paced(archive, wanted.rate)
        self._wanted = wanted
        self._principal = principal
        self._report = report
        self._inventory = inventory
        self._pool = pool
        self._before = report.started_at - wanted.older_than if wanted.older_than is not None else None

    def walk(self, progress: Progress) -> None:
        """Look at every instance."""
        with self._archive.index.read() as connection:
            total = rows.total(connection)
        after = 0
        while True:
            with self._archive.index.read() as connection:
                page = rows.page(connection, after, _PAGE)
                known = rows.damaged(connection, [row["id"] for row in page])
            if not page:
                return
            self._page(page, known)
            after = page[-1]["id"]
            self._report.instances += len(page)
            progress("Checking instances", self._report.instances, max(total, self._report.instances))

    def _page(self, page: list[rows.Row], known: set[int]) -> None:
        sizes = self._inventory.take(row["object_key"] for row in page)
        to_read = {row["id"] for row in page if self._is_due(row) or row["id"] in known}
        kinds = list(
            self._pool.map(
                lambda row: self._examine(row, sizes.get(row["object_key"]), read=row["id"] in to_read), page
            )
        )
        bad = [(row, kind) for row, kind in zip(page, kinds, strict=True) if kind is not None]
        bad = [(row, again) for row, _ in bad if (again := self._examine_again(row)) is not None]
        unsound = {row["id"] for row, _ in bad}
        sound = [row["id"] for row in page if row["id"] in to_read and row["id"] not in unsound]
        self._report.read += len(sound)
        self._report.bytes_read += sum(row["size"] for row in page if row["id"] in to_read)
        now = datetime.now(UTC)
        self._archive.index.in_transaction(
            lambda connection: rows.note_sound(connection, sound, known.intersection(sound), now)
        )
        for row, kind in bad:
            self._note(row, kind, now)

    def _is_due(self, row: rows.Row) -> bool:
        if self._wanted.quick or row["location"] != "object":
            return False
        return self._before is None or row["verified_at"] is None or row["verified_at"] < self._before

    def _examine(self, row: rows.Row, size: int | None, *, read: bool) -> Kind | None:
        """What is wrong with the bytes of a row; ``size`` as listed, None: it was not there then."""
        if row["location"] == "spool":
            return self._examine_spooled(row)
        try:
            if size is None:
                size = self._archive.objects.head(row["object_key"]).size
            if size != row["size"]:
                return "size"
            if not read or is_verified(self._reading, row):
                return None
            self._archive.objects.head(row["object_key"])
        except NotFound:
            return "missing"
        except StoreUnavailable:
            self._archive.objects.check()  # raises if it is the store and not this object
            return "unreadable"
        return "content"

    def _examine_spooled(self, row: rows.Row) -> Kind | None:
        if not row["spool_name"].startswith(f"{self._archive.spool.node}-"):
            return None  # on the disk of another node, which looks itself
        try:
            size = self._archive.spool.path(row["spool_name"]).stat().st_size
        except OSError:
            return "spool-missing"
        return None if size == row["size"] else "spool-missing"

    def _examine_again(self, row: rows.Row) -> Kind | None:
        """What is wrong still: meanwhile it may have been uploaded, removed or stored anew."""
        with self._archive.index.read() as connection:
            fresh = rows.by_sop_instance_uid(connection, row["sop_instance_uid"])
        if fresh is None:
            return None
        row.update(fresh)
        return self._examine(row, None, read=not self._wanted.quick)

    def _note(self, row: rows.Row, kind: Kind, now: datetime) -> None:
        repaired = self._wanted.repair and repair(self._archive, row)
        name = row["spool_name"] if kind == "spool-missing" else row["object_key"]
        self._report.add(Finding(kind, name, row["sop_instance_uid"], repaired))
        damage = "missing" if kind == "spool-missing" else kind

        def note(connection: rows.Connection) -> None:
            if repaired:
                rows.note_sound(connection, [row["id"]], [row["id"]], now)
                self._audit(connection, row, kind, "repaired")
            elif rows.note_damage(connection, row["id"], damage, now):
                self._audit(connection, row, kind, "found")

        self._archive.index.in_transaction(note)
        _log.error("the bytes of an instance are not right", kind=kind, key=row["object_key"], repaired=repaired)

    def _audit(self, connection: rows.Connection, row: rows.Row, kind: Kind, what: str) -> None:
        audit.record(
            connection,
            self._principal,
            audit.VERIFY,
            study_instance_uid=row["study_instance_uid"],
            patient_id=row["patient_id"],
            detail={what: kind, "sop_instance_uid": row["sop_instance_uid"], "key": row["object_key"]},
        )


def _derived(archive: Archive, inventory: Inventory) -> None:
    """Take out what is derived of series that are kept, and films that wait in the tray."""
    with archive.index.read() as connection:
        inventory.take(films.object_keys(connection))
        for page in rows.documents(connection, _PAGE):
            inventory.take_folders(
                series_document_key(study, series, "").rpartition("/")[0] + "/" for study, series in page
            )


def _leftovers(archive: Archive, inventory: Inventory, pool: ThreadPoolExecutor) -> Iterator[Finding]:
    """What no row accounts for."""
    for page in _in_pages(inventory):
        yield from (finding for finding in pool.map(lambda head: _leftover(archive, head), page) if finding)


def _adopted(archive: Archive, leftovers: Iterable[Finding], principal: Principal) -> Iterator[Finding]:
    """Index the orphans, a bounded number in one run: of more, the index is to be rebuilt."""
    orphans: list[Finding] = []
    for finding in leftovers:
        if finding.kind == "orphan" and len(orphans) < FINDINGS_KEPT:
            orphans.append(finding)
        else:
            yield finding
    if orphans:
        left = dict(adopt(archive, [archive.objects.head(orphan.name) for orphan in orphans], principal).refused)
        yield from (replace(orphan, repaired=orphan.name not in left) for orphan in orphans)


def _in_pages(heads: Iterable[ObjectHead]) -> Iterator[list[ObjectHead]]:
    page: list[ObjectHead] = []
    for head in heads:
        page.append(head)
        if len(page) == _PAGE:
            yield page
            page = []
    yield page


def _leftover(archive: Archive, head: ObjectHead) -> Finding | None:
    if head.key.startswith(DERIVED):
        return Finding("derived-orphan", head.key)
    if not head.key.startswith(INSTANCES):
        # What is below audit/ is proved by `pacs audit verify`.
        return None if head.key.startswith(AUDIT) else Finding("foreign", head.key)
    try:
        meta, _ = read_meta(archive.objects.read(head.key, 0, min(head.size, HEAD_BYTES)))
    except NotFound:
        return None
    except InvalidInstance:
        return Finding("foreign", head.key)
    with archive.index.read() as connection:
        row = rows.by_sop_instance_uid(connection, meta.sop_instance_uid)
        left = removals.awaits_erasing(connection, head.key)
    if left or (row is not None and row["object_key"] == head.key):
        return None
    return Finding("orphan" if meta.dataset_sha256 else "foreign", head.key, meta.sop_instance_uid)


def _spool(archive: Archive) -> Iterator[Finding]:
    for path in archive.spool.ready.iterdir():
        if _is_busy(path):
            continue
        try:
            with path.open("rb") as file:
                uid = read_meta(file.read(HEAD_BYTES))[0].sop_instance_uid
        except (OSError, InvalidInstance):
            uid = ""
        with archive.index.read() as connection:
            row = rows.by_sop_instance_uid(connection, uid)
        if (row is None or row["spool_name"] != path.name) and path.exists():
            yield Finding("spool-orphan", path.name, uid)


def _quarantine(archive: Archive) -> Iterator[Finding]:
    with archive.index.read() as connection:
        noted = {row["file_name"]: row["sop_instance_uid"] for row in rows.quarantined(connection, archive.spool.node)}
    present = {path.name for path in archive.spool.quarantine.iterdir() if path.name in noted or not _is_busy(path)}
    with archive.index.read() as connection:
        still = {row["file_name"] for row in rows.quarantined(connection, archive.spool.node)}
    for name in sorted(still & noted.keys() - present):
        yield Finding("quarantine-missing", name, noted[name])
    for name in sorted(present - still - noted.keys()):
        yield Finding("quarantine-orphan", name)


def _is_busy(path: Path) -> bool:
    """Whether somebody works on a file, or has just done so."""
    try:
        if path.stat().st_mtime > time.time() - _YOUNG_S:
            return True
    except FileNotFoundError:
        return True
    hold = claim(path)
    if hold is not None:
        hold.release()
    return hold is None
