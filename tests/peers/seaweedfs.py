"""SeaweedFS, a real S3 server in one program."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.peers import free_port, require
from tests.wait import HUNG_S

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "filmless-test"
SECRET_KEY = "filmless-test-secret"


class SeaweedFS:
    """A running S3 server on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers; data of an earlier start is still there."""
        identities = {
            "identities": [
                {
                    "name": "pacs",
                    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
                    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                }
            ]
        }
        config = self.folder / "s3.json"
        config.write_text(json.dumps(identities))
        ports = [option for name in ("master", "volume", "filer") for option in self._port_options(name)]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                program(),
                "-logtostderr=true",
                "mini",
                f"-dir={self.folder / 'data'}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-s3.config={config}",
                f"-s3.port={self.port}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-webdav=false",
                "-admin.ui=false",
                "-master.telemetry=false",
                "-s3.allowDeleteBucketNotEmpty=false",
                "-s3.autoCreateBucket=false",
                # Each bucket has volumes of its own, as many as the disk holds of this size: room for a thousand tests.
                "-master.volumeSizeLimitMB=16",
                *ports,
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        (self.folder / "data").mkdir(exist_ok=True)
        deadline = time.monotonic() + HUNG_S
        while True:
            try:
                self.client().list_buckets()
                return
            except (BotoCoreError, ClientError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.1)

    def _port_options(self, name: str) -> list[str]:
        return [f"-{name}.port={free_port()}", f"-{name}.port.grpc={free_port()}"]

    def stop(self) -> None:
        """Kill the server, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(HUNG_S)
            self._process = None

    def client(self) -> "S3Client":
        """A boto3 client of this server."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 2}),
        )

    def bucket(self) -> str:
        """Make an empty bucket and give its name."""
        name = f"t-{uuid.uuid4().hex[:20]}"
        self.client().create_bucket(Bucket=name)
        return name

    def settings(self, bucket: str, prefix: str = "archive") -> dict[str, str]:
        """The storage settings that point at a bucket here."""
        return {
            "object_store": f"s3://{bucket}/{prefix}",
            "s3_endpoint": self.endpoint,
            "s3_access_key": ACCESS_KEY,
            "s3_secret_key": SECRET_KEY,
        }


def program() -> str:
    """Path of the server's program: its wheel puts it beside Python."""
    return require(str(Path(sys.executable).parent / "weed"))


@contextmanager
def running() -> Iterator[SeaweedFS]:
    """Run a server for a while."""
    folder = Path(tempfile.mkdtemp(prefix="filmless-s3-"))
    server = SeaweedFS(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
