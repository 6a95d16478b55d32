"""One store request while it arrives: parts become spooled files, spooled files become instances (PS3.18 §10.5).

An instance never waits in memory: its bytes go to the spool as they come, whatever its size.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from pacs.dicomweb.failure import reason_of
from pacs.dicomweb.media_type import parse_one
from pacs.dicomweb.multipart import Event, MultipartReader, PartBegin, PartData
from pacs.dicomweb.negotiation import DICOM
from storage.access.principal import Principal
from storage.archive import Archive
from storage.archive.ingest import Receipt, Source, ingest
from storage.dicom.part10 import Part10Splitter
from storage.errors import ArchiveError, InvalidInstance, InvalidRequest
from storage.spool import SpoolWriter

_log = structlog.get_logger("pacs.dicomweb.stow")


@dataclass(frozen=True)
class Failure:
    """An instance that was not stored; UIDs are empty when they were never read."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int
    comment: str
    error: Exception


@dataclass
class Reception:
    """Blocking, for a worker thread: ``feed`` for each block, then ``close`` once, and ``abandon`` in any case."""

    archive: Archive
    principal: Principal
    source: Source
    reader: MultipartReader | None  # None: the body is one bare instance
    identifier: str
    facility: str = ""  # code of the source's facility, for the file itself
    stored: list[Receipt] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    _part: "_Part | None" = None
    # A cancelled request may give up while a thread is still writing.
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def feed(self, block: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            InvalidRequest: they are not the multipart message that was announced.
        """
        with self._lock:
            if self.reader is not None:
                for event in self.reader.feed(block):
                    self._take(event)
                return
            if self._part is None:
                self._part = _Part(self)
            self._part.write(block)

    def _take(self, event: Event) -> None:
        if isinstance(event, PartBegin):
            self._part = _Part(self, event.headers.get("content-type", DICOM))
        elif self._part is not None:
            if isinstance(event, PartData):
                self._part.write(event.data)
            else:
                self._part.finish()
                self._part = None

    def close(self) -> None:
        """Finish at the end of the body.

        A message that is cut off after some parts keeps those; the part in which it broke is one more failure.

        Raises:
            InvalidRequest: it holds no part at all, or was cut off before the first was complete.
        """
        if self.reader is None:
            if self._part is not None:
                self._part.finish()
                self._part = None
        else:
            try:
                self.reader.close()
            except InvalidRequest as error:
                if not self.stored:
                    raise
                uids = self._part.uids if self._part is not None else ("", "")
                self._refuse(*uids, InvalidInstance(str(error)))
                self.abandon()
        if not self.stored and not self.failed:
            raise InvalidRequest("The body holds no instance.")

    def abandon(self) -> None:
        """Drop what is half received; nothing happens when nothing is."""
        with self._lock:
            part, self._part = self._part, None
            if part is not None:
                part.drop()

    def attempt(self, uids: Callable[[], tuple[str, str]], act: Callable[[], None]) -> bool:
        """Do one step of an instance; what goes wrong is this instance's failure and no other's."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the other instances of the request go on
            self._refuse(*uids(), error)
            return False
        return True

    def _refuse(self, sop_class_uid: str, sop_instance_uid: str, error: Exception) -> None:
        reason = reason_of(error)
        if isinstance(error, ArchiveError):
            comment = str(error)
            _log.info("not stored", id=self.identifier, reason=f"{reason:04X}", comment=comment)
        else:
            comment = f"An unexpected error; tell the administrator this id: {self.identifier}."
            _log.error("unexpected", id=self.identifier, exc_info=error)
        self.failed.append(Failure(sop_class_uid, sop_instance_uid, reason, comment, error))


class _Part:
    """One instance on its way from the body into the spool."""

    def __init__(self, reception: Reception, content_type: str = DICOM) -> None:
        self._reception = reception
        self._splitter = Part10Splitter()
        self._writer: SpoolWriter | None = None
        self._open = reception.attempt(lambda: ("", ""), lambda: _require_dicom(content_type))

    @property
    def uids(self) -> tuple[str, str]:
        """SOP Class and Instance UID of the file meta, as far as they have been read."""
        meta = self._splitter.meta
        return (meta.sop_class_uid, meta.sop_instance_uid) if meta is not None else ("", "")

    def write(self, data: bytes) -> None:
        """Pass on bytes; after a failure the rest of the part is skipped."""
        if self._open and not self._reception.attempt(lambda: self.uids, lambda: self._write(data)):
            self.drop()

    def finish(self) -> None:
        """Make the instance durable and index it."""
        if self._open:
            self._reception.attempt(lambda: self.uids, self._finish)
            self.drop()

    def drop(self) -> None:
        """Remove what is half written."""
        self._open = False
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.__exit__(None, None, None)

    def _write(self, data: bytes) -> None:
        self._pass_on(self._splitter.feed(data))

    def _pass_on(self, rest: bytes) -> None:
        if self._writer is None and self._splitter.meta is not None:
            meta = self._splitter.meta
            writer = self._reception.archive.spool.receive(
                transfer_syntax_uid=meta.transfer_syntax_uid,
                sop_class_uid=meta.sop_class_uid,
                sop_instance_uid=meta.sop_instance_uid,
                facility=self._reception.facility,
            )
            self._writer = writer.__enter__()
        if rest and self._writer is not None:
            self._writer.write(rest)

    def _finish(self) -> None:
        self._pass_on(self._splitter.finish())
        if self._writer is None:
            raise InvalidInstance("The instance is empty.")
        spooled = self._writer.finish(durable=False)
        reception = self._reception
        reception.stored.append(ingest(reception.archive, spooled, reception.source, reception.principal))


def _require_dicom(content_type: str) -> None:
    if parse_one(content_type or DICOM).name != DICOM:
        raise InvalidInstance(f"Only parts of type {DICOM} are taken.")
