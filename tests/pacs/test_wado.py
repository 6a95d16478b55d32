"""WADO-RS: instances, metadata, frames, bulk data and pictures (PS3.18 §10.4)."""

import copy
import gzip
import io
from collections.abc import Iterator

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
)

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import part10, parts, store, stow, without_meta
from tests.pacs.server import WebServer

AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
DEFAULT = 'multipart/related; type="application/dicom"'
RAW = 'multipart/related; type="application/octet-stream"'


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


def get(client: httpx.Client, path: str, accept: str, **headers: str) -> httpx.Response:
    return client.get(path, headers={"Accept": accept, **headers})


def series_path(ds: Dataset) -> str:
    return f"/dicom-web/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}"


class TestInstances:
    @pytest.mark.parametrize("level", ["study", "series"])
    def test_all_of_them_in_one_message(self, client: httpx.Client, study: list[Dataset], level: str) -> None:
        path = series_path(study[0]) if level == "series" else f"/dicom-web/studies/{study[0].StudyInstanceUID}"
        answer = get(client, path, AS_STORED)
        assert answer.status_code == 200
        found = parts(answer)
        assert len(answer.content) == int(answer.headers["content-length"])
        assert [without_meta(body) for _, body in found] == [without_meta(part10(ds)) for ds in study]
        assert {kind for kind, _ in found} == {f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"}

    def test_one_alone_bare(self, client: httpx.Client, study: list[Dataset]) -> None:
        answer = get(client, instances.path(study[0]), "application/dicom; transfer-syntax=*")
        assert answer.headers["content-type"].startswith("application/dicom;")
        assert without_meta(answer.content) == without_meta(part10(study[0]))
        assert pydicom.dcmread(io.BytesIO(answer.content)).PatientName == "NGUYỄN^VĂN^ĐỨC"

    def test_compressed_ones_stay_so_when_any_syntax_will_do(
        self, client: httpx.Client, compressed: tuple[Dataset, bytes]
    ) -> None:
        ds, _ = compressed
        ((kind, body),) = parts(get(client, instances.path(ds), AS_STORED))
        assert kind.endswith(JPEGLSLossless)
        assert without_meta(body) == without_meta(part10(ds))

    @pytest.mark.parametrize("accept", [DEFAULT, "application/dicom", "*/*"])
    def test_the_default_is_uncompressed(
        self, client: httpx.Client, compressed: tuple[Dataset, bytes], accept: str
    ) -> None:
        ds, pixels = compressed
        answer = get(client, instances.path(ds), accept)
        body = answer.content if accept == "application/dicom" else parts(answer)[0][1]
        found = pydicom.dcmread(io.BytesIO(body))
        assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert found.PixelData == pixels
        assert found.PatientName == ds.PatientName

    def test_implicit_becomes_explicit_unless_any_syntax_will_do(self, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        store(client, [ds])
        (stored,) = parts(get(client, instances.path(ds), AS_STORED))
        (explicit,) = parts(get(client, instances.path(ds), DEFAULT))
        assert without_meta(stored[1]) == without_meta(part10(ds))
        found = pydicom.dcmread(io.BytesIO(explicit[1]))
        assert found.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        assert found.PixelData == ds.PixelData

    @pytest.mark.parametrize(
        "accept", ["text/html", "application/json", DEFAULT + "; transfer-syntax=1.2.840.10008.1.2.4.50"]
    )
    def test_forms_that_cannot_be_had(self, client: httpx.Client, study: list[Dataset], accept: str) -> None:
        assert get(client, instances.path(study[0]), accept).status_code == 406

    def test_a_study_is_never_sent_bare(self, client: httpx.Client, study: list[Dataset]) -> None:
        answer = get(client, series_path(study[0]), "application/dicom; transfer-syntax=*")
        assert answer.status_code == 406

    def test_one_that_cannot_be_decoded_does_not_spoil_its_study(
        self, client: httpx.Client, study: list[Dataset]
    ) -> None:
        good, broken = instances.study(2)
        broken.file_meta.TransferSyntaxUID = JPEGLSLossless
        broken.PixelData = encapsulate([b"\xff\xd8\xff\xf7 this is no JPEG-LS at all\xff\xd9"])
        broken["PixelData"].is_undefined_length = True
        store(client, [good, broken])
        first, second = parts(get(client, series_path(good), DEFAULT))
        assert first[0].endswith(ExplicitVRLittleEndian)
        assert second[0].endswith(JPEGLSLossless)
        assert without_meta(second[1]) == without_meta(part10(broken))
        assert get(client, instances.path(broken), DEFAULT).status_code == 406

    @pytest.mark.parametrize(
        "path",
        [
            "/dicom-web/studies/1.2.3",
            "/dicom-web/studies/1.2.3/series/1",
            "/dicom-web/studies/1.2/series/1/instances/2",
        ],
    )
    def test_what_is_not_kept(self, client: httpx.Client, path: str) -> None:
        answer = get(client, path, AS_STORED)
        assert answer.status_code == 404
        assert answer.json()["title"] == "Not found"

    def test_retrieval_is_an_export_in_the_audit_trail(self, web: WebServer, client: httpx.Client) -> None:
        made = instances.study(3)
        store(client, made)
        for ds in made:
            get(client, instances.path(ds), AS_STORED)
        get(client, f"{instances.path(made[0])}/frames/1", RAW)
        with web.archive.index.read() as connection:
            trail = audit.events(connection, study_instance_uid=str(made[0].StudyInstanceUID))
        assert [event.action for event in trail] == ["view", "export", "store"]

    def test_who_may_only_look_may_not_export(self, web: WebServer, study: list[Dataset]) -> None:
        with web.client(Role.REFERRER) as referrer:
            assert get(referrer, instances.path(study[0]), AS_STORED).status_code == 403
            assert get(referrer, f"{instances.path(study[0])}/metadata", "*/*").status_code == 200


class TestMetadata:
    def test_of_every_level(self, client: httpx.Client, study: list[Dataset]) -> None:
        for path, count in (
            (f"/dicom-web/studies/{study[0].StudyInstanceUID}", 4),
            (series_path(study[0]), 4),
            (instances.path(study[0]), 1),
        ):
            answer = client.get(f"{path}/metadata")
            assert answer.headers["content-type"] == "application/dicom+json"
            found = [Dataset.from_json(one, bulk_data_uri_handler=lambda uri: b"") for one in answer.json()]
            assert [ds.SOPInstanceUID for ds in found] == [ds.SOPInstanceUID for ds in study[:count]]
            assert found[0].PatientName == "NGUYỄN^VĂN^ĐỨC"
            assert found[0].ImagePositionPatient == [0, 0, 2]

    def test_bulk_data_is_named_by_an_address_that_works(self, client: httpx.Client, study: list[Dataset]) -> None:
        (found,) = client.get(f"{instances.path(study[0])}/metadata").json()
        address = found["7FE00010"]["BulkDataURI"]
        assert address == f"{instances.path(study[0])}/bulkdata/7FE00010"
        assert get(client, address, "application/octet-stream").content == study[0].PixelData
        assert found["00083002"]["Value"] == [ExplicitVRLittleEndian]

    def test_it_is_compressed_only_for_who_reads_that(self, client: httpx.Client, study: list[Dataset]) -> None:
        path = f"{series_path(study[0])}/metadata"
        packed = client.get(path, headers={"Accept-Encoding": "gzip"})
        plain = client.get(path, headers={"Accept-Encoding": "identity"})
        refused = client.get(path, headers={"Accept-Encoding": "gzip;q=0, *;q=0"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert "content-encoding" not in refused.headers
        assert packed.json() == plain.json() == refused.json()
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3

    def test_an_etag_saves_the_second_answer_and_changes_with_the_series(self, client: httpx.Client) -> None:
        first, second = instances.study(2)
        store(client, [first])
        path = f"{series_path(first)}/metadata"
        answer = client.get(path)
        etag = answer.headers["etag"]
        for given in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            again = client.get(path, headers={"If-None-Match": given})
            assert (again.status_code, again.content) == (304, b"")
        store(client, [second])
        grown = client.get(path, headers={"If-None-Match": etag})
        assert grown.status_code == 200
        assert grown.headers["etag"] != etag
        assert len(grown.json()) == 2

    @pytest.mark.parametrize("accept", ["application/dicom+xml", 'multipart/related; type="application/dicom+xml"'])
    def test_xml_is_not_offered(self, client: httpx.Client, study: list[Dataset], accept: str) -> None:
        assert get(client, f"{series_path(study[0])}/metadata", accept).status_code == 406


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
    def test_forms_that_cannot_be_had(self, client: httpx.Client, cine: Dataset, accept: str) -> None:
        assert get(client, f"{instances.path(cine)}/frames/1", accept).status_code == 406

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


class TestBulkData:
    def test_ranges(self, client: httpx.Client, cine: Dataset) -> None:
        path = f"{instances.path(cine)}/bulkdata/7FE00010"
        whole = get(client, path, "application/octet-stream")
        assert whole.content == cine.PixelData
        assert whole.headers["accept-ranges"] == "bytes"
        for field, expected in (
            ("bytes=100-139", slice(100, 140)),
            ("bytes=590-", slice(590, 600)),
            ("bytes=-7", slice(593, 600)),
        ):
            answer = get(client, path, "application/octet-stream", Range=field)
            assert answer.status_code == 206
            assert answer.content == cine.PixelData[expected]
            assert answer.headers["content-range"] == f"bytes {expected.start}-{expected.stop - 1}/600"
        beyond = get(client, path, "application/octet-stream", Range="bytes=600-")
        assert beyond.status_code == 416
        assert beyond.headers["content-range"] == "bytes */600"

    def test_as_a_message_of_one_part(self, client: httpx.Client, cine: Dataset) -> None:
        ((kind, body),) = parts(get(client, f"{instances.path(cine)}/bulkdata/7FE00010", RAW))
        assert kind.startswith("application/octet-stream")
        assert body == cine.PixelData

    def test_compressed_pixels_come_as_frames(self, client: httpx.Client, compressed: tuple[Dataset, bytes]) -> None:
        ds, pixels = compressed
        ((_, body),) = parts(get(client, f"{instances.path(ds)}/bulkdata/7FE00010", RAW))
        assert body == pixels

    def test_a_value_inside_a_sequence(self, client: httpx.Client) -> None:
        (ds,) = instances.study(1)
        item = Dataset()
        item.add_new(0x00420011, "OB", bytes(range(256)) * 40)
        ds.add_new(0x00081140, "SQ", [Dataset(), item])
        store(client, [ds])
        (found,) = client.get(f"{instances.path(ds)}/metadata").json()
        address = found["00081140"]["Value"][1]["00420011"]["BulkDataURI"]
        assert get(client, address, "application/octet-stream").content == bytes(range(256)) * 40

    @pytest.mark.parametrize("path", ["00100010/", "7FE0", "7FE00010/1/7FE00010", "00081140", "00420011"])
    def test_what_is_not_there(self, client: httpx.Client, study: list[Dataset], path: str) -> None:
        answer = get(client, f"{instances.path(study[0])}/bulkdata/{path}", "application/octet-stream")
        assert answer.status_code == 404


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


class TestScope:
    def test_a_token_of_another_facility_gets_nothing_of_a_study(self, web: WebServer, study: list[Dataset]) -> None:
        with web.client(Role.RADIOLOGIST, facility="79555") as stranger:
            for path in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010"):
                answer = get(stranger, f"{instances.path(study[0])}{path}", "*/*")
                assert answer.status_code == 403, path
                assert answer.headers["content-type"] == "application/problem+json"
                assert str(study[0].PatientName) not in answer.text

    def test_a_series_of_another_study_is_not_found(self, client: httpx.Client, study: list[Dataset]) -> None:
        (other,) = instances.study(1)
        store(client, [other])
        mixed = copy.deepcopy(study[0])
        mixed.SeriesInstanceUID = other.SeriesInstanceUID
        assert get(client, f"{instances.path(mixed)}/metadata", "*/*").status_code == 404
        assert get(client, f"{series_path(mixed)}/metadata", "*/*").status_code == 404


def test_the_documents_are_really_compressed_on_the_wire(client: httpx.Client, study: list[Dataset]) -> None:
    with client.stream("GET", f"{series_path(study[0])}/metadata", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw).startswith(b"[{")
