"""STOW-RS of metadata with bulk data, as JSON and XML (PS3.18 §10.5.1, §8.7.3)."""

import io
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import JPEGBaseline8Bit

from storage.dicom import native_xml
from tests import instances
from tests.pacs.message import BOUNDARY
from tests.pacs.server import WebServer

JSON, XML = "application/dicom+json", "application/dicom+xml"
PIXELS = "7FE00010"


def message(parts: Sequence[tuple[str, str, bytes]]) -> bytes:
    """Parts of content type, content location and body."""
    made = b""
    for content_type, location, body in parts:
        made += f"--{BOUNDARY}\r\nContent-Type: {content_type}\r\n".encode()
        made += f"Content-Location: {location}\r\n".encode() if location else b""
        made += b"\r\n" + body + b"\r\n"
    return made + f"--{BOUNDARY}--\r\n".encode()


def send(client: httpx.Client, type_: str, parts: Sequence[tuple[str, str, bytes]], study: str = "") -> httpx.Response:
    return client.post(
        f"/dicom-web/studies/{study}".rstrip("/"),
        content=message(parts),
        headers={"Content-Type": f'multipart/related; type="{type_}"; boundary="{BOUNDARY}"', "Accept": JSON},
    )


def metadata(ds: Dataset, uri: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(ds.to_json_dict()))
    made[PIXELS] = {"vr": "OW", "BulkDataURI": uri}
    return made


def kept(client: httpx.Client, ds: Dataset) -> Dataset:
    answer = client.get(instances.path(ds), headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert answer.status_code == 200, answer.text
    return dcmread(io.BytesIO(answer.content))


def reasons(answer: httpx.Response, tag: str = "00081198") -> list[int]:
    return [item["00081197"]["Value"][0] for item in answer.json().get(tag, {}).get("Value", [])]


@pytest.mark.parametrize("type_", [JSON, XML])
def test_metadata_and_pixels_become_the_instances_they_were(web: WebServer, admin: httpx.Client, type_: str) -> None:
    made = instances.study(3)
    described = [metadata(ds, f"http://elsewhere/bulk/{number}") for number, ds in enumerate(made)]
    parts = (
        [(JSON, "", json.dumps(described).encode())]
        if type_ == JSON
        else [(XML, "", native_xml.document(one)) for one in described]
    )
    # Some are told by their path alone.
    parts += [("application/octet-stream", f"/bulk/{number}", ds.PixelData) for number, ds in enumerate(made)]
    answer = send(admin, type_, parts)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["00081199"]["Value"]) == 3
    for ds in made:
        back = kept(admin, ds)
        assert back.PixelData == ds.PixelData
        assert back.file_meta.TransferSyntaxUID == ds.file_meta.TransferSyntaxUID
        del back.PixelData, ds.PixelData
        assert back.to_json_dict() == ds.to_json_dict()


def test_compressed_frames_are_encapsulated_in_the_order_they_came(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    ds.NumberOfFrames, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 3, 8, 8, 7, 0
    frames = [b"\xff\xd8" + bytes([number]) * (20 + number) + b"\xff\xd9" for number in range(3)]
    parts = [(JSON, "", json.dumps([metadata(ds, "pixels")]).encode())]
    parts += [("image/jpeg", "pixels", frame) for frame in frames]
    answer = send(admin, JSON, parts)
    assert answer.status_code == 200, answer.text
    back = kept(admin, ds)
    assert back.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    assert [one.rstrip(b"\0") for one in generate_frames(back.PixelData, number_of_frames=3)] == frames
    second = admin.get(f"{instances.path(ds)}/frames/2", headers={"Accept": "image/jpeg; transfer-syntax=*"})
    assert second.content.rstrip(b"\0") == frames[1]


def test_metadata_alone_is_an_instance_without_pixels(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    del ds.PixelData
    answer = admin.post(
        "/dicom-web/studies", content=json.dumps(ds.to_json_dict()), headers={"Content-Type": JSON, "Accept": "*/*"}
    )
    assert answer.status_code == 200, answer.text
    assert "PixelData" not in kept(admin, ds)


def test_each_failure_has_its_reason_and_the_others_are_kept(admin: httpx.Client) -> None:
    good, other, lost, wrong = (instances.study(1)[0] for _ in range(4))
    described = [metadata(ds, f"{number}") for number, ds in enumerate((good, other, lost, wrong))]
    described[3]["00280010"] = {"vr": "US", "Value": ["many"]}
    parts = [(JSON, "", json.dumps(described).encode())]
    parts += [("application/octet-stream", name, good.PixelData) for name in ("0", "1", "3", "nobody")]
    answer = send(admin, JSON, parts, study=str(good.StudyInstanceUID))
    assert answer.status_code == 202
    assert [item["00081155"]["Value"][0] for item in answer.json()["00081199"]["Value"]] == [good.SOPInstanceUID]
    assert reasons(answer) == [0xA900, 0xC000, 0xC000]
    assert reasons(answer, "0008119A") == [0xC000]
    assert admin.get(f"{instances.path(wrong)}/metadata").status_code == 404


@pytest.mark.parametrize(
    ("type_", "parts"),
    [
        (JSON, [(JSON, "", b"{not json")]),
        (JSON, [(JSON, "", b"[7]")]),
        (XML, [(XML, "", b"<a/>")]),
        (JSON, [("application/octet-stream", "a", b"x")]),
        (JSON, [(JSON, "", b"[]")]),
        (JSON, [(JSON, "", b"[{}]"), ("application/octet-stream", "", b"x")]),
    ],
)
def test_a_message_that_cannot_be_read_is_refused_whole(
    admin: httpx.Client, type_: str, parts: list[tuple[str, str, bytes]]
) -> None:
    answer = send(admin, type_, parts)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_answer_is_xml_where_that_is_accepted(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    answer = admin.post(
        "/dicom-web/studies",
        content=message([(JSON, "", json.dumps(metadata(ds, "a")).encode()), ("image/x-unknown", "b", b"x")]),
        headers={"Content-Type": f'multipart/related; type="{JSON}"; boundary="{BOUNDARY}"', "Accept": XML},
    )
    assert answer.status_code == 415
    del ds.PixelData
    answer = admin.post(
        "/dicom-web/studies", content=json.dumps([ds.to_json_dict()]), headers={"Content-Type": JSON, "Accept": XML}
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XML
    assert ds.SOPInstanceUID in answer.text


def test_nothing_is_left_on_disk(web: WebServer, admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    answer = send(admin, JSON, [("application/octet-stream", "a", ds.PixelData), (JSON, "", b"broken")])
    assert answer.status_code == 400
    spool = web.settings.data_dir / "spool"
    assert {path.name for path in spool.iterdir()} <= {"incoming", "ready", "quarantine", "node", "reconcile.lock"}
