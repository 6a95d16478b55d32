"""Sixteen clients that vanish in the middle of an answer leave no thread, file or connection behind (RFC 9110 §7.5)."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from pydicom.dataset import Dataset

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer, serving_without_error
from tests.wait import HUNG_S, until

pytestmark = pytest.mark.faults

CLIENTS = 16
SLICES = 48
MULTIPART = 'multipart/related; type="{}"'
OCTETS = MULTIPART.format("application/octet-stream")
NINE = "/frames/1,2,3,4,5,6,7,8,9"


@dataclass(frozen=True)
class Held:
    """What a process holds on to.

    Among its instances are the spool's blank files, which it made beforehand. The index has a pool of connections, as
    wide as the threads that use it.
    """

    threads: int
    descriptors: int
    connections: int
    instances: int

    @classmethod
    def by(cls, process: psutil.Process) -> "Held":
        connections = [one for one in process.net_connections("tcp") if one.status != psutil.CONN_LISTEN]
        files = [one for one in process.open_files() if one.path.endswith(".dcm")]
        return cls(process.num_threads(), len(descriptors(process.pid)), len(connections), len(files))


def descriptors(pid: int) -> list[str]:
    """What the open descriptors of a process lead to, but for the index."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(str(path.readlink()))
    return [name for name in found if "index.db" not in name]


class Vanishing:
    """Clients of one server that read a little of an answer, or nothing, and reset their connection."""

    def __init__(self, web: WebServer) -> None:
        self._web = web
        self._token = web.token(Role.RADIOLOGIST)

    def __call__(self, path: str, accept: str, *, reads: int) -> int:
        """Ask, read so many bytes and go; gives how many bytes came."""
        with socket.socket() as connection:
            # A small window: the server is still sending when the client goes.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.settimeout(60)
            connection.connect(("127.0.0.1", self._web.port))
            fields = f"Host: 127.0.0.1\r\nAuthorization: Bearer {self._token}\r\nAccept: {accept}\r\n"
            connection.sendall(f"GET {quote(path, safe='/?=,&')} HTTP/1.1\r\n{fields}\r\n".encode())
            came = 0
            while came < reads:
                block = connection.recv(min(1024, reads - came))
                if not block:
                    break
                if not came:
                    assert block.startswith(b"HTTP/1.1 200"), block
                came += len(block)
            return came


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with serving_without_error(tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture(scope="module")
def study(web: WebServer) -> list[Dataset]:
    """A series of 25 MB and, as its last instance, a picture of 18 MB in nine frames."""
    made = instances.study(SLICES, patient_id="VANISH", rows=512, columns=512)
    (large,) = instances.study(1, patient_id="VANISH", rows=1024, columns=1024)
    large.StudyInstanceUID, large.SeriesInstanceUID = made[0].StudyInstanceUID, made[0].SeriesInstanceUID
    large.NumberOfFrames, large.InstanceNumber = 9, SLICES + 1
    large.PixelData = large.PixelData * 9
    with web.client() as client:
        store(client, [*made, large])
        # Now every thread of the pools has started and has its connection to the index.
        path = instances.path(made[0])
        asked = [f"{path}/rendered?window={k},100" if k % 2 else f"{path}/metadata" for k in range(256)]
        with ThreadPoolExecutor(64) as clients:
            assert {answer.status_code for answer in clients.map(client.get, asked)} == {200}
    return [*made, large]


def worker(web: WebServer) -> psutil.Process:
    """The process that answers."""
    (found,) = (one for one in psutil.Process(web.pid).children(recursive=True) if one.num_threads() > 2)
    return found


def of_series(ds: Dataset) -> str:
    return instances.path(ds).rpartition("/instances/")[0]


RESOURCES: dict[str, tuple[Callable[[Dataset, int], str], str]] = {
    "series": (lambda ds, _: of_series(ds), MULTIPART.format("application/dicom")),
    "frames": (lambda ds, _: instances.path(ds) + NINE, OCTETS),
    "htj2k": (lambda ds, _: instances.path(ds) + NINE, MULTIPART.format("image/jphc")),
    "bulkdata": (lambda ds, _: instances.path(ds) + "/bulkdata/7FE00010", "application/octet-stream"),
    "metadata": (lambda ds, _: of_series(ds) + "/metadata", "application/dicom+json"),
    "rendered": (lambda ds, k: f"{instances.path(ds)}/rendered?window={40 + k},400", "image/png"),
}


@pytest.mark.parametrize("resource", RESOURCES)
def test_nothing_stays_behind(web: WebServer, study: list[Dataset], resource: str) -> None:
    vanish = Vanishing(web)
    make, accept = RESOURCES[resource]
    process = worker(web)

    def round_of(number: int) -> None:
        with ThreadPoolExecutor(CLIENTS) as clients:
            # Some read a part of the answer, some go before it starts.
            for came in clients.map(
                lambda k: vanish(make(study[-1], number * CLIENTS + k), accept, reads=(2000, 0, 300, 0)[k % 4]),
                range(CLIENTS),
            ):
                assert came >= 0
        until(lambda: not Held.by(process).connections, within_s=30)

    round_of(0)
    before = settled(process)
    for number in (1, 2):
        round_of(number)
    deadline = time.monotonic() + HUNG_S
    while not at_most(now := Held.by(process), before) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert at_most(now, before), (now, before)
    with web.client() as client:
        assert client.get("/dicom-web/studies", params={"PatientID": "VANISH"}).status_code == 200


def settled(process: psutil.Process) -> Held:
    """What a process holds once that has stopped changing."""
    seen = Held.by(process)
    for _ in range(50):
        time.sleep(0.3)
        last, seen = seen, Held.by(process)
        if seen == last:
            break
    return seen


def at_most(now: Held, before: Held) -> bool:
    """Whether nothing is held that was not held before."""
    return (
        now.threads <= before.threads
        and now.descriptors <= before.descriptors
        and now.instances <= before.instances
        and not now.connections
    )
