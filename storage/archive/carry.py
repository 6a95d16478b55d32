"""One step of the journal's other end: objects are made of spool files and proved; nothing of it is noted yet."""

import fcntl
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from storage.archive import Archive
from storage.archive.origin import stamp
from storage.dicom.part10 import read_meta
from storage.errors import ArchiveError, InvalidInstance, NotFound, OutOfResources, StoreUnavailable
from storage.fault_point import reached
from storage.objects import StoreRefuses
from storage.spool import Hold

Row = Mapping[str, Any]
Reason = Literal["unreachable", "refused", "full", "wrong-bytes", "damaged", "missing", "failed"]

_WHOLE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Failure:
    """Why an object could not be made; ``error`` is for a person and holds no patient data."""

    reason: Reason
    error: ArchiveError

    @property
    def is_of_the_store(self) -> bool:
        """Whether it says more about the store than about this one instance."""
        return self.reason in ("unreachable", "refused", "full")


@dataclass
class Passage:
    """One instance on its way; ``outcome`` is ``verified``, ``gone`` (no file), ``busy`` (another has it) or a failure.

    While ``hold`` is held nobody else carries this instance.
    """

    row: Row
    source: Path
    hold: Hold | None = None
    outcome: Literal["verified", "gone", "busy"] | Failure = "busy"

    def release(self) -> None:
        """Let others carry it."""
        if self.hold is not None:
            self.hold.release()


def carry(archive: Archive, rows: Sequence[Row]) -> list[Passage]:
    """Make the objects of spooled instances and read each back; never raises for one of them.

    What is ``verified`` is still held: the caller notes it in the index and then releases it.
    """
    passages = [_claimed(archive, row) for row in rows]
    held = [passage for passage in passages if passage.hold is not None]
    try:
        _carry_held(archive, held)
    except BaseException as error:
        for passage in held:
            passage.release()
        if not isinstance(error, ArchiveError):
            raise
        if len(rows) > 1:  # one of them is at fault, or the index is: each is told apart by itself
            return [passage for row in rows for passage in carry(archive, [row])]
        passages[0].outcome = Failure("failed", error)
    return passages


def _carry_held(archive: Archive, held: Sequence[Passage]) -> None:
    for _ in held:
        reached("upload: begin")
    stamp(archive, {passage.row["id"]: passage.source for passage in held})
    created = archive.objects.create_all([(passage.row["object_key"], passage.source) for passage in held])
    for passage, outcome in zip(held, created, strict=True):
        reached("upload: created")
        try:
            passage.outcome = _proved(archive, passage, outcome)
        except ArchiveError as error:
            passage.outcome = Failure(reason_of(error), error)
        if passage.outcome == "verified":
            reached("upload: verified")
        else:
            passage.release()


def _claimed(archive: Archive, row: Row) -> Passage:
    """Lock the spool file: its object is then nobody else's to make, to repair or to remove."""
    passage = Passage(row, archive.spool.path(row["spool_name"]))
    try:
        descriptor = os.open(passage.source, os.O_RDONLY)
    except FileNotFoundError:
        passage.outcome = "gone"
        return passage
    except OSError as error:
        passage.outcome = Failure("damaged", StoreUnavailable("The spool file cannot be read."))
        passage.outcome.error.__cause__ = error
        return passage
    hold = Hold(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        hold.release()
        return passage
    # Another may have carried it to the end between our opening and our locking; a spool name is never used again.
    if not passage.source.exists():
        hold.release()
        passage.outcome = "gone"
        return passage
    passage.hold = hold
    return passage


def _proved(archive: Archive, passage: Passage, created: bool | ArchiveError) -> Literal["verified", "gone"] | Failure:
    """Read the object back; a damaged one is made anew, once."""
    if isinstance(created, NotFound):
        return "gone"
    if isinstance(created, ArchiveError):
        return Failure(reason_of(created), created)
    row = passage.row
    if is_verified(archive, row):
        return "verified"
    if not _is_sound(passage.source, row):
        return Failure("damaged", StoreUnavailable("The spool file no longer has the bytes that were received."))
    # The key names the content, so what is there is a damaged or half-copied object; the spool file is sound.
    archive.objects.delete(row["object_key"])
    archive.objects.create(row["object_key"], passage.source)
    if is_verified(archive, row):
        return "verified"
    return Failure("wrong-bytes", StoreUnavailable("The object store gave back other bytes than it was given."))


def is_verified(archive: Archive, row: Row) -> bool:
    """Whether the object is there, of the row's size, with the row's data set behind a file meta that says so.

    Raises:
        StoreUnavailable: the store cannot be asked.
    """
    key, size, offset = row["object_key"], int(row["size"]), int(row["dataset_offset"])
    digest = hashlib.sha256()
    try:
        head, found = b"", 0
        for chunk in archive.objects.chunks(key):
            missing = max(offset - len(head), 0)
            head += bytes(chunk[:missing])
            digest.update(memoryview(chunk)[missing:])
            found += len(chunk)
        if found != size or digest.hexdigest() != row["dataset_sha256"]:
            return False
        meta, end = read_meta(head)
    except (NotFound, InvalidInstance):
        return False
    said = (meta.sop_instance_uid, meta.transfer_syntax_uid, meta.dataset_sha256)
    return end == offset and said == (row["sop_instance_uid"], row["transfer_syntax_uid"], row["dataset_sha256"])


def _is_sound(source: Path, row: Row) -> bool:
    """Whether the spool file still has the bytes that arrived."""
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file:
            file.seek(row["dataset_offset"])
            while piece := file.read(_WHOLE_BYTES):
                digest.update(piece)
            return bool(file.tell() == row["size"] and digest.hexdigest() == row["dataset_sha256"])
    except OSError:
        return False


def reason_of(error: ArchiveError) -> Reason:
    """The word under which a failure is counted and told."""
    if isinstance(error, StoreRefuses):
        return "refused"
    return "full" if isinstance(error, OutOfResources) else "unreachable"
