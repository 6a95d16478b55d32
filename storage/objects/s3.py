"""Objects in an S3 bucket: obstore moves the data, boto3 looks after the bucket."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import boto3
import obstore
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store as Bucket

from storage.errors import NotFound, StoreUnavailable
from storage.objects import CHUNK_BYTES, ObjectHead
from storage.settings import StorageSettings

if TYPE_CHECKING:  # these exist for the type checker alone
    from obstore import GetResult
    from obstore.store import ClientConfig, S3Config

T = TypeVar("T")

# A conditional put is one request that holds the object in memory; what is larger goes in parts.
SINGLE_PUT_BYTES = 32 * 1024 * 1024
PART_BYTES = 16 * 1024 * 1024
_TIMEOUT = timedelta(seconds=60)
_CONNECT_TIMEOUT = timedelta(seconds=5)
_RETRY_TIMEOUT = timedelta(seconds=15)


class S3Store:
    """A bucket, below a prefix, as object store."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @classmethod
    def open(cls, settings: StorageSettings) -> Self:
        """Open the bucket of the settings and make it if it is not there.

        Raises:
            StoreUnavailable: the server cannot be reached or refuses.
        """
        name, _, prefix = settings.object_store_url.removeprefix("s3://").partition("/")
        _ensure_bucket(settings, name)
        config: S3Config = {"region": settings.s3_region, "virtual_hosted_style_request": not settings.s3_endpoint}
        if settings.s3_endpoint:
            config["endpoint"] = settings.s3_endpoint
        if settings.s3_access_key:
            config["access_key_id"] = settings.s3_access_key
            config["secret_access_key"] = settings.s3_secret_key.get_secret_value()
        client: ClientConfig = {
            "allow_http": settings.s3_endpoint.startswith("http://"),
            "timeout": _TIMEOUT,
            "connect_timeout": _CONNECT_TIMEOUT,
        }
        with _translated():
            return cls(
                Bucket(
                    name,
                    prefix=prefix.strip("/") or None,
                    config=config,
                    client_options=client,
                    retry_config={"max_retries": 3, "retry_timeout": _RETRY_TIMEOUT},
                )
            )

    def create(self, key: str, source: Path) -> bool:
        """Put if absent; see :class:`ObjectStore`.

        A large file goes in parts, where the server cannot check for another at the end: it is looked for at the start,
        and a key names its content, so the same key again means the same bytes.
        """
        with _translated():
            if source.stat().st_size <= SINGLE_PUT_BYTES:
                try:
                    obstore.put(self._bucket, key, source.read_bytes(), mode="create")
                except (AlreadyExistsError, PreconditionError):
                    return False
                return True
            if self._exists(key):
                return False
            obstore.put(self._bucket, key, source, use_multipart=True, chunk_size=PART_BYTES, max_concurrency=4)
            return True

    def put(self, key: str, data: bytes) -> None:
        """See :class:`ObjectStore`."""
        with _translated():
            obstore.put(self._bucket, key, data)

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """See :class:`ObjectStore`."""
        if length == 0:
            return b""
        with _translated():
            try:
                return self._read(key, offset, length)
            except BaseError:
                # To ask for nothing but bytes behind the end is an error of S3, and no bytes for us.
                if offset and obstore.head(self._bucket, key)["size"] <= offset:
                    return b""
                raise

    def _read(self, key: str, offset: int, length: int | None) -> bytes:
        if length is not None:
            return bytes(obstore.get_range(self._bucket, key, start=offset, length=length))
        return bytes(obstore.get(self._bucket, key, options={"range": {"offset": offset}} if offset else None).bytes())

    def chunks(self, key: str, offset: int = 0) -> Iterator[bytes]:
        """See :class:`ObjectStore`."""
        with _translated():
            found = obstore.get(self._bucket, key, options={"range": {"offset": offset}} if offset else None)
        return _pieces(found)

    def head(self, key: str) -> ObjectHead:
        """See :class:`ObjectStore`."""
        with _translated():
            return ObjectHead(key, obstore.head(self._bucket, key)["size"])

    def delete(self, key: str) -> None:
        """See :class:`ObjectStore`."""
        with _translated():
            try:
                obstore.delete(self._bucket, key)
            except FileNotFoundError:
                return

    def keys(self, prefix: str = "") -> Iterator[ObjectHead]:
        """See :class:`ObjectStore`."""
        with _translated():
            for page in obstore.list(self._bucket, prefix=prefix.rstrip("/") or None):
                for found in page:
                    yield ObjectHead(found["path"], found["size"])

    def path(self, key: str) -> Path | None:
        """There are no files here."""
        return None

    def check(self) -> None:
        """See :class:`ObjectStore`."""
        try:
            self.head("check")
        except NotFound:
            return

    def _exists(self, key: str) -> bool:
        try:
            obstore.head(self._bucket, key)
        except FileNotFoundError:
            return False
        return True


def _pieces(found: "GetResult") -> Iterator[bytes]:
    with _translated():
        yield from found.stream(min_chunk_size=CHUNK_BYTES)


def _ensure_bucket(settings: StorageSettings, name: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key or None,
        aws_secret_access_key=settings.s3_secret_key.get_secret_value() or None,
        config=Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=20,
            retries={"max_attempts": 2},
            s3={"addressing_style": "path" if settings.s3_endpoint else "auto"},
        ),
    )
    try:
        _unless(lambda: client.head_bucket(Bucket=name), "404", lambda: client.create_bucket(Bucket=name))
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"The bucket of the object store cannot be reached ({_reason(error)}).") from error
    finally:
        client.close()


def _unless(first: Callable[[], object], code: str, otherwise: Callable[[], object]) -> None:
    try:
        first()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in (code, "NoSuchBucket"):
            raise
        try:
            otherwise()
        except ClientError as refused:
            # Another process made it in between.
            if refused.response.get("Error", {}).get("Code") not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "refused"))
    return type(error).__name__


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("There is no such object.") from error
    except BaseError as error:
        raise StoreUnavailable("The object store cannot be reached now.") from error
