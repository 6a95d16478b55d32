"""WADO-RS: instances as Part 10 files (PS3.18 §10.4.1.1.1)."""

import copy
import io

import httpx
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import part10, parts, store, without_meta
from tests.pacs.server import WebServer
from tests.pacs.wado.resource import AS_STORED, DEFAULT, RAW, get, series_path


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
