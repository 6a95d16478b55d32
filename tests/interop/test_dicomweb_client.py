"""dicomweb-client, an independent implementation, stores, searches and retrieves (PS3.18 §10)."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from storage.access.principal import Role
from tests import instances
from tests.pacs.message import part10
from tests.pacs.server import WebServer
from tests.peers import postgresql

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A running web process around an empty archive."""
    folder: Path = tmp_path_factory.mktemp("web")
    url = f"sqlite:///{folder / 'index.db'}"
    if request.param == "postgresql":
        server: postgresql.PostgreSQL = request.getfixturevalue("postgres")
        url = server.database()
    started = WebServer(folder, url)
    try:
        started.start()
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def client(web: WebServer) -> Iterator[DICOMwebClient]:
    """The client; each of its requests must succeed, but for those of the test that says so."""
    wrong: list[str] = []

    def watch(answer: requests.Response, *_: object, **__: object) -> None:
        if answer.status_code >= 400 and "/1.2.3.4/" not in answer.url:
            wrong.append(f"{answer.status_code} {answer.url}")

    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {web.token(Role.RADIOLOGIST)}"
        session.hooks["response"].append(watch)
        yield DICOMwebClient(web.dicom_web, session=session)
    assert not wrong


@pytest.fixture(scope="module")
def study(client: DICOMwebClient) -> list[Dataset]:
    # read back, because dicomweb-client leaves out the preamble of a data set that never was a file
    made: list[Dataset] = [pydicom.dcmread(io.BytesIO(part10(ds))) for ds in instances.study(6, patient_id="DWC-1")]
    answer = client.store_instances(made)
    assert len(answer.ReferencedSOPSequence) == 6
    assert "FailedSOPSequence" not in answer
    return made


def uids(ds: Dataset) -> tuple[str, str, str]:
    return str(ds.StudyInstanceUID), str(ds.SeriesInstanceUID), str(ds.SOPInstanceUID)


def test_search(client: DICOMwebClient, study: list[Dataset]) -> None:
    (found,) = client.search_for_studies(search_filters={"PatientID": "DWC-1"})
    assert Dataset.from_json(found).StudyInstanceUID == study[0].StudyInstanceUID
    (series,) = client.search_for_series(study_instance_uid=str(study[0].StudyInstanceUID))
    assert Dataset.from_json(series).NumberOfSeriesRelatedInstances == 6
    page = client.search_for_instances(str(study[0].StudyInstanceUID), limit=4, fields=["PixelSpacing"])
    assert len(page) == 4
    assert Dataset.from_json(page[0]).PixelSpacing == [0.5, 0.5]
    assert client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "duc nguyen"})
    assert len(client.search_for_instances(str(study[0].StudyInstanceUID), get_remaining=True)) == 6


def test_search_of_everything(client: DICOMwebClient, study: list[Dataset]) -> None:
    uid = str(study[0].SeriesInstanceUID)
    (series,) = client.search_for_series(search_filters={"SeriesInstanceUID": uid, "Modality": "CT"})
    assert Dataset.from_json(series).SeriesInstanceUID == uid
    found = client.search_for_instances(search_filters={"SeriesInstanceUID": uid}, offset=2)
    assert [Dataset.from_json(row).SOPInstanceUID for row in found] == [ds.SOPInstanceUID for ds in study[2:]]


def test_store_into_a_study(client: DICOMwebClient) -> None:
    made = [pydicom.dcmread(io.BytesIO(part10(ds))) for ds in instances.study(2, patient_id="DWC-2")]
    answer = client.store_instances(made, study_instance_uid=str(made[0].StudyInstanceUID))
    assert len(answer.ReferencedSOPSequence) == 2


def test_metadata(client: DICOMwebClient, study: list[Dataset]) -> None:
    study_uid, series_uid, instance_uid = uids(study[0])
    of_study = client.retrieve_study_metadata(study_uid)
    of_series = client.retrieve_series_metadata(study_uid, series_uid)
    of_instance = client.retrieve_instance_metadata(study_uid, series_uid, instance_uid)
    assert len(of_study) == len(of_series) == 6
    assert of_study[0] == of_series[0] == of_instance
    first = Dataset.from_json(of_instance, bulk_data_uri_handler=lambda uri: b"")
    assert first.SOPInstanceUID == study[0].SOPInstanceUID
    assert first.PatientName == study[0].PatientName


@pytest.mark.parametrize("media_types", [None, (("application/dicom", "*"),)])
def test_instances(
    client: DICOMwebClient, study: list[Dataset], media_types: tuple[str | tuple[str, str], ...] | None
) -> None:
    study_uid, series_uid, instance_uid = uids(study[0])
    pixels = [ds.PixelData for ds in study]
    of_study = client.retrieve_study(study_uid, media_types=media_types)
    of_series = client.retrieve_series(study_uid, series_uid, media_types=media_types)
    of_instance = client.retrieve_instance(study_uid, series_uid, instance_uid, media_types=media_types)
    assert [ds.PixelData for ds in of_study] == pixels
    assert [ds.PixelData for ds in of_series] == pixels
    assert of_instance.PixelData == pixels[0]


def test_streaming_a_study(client: DICOMwebClient, study: list[Dataset]) -> None:
    found = [ds.SOPInstanceUID for ds in client.iter_study(str(study[0].StudyInstanceUID))]
    assert found == [ds.SOPInstanceUID for ds in study]


def test_frames(client: DICOMwebClient, study: list[Dataset]) -> None:
    (frame,) = client.retrieve_instance_frames(*uids(study[0]), frame_numbers=[1])
    assert frame == study[0].PixelData
    (raw,) = client.retrieve_instance_frames(
        *uids(study[0]), frame_numbers=[1], media_types=("application/octet-stream",)
    )
    assert np.array_equal(np.frombuffer(raw, "<i2"), np.frombuffer(study[0].PixelData, "<i2"))


def test_bulk_data(client: DICOMwebClient, web: WebServer, study: list[Dataset]) -> None:
    metadata = client.retrieve_instance_metadata(*uids(study[0]))
    (whole,) = client.retrieve_bulkdata(f"{web.url}{metadata['7FE00010']['BulkDataURI']}")
    assert whole == study[0].PixelData


def test_a_range_of_bulk_data(client: DICOMwebClient, web: WebServer, study: list[Dataset]) -> None:
    metadata = client.retrieve_instance_metadata(*uids(study[0]))
    uri = f"{web.url}{metadata['7FE00010']['BulkDataURI']}"
    (some,) = client.retrieve_bulkdata(uri, media_types=("application/octet-stream",), byte_range=(100, 299))
    assert some == study[0].PixelData[100:300]


def test_frames_of_many(client: DICOMwebClient) -> None:
    (made,) = instances.study(1, patient_id="DWC-3")
    made.NumberOfFrames, made.PixelData = 3, made.PixelData + bytes(8192) + made.PixelData[::-1]
    client.store_instances([pydicom.dcmread(io.BytesIO(part10(made)))])
    frames = list(client.iter_instance_frames(*uids(made), frame_numbers=[3, 1]))
    assert frames == [made.PixelData[2 * 8192 :], made.PixelData[:8192]]


def test_rendered(client: DICOMwebClient, study: list[Dataset]) -> None:
    picture = client.retrieve_instance_rendered(*uids(study[0]), media_types=("image/png",))
    assert picture.startswith(b"\x89PNG")
    picture = client.retrieve_instance_frames_rendered(*uids(study[0]), frame_numbers=[1], media_types=("image/jpeg",))
    assert picture.startswith(b"\xff\xd8")


def test_what_is_refused_is_an_http_error(client: DICOMwebClient, web: WebServer) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        client.retrieve_study_metadata("1.2.3.4")
    with requests.Session() as nobody:
        stranger = DICOMwebClient(web.dicom_web, session=nobody)
        with pytest.raises(requests.HTTPError, match="401"):
            stranger.search_for_studies()
