"""Lengths in space, withdrawn measurements, and objects of another patient than their images."""

import math
import subprocess
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from storage.access.principal import Role
from tests import foreign_objects, instances
from tests.pacs.message import store
from tests.pacs.server import WebServer
from tests.pacs.test_saved import drawings, faults, listed, made, opened, saved, send
from tests.peers import require

START, END = [-12.5, 20.25, 3.125], [17.3, -4.0, 44.7]


def length(image: Dataset, **changed: Any) -> dict[str, Any]:
    """A length through slices, in the frame of reference of an image."""
    return {
        "id": str(uuid.uuid4()),
        "frame_of_reference_uid": str(image.FrameOfReferenceUID),
        "from": START,
        "to": END,
        "millimetres": math.dist(START, END),
        "sources": [str(image.SOPInstanceUID)],
        **changed,
    }


def test_a_length_in_space_comes_back_and_is_of_the_standard(
    web: WebServer, admin: httpx.Client, tmp_path: Path
) -> None:
    study = made(web)
    drawn, flat = length(study[1]), drawings(study[0])[:1]
    entry, kept = saved(admin, study[0], kind="measurements", drawings=flat, lengths=[drawn])
    assert faults(kept, tmp_path) == []
    assert kept.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    assert (entry["kind"], entry["count"], entry["own"]) == ("measurements", 2, True)
    back = opened(admin, study[0], entry["sop_instance_uid"])
    assert [one["kind"] for one in back["drawings"]] == ["length"]
    (found,) = back["lengths"]
    assert found["from"] == pytest.approx(START, abs=1e-5)
    assert found["to"] == pytest.approx(END, abs=1e-5)
    assert found["millimetres"] == pytest.approx(drawn["millimetres"], abs=1e-4)
    for name in ("id", "frame_of_reference_uid", "sources"):
        assert found[name] == drawn[name]
    # read with nothing of ours: C.18.9
    group = kept.ContentSequence[-1].ContentSequence[-1]
    (number,) = [item for item in group.ContentSequence if item.ValueType == "NUM"]
    assert float(number.MeasuredValueSequence[0].NumericValue) == pytest.approx(56.609, abs=0.001)
    source, where = number.ContentSequence
    assert (where.ValueType, where.GraphicType, where.RelationshipType) == ("SCOORD3D", "POLYLINE", "INFERRED FROM")
    assert where.ReferencedFrameOfReferenceUID == study[1].FrameOfReferenceUID
    assert list(where.GraphicData) == pytest.approx([*START, *END], abs=1e-5)
    assert source.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == study[1].SOPInstanceUID
    # DCMTK reads it as a document too
    done = subprocess.run(
        [require("/usr/bin/dsrdump"), str(tmp_path / f"{kept.SOPInstanceUID}.dcm")],
        check=True, capture_output=True, text=True, env={"PATH": "/usr/bin"},
    )  # fmt: skip
    assert "SCOORD3D" in done.stdout


def test_a_length_that_is_none_is_refused(web: WebServer, admin: httpx.Client) -> None:
    study, other = made(web), made(web)
    wrong = [
        length(study[0], millimetres=50.0),
        length(study[0], to=START, millimetres=0),
        length(study[0], sources=[]),
        length(study[0], sources=[str(other[0].SOPInstanceUID)]),
        length(study[0], frame_of_reference_uid=generate_uid()),
        length(study[0], to=[1, 2]),
        length(study[0], to=[1e9, 2, 3]),
    ]
    for one in wrong:
        answer = send(admin, study[0], kind="measurements", drawings=[], lengths=[one])
        assert answer.status_code == 400, one
    assert listed(admin, study[0]) == []


def spatial_report(image: Dataset, value: str, points: list[float], shape: str = "POLYLINE") -> Dataset:
    """A report of another system with one shape in space."""
    report = foreign_objects.report(image)
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.34"
    group = report.ContentSequence[0]
    del report.ContentSequence[1]
    (number,) = group.ContentSequence
    number.MeasuredValueSequence[0].NumericValue = value
    where = foreign_objects.content("SCOORD3D", "INFERRED FROM", GraphicType=shape, GraphicData=points)
    where.ReferencedFrameOfReferenceUID = image.FrameOfReferenceUID
    number.ContentSequence = Sequence([where])
    return report


def test_lengths_of_others_are_shown_where_their_number_is_their_distance(web: WebServer, admin: httpx.Client) -> None:
    study = made(web)
    line = [0.0, 0.0, 0.0, 30.0, 40.0, 0.0]
    reports = [
        spatial_report(study[0], "50", line),
        spatial_report(study[0], "62.5", line),  # along a curve
        spatial_report(study[0], "50", [*line, 0.0, 0.0, 0.0], "POLYGON"),
    ]
    with web.client() as client:
        store(client, reports)
    assert [one["count"] for one in listed(admin, study[0])] == [1, 1, 1]
    found = [opened(admin, study[0], str(one.SOPInstanceUID)) for one in reports]
    assert [[one["millimetres"] for one in content["lengths"]] for content in found] == [[50], [], []]
    assert [content["unsupported"] for content in found] == [[], ["spatial_shape"], ["spatial_shape"]]


def test_withdrawn_measurements_stay_as_an_earlier_state(web: WebServer, admin: httpx.Client, tmp_path: Path) -> None:
    study = made(web)
    assert send(admin, study[0], kind="measurements", drawings=[]).status_code == 400
    first, _ = saved(admin, study[0], kind="measurements", drawings=drawings(study[0])[:2])
    replaces = [first["sop_instance_uid"]]
    entry, kept = saved(admin, study[0], kind="measurements", drawings=[], replaces=replaces)
    assert faults(kept, tmp_path) == []
    assert entry["count"] == 0
    assert [(one["count"], one["superseded"]) for one in listed(admin, study[0])] == [(0, False), (2, True)]
    assert opened(admin, study[0], entry["sop_instance_uid"])["drawings"] == []
    assert len(opened(admin, study[0], first["sop_instance_uid"])["drawings"]) == 2
    again, _ = saved(
        admin, study[0], kind="measurements", drawings=drawings(study[0])[:1], replaces=[entry["sop_instance_uid"]]
    )
    assert [one["superseded"] for one in listed(admin, study[0])] == [False, True, True]
    assert listed(admin, study[0])[0]["sop_instance_uid"] == again["sop_instance_uid"]


def test_nobody_withdraws_what_another_has_saved(web: WebServer, admin: httpx.Client) -> None:
    study = made(web)
    first, _ = saved(admin, study[0], kind="measurements", drawings=drawings(study[0])[:1])
    with web.client(Role.RADIOLOGIST) as other:
        body = {"kind": "measurements", "drawings": [], "replaces": [first["sop_instance_uid"]]}
        assert send(other, study[0], **body).status_code == 400
    assert [one["superseded"] for one in listed(admin, study[0])] == [False]


def test_an_object_of_another_patient_than_its_images_is_refused(
    web: WebServer, admin: httpx.Client, tmp_path: Path
) -> None:
    study = made(web)
    good = foreign_objects.report(study[0])
    report, state = foreign_objects.report(study[0]), foreign_objects.presentation_state(study[1], tmp_path)
    for one in (report, state):
        one.PatientID, one.PatientName = "SOMEBODY-ELSE", "Lê^Văn^Khác"
    with web.client() as client:
        store(client, [good, report, state])
    others = {str(one.SOPInstanceUID) for one in (report, state)}
    assert {one["sop_instance_uid"]: one["of_another"] for one in listed(admin, study[0])} == {
        str(good.SOPInstanceUID): False, **dict.fromkeys(others, True),
    }  # fmt: skip
    for uid in others:
        answer = admin.get(f"/api/studies/{study[0].StudyInstanceUID}/saved/{uid}")
        assert answer.status_code == 409
        assert "SOMEBODY" not in answer.text
    assert len(opened(admin, study[0], str(good.SOPInstanceUID))["drawings"]) == 2


def test_nothing_is_saved_on_an_image_of_another_patient(web: WebServer, admin: httpx.Client) -> None:
    study = instances.study(2, patient_id=f"SAVED-{uuid.uuid4().hex[:8]}", rows=64, columns=64)
    study[1].PatientID = "SOMEBODY-ELSE"
    with web.client() as client:
        store(client, study)
    assert send(admin, study[0], kind="measurements", drawings=drawings(study[0])[:1]).status_code == 201
    refused = send(admin, study[0], kind="measurements", drawings=drawings(study[1])[:1])
    assert refused.status_code == 409, refused.text
    assert send(admin, study[0], kind="measurements", drawings=[], lengths=[length(study[1])]).status_code == 409
