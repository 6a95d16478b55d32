"""WADO-RS: frames (PS3.18 §10.4.1.1.6)."""

import httpx
import imagecodecs
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEGLSLossless,
)

from tests import instances
from tests.pacs.message import parts, store
from tests.pacs.wado.resource import RAW, get


class TestFrames:
    def test_a_list_in_the_order_asked_for(self, client: httpx.Client, cine: Dataset) -> None:
        answer = get(client, f"{instances.path(cine)}/frames/3,1,3", RAW)
        found = parts(answer)
        assert [body for _, body in found] == [bytes([value]) * 120 for value in (120, 40, 120)]
        assert {kind for kind, _ in found} == {f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"}

    def test_one_bare(self, client: httpx.Client, cine: Dataset) -> None:
        answer = get(client, f"{instances.path(cine)}/frames/2", "application/octet-stream")
        assert answer.content == bytes([80]) * 120
        assert "immutable" in answer.headers["cache-control"]
        assert "private" in answer.headers["cache-control"]
        again = client.get(
            answer.request.url,
            headers={"Accept": "application/octet-stream", "If-None-Match": answer.headers["etag"]},
        )
        assert again.status_code == 304

    def test_htj2k_is_made_when_asked_for(self, client: httpx.Client, study: list[Dataset]) -> None:
        accept = (
            'multipart/related; type="image/jphc"; transfer-syntax=1.2.840.10008.1.2.4.201, '
            'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1;q=0.9'
        )
        ((kind, body),) = parts(get(client, f"{instances.path(study[0])}/frames/1", accept))
        assert kind == f"image/jphc; transfer-syntax={HTJ2KLossless}"
        decoded = imagecodecs.htj2k_decode(body)
        assert decoded.astype("<i2").tobytes() == study[0].PixelData
        bare = get(client, f"{instances.path(study[0])}/frames/1", "image/jphc")
        assert bare.content == body

    def test_compressed_ones_come_as_kept_or_decoded(
        self, client: httpx.Client, compressed: tuple[Dataset, bytes]
    ) -> None:
        ds, pixels = compressed
        path = f"{instances.path(ds)}/frames/1"
        for accept, expected in ((RAW, "application/octet-stream"), ("*/*", "application/octet-stream")):
            ((kind, body),) = parts(get(client, path, accept))
            assert (kind, body) == (f"{expected}; transfer-syntax={ExplicitVRLittleEndian}", pixels)
        for accept, expected in (
            (RAW + "; transfer-syntax=*", "application/octet-stream"),
            ('multipart/related; type="image/jls"', "image/jls"),
            ('multipart/related; type="*/*"; transfer-syntax=*', "image/jls"),
        ):
            ((kind, body),) = parts(get(client, path, accept))
            assert kind == f"{expected}; transfer-syntax={JPEGLSLossless}"
            assert imagecodecs.jpegls_decode(body).tobytes() == pixels

    @pytest.mark.parametrize(
        ("frames", "status"),
        [("6", 404), ("1,6", 404), ("0", 400), ("-1", 400), ("1,,2", 400), ("x", 400), ("1" * 12, 400), ("1;2", 400)],
    )
    def test_frames_that_are_not_there(self, client: httpx.Client, cine: Dataset, frames: str, status: int) -> None:
        assert get(client, f"{instances.path(cine)}/frames/{frames}", RAW).status_code == status

    @pytest.mark.parametrize("accept", ["image/jpeg", "text/html", "application/dicom"])
    def test_forms_that_cannot_be_had(self, client: httpx.Client, study: list[Dataset], accept: str) -> None:
        assert get(client, f"{instances.path(study[0])}/frames/1", accept).status_code == 406

    def test_several_are_not_sent_bare(self, client: httpx.Client, cine: Dataset) -> None:
        assert get(client, f"{instances.path(cine)}/frames/1,2", "application/octet-stream").status_code == 406

    def test_what_is_no_image_has_no_frames(self, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        for keyword in ("PixelData", "Rows", "Columns"):
            del ds[keyword]
        ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "SR"
        store(client, [ds])
        for path in ("frames/1", "rendered", "thumbnail"):
            assert get(client, f"{instances.path(ds)}/{path}", "*/*").status_code == 404
