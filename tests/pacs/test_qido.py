"""QIDO-RS: what is found, and how answers are shaped (PS3.18 §10.6)."""

import re
from collections.abc import Iterator

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import store
from tests.pacs.server import WebServer


@pytest.fixture(scope="module")
def client(web: WebServer) -> Iterator[httpx.Client]:
    with web.client() as found:
        yield found


@pytest.fixture(scope="module")
def kept(client: httpx.Client) -> list[Dataset]:
    """Two series of one study, and three more studies."""
    first = instances.study(3, patient_id="QIDO-1")
    second_series = generate_uid()
    for ds in first[2:]:
        ds.SeriesInstanceUID, ds.Modality, ds.SeriesNumber = second_series, "MR", 2
    others = [
        instances.study(1, patient_id=f"QIDO-{n}", patient_name=name)[0]
        for n, name in ((2, "TRAN THI BE"), (3, "Nguyễn^Đức^An"), (4, "SMITH^JOHN"))
    ]
    others[1].StudyDate = "20200229"
    store(client, [*first, *others])
    return [*first, *others]


def values(answer: httpx.Response, tag: str) -> list[object]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/dicom+json"
    return [row[tag]["Value"][0] for row in answer.json()]


def test_a_study_comes_with_its_attributes_and_address(
    web: WebServer, client: httpx.Client, kept: list[Dataset]
) -> None:
    answer = client.get("/dicom-web/studies", params={"PatientID": "QIDO-1"})
    (row,) = answer.json()
    study = kept[0].StudyInstanceUID
    assert row["0020000D"]["Value"] == [study]
    assert row["00100010"]["Value"] == [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]
    assert row["00080061"]["Value"] == ["CT", "MR"]
    assert row["00201206"]["Value"] == [2]
    assert row["00201208"]["Value"] == [3]
    assert row["00081190"] == {"vr": "UR", "Value": [f"{web.dicom_web}/studies/{study}"]}
    assert answer.headers["x-total-count"] == "1"
    assert client.get(row["00081190"]["Value"][0] + "/metadata").status_code == 200


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/studies/{study}/series", 2),
        ("/studies/{study}/instances", 3),
        ("/studies/{study}/series/{series}/instances", 2),
        ("/series?StudyInstanceUID={study}", 2),
        ("/instances?StudyInstanceUID={study}", 3),
        ("/studies?StudyInstanceUID={study}", 1),
    ],
)
def test_every_resource(client: httpx.Client, kept: list[Dataset], path: str, count: int) -> None:
    address = path.format(study=kept[0].StudyInstanceUID, series=kept[0].SeriesInstanceUID)
    answer = client.get(f"/dicom-web{address}")
    assert len(values(answer, "0020000D")) == count
    for row in answer.json():
        assert client.get(row["00081190"]["Value"][0], headers={"Accept": "*/*"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PatientName=nguyen van duc", {"QIDO-1"}),
        ("PatientName=NGUYỄN*", {"QIDO-1", "QIDO-3"}),
        ("PatientName=Nguyen*", {"QIDO-1", "QIDO-3"}),
        ("PatientName=duc nguyen&fuzzymatching=true", {"QIDO-1", "QIDO-3"}),
        ("00100020=QIDO-2", {"QIDO-2"}),
        ("PatientID=QIDO-%3F", {"QIDO-1", "QIDO-2", "QIDO-3", "QIDO-4"}),
        ("PatientID=QIDO-*&StudyDate=20200101-20201231", {"QIDO-3"}),
        ("PatientID=QIDO-*&StudyDate=-20201231", {"QIDO-3"}),
        ("PatientID=QIDO-*&ModalitiesInStudy=MR", {"QIDO-1"}),
        ("PatientID=nobody", set()),
    ],
)
def test_matching(client: httpx.Client, kept: list[Dataset], query: str, found: set[str]) -> None:
    assert set(values(client.get(f"/dicom-web/studies?{query}"), "00100020")) == found


def test_a_list_of_uids(client: httpx.Client, kept: list[Dataset]) -> None:
    wanted = {str(ds.StudyInstanceUID) for ds in kept[3:5]}
    for separator in (",", "\\"):
        answer = client.get("/dicom-web/studies", params={"StudyInstanceUID": separator.join(wanted)})
        assert set(values(answer, "0020000D")) == wanted
    repeated = client.get("/dicom-web/studies", params=[("StudyInstanceUID", uid) for uid in wanted])
    assert set(values(repeated, "0020000D")) == wanted


def test_fields_that_are_asked_for(client: httpx.Client, kept: list[Dataset]) -> None:
    series = f"/dicom-web/studies/{kept[0].StudyInstanceUID}/series/{kept[0].SeriesInstanceUID}/instances"
    plain = client.get(series).json()[0]
    more = client.get(series, params={"includefield": "WindowCenter,00281051"}).json()[0]
    everything = client.get(series, params={"includefield": "all"}).json()[0]
    assert "00281050" not in plain
    assert more["00281050"]["Value"] == [40]
    assert more["00281051"]["Value"] == [400]
    assert everything["00200032"]["Value"] == [0, 0, 2]


def test_pages_and_what_remains(client: httpx.Client, kept: list[Dataset]) -> None:
    query = {"PatientID": "QIDO-*"}
    pages = [client.get("/dicom-web/studies", params={**query, "limit": 3, "offset": n}) for n in (0, 3, 6)]
    assert [len(page.json()) for page in pages] == [3, 1, 0]
    assert {page.headers["x-total-count"] for page in pages} == {"4"}
    assert "1 additional" in pages[0].headers["warning"]
    assert pages[0].headers["warning"].startswith("299 ")
    assert "warning" not in pages[1].headers
    uids = [uid for page in pages[:2] for uid in values(page, "0020000D")]
    assert len(set(uids)) == 4
    assert client.get("/dicom-web/studies", params={**query, "limit": 0}).json() == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=many",
        "offset=1.5",
        "fuzzymatching=yes",
        "StudyDate=yesterday",
        "StudyDate=20201301",
        "PatientNam=x",
        "PatientID=a&PatientID=b",
        "orderby=Nonsense",
        "orderby=PixelData",
        "orderby=--StudyDate",
        "orderby=SeriesNumber",
        "emptyvaluematching=1",
        "multiplevaluematching=maybe",
        "includefield=Nonsense",
        "PatientName=" + "x" * 5000,
        "0010=x",
    ],
)
def test_a_query_that_cannot_be_understood_finds_nothing_at_all(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/dicom-web/studies?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_supported_is_said(web: WebServer, client: httpx.Client, kept: list[Dataset]) -> None:
    answer = client.get("/dicom-web/studies?PatientID=QIDO-2&emptyvaluematching=true&PatientComments=x&Modality=CT")
    assert values(answer, "00100020") == ["QIDO-2"]
    warnings = re.findall('299 ([^ ]+): "([^"]*)"', answer.headers["warning"])
    assert [text.partition(" ")[0] for _, text in warnings] == ["PatientComments", "Modality"]
    assert {agent for agent, _ in warnings} == {web.dicom_web}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/dicom+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("application/dicom+xml, application/dicom+json;q=0.5", 200),
        ("application/dicom+xml", 406),
        ('multipart/related; type="application/dicom+xml"', 200),
        ("multipart/related; type=application/dicom", 406),
        ("text/html", 406),
    ],
)
def test_media_types(client: httpx.Client, accept: str, status: int) -> None:
    assert client.get("/dicom-web/studies?limit=1", headers={"Accept": accept}).status_code == status


def test_an_unknown_study_has_no_series(client: httpx.Client) -> None:
    answer = client.get("/dicom-web/studies/1.2.3.4.5/series")
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_uid_that_contradicts_the_address_is_refused(client: httpx.Client) -> None:
    assert client.get("/dicom-web/studies/1.2.3/series?StudyInstanceUID=1.2.4").status_code == 400


def test_another_facility_finds_nothing(web: WebServer, kept: list[Dataset]) -> None:
    with web.client(Role.RADIOLOGIST, facility="79999") as stranger:
        answer = stranger.get("/dicom-web/studies?PatientID=QIDO-*")
        assert (answer.status_code, answer.json()) == (200, [])
        assert answer.headers["x-total-count"] == "0"
        listed = stranger.get("/api/studies?q=QIDO").json()
        assert (listed["total"], listed["studies"]) == (0, [])


def test_a_search_is_in_the_audit_trail(web: WebServer, client: httpx.Client) -> None:
    client.get("/dicom-web/studies?PatientID=AUDITED-7")
    with web.archive.index.read() as connection:
        newest = audit.events(connection, limit=1)[0]
    assert newest.action == "search"
    assert "AUDITED-7" in newest.detail


class TestStudyList:
    """The list of the viewer: words in any order, without diacritics."""

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=duc nguyen", {"QIDO-1", "QIDO-3"}),
            ("q=đức", {"QIDO-1", "QIDO-3"}),
            ("q=QIDO-2", {"QIDO-2"}),
            ("q=be tran", {"QIDO-2"}),
            ("q=QIDO&modality=MR", {"QIDO-1"}),
            ("q=QIDO&modality=MR,CT", {"QIDO-1", "QIDO-2", "QIDO-3", "QIDO-4"}),
            ("q=QIDO&date_to=20210101", {"QIDO-3"}),
            ("q=QIDO&date_from=20210101", {"QIDO-1", "QIDO-2", "QIDO-4"}),
            ("q=nobody+at+all", set()),
        ],
    )
    def test_search(self, client: httpx.Client, kept: list[Dataset], query: str, found: set[str]) -> None:
        answer = client.get(f"/api/studies?{query}")
        assert answer.status_code == 200
        assert {row["patient_id"] for row in answer.json()["studies"]} == found
        assert answer.json()["total"] == len(found)

    def test_a_row_holds_what_the_list_shows(self, client: httpx.Client, kept: list[Dataset]) -> None:
        (row,) = client.get("/api/studies?q=QIDO&modality=MR").json()["studies"]
        assert row["patient_name"] == "NGUYỄN^VĂN^ĐỨC"
        assert row["modalities"] == ["CT", "MR"]
        assert row["number_of_instances"] == 3
        assert row["facility"] == {"code": "LOCAL", "name": ""}
        assert set(row) == {
            "study_instance_uid", "patient_name", "patient_id", "issuer_of_patient_id", "patient_birth_date",
            "patient_sex", "study_date", "study_time", "accession_number", "study_description",
            "referring_physician_name", "modalities", "number_of_series", "number_of_instances", "facility",
            "received_at", "updated_at", "arriving",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "query",
        [
            *("limit=-1", "limit=501", "date_from=2020", "modality=C/T", "offset=x"),
            *("state=odd", "order=size", "direction=up", "facility=a%20b", "state=opened"),
        ],
    )
    def test_odd_parameters(self, client: httpx.Client, query: str) -> None:
        assert client.get(f"/api/studies?{query}").status_code == 400

    def test_what_the_list_asks_beside_a_page(self, client: httpx.Client, kept: list[Dataset]) -> None:
        found = client.get("/api/studies?q=QIDO&order=patient&direction=ascending&facility=LOCAL").json()
        assert found["opened"] == []
        assert client.get("/api/studies/count?q=QIDO").json() == {"total": found["total"]}
        assert {"code": "LOCAL", "name": ""} in client.get("/api/facilities").json()["facilities"]
        history = client.get(f"/api/studies/{kept[0].StudyInstanceUID}/history").json()
        assert history == {"studies": [], "more": False}
        assert client.get("/api/studies/1.2.3.4/history").status_code == 404
        assert client.put(f"/api/studies/{kept[0].StudyInstanceUID}/opened").status_code == 403, "a token is no person"

    def test_a_manifest_lays_the_study_out(self, client: httpx.Client, kept: list[Dataset]) -> None:
        answer = client.get(f"/api/studies/{kept[0].StudyInstanceUID}/manifest")
        found = answer.json()
        assert found["study"]["patient_id"] == "QIDO-1"
        assert [series["modality"] for series in found["series"]] == ["CT", "MR"]
        first = found["series"][0]
        assert [one["sop_instance_uid"] for one in first["instances"]] == [ds.SOPInstanceUID for ds in kept[:2]]
        assert first["representative"] == {"sop_instance_uid": kept[1].SOPInstanceUID, "frame": 1}
        assert first["instances"][0] | {"sop_instance_uid": ""} == {
            "sop_instance_uid": "", "sop_class_uid": kept[0].SOPClassUID, "instance_number": 1, "rows": 64,
            "columns": 64, "number_of_frames": 1, "transfer_syntax_uid": "1.2.840.10008.1.2.1", "image": True,
        }  # fmt: skip

    def test_a_manifest_of_nothing_or_of_others(
        self, web: WebServer, client: httpx.Client, kept: list[Dataset]
    ) -> None:
        assert client.get("/api/studies/1.2.3.4.5.6/manifest").status_code == 404
        with web.client(Role.RADIOLOGIST, facility="79999") as stranger:
            refused = stranger.get(f"/api/studies/{kept[0].StudyInstanceUID}/manifest")
        assert refused.status_code == 403
        with web.archive.index.read() as connection:
            trail = audit.events(connection, study_instance_uid=str(kept[0].StudyInstanceUID))
        assert ("view", "refused") in [(event.action, event.outcome) for event in trail]
