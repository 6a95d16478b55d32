"""What is asked of an S3 bucket itself, through boto3: that it is there, and which uploads nobody finished in it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from storage.errors import StoreUnavailable
from storage.objects import StoreRefuses
from storage.settings import StorageSettings

if TYPE_CHECKING:  # these exist for the type checker alone
    from mypy_boto3_s3 import S3Client

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 20


class BucketAdministration:
    """One bucket of the settings; every method can raise ``StoreUnavailable``."""

    def __init__(self, settings: StorageSettings, name: str) -> None:
        self._settings = settings
        self._name = name

    def ensure(self) -> None:
        """Make the bucket if it is not there."""
        with self._client() as client:
            _unless(
                lambda: client.head_bucket(Bucket=self._name), "404", lambda: client.create_bucket(Bucket=self._name)
            )

    def abort_unfinished(self, prefix: str, older_than: timedelta = timedelta()) -> int:
        """Remove the parts of multipart uploads that nobody will finish; gives how many uploads they were of.

        Nothing is taken from an object: these parts never became one, and only cost room.
        """
        before = datetime.now(UTC) - older_than
        aborted = 0
        with self._client() as client:
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=self._name, Prefix=prefix):
                for found in page.get("Uploads", []):
                    if found["Initiated"] <= before or not older_than:
                        client.abort_multipart_upload(Bucket=self._name, Key=found["Key"], UploadId=found["UploadId"])
                        aborted += 1
        return aborted

    @contextmanager
    def _client(self) -> "Iterator[S3Client]":
        settings = self._settings
        try:
            with closing(
                boto3.client(
                    "s3",
                    endpoint_url=settings.s3_endpoint or None,
                    region_name=settings.s3_region,
                    aws_access_key_id=settings.s3_access_key or None,
                    aws_secret_access_key=settings.s3_secret_key.get_secret_value() or None,
                    config=Config(
                        signature_version="s3v4",
                        connect_timeout=_CONNECT_TIMEOUT_S,
                        read_timeout=_READ_TIMEOUT_S,
                        retries={"max_attempts": 2},
                        s3={"addressing_style": "path" if settings.s3_endpoint else "auto"},
                    ),
                )
            ) as client:
                yield client
        except (BotoCoreError, ClientError) as error:
            kind = StoreRefuses if _is_refusal(error) else StoreUnavailable
            raise kind(f"The bucket of the object store cannot be reached ({_reason(error)}).") from error


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


def _is_refusal(error: Exception) -> bool:
    """Whether the server itself says no, rather than being away or in trouble."""
    if not isinstance(error, ClientError):
        return False
    return 400 <= int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) < 500


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "refused"))
    return type(error).__name__
