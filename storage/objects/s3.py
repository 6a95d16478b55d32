"""Objects in an S3 bucket: obstore moves the data, :mod:`storage.objects.bucket` looks after the bucket.

Every request has an end: what is short is given up after seconds, and what is long goes in requests of a few megabytes,
each of which may be slow but none endless. So a server that takes a request and never answers holds nothing up for
long, and a line of half a megabit still carries the largest instance.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import obstore
import structlog
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store as Bucket

from storage.errors import ArchiveError, NotFound, StoreUnavailable
from storage.objects import CHUNK_BYTES, ObjectHead, StoreRefuses
from storage.objects.bucket import BucketAdministration
from storage.settings import StorageSettings

if TYPE_CHECKING:  # these exist for the type checker alone
    from obstore import GetOptions, GetResult
    from obstore.store import ClientConfig, S3Config

# A conditional put is one request that holds the object in memory; what is larger goes in parts.
SINGLE_PUT_BYTES = 16 * 1024 * 1024
PART_BYTES = 8 * 1024 * 1024
_PARTS_AT_ONCE = 3
_SHORT_BYTES = 1024 * 1024
# One request reads no more than this of a large object, so that its time is bounded too.
_RANGE_BYTES = 16 * 1024 * 1024
_CONNECT_TIMEOUT = timedelta(seconds=5)
_PROBE_TIMEOUT = timedelta(seconds=5)
_SHORT_TIMEOUT = timedelta(seconds=20)
_LONG_TIMEOUT = timedelta(seconds=300)
_STALL_TIMEOUT = timedelta(seconds=20)
_ABANDONED_AFTER = timedelta(days=2)

_log = structlog.get_logger(__name__)


class S3Store:
    """A bucket, below a prefix, as object store."""

    batch = 1

    def __init__(self, settings: StorageSettings) -> None:
        name, _, prefix = settings.object_store_url.removeprefix("s3://").partition("/")
        self._settings = settings
        self._name = name
        self._prefix = prefix.strip("/")
        self._bucket = BucketAdministration(settings, name)
        self._ensured = False
        with _translated():
            # Each holds its own connections and its own patience; the uploader retries by itself, readers cannot.
            self._probe = self._client(_PROBE_TIMEOUT, retries=0)
            self._short = self._client(_SHORT_TIMEOUT, retries=1)
            self._long = self._client(_LONG_TIMEOUT, retries=2)
            self._reads = self._client(_LONG_TIMEOUT, retries=2, stall=_STALL_TIMEOUT)

    @classmethod
    def open(cls, settings: StorageSettings) -> Self:
        """Open the bucket of the settings and make it if it is not there; if its server is away, with the first object.

        A node that starts while the store is away receives all the same.

        Raises:
            StoreRefuses: the server does not let this archive in.
        """
        made = cls(settings)
        try:
            made._ensure()
        except StoreRefuses:
            raise
        except StoreUnavailable as error:
            _log.warning("the object store is away; what arrives waits in the spool", reason=str(error))
        return made

    def _ensure(self) -> None:
        if not self._ensured:
            self._bucket.ensure()
            self._ensured = True

    def _client(self, timeout: timedelta, *, retries: int, stall: timedelta | None = None) -> Bucket:
        settings = self._settings
        # A server that knows the checksum refuses what was damaged on its way there; others ignore the header.
        config: S3Config = {
            "region": settings.s3_region,
            "virtual_hosted_style_request": not settings.s3_endpoint,
            "checksum_algorithm": "SHA256",
        }
        if settings.s3_endpoint:
            config["endpoint"] = settings.s3_endpoint
        if settings.s3_access_key:
            config["access_key_id"] = settings.s3_access_key
            config["secret_access_key"] = settings.s3_secret_key.get_secret_value()
        client: ClientConfig = {
            "allow_http": settings.s3_endpoint.startswith("http://"),
            "timeout": timeout,
            "connect_timeout": _CONNECT_TIMEOUT,
        }
        if stall is not None:
            client["read_timeout"] = stall
        return Bucket(
            self._name,
            prefix=self._prefix or None,
            config=config,
            client_options=client,
            retry_config={"max_retries": retries, "retry_timeout": timeout},
        )

    def create(self, key: str, source: Path) -> bool:
        """Put if absent; see :class:`ObjectStore`.

        A large file goes in parts, where the server cannot check for another at the end: it is looked for at the start,
        and a key names its content, so the same key again means the same bytes. The caller sees to it that nobody else
        uploads this key meanwhile: parts that an upload which died has left are removed first.
        """
        with _read_from_disk(source):
            size = source.stat().st_size
        self._ensure()
        with _translated():
            if size <= SINGLE_PUT_BYTES:
                return self._put_if_absent(key, source, size)
            if self._exists(key):
                return False
            self._abort(key)
            try:
                obstore.put(
                    self._long,
                    key,
                    source,
                    use_multipart=True,
                    chunk_size=PART_BYTES,
                    max_concurrency=_PARTS_AT_ONCE,
                )
            except BaseException:
                with suppress(ArchiveError):
                    self._abort(key)
                raise
            return True

    def create_all(self, sources: Sequence[tuple[str, Path]]) -> list[bool | ArchiveError]:
        """One after the other; see :class:`ObjectStore`."""
        return [_outcome(self, key, source) for key, source in sources]

    def _put_if_absent(self, key: str, source: Path, size: int) -> bool:
        with _read_from_disk(source):
            data = source.read_bytes()
        client = self._short if size <= _SHORT_BYTES else self._long
        try:
            obstore.put(client, key, data, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
        return True

    def put(self, key: str, data: bytes) -> None:
        """See :class:`ObjectStore`."""
        self._ensure()
        with _translated():
            obstore.put(self._short if len(data) <= _SHORT_BYTES else self._long, key, data)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """See :class:`ObjectStore`."""
        if length == 0:
            return b""
        with _translated():
            try:
                return self._read(key, offset, length)
            except BaseError:
                if self._ends_before(key, offset):
                    return b""
                raise

    def _read(self, key: str, offset: int, length: int | None) -> bytes:
        if length is not None:
            return bytes(obstore.get_range(self._reads, key, start=offset, length=length))
        return bytes(obstore.get(self._reads, key, options={"range": {"offset": offset}} if offset else None).bytes())

    def _ends_before(self, key: str, offset: int) -> bool:
        """To ask for nothing but bytes behind the end is an error of S3, and no bytes for us."""
        return bool(obstore.head(self._short, key)["size"] <= offset)

    def chunks(self, key: str, offset: int = 0) -> Iterator[bytes]:
        """See :class:`ObjectStore`."""
        with _translated():
            try:
                first = self._range(key, offset)
            except FileNotFoundError:
                raise
            except BaseError:
                if self._ends_before(key, offset):
                    return iter(())
                raise
        return self._pieces(key, offset, first)

    def _range(self, key: str, offset: int, etag: str | None = None) -> "GetResult":
        options: GetOptions = {"range": (offset, offset + _RANGE_BYTES)}
        if etag is not None:
            options["if_match"] = etag
        return obstore.get(self._reads, key, options=options)

    def _pieces(self, key: str, offset: int, found: "GetResult") -> Iterator[bytes]:
        size, etag = found.meta["size"], found.meta["e_tag"]
        with _translated():
            while True:
                yield from found.stream(min_chunk_size=CHUNK_BYTES)
                offset += _RANGE_BYTES
                if offset >= size:
                    return
                found = self._range(key, offset, etag)

    def head(self, key: str) -> ObjectHead:
        """See :class:`ObjectStore`."""
        with _translated():
            return ObjectHead(key, obstore.head(self._short, key)["size"])

    def delete(self, key: str) -> None:
        """See :class:`ObjectStore`."""
        with _translated(), suppress(FileNotFoundError):
            obstore.delete(self._short, key)

    def keys(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See :class:`ObjectStore`."""
        with _translated():
            for page in obstore.list(self._reads, prefix=prefix.rstrip("/") or None):
                for found in page:
                    yield ObjectHead(found["path"], found["size"])

    def path(self, key: str) -> Path | None:
        """There are no files here."""
        return None

    def check(self) -> None:
        """See :class:`ObjectStore`."""
        with _translated(), suppress(FileNotFoundError):
            obstore.head(self._probe, "check")

    def clear_unfinished(self) -> int:
        """Remove the parts of uploads that were begun days ago and never ended; gives how many uploads."""
        return self._bucket.abort_unfinished(self._full("instances/"), _ABANDONED_AFTER)

    def _abort(self, key: str) -> None:
        self._bucket.abort_unfinished(self._full(key))

    def _full(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _exists(self, key: str) -> bool:
        try:
            obstore.head(self._short, key)
        except FileNotFoundError:
            return False
        return True


def _outcome(store: S3Store, key: str, source: Path) -> bool | ArchiveError:
    try:
        return store.create(key, source)
    except ArchiveError as error:
        return error


@contextmanager
def _read_from_disk(source: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("The file to be stored is gone.") from error
    except OSError as error:
        raise StoreUnavailable("The disk of the spool cannot be read now.") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("There is no such object.") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreRefuses("The object store refuses the access key of the settings.") from error
    except BaseError as error:
        raise StoreUnavailable("The object store cannot be reached now.") from error
