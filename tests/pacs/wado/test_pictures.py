"""WADO-RS: rendered resources and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.4)."""

import io

import httpx
import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEGLSLossless,
)

from tests import instances
from tests.pacs.message import part10, stow
from tests.pacs.server import WebServer
from tests.pacs.wado.resource import AS_STORED, RAW, get, series_path


class TestPictures:
    def test_rendered(self, client: httpx.Client, study: list[Dataset]) -> None:
        answer = get(client, f"{instances.path(study[0])}/rendered", "image/jpeg, */*;q=0.1")
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (64, 64)

    def test_window_viewport_and_format(self, client: httpx.Client, study: list[Dataset]) -> None:
        path = f"{instances.path(study[0])}/frames/1/rendered?window=0,100,linear&viewport=32,32"
        answer = get(client, path, "image/png")
        assert answer.headers["content-type"] == "image/png"
        array = np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))
        assert array.shape == (32, 32)
        assert array[:, 0].max() == 0
        assert array[:, -1].min() == 255

    @pytest.mark.parametrize("level", ["study", "series", "instance", "frame"])
    def test_thumbnails_of_every_level(self, client: httpx.Client, study: list[Dataset], level: str) -> None:
        path = {
            "study": f"/dicom-web/studies/{study[0].StudyInstanceUID}",
            "series": series_path(study[0]),
            "instance": instances.path(study[0]),
            "frame": f"{instances.path(study[0])}/frames/1",
        }[level]
        answer = client.get(f"{path}/thumbnail?viewport=16,16")
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (16, 16)
        assert client.get(f"{path}/thumbnail", headers={"If-None-Match": "x"}).status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "window=1", "window=a,b,linear", "window=1,0,linear", "window=1,2,cubic", "window=nan,1,linear",
            "viewport=0,10", "viewport=10", "viewport=1,2,3,4,5,6", "viewport=99999,1", "quality=0", "quality=101",
        ],
    )  # fmt: skip
    def test_odd_parameters(self, client: httpx.Client, study: list[Dataset], query: str) -> None:
        assert client.get(f"{instances.path(study[0])}/rendered?{query}").status_code == 400

    def test_other_formats_are_not_offered(self, client: httpx.Client, study: list[Dataset]) -> None:
        assert get(client, f"{instances.path(study[0])}/rendered", "image/gif").status_code == 406

    def test_a_pixel_bomb_is_refused_clearly_and_the_server_lives(self, web: WebServer, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        ds.Rows = ds.Columns = 46341
        ds.file_meta.TransferSyntaxUID = JPEGLSLossless
        ds.PixelData = encapsulate([bytes(imagecodecs.jpegls_encode(np.zeros((8, 8), np.uint16)))])
        ds["PixelData"].is_undefined_length = True
        answer = stow(client, [part10(ds)])
        assert answer.status_code == 200, "it is kept: nothing is lost"
        for path, accept in (
            ("rendered", "image/jpeg"),
            ("thumbnail", "*/*"),
            ("frames/1", RAW),
            ("frames/1", "image/jphc"),
        ):
            refused = get(client, f"{instances.path(ds)}/{path}", accept)
            assert refused.status_code in (406, 413), path
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["detail"]
        assert client.get("/health").status_code == 200
        assert get(client, instances.path(ds), AS_STORED).status_code == 200
