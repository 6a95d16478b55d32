"""One web process for each database, and what the tests of retrieving keep in it (PS3.18 §10.4)."""

from collections.abc import Iterator

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEGLSLossless,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
)

from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.peers import postgresql


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an archive that all modules of this folder share."""
    folder = tmp_path_factory.mktemp("wado")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'index.db'}"
    else:
        server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
        url = server.database()
    started = WebServer(folder, url)
    try:
        started.start()
        yield started
    finally:
        started.close()


@pytest.fixture(scope="package")
def client(web: WebServer) -> Iterator[httpx.Client]:
    with web.client() as found:
        yield found


@pytest.fixture(scope="package")
def study(client: httpx.Client) -> list[Dataset]:
    made = instances.study(4)
    store(client, made)
    return made


@pytest.fixture(scope="package")
def cine(client: httpx.Client) -> Dataset:
    """Five frames of 8 bits, each of one value."""
    (ds,) = instances.study(1)
    ds.SOPClassUID = MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    ds.NumberOfFrames, ds.Rows, ds.Columns = 5, 10, 12
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = b"".join(bytes([40 * number]) * 120 for number in range(1, 6))
    store(client, [ds])
    return ds


@pytest.fixture(scope="package")
def compressed(client: httpx.Client) -> tuple[Dataset, bytes]:
    """The same kind of slice in JPEG-LS, and its pixels."""
    (ds,) = instances.study(1)
    pixels = bytes(ds.PixelData)
    array = np.frombuffer(pixels, "<u2").reshape(ds.Rows, ds.Columns)
    ds.PixelData = encapsulate([bytes(imagecodecs.jpegls_encode(array))])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = JPEGLSLossless
    store(client, [ds])
    return ds, pixels
