"""Objects: the bytes of the archive under opaque keys, in a local folder or an S3 bucket."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storage.errors import ArchiveError, StoreUnavailable
from storage.settings import StorageSettings

__all__ = ["ObjectHead", "ObjectStore", "StoreRefuses", "instance_key", "open_store", "series_document_key"]

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class ObjectHead:
    """Name and size in bytes of an object."""

    key: str
    size: int


class StoreRefuses(StoreUnavailable):
    """The object store answers, but does not let this archive in: a wrong key, or rights that were taken away."""


class ObjectStore(Protocol):
    """Where objects are kept; every method can raise ``StoreUnavailable``, and is safe in any thread.

    ``batch``: how many objects are best created in one call; 1 where each is a request of its own.
    """

    batch: int

    def create(self, key: str, source: Path) -> bool:
        """Keep the content of a file durably, unless the key is taken; false if it was taken (nothing is changed)."""
        ...

    def create_all(self, sources: Sequence[tuple[str, Path]]) -> list[bool | ArchiveError]:
        """:meth:`create` of many, made durable together; what became of each, ``NotFound`` where its file is gone."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keep bytes under a key, in place of what was there: for derived objects alone."""
        ...

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """Bytes from ``offset``; fewer than ``length`` at the end of the object.

        Raises:
            NotFound: there is no such object.
        """
        ...

    def chunks(self, key: str, offset: int = 0) -> Iterator[bytes]:
        """All bytes from ``offset``, in pieces of about a megabyte.

        Raises:
            NotFound: there is no such object; raised before the first piece.
        """
        ...

    def head(self, key: str) -> ObjectHead:
        """Name and size.

        Raises:
            NotFound: there is no such object.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the object, if there is one."""
        ...

    def keys(self, prefix: str = "") -> Iterator[ObjectHead]:
        """All objects below a prefix that ends with a slash, or all."""
        ...

    def path(self, key: str) -> Path | None:
        """The file of an object where the store is a folder, else None; the file may be absent."""
        ...

    def check(self) -> None:
        """Ask the store something trivial, to know that it answers."""
        ...

    def clear_unfinished(self) -> int:
        """Remove what writers that died long ago have left half written; gives how much was found."""
        ...


def open_store(settings: StorageSettings) -> ObjectStore:
    """Open the store that the settings name, making the folder or the bucket if it is not there.

    Raises:
        StoreUnavailable: it cannot be reached or made.
    """
    url = settings.object_store_url
    if url.startswith("s3://"):
        from storage.objects.s3 import S3Store  # noqa: PLC0415  # a local archive need not load the S3 clients

        return S3Store.open(settings)
    from storage.objects.local import LocalStore  # noqa: PLC0415  # as above

    return LocalStore(Path(url))


def sha256_of(store: ObjectStore, key: str) -> str:
    """SHA-256 of an object, in hexadecimal, read anew.

    Raises:
        NotFound: there is no such object.
    """
    digest = hashlib.sha256()
    for chunk in store.chunks(key):
        digest.update(chunk)
    return digest.hexdigest()


def instance_key(study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str, dataset_sha256: str) -> str:
    """The key of an instance: hashes of its UIDs, and of its content, so that another content has another key."""
    study, series, sop = (_opaque(uid) for uid in (study_instance_uid, series_instance_uid, sop_instance_uid))
    return f"instances/{study}/{series}/{sop}-{dataset_sha256[:16]}.dcm"


def series_document_key(study_instance_uid: str, series_instance_uid: str, etag: str) -> str:
    """The key of a derived series document; ``etag`` is hexadecimal."""
    return f"derived/{_opaque(study_instance_uid)}/{_opaque(series_instance_uid)}/{etag}.json.gz"


def _opaque(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:20]
