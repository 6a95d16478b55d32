"""WADO-RS: metadata (PS3.18 §10.4.1.1.2)."""

import gzip
import json
from collections.abc import Callable
from xml.etree import ElementTree

import httpx
import imagecodecs
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
)

from tests import instances
from tests.pacs.message import parts, store
from tests.pacs.wado.resource import get, series_path

NATIVE = {"n": "http://dicom.nema.org/PS3.19/models/NativeDICOM"}
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "br": lambda raw: bytes(imagecodecs.brotli_decode(raw)),
    "zstd": lambda raw: bytes(imagecodecs.zstd_decode(raw)),
}


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

    def test_as_xml_one_part_an_instance(self, client: httpx.Client, study: list[Dataset]) -> None:
        accept = 'multipart/related; type="application/dicom+xml"'
        answer = get(client, f"{series_path(study[0])}/metadata", accept)
        found = parts(answer)
        assert {kind for kind, _ in found} == {"application/dicom+xml"}
        told = [ElementTree.fromstring(body) for _, body in found]
        names = [one.find("n:DicomAttribute[@tag='00080018']/n:Value", NATIVE) for one in told]
        assert [name is not None and name.text for name in names] == [ds.SOPInstanceUID for ds in study]
        pixels = told[0].find("n:DicomAttribute[@keyword='PixelData']/n:BulkData", NATIVE)
        assert pixels is not None
        assert get(client, pixels.attrib["uri"], "application/octet-stream").content == study[0].PixelData
        etag = answer.headers["etag"]
        assert get(client, f"{series_path(study[0])}/metadata", accept, **{"If-None-Match": etag}).status_code == 304

    def test_one_instance_as_a_bare_document(self, client: httpx.Client, study: list[Dataset]) -> None:
        answer = get(client, f"{instances.path(study[0])}/metadata", "application/dicom+xml")
        assert answer.headers["content-type"] == "application/dicom+xml"
        assert ElementTree.fromstring(answer.content).tag.endswith("NativeDicomModel")
        assert get(client, f"{series_path(study[0])}/metadata", "application/dicom+xml").status_code == 406

    @pytest.mark.parametrize(
        ("field", "coding"),
        [
            ("gzip, deflate, br, zstd", "br"), ("gzip, zstd", "zstd"), ("gzip;q=1, br;q=0.5", "gzip"), ("*", "br"),
            ("identity", ""), ("deflate", ""), ("br;q=0, gzip", "gzip"), ("gzip;q=0.5, identity", ""), ("br;q=x", ""),
        ],
    )  # fmt: skip
    def test_the_coding_that_the_client_likes_best(
        self, client: httpx.Client, study: list[Dataset], field: str, coding: str
    ) -> None:
        address = f"{series_path(study[0])}/metadata"
        with client.stream("GET", address, headers={"Accept-Encoding": field}) as answer:
            raw = b"".join(answer.iter_raw())
        assert answer.headers.get("content-encoding", "") == coding
        assert "Accept-Encoding" in answer.headers["vary"]
        plain = DECODERS[coding](raw)
        assert len(json.loads(plain)) == 4

    def test_head_tells_what_get_would(self, client: httpx.Client, study: list[Dataset]) -> None:
        path = f"{series_path(study[0])}/metadata"
        told, given = client.head(path), client.get(path)
        assert (told.status_code, told.content) == (200, b"")
        for field in ("etag", "content-type", "content-length", "content-encoding"):
            assert told.headers[field] == given.headers[field]


def test_the_documents_are_really_compressed_on_the_wire(client: httpx.Client, study: list[Dataset]) -> None:
    with client.stream("GET", f"{series_path(study[0])}/metadata", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw).startswith(b"[{")
