"""The spool: the local folder where an instance becomes durable before it is acknowledged; the journal of the archive.

``incoming/`` holds what is being written and blank files for what will be, ``ready/`` what is complete and synced,
``quarantine/`` what could not be kept. A file that a living process works on is locked (flock), so that a start-up
beside it leaves it alone.
"""

import hashlib
import os
import secrets
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from storage.blank import Blanks
from storage.dicom.part10 import FileMeta, Origin, encode_meta, record
from storage.disk import sync_folder, translated, translation
from storage.errors import OutOfResources, TooLarge
from storage.fault_point import reached
from storage.spooled_file import Hold, SpooledFile, Written, spooled_file

_HELD_BYTES = 256 * 1024
_BUFFERS = 16
_NO_LIMIT = 1 << 62


class Spool:
    """The spool folder of this node; any number of processes of the node share it."""

    def __init__(self, root: Path, *, minimum_free_bytes: int = 0, maximum_instance_bytes: int | None = None) -> None:
        self.root = root.absolute()
        self.incoming = self.root / "incoming"
        self.ready = self.root / "ready"
        self.quarantine = self.root / "quarantine"
        self.minimum_free_bytes = minimum_free_bytes
        self.maximum_instance_bytes = maximum_instance_bytes
        with translated():
            for folder in (self.incoming, self.ready, self.quarantine):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.node = self._node()
        self.blanks = Blanks(self.incoming, self.node)
        # Each holds a small instance while it arrives; used again, because fresh memory costs more than the copy.
        self.buffers: deque[bytearray] = deque(maxlen=_BUFFERS)

    def close(self) -> None:
        """Leave nothing blank behind."""
        self.blanks.close()

    def arriving(self) -> list[Path]:
        """The files that are being written, or were when their process died."""
        return [path for path in self.incoming.iterdir() if _holds_bytes(path)]

    def _node(self) -> str:
        """This spool's own name, made once: in the index it tells our files from those of other nodes."""
        file = self.root / "node"
        if not file.exists():
            draft = self.root / f"node-{secrets.token_hex(4)}"
            draft.write_text(secrets.token_hex(4))
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
            sync_folder(self.root)
        return file.read_text().strip()

    def receive(
        self,
        *,
        transfer_syntax_uid: str,
        sop_class_uid: str,
        sop_instance_uid: str,
        source_ae_title: str = "",
        facility: str = "",
        received_at: datetime | None = None,
    ) -> "SpoolWriter":
        """Open a new file for one instance; write the bytes of its data set to what this returns.

        ``facility``: code of the one that owns it; ``received_at``: for what came earlier, else the end of writing.

        Raises:
            OutOfResources: the disk is nearly full; nothing was written.
            InvalidInstance: a declared UID cannot be kept.
            StoreUnavailable: the disk does not take it.
        """
        self.check_room()
        origin = Origin(received_at, facility)
        meta = FileMeta(transfer_syntax_uid, sop_class_uid, sop_instance_uid, source_ae_title, origin=origin)
        return SpoolWriter(self, meta)

    def check_room(self) -> None:
        """Raise :class:`OutOfResources` if less disk is free than the settings demand."""
        with translated():
            disk = os.statvfs(self.root)
        if disk.f_bavail * disk.f_frsize < self.minimum_free_bytes:
            raise OutOfResources("The disk is nearly full; nothing was stored.")

    def path(self, name: str) -> Path:
        """The file of this name in ``ready/``; it may be absent, or another node's."""
        return self.ready / Path(name).name

    def new_name(self) -> str:
        """A name nobody has used."""
        return f"{self.node}-{secrets.token_hex(12)}.dcm"


class SpoolWriter:
    """One instance on its way in: a context manager that removes the file unless :meth:`finish` was reached."""

    def __init__(self, spool: Spool, meta: FileMeta) -> None:
        self._spool = spool
        self._meta = meta
        self._head, self._record_offset = encode_meta(meta)
        self._dataset_offset = len(self._head)
        self._limit = _NO_LIMIT if spool.maximum_instance_bytes is None else spool.maximum_instance_bytes
        self._digest = hashlib.sha256()
        # The data set, while it is small; written with the head.
        self._held: bytearray | None = spool.buffers.pop() if spool.buffers else bytearray(_HELD_BYTES)
        self._size = self._dataset_offset
        self._finished = False
        with translated():
            self._blank = spool.blanks.take()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._finished:
            self._finished = True
            if self._held is not None:
                self._spool.buffers.append(self._held)
            with translated():
                self._blank.remove()

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes of the data set, exactly as received.

        Raises:
            TooLarge: the instance is over the limit of the settings.
            OutOfResources: the disk is full.
            StoreUnavailable: the disk does not take it.
        """
        length = len(data)
        if self._size == self._dataset_offset:
            reached("spool: first bytes")
        if self._size + length > self._limit:
            raise TooLarge(f"The instance is larger than the {self._limit} bytes that this archive takes.")
        self._digest.update(data)
        held, position = self._held, self._size - self._dataset_offset
        if held is not None and position + length <= _HELD_BYTES:
            held[position : position + length] = data
        else:
            if held is not None:
                self._write_at(self._dataset_offset, memoryview(held)[:position])
                self._held = None
                self._spool.buffers.append(held)
            self._write_at(self._size, data)
        self._size += length

    def finish(self, *, durable: bool = True) -> SpooledFile:
        """Make the file durable in ``ready/`` and describe it; after this it survives a power cut.

        With ``durable`` false the disk has only begun to write: it goes on while the caller reads the header, and
        :meth:`SpooledFile.make_durable` waits for the rest.

        The head goes in last: a file without one was never finished. Where a power cut undoes the last step, the
        rename, the start after it does that again.

        Raises:
            OutOfResources: the disk is full.
            StoreUnavailable: the disk does not take it.
        """
        given = self._meta
        origin = Origin(given.origin.received_at or datetime.now(UTC), given.origin.facility)
        meta = FileMeta(
            given.transfer_syntax_uid,
            given.sop_class_uid,
            given.sop_instance_uid,
            given.source_ae_title,
            self._digest.hexdigest(),
            origin,
        )
        head = self._head[: self._record_offset] + record(meta)
        length = self._size - self._dataset_offset
        if self._held is None:
            self._write_at(0, head)
        else:
            self._write_together(head, memoryview(self._held)[:length])
        reached("spool: complete")
        blank = self._blank
        # Whoever has this descriptor closes the file and with it gives up its lock.
        spooled = spooled_file(
            self._spool.ready / blank.path.name,
            meta,
            self._size,
            self._dataset_offset,
            Hold(blank.descriptor),
            Written(blank, self._held, length, self._spool.buffers),
        )
        self._finished = True
        try:
            if durable:
                spooled.make_durable()
            else:
                os.posix_fadvise(blank.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # the kernel begins to write
        except BaseException:
            spooled.discard()
            raise
        return spooled

    def _write_together(self, head: bytes, data: memoryview) -> None:
        try:
            written = os.pwritev(self._blank.descriptor, (head, data), 0)
        except OSError as error:
            raise translation(error) from error
        if written < len(head) + len(data):
            self._write_at(0, head)
            self._write_at(len(head), data)

    def _write_at(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        try:
            written = os.pwrite(self._blank.descriptor, data, offset)
            while written < len(data):  # a disk that fills up takes a part and refuses the rest
                written += os.pwrite(self._blank.descriptor, memoryview(data)[written:], offset + written)
        except OSError as error:
            raise translation(error) from error


def _holds_bytes(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
