"""Use case: the metadata of a series as one ready-made DICOM JSON document, kept compressed (PS3.18 §10.4.1.1.2, §F.2).

A document is made of the headers in the index when it is first asked for or when its series has fallen quiet, and made
anew when the series has grown. Its name holds the hash of its content, so an old name never gives new content.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

import imagecodecs

from storage.archive import Archive
from storage.archive.absence import absence
from storage.archive.retrieve import instances
from storage.dicom import json
from storage.errors import NotFound
from storage.fault_point import reached
from storage.index import documents as rows
from storage.index import locations
from storage.index.engine import Index
from storage.objects import series_document_key

# A series that has not grown for so long is quiet.
QUIET = timedelta(seconds=3)
# A series left stale for longer, by a worker that was not running, is built when it is asked for.
_LOOK_BACK = timedelta(days=2)
_ATTEMPTS = 4
_LEVEL = 6
_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "br": lambda plain: bytes(imagecodecs.brotli_encode(plain, level=7)),
    "zstd": lambda plain: bytes(imagecodecs.zstd_encode(plain, level=9)),
}
_LOCKS = 64
_REMEMBERED_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SeriesDocument:
    """A JSON array, compressed with gzip; ``etag`` is hexadecimal and changes with the content alone."""

    etag: str
    gzip_body: bytes


def document(archive: Archive, study_instance_uid: str, series_instance_uid: str) -> SeriesDocument:
    """The metadata of all instances of a series that are kept now; asks no permission.

    Raises:
        NotFound: there is no such series.
        StoreUnavailable: the index or the object store cannot be reached.
    """
    with archive.index.read() as connection:
        row = rows.find(connection, study_instance_uid, series_instance_uid)
    if row is None:
        raise absence(archive, study_instance_uid, series_instance_uid)
    return _current(archive, row)


def study_document(archive: Archive, study_instance_uid: str) -> SeriesDocument:
    """The metadata of all instances of a study: its series documents joined.

    Raises:
        NotFound, StoreUnavailable: as :func:`document`.
    """
    with archive.index.read() as connection:
        found = rows.all_of(connection, study_instance_uid)
    if not found:
        raise absence(archive, study_instance_uid)
    parts = [_current(archive, row) for row in found]
    if len(parts) == 1:
        return parts[0]
    etag = hashlib.sha256("".join(part.etag for part in parts).encode()).hexdigest()[:32]
    recent = _recent(archive.index)
    body = recent.get(etag)
    if body is None:
        body = _compressed(gzip.decompress(part.gzip_body)[1:-1] for part in parts)
        recent.put(etag, body)
    return SeriesDocument(etag, body)


def instance_document(
    archive: Archive, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str
) -> SeriesDocument:
    """The metadata of one instance, as an array of one.

    Raises:
        NotFound: there is no such instance.
        StoreUnavailable: the index cannot be reached.
    """
    row = instances(archive, study_instance_uid, series_instance_uid, sop_instance_uid)[0]
    with archive.index.read() as connection:
        encoded = locations.header(connection, row.id)
    if encoded is None:
        raise NotFound("There is no such instance.")
    text = json.text(encoded)
    etag = _etag([text])
    recent = _recent(archive.index)
    kept = recent.get(etag)
    if kept is None:
        kept = _compressed([text])
        recent.put(etag, kept)
    return SeriesDocument(etag, kept)


def body(archive: Archive, document: SeriesDocument, coding: str) -> bytes:
    """The document in a content coding: ``gzip``, ``br`` or ``zstd``, or ``identity``.

    What is not kept so is made once and remembered, as long as it is among those used of late.
    """
    if coding == "gzip":
        return document.gzip_body
    recent = _recent(archive.index)
    key = f"{document.etag}.{coding}"
    found = recent.get(key)
    if found is None:
        found = _CODINGS[coding](gzip.decompress(document.gzip_body))
        recent.put(key, found)
    return found


def build_quiet(archive: Archive, limit: int = 20) -> int:
    """Make the stale documents of series that have fallen quiet; returns how many were made.

    Raises:
        StoreUnavailable: the index or the object store cannot be reached.
    """
    now = datetime.now(UTC)
    with archive.index.read() as connection:
        stale = rows.quiet(connection, now - _LOOK_BACK, now - QUIET, limit)
    for row in stale:
        _current(archive, row)
    return len(stale)


def _current(archive: Archive, row: rows.Row) -> SeriesDocument:
    """The document of a series, from the store if it is up to date there, else made now."""
    for _ in range(_ATTEMPTS):
        kept = _kept(archive, row)
        if kept is not None:
            return kept
        with _lock_of(row["id"]):
            # Another thread may have made it while this one waited.
            with archive.index.read() as connection:
                latest = rows.find(connection, row["study_instance_uid"], row["series_instance_uid"])
            if latest is None:
                raise NotFound("There is no such series.")
            lost = latest["document_key"] == row["document_key"]
            kept = None if lost else _kept(archive, latest)
            if kept is not None:
                return kept
            made = _build(archive, latest)
            if made is not None:
                return made
            row = latest
    raise NotFound("This series is being removed.")


def _kept(archive: Archive, row: rows.Row) -> SeriesDocument | None:
    if row["document_revision"] < row["revision"] or not row["document_key"]:
        return None
    recent = _recent(archive.index)
    body = recent.get(row["document_key"])
    if body is None:
        try:
            body = archive.objects.read(row["document_key"])
        except NotFound:
            return None
        recent.put(row["document_key"], body)
    return SeriesDocument(row["document_etag"], body)


def _build(archive: Archive, row: rows.Row) -> SeriesDocument | None:
    """Make the document of what the index holds now.

    The revision is read before the headers: a document may hold more than its revision says, and is then made once
    more, never less.
    """
    with archive.index.read() as connection:
        state = rows.find(connection, row["study_instance_uid"], row["series_instance_uid"])
        if state is None:
            return None
        texts = [json.text(encoded) for encoded in rows.headers(connection, state["id"])]
    if not texts:
        return None
    etag, body = _etag(texts), _compressed(texts)
    key = series_document_key(state["study_instance_uid"], state["series_instance_uid"], etag)
    reached("series document: made")
    archive.objects.put(key, body)
    reached("series document: stored")
    with archive.index.write() as connection:
        noted = rows.replace(connection, state, key, etag)
        latest = rows.find(connection, state["study_instance_uid"], state["series_instance_uid"])
    superseded = state["document_key"] if noted else key
    if superseded and (latest is None or latest["document_key"] != superseded):
        archive.objects.delete(superseded)
    _recent(archive.index).put(key, body)
    return SeriesDocument(etag, body)


def _etag(texts: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(len(text).to_bytes(8, "big"))
        digest.update(text)
    return digest.hexdigest()[:32]


def _compressed(texts: Iterable[bytes]) -> bytes:
    """The array of these objects; without a time in it, so that the same content is the same bytes."""
    return gzip.compress(b"[" + b",".join(texts) + b"]", _LEVEL, mtime=0)


class _Recent:
    """Compressed documents used of late, by a key that names their content."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> bytes | None:
        with self._lock:
            body = self._bodies.get(key)
            if body is not None:
                self._bodies.move_to_end(key)
            return body

    def put(self, key: str, body: bytes) -> None:
        if len(body) > _REMEMBERED_BYTES // 8:
            return
        with self._lock:
            self._bytes += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self._bytes > _REMEMBERED_BYTES:
                _, dropped = self._bodies.popitem(last=False)
                self._bytes -= len(dropped)


_locks = [threading.Lock() for _ in range(_LOCKS)]
_by_index: WeakKeyDictionary[Index, _Recent] = WeakKeyDictionary()
_by_index_lock = threading.Lock()


def _lock_of(series_id: int) -> threading.Lock:
    return _locks[series_id % _LOCKS]


def _recent(index: Index) -> _Recent:
    with _by_index_lock:
        return _by_index.setdefault(index, _Recent())
