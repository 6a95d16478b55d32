"""Import of media: folders, zip archives and DICOMDIR (PS3.10 §8.6), resumable, with a report of what was refused.

A journal in the data folder names the files that are done, so an import that was cut off goes on where it stopped; the
journal goes away when an import has come to its end.
"""

import hashlib
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from storage.access import facilities
from storage.access.principal import Principal
from storage.archive import Archive, part10_arrival
from storage.archive.ingest import Source
from storage.errors import ArchiveError, InvalidInstance, OutOfResources, StoreUnavailable

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Item:
    """One file to import; ``label`` is what the report and the journal call it."""

    label: str
    size: int
    stamp: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass
class ImportReport:
    """What became of an import; ``refused`` pairs a file with the reason."""

    stored: int = 0
    duplicates: int = 0
    skipped: int = 0  # done by an earlier, interrupted run
    ignored: int = 0  # DICOMDIR files themselves
    refused: list[tuple[str, str]] = field(default_factory=list)
    studies: set[str] = field(default_factory=set)

    def as_json(self) -> dict[str, Any]:
        """Give the report for ``--report``."""
        return {
            "stored": self.stored,
            "duplicates": self.duplicates,
            "skipped": self.skipped,
            "studies": sorted(self.studies),
            "refused": [{"file": name, "reason": reason} for name, reason in self.refused],
        }


def find_items(paths: Sequence[Path]) -> list[Item]:
    """List every file behind the paths: a folder whole, a zip's members, a DICOMDIR's references, or the file itself.

    Raises:
        InvalidInstance: a path does not exist, or a zip or DICOMDIR cannot be read.
    """
    return [item for path in paths for item in _items_of(path)]


def _items_of(path: Path) -> Iterator[Item]:
    if path.is_dir():
        for found in sorted(path.rglob("*")):
            if found.is_file() and not found.is_symlink():
                yield from _items_of(found) if found.suffix.lower() == ".zip" else [_file(found)]
    elif not path.is_file():
        raise InvalidInstance(f"{path} does not exist.")
    elif zipfile.is_zipfile(path):
        yield from _members(path)
    elif path.name.upper() == "DICOMDIR":
        yield from _references(path)
    else:
        yield _file(path)


def _file(path: Path) -> Item:
    try:
        facts = path.stat()
    except OSError:
        return Item(str(path), 0, "", lambda: path.open("rb"))
    return Item(str(path), facts.st_size, str(facts.st_mtime_ns), lambda: path.open("rb"))


def _members(path: Path) -> Iterator[Item]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    for member in members:
        yield Item(f"{path}!{member.filename}", member.file_size, f"{member.CRC:08x}", _member_opener(path, member))


def _member_opener(path: Path, member: zipfile.ZipInfo) -> Callable[[], AbstractContextManager[IO[bytes]]]:
    return lambda: zipfile.ZipFile(path).open(member)


def _references(path: Path) -> Iterator[Item]:
    """Yield the files a DICOMDIR refers to; a File ID may never lead out of the medium."""
    try:
        directory = dcmread(path)
    except (InvalidDicomError, OSError, ValueError) as error:
        raise InvalidInstance(f"{path} is not a readable DICOMDIR.") from error
    for record in directory.get("DirectoryRecordSequence", []):
        parts = record.get("ReferencedFileID")
        if not parts:
            continue
        components = [parts] if isinstance(parts, str) else list(parts)
        relative = PurePosixPath(*components)
        if relative.is_absolute() or ".." in relative.parts:
            raise InvalidInstance(f"{path} refers to a file outside its folder.")
        # a file that is missing on the medium is reported like any other that cannot be read
        yield _file(_case_insensitive(path.parent, relative) or path.parent / relative)


def _case_insensitive(folder: Path, relative: PurePosixPath) -> Path | None:
    """Find a file whatever case the medium's file system gave its name."""
    here = folder
    for part in relative.parts:
        exact = here / part
        if exact.exists():
            here = exact
            continue
        same = [entry for entry in here.iterdir() if entry.name.lower() == part.lower()] if here.is_dir() else []
        if not same:
            return None
        here = same[0]
    return here


class Journal:
    """The files of one import that are done, appended line by line."""

    def __init__(self, folder: Path, paths: Sequence[Path]) -> None:
        name = hashlib.sha256("\n".join(str(path.resolve()) for path in paths).encode()).hexdigest()[:32]
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.journal"
        self._done: set[str] = set()
        if self._path.exists():
            self._done = set(self._path.read_text(encoding="utf-8", errors="replace").splitlines())
        self._file = self._path.open("a", encoding="utf-8")

    @staticmethod
    def _line(item: Item) -> str:
        return json.dumps([item.label, item.size, item.stamp])

    def __contains__(self, item: Item) -> bool:
        return self._line(item) in self._done

    def add(self, item: Item) -> None:
        """The item is durably kept (or refused for good)."""
        self._file.write(self._line(item) + "\n")
        self._file.flush()

    def finish(self) -> None:
        """The import came to its end."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def import_items(
    archive: Archive,
    items: Sequence[Item],
    journal: Journal,
    *,
    facility_id: int,
    principal: Principal,
    progress: Callable[[Item], None] = lambda item: None,
) -> ImportReport:
    """Keep every item; a refused one is reported and the import goes on.

    Raises:
        OutOfResources, StoreUnavailable: the archive cannot keep anything now; run again to resume.
    """
    report = ImportReport()
    source = Source(kind="import", ae_title="", address="", facility_id=facility_id, context=uuid.uuid4().hex)
    facility = facilities.code(archive.index, facility_id)
    for item in items:
        if item in journal:
            report.skipped += 1
        elif PurePosixPath(item.label.replace("!", "/")).name.upper() == "DICOMDIR":
            report.ignored += 1
        else:
            _import_one(archive, item, source, facility, principal, report)
            journal.add(item)
        progress(item)
    journal.finish()
    return report


def _import_one(
    archive: Archive, item: Item, source: Source, facility: str, principal: Principal, report: ImportReport
) -> None:
    try:
        with item.open() as stream:
            pieces = iter(lambda: stream.read(CHUNK), b"")
            receipt = part10_arrival.keep(archive, pieces, source, principal, facility=facility)
    except (OutOfResources, StoreUnavailable):
        raise
    except ArchiveError as error:
        report.refused.append((item.label, str(error)))
        return
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        # an unreadable medium, a broken or encrypted zip member
        report.refused.append((item.label, f"The file cannot be read: {_plain(error)}"))
        return
    report.studies.add(receipt.study_instance_uid)
    if receipt.duplicate:
        report.duplicates += 1
    else:
        report.stored += 1


def _plain(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
