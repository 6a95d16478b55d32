"""What the tests of retrieving keep in the web process (PS3.18 §10.4)."""

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


@pytest.fixture(scope="module")
def client(web: WebServer) -> Iterator[httpx.Client]:
    with web.client() as found:
        yield found


@pytest.fixture(scope="module")
def study(client: httpx.Client) -> list[Dataset]:
    made = instances.study(4)
    store(client, made)
    return made


@pytest.fixture(scope="module")
def cine(client: httpx.Client) -> Dataset:
    """Five frames of 8 bits, each of one value."""
    (ds,) = instances.study(1)
    ds.SOPClassUID = MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    ds.NumberOfFrames, ds.Rows, ds.Columns = 5, 10, 12
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = b"".join(bytes([40 * number]) * 120 for number in range(1, 6))
    store(client, [ds])
    return ds


@pytest.fixture(scope="module")
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
