"""Objects in a local folder, durable: a file appears whole, synced and never over another, or not at all.

The local store of obstore does not sync what it writes, so these few system calls are our own.
"""

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storage.disk import sync_folder
from storage.errors import ArchiveError, NotFound, OutOfResources, StoreUnavailable
from storage.objects import CHUNK_BYTES, ObjectHead

_TEMPORARY = ".partial-"
_ATTEMPTS = 3
_ABANDONED_AFTER_S = 2 * 24 * 3600.0


class LocalStore:
    """A folder as object store; a key is a relative path of plain names."""

    batch = 128

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        with _translated():
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(self, key: str, source: Path) -> bool:
        """Link the source where it is on the same file system, else copy it; see :class:`ObjectStore`."""
        (outcome,) = self.create_all([(key, source)])
        if isinstance(outcome, ArchiveError):
            raise outcome
        return outcome

    def create_all(self, sources: Sequence[tuple[str, Path]]) -> list[bool | ArchiveError]:
        """Place all, then sync each folder once; see :class:`ObjectStore`.

        A name that was there already is synced too: whoever made it may have died before.
        """
        outcomes: list[bool | ArchiveError] = []
        folders: dict[Path, ArchiveError | None] = {}
        for key, source in sources:
            try:
                with _translated():
                    target = self._file(key)
                    outcomes.append(self._place(source, target))
                    folders[target.parent] = None
            except NotFound as error:
                gone = not source.exists()
                outcomes.append(error if gone else StoreUnavailable("The folder of the object store is not there."))
            except ArchiveError as error:
                outcomes.append(error)
        for folder in folders:
            try:
                with _translated():
                    sync_folder(folder)
            except ArchiveError as error:
                folders[folder] = error
        failed = {folder: error for folder, error in folders.items() if error is not None}
        if not failed:
            return outcomes
        return [
            outcome if isinstance(outcome, ArchiveError) else failed.get(self._file(key).parent, outcome)
            for (key, _), outcome in zip(sources, outcomes, strict=True)
        ]

    def _place(self, source: Path, target: Path) -> bool:
        for _ in range(_ATTEMPTS):
            try:
                _link_or_copy(source, target)
            except FileExistsError:
                return False
            except FileNotFoundError:
                if not source.exists():
                    raise
                # Its folder is not there yet, or was just removed with its last object.
                self._make_folder(target.parent)
            else:
                return True
        raise StoreUnavailable("The folder of the object is being removed.")

    def put(self, key: str, data: bytes) -> None:
        """Write beside and rename over; see :class:`ObjectStore`."""
        target = self._file(key)
        with _translated():
            self._make_folder(target.parent)
            temporary = _beside(target)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(target.parent)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """See :class:`ObjectStore`."""
        with _translated(), self._file(key).open("rb") as file:
            file.seek(offset)
            return file.read() if length is None else file.read(length)

    def chunks(self, key: str, offset: int = 0) -> Iterator[bytes]:
        """See :class:`ObjectStore`."""
        with _translated():
            file = self._file(key).open("rb")
            file.seek(offset)
        return _pieces(file)

    def head(self, key: str) -> ObjectHead:
        """See :class:`ObjectStore`."""
        with _translated():
            return ObjectHead(key, self._file(key).stat().st_size)

    def delete(self, key: str) -> None:
        """See :class:`ObjectStore`; emptied folders are removed too."""
        target = self._file(key)
        with _translated():
            target.unlink(missing_ok=True)
            for folder in target.parents:
                if folder == self.root:
                    break
                try:
                    folder.rmdir()
                except OSError:  # not empty, or another has just removed it
                    break

    def keys(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See :class:`ObjectStore`."""
        with _translated():
            for folder, _, names in os.walk(self.root / prefix):
                for name in names:
                    if name.startswith(_TEMPORARY):
                        continue
                    file = Path(folder) / name
                    try:
                        size = file.stat().st_size
                    except FileNotFoundError:  # removed meanwhile
                        continue
                    yield ObjectHead(file.relative_to(self.root).as_posix(), size)

    def path(self, key: str) -> Path | None:
        """See :class:`ObjectStore`."""
        return self._file(key)

    def check(self) -> None:
        """See :class:`ObjectStore`."""
        with _translated():
            probe = _beside(self.root / "check")
            probe.touch(exist_ok=False)
            probe.unlink()

    def clear_unfinished(self) -> int:
        """See :class:`ObjectStore`; a copy is written beside its object, under a name that is none."""
        found = 0
        before = time.time() - _ABANDONED_AFTER_S
        with _translated():
            for folder, _, names in os.walk(self.root):
                for name in names:
                    file = Path(folder) / name
                    if name.startswith(_TEMPORARY) and file.stat().st_mtime < before:
                        file.unlink(missing_ok=True)
                        found += 1
        return found

    def _file(self, key: str) -> Path:
        parts = key.split("/")
        if any(part in ("", ".", "..") or part.startswith(_TEMPORARY) or "\0" in part for part in parts):
            raise NotFound("There is no such object.")
        return self.root.joinpath(*parts)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder so that it survives a power cut: each new name is synced in its parent."""
        if folder.is_dir():
            return
        if folder != self.root:
            self._make_folder(folder.parent)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return
        sync_folder(folder.parent)


def _link_or_copy(source: Path, target: Path) -> None:
    """Make ``target`` with the content of ``source``.

    Raises:
        FileExistsError: the target is there already.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS):
            raise
    else:
        return
    temporary = _beside(target)
    try:
        with source.open("rb") as reader, temporary.open("xb") as writer:
            shutil.copyfileobj(reader, writer, CHUNK_BYTES)
            writer.flush()
            os.fsync(writer.fileno())
        try:
            os.link(temporary, target)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links: nothing but a check and a rename is possible.
            if target.exists():
                raise FileExistsError(errno.EEXIST, "exists") from None
            temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with _translated(), file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _beside(target: Path) -> Path:
    return target.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotFound("There is no such object.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfResources("The disk of the object store is full.") from error
        raise StoreUnavailable("The object store cannot be reached now.") from error
