"""WADO-URI: objects by query parameters (PS3.18 §9)."""

import io

import httpx
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.wait import HUNG_S


def ask(client: httpx.Client, ds: Dataset, accept: str = "*/*", **query: str) -> httpx.Response:
    named = {
        "requestType": "WADO",
        "studyUID": ds.StudyInstanceUID,
        "seriesUID": ds.SeriesInstanceUID,
        "objectUID": ds.SOPInstanceUID,
    }
    return client.get("/wado", params={**named, **query}, headers={"Accept": accept})


def picture(answer: httpx.Response) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_picture_unless_something_else_is_asked_for(
    client: httpx.Client, study: list[Dataset], cine: Dataset
) -> None:
    assert ask(client, study[0]).headers["content-type"] == "image/jpeg"
    assert ask(client, study[0], contentType="image/png,image/jpeg").headers["content-type"] == "image/png"
    assert ask(client, study[0], contentType="text/html,image/png").headers["content-type"] == "image/png"
    assert ask(client, cine).headers["content-type"].startswith("application/dicom")
    assert ask(client, cine, contentType="image/gif").headers["content-type"] == "image/gif"


def test_the_file_in_a_transfer_syntax(client: httpx.Client, compressed: tuple[Dataset, bytes]) -> None:
    ds, pixels = compressed
    for asked, given in (("", ExplicitVRLittleEndian), (JPEGLSLossless, JPEGLSLossless), ("*", JPEGLSLossless)):
        answer = ask(client, ds, contentType="application/dicom", transferSyntax=asked)
        found = pydicom.dcmread(io.BytesIO(answer.content))
        assert found.file_meta.TransferSyntaxUID == given
        assert found.pixel_array.tobytes() == pixels


def test_frame_size_region_and_window(client: httpx.Client, study: list[Dataset], cine: Dataset) -> None:
    png = {"contentType": "image/png"}
    for number in (1, 5):
        frame = ask(client, cine, frameNumber=str(number), windowCenter="128", windowWidth="256", **png)
        assert picture(frame).max() == 40 * number
    assert picture(ask(client, study[0], rows="32", columns="16", **png)).shape == (16, 16)
    assert picture(ask(client, study[0], rows="32", **png)).shape == (32, 32)
    window = {"windowCenter": "20", "windowWidth": "440"}
    whole = picture(ask(client, study[0], **window, **png))
    assert (picture(ask(client, study[0], region="0.5,0,1,0.25", **window, **png)) == whole[:16, 32:]).all()
    assert picture(ask(client, study[0], region="0.5,0,1,0.25", columns="64", **png)).shape == (32, 64)
    small, large = (len(ask(client, study[0], imageQuality=quality).content) for quality in ("10", "95"))
    assert small < large
    assert ask(client, cine, frameNumber="6").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"requestType": "XDS"}, 400), ({"objectUID": ""}, 400), ({"objectUID": "1.2.3"}, 404), ({"rows": "0"}, 400),
        ({"region": "0,0,1"}, 400), ({"region": "0.5,0,0.5,1"}, 400), ({"region": "0,0,1,1.1"}, 400),
        ({"windowCenter": "40"}, 400), ({"windowCenter": "40", "windowWidth": "0"}, 400), ({"imageQuality": "0"}, 400),
        ({"annotation": "secrets"}, 400), ({"frameNumber": "x"}, 400), ({"contentType": "text/html"}, 406),
        ({"anonymize": "yes"}, 406), ({"presentationUID": "1.2"}, 406), ({"contentType": "jpeg"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_given(client: httpx.Client, study: list[Dataset], query: dict[str, str], status: int) -> None:
    answer = ask(client, study[0], **query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_accept_field_shuts_types_out(client: httpx.Client, study: list[Dataset]) -> None:
    assert ask(client, study[0], "image/png", contentType="image/jpeg,image/png").headers["content-type"] == "image/png"
    assert ask(client, study[0], "application/dicom", contentType="image/jpeg").status_code == 406


def test_a_report_is_a_file_and_no_picture(client: httpx.Client) -> None:
    (ds,) = instances.study(1)
    for keyword in ("PixelData", "Rows", "Columns"):
        del ds[keyword]
    ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "SR"
    store(client, [ds])
    assert ask(client, ds).headers["content-type"].startswith("application/dicom")
    assert ask(client, ds, contentType="image/jpeg").status_code == 404


def test_who_may_look_may_not_take_the_file(web: WebServer, study: list[Dataset]) -> None:
    with web.client(Role.REFERRER) as referrer:
        assert ask(referrer, study[0]).status_code == 200
        assert ask(referrer, study[0], contentType="application/dicom").status_code == 403
    with web.client(Role.RADIOLOGIST, facility="79777") as stranger:
        assert ask(stranger, study[0]).status_code == 403
    with httpx.Client(base_url=web.url, timeout=HUNG_S) as nobody:
        assert ask(nobody, study[0]).status_code == 401
    with web.archive.index.read() as connection:
        trail = audit.events(connection, study_instance_uid=str(study[0].StudyInstanceUID))
    assert ("view", "refused") in [(event.action, event.outcome) for event in trail]
