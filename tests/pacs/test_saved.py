"""What the viewer saves: valid objects of the standard, given back as they were drawn; others' objects beside them."""

import io
import subprocess
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from storage.access.principal import Role
from tests import foreign_objects, instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.peers import require

SIZE = 64


def made(web: WebServer) -> list[Dataset]:
    """A study of three slices in the archive."""
    datasets = instances.study(3, patient_id=f"SAVED-{uuid.uuid4().hex[:8]}", rows=SIZE, columns=SIZE)
    with web.client() as client:
        store(client, datasets)
    return datasets


def drawings(image: Dataset) -> list[dict[str, Any]]:
    """One drawing of every kind on an image."""
    kinds: list[tuple[str, list[list[float]], list[tuple[str, float | None, str]]]] = [
        ("length", [[10.25, 10.5], [40.5, 20.75]], [("length", 15.96, "mm")]),
        ("angle", [[10, 10], [20, 20], [30, 10]], [("angle", 90, "deg")]),
        ("cobb", [[10, 10], [20, 12], [10, 40], [20, 36]], [("cobb_angle", 33.1, "deg")]),
        ("bidirectional", [[10, 10], [50, 10], [30, 5], [30, 15]], [("long_axis", 20, "mm"), ("short_axis", 5, "mm")]),
        (
            "ellipse",
            [[10, 20], [30, 50]],
            [
                *(("area", 117.8, "mm2"), ("mean", -51.25, "HU"), ("standard_deviation", 12.125, "HU")),
                *(("minimum", -100, "HU"), ("maximum", 3, "HU")),
            ],
        ),
        ("rectangle", [[30, 40], [12, 22]], [("area", 81, "mm2"), ("mean", 1.5, "SUVbw")]),
        ("freehand", [[1, 1], [9, 2], [8.5, 9], [2, 7]], [("area", 40, "px2"), ("mean", 7, "")]),
        ("probe", [[5.5, 6.5]], [("value", -1000, "HU")]),
        ("arrow", [[12, 13], [20, 30]], []),
        ("text", [[22, 33]], []),
    ]
    return [
        {
            "id": str(uuid.uuid4()),
            "kind": kind,
            "sop_instance_uid": str(image.SOPInstanceUID),
            "frame": 1,
            "points": points,
            "text": "Nốt mờ thùy trên" if kind in ("arrow", "text") else "",
            "label": "",
            "values": [{"name": name, "value": value, "unit": unit} for name, value, unit in values],
            "manual_spacing": [0.25, 0.5] if kind == "length" else None,
        }
        for kind, points, values in kinds
    ]


def send(client: httpx.Client, study: Dataset, **body: Any) -> httpx.Response:
    """Ask to save."""
    return client.post(
        f"/api/studies/{study.StudyInstanceUID}/saved", json={"id": str(uuid.uuid4()), "language": "vi", **body}
    )


def saved(client: httpx.Client, study: Dataset, **body: Any) -> tuple[dict[str, Any], Dataset]:
    """Save, and give the line of the list and the object as it is kept."""
    answer = send(client, study, **body)
    assert answer.status_code == 201, answer.text
    entry: dict[str, Any] = answer.json()
    path = f"{study.StudyInstanceUID}/series/{entry['series_instance_uid']}/instances/{entry['sop_instance_uid']}"
    kept = client.get(f"/dicom-web/studies/{path}", headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert kept.status_code == 200, kept.text
    return entry, dcmread(io.BytesIO(kept.content))


def opened(client: httpx.Client, study: Dataset, uid: str) -> dict[str, Any]:
    """One saved object with its content."""
    answer = client.get(f"/api/studies/{study.StudyInstanceUID}/saved/{uid}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def listed(client: httpx.Client, study: Dataset) -> list[dict[str, Any]]:
    """The list of a study."""
    answer = client.get(f"/api/studies/{study.StudyInstanceUID}/saved")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["saved"]
    return found


def faults(data_set: Dataset, folder: Path) -> list[str]:
    """What dciodvfy calls an error."""
    path = folder / f"{data_set.SOPInstanceUID}.dcm"
    data_set.save_as(path)
    command = [require("/usr/bin/dciodvfy"), "-new", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


def test_measurements_come_back_as_they_were_drawn(web: WebServer, admin: httpx.Client, tmp_path: Path) -> None:
    study = made(web)
    drawn = drawings(study[0])
    entry, kept = saved(admin, study[0], kind="measurements", drawings=drawn)
    assert faults(kept, tmp_path) == []
    assert (kept.Modality, kept.PatientName, kept.PatientID) == ("SR", study[0].PatientName, study[0].PatientID)
    assert entry["kind"] == "measurements"
    assert entry["count"] == len(drawn)
    assert entry["own"]
    assert entry["at"].endswith("+00:00")
    back = opened(admin, study[0], entry["sop_instance_uid"])["drawings"]
    by_kind = {one["kind"]: one for one in back}
    assert len(by_kind) == len(drawn)
    for one in drawn:
        found = by_kind[one["kind"]]
        for name in ("id", "sop_instance_uid", "frame", "text", "manual_spacing"):
            assert found[name] == one[name], (one["kind"], name)
        wanted = one["points"]
        if one["kind"] in ("ellipse",):
            wanted = [[10, 20], [30, 50]]
        assert found["points"] == [pytest.approx(point, abs=1e-4) for point in wanted], one["kind"]
        assert [{name: value[name] for name in ("name", "value", "unit")} for value in found["values"]] == one["values"]


def test_coordinates_are_counted_as_the_standard_does(web: WebServer, admin: httpx.Client) -> None:
    """From the outer corner of the first pixel: PS3.3 C.18.6.1.2; read here with nothing of ours."""
    study = made(web)
    _, kept = saved(admin, study[0], kind="measurements", drawings=drawings(study[0])[:1])
    groups = kept.ContentSequence[-1].ContentSequence
    (number,) = [item for item in groups[0].ContentSequence if item.ValueType == "NUM"][:1]
    assert number.MeasuredValueSequence[0].NumericValue == 15.96
    assert number.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "mm"
    (where,) = number.ContentSequence
    assert list(where.GraphicData) == [10.25, 10.5, 40.5, 20.75]
    assert where.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == study[0].SOPInstanceUID


def test_a_later_state_supersedes_the_earlier_and_sending_twice_keeps_one(web: WebServer, admin: httpx.Client) -> None:
    study = made(web)
    first, _ = saved(admin, study[0], kind="measurements", drawings=drawings(study[0])[:1])
    body = {
        "kind": "measurements", "drawings": drawings(study[0])[:2], "replaces": [first["sop_instance_uid"]],
        "id": "11111111-2222-3333-4444-555555555555",
    }  # fmt: skip
    second, kept = saved(admin, study[0], **body)
    again, _ = saved(admin, study[0], **body)
    assert again["sop_instance_uid"] == second["sop_instance_uid"]
    assert kept.InstanceNumber == 2
    assert kept.SeriesInstanceUID == first["series_instance_uid"]
    found = listed(admin, study[0])
    assert [(one["sop_instance_uid"], one["superseded"]) for one in found] == [
        (second["sop_instance_uid"], False),
        (first["sop_instance_uid"], True),
    ]


@pytest.mark.parametrize(("rotation", "flipped"), [(0, False), (90, False), (180, True), (270, True), (90, True)])
def test_a_view_comes_back_as_it_stood(
    web: WebServer, admin: httpx.Client, tmp_path: Path, rotation: int, flipped: bool
) -> None:
    study = made(web)
    look = {
        "window": {"center": 350.5, "width": 2000, "function": "LINEAR"}, "inverted": flipped, "rotation": rotation,
        "flipped": flipped, "magnification": 2, "centre": [24, 40],
    }  # fmt: skip
    drawn = drawings(study[1])
    entry, kept = saved(
        admin, study[0], kind="view", name="Cửa sổ xương", frame=1, look=look, drawings=drawn,
        sop_instance_uid=str(study[1].SOPInstanceUID),
    )  # fmt: skip
    assert faults(kept, tmp_path) == []
    assert entry["name"] == "Cửa sổ xương"
    assert kept.PresentationLUTShape == ("INVERSE" if flipped else "IDENTITY")
    back = opened(admin, study[0], entry["sop_instance_uid"])
    assert back["look"] == look
    assert back["images"] == [{"sop_instance_uid": str(study[1].SOPInstanceUID), "frame": 1}]
    assert [one["kind"] for one in back["drawings"]] == [one["kind"] for one in drawn]
    for one, found in zip(drawn, back["drawings"], strict=True):
        assert found["points"] == [pytest.approx(point, abs=1e-4) for point in one["points"]], one["kind"]
        assert found["text"] == one["text"]


def test_key_images_are_a_selection_of_the_standard(web: WebServer, admin: httpx.Client, tmp_path: Path) -> None:
    study = made(web)
    chosen = [{"sop_instance_uid": str(one.SOPInstanceUID), "frame": 1} for one in study[:2]]
    entry, kept = saved(admin, study[0], kind="key_images", title="113004", note="Cho giảng dạy", images=chosen)
    assert faults(kept, tmp_path) == []
    assert kept.ConceptNameCodeSequence[0].CodeMeaning == "For Teaching"
    assert (entry["title"], entry["name"], entry["count"]) == ("113004", "Cho giảng dạy", 2)
    back = opened(admin, study[0], entry["sop_instance_uid"])
    assert [one["sop_instance_uid"] for one in back["images"]] == [one["sop_instance_uid"] for one in chosen]
    assert back["note"] == "Cho giảng dạy"


def test_who_may(web: WebServer) -> None:
    study = made(web)
    with web.client(Role.REFERRER) as referrer:
        assert listed(referrer, study[0]) == []
        body = {"kind": "key_images", "title": "113000", "note": "", "images": []}
        assert send(referrer, study[0], **body).status_code == 403
    with web.client(Role.RADIOLOGIST, facility="elsewhere") as stranger:
        address = f"/api/studies/{study[0].StudyInstanceUID}/saved"
        assert stranger.get(address).status_code == 403
        assert send(stranger, study[0], kind="measurements", drawings=drawings(study[0])).status_code == 403
    assert httpx.post(f"{web.url}/api/studies/{study[0].StudyInstanceUID}/saved", json={}).status_code == 401


def test_what_cannot_be_is_refused(web: WebServer, admin: httpx.Client) -> None:
    study, other = made(web), made(web)
    good = drawings(study[0])[0]
    wrong: list[dict[str, Any]] = [
        {**good, "points": [[1, 2]]},
        {**good, "points": [[1, 2], [1e9, 0]]},
        {**good, "points": [[1, 2], ["3", 0]]},
        {**good, "kind": "volume"},
        {**good, "frame": 2},
        {**good, "sop_instance_uid": str(other[0].SOPInstanceUID)},
        {**good, "values": [{"name": "weight", "value": 1, "unit": "kg"}]},
    ]
    for one in wrong:
        assert send(admin, study[0], kind="measurements", drawings=[one]).status_code == 400, one
    assert send(admin, study[0], kind="measurements", drawings=[]).status_code == 400
    assert send(admin, study[0], kind="key_images", title="1", note="", images=[]).status_code == 400
    assert listed(admin, study[0]) == []


def test_a_presentation_state_of_dcmtk_is_listed_and_opened(
    web: WebServer, admin: httpx.Client, tmp_path: Path
) -> None:
    study = made(web)
    with web.client() as client:
        store(client, [foreign_objects.presentation_state(study[0], tmp_path)])
    (entry,) = listed(admin, study[0])
    assert (entry["kind"], entry["by"], entry["own"]) == ("view", "Trần Thị Bình", False)
    back = opened(admin, study[0], entry["sop_instance_uid"])
    assert back["look"]["window"]["width"] == 400
    assert not back["look"]["inverted"]
    outline, label = back["drawings"]
    assert outline["kind"] == "outline"
    assert min(x for x, _ in outline["points"]) == pytest.approx(22, abs=1e-3)
    assert (label["kind"], label["text"], label["points"]) == ("label", "Foreign words", [[32, 16]])


def test_a_report_made_by_hand_is_listed_and_opened(web: WebServer, admin: httpx.Client) -> None:
    study = made(web)
    with web.client() as client:
        store(client, [foreign_objects.report(study[0])])
    (entry,) = listed(admin, study[0])
    assert (entry["kind"], entry["at"], entry["count"]) == ("measurements", "2026-01-02T03:04:05", 2)
    first, second = opened(admin, study[0], entry["sop_instance_uid"])["drawings"]
    assert (first["kind"], first["points"]) == ("length", [[1, 2], [26, 2]])
    assert (first["values"][0]["name"], first["values"][0]["value"]) == ("length", 12.5)
    assert second["kind"] == "freehand"
    assert len(second["points"]) > 30


def frames(datasets: list[Dataset], **values: Any) -> list[Dataset]:
    """The slices as other images: of several frames, in colour, of the other polarity."""
    for ds in datasets:
        for name, value in values.items():
            setattr(ds, name, value)
    return datasets


def test_a_view_in_colour_and_of_the_other_polarity(web: WebServer, admin: httpx.Client, tmp_path: Path) -> None:
    look: dict[str, Any] = {
        "window": None, "inverted": False, "rotation": 0, "flipped": False, "magnification": 1, "centre": None,
    }  # fmt: skip
    colour = {
        "SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0, "BitsAllocated": 8,
        "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0, "PixelData": bytes(SIZE * SIZE * 3),
    }  # fmt: skip
    study = frames(instances.study(1, patient_id="SAVED-RGB", rows=SIZE, columns=SIZE), **colour)
    with web.client() as client:
        store(client, study)
    entry, kept = saved(
        admin, study[0], kind="view", name="", frame=1, look=look, sop_instance_uid=str(study[0].SOPInstanceUID)
    )
    assert faults(kept, tmp_path) == []
    assert kept.SOPClassUID == "1.2.840.10008.5.1.4.1.1.11.2"
    assert opened(admin, study[0], entry["sop_instance_uid"])["look"] == look

    negative = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.3", "Modality": "OT", "PhotometricInterpretation": "MONOCHROME1",
        "NumberOfFrames": 2, "PixelData": bytes(SIZE * SIZE * 4),
    }  # fmt: skip
    study = frames(instances.study(1, patient_id="SAVED-MONO1", rows=SIZE, columns=SIZE), **negative)
    with web.client() as client:
        store(client, study)
    for inverted in (False, True):
        look |= {"window": {"center": 40, "width": 400, "function": "SIGMOID"}, "inverted": inverted}
        entry, kept = saved(
            admin, study[0], kind="view", name="", frame=2, look=look, drawings=[{**drawings(study[0])[0], "frame": 2}],
            sop_instance_uid=str(study[0].SOPInstanceUID),
        )  # fmt: skip
        assert faults(kept, tmp_path) == []
        assert kept.PresentationLUTShape == ("IDENTITY" if inverted else "INVERSE")
        back = opened(admin, study[0], entry["sop_instance_uid"])
        assert back["look"] == look
        assert back["images"][0]["frame"] == 2
        assert [one["frame"] for one in back["drawings"]] == [2]
