"""What clients are told when something inside goes wrong: a status that fits, an id, and nothing of a patient."""

import threading

import httpx
import pytest
from sqlalchemy import text

from tests import instances
from tests.pacs.message import part10, store, stow
from tests.pacs.server import WebServer

RAW = {"Accept": "application/octet-stream"}


def test_an_unexpected_error_is_a_500_whose_id_is_in_the_log(web: WebServer, admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    store(admin, [ds])
    with web.archive.index.write() as connection:
        connection.execute(
            text(
                "UPDATE instance_header SET header = :junk WHERE instance_fk = "
                "(SELECT id FROM instance WHERE sop_instance_uid = :uid)"
            ),
            {"junk": b"not what it was", "uid": str(ds.SOPInstanceUID)},
        )
    answer = admin.get(f"{instances.path(ds)}/metadata")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    identity = answer.json()["id"]
    assert identity in answer.json()["detail"]
    lines = [line for line in web.log.read_text().splitlines() if identity in line]
    assert any("unexpected" in line and "zlib" in line for line in lines), "the trace is in the log"
    assert "zlib" not in answer.text
    assert admin.get("/health").status_code == 200


def test_bytes_that_are_missing_are_a_503_and_the_rest_goes_on(web: WebServer, admin: httpx.Client) -> None:
    lost, other = instances.study(2)
    store(admin, [lost, other])
    with web.archive.index.read() as connection:
        name = connection.execute(
            text("SELECT spool_name FROM instance WHERE sop_instance_uid = :uid"), {"uid": str(lost.SOPInstanceUID)}
        ).scalar_one()
    web.archive.spool.path(name).unlink()
    answer = admin.get(f"{instances.path(lost)}/frames/1", headers=RAW)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert admin.get(f"{instances.path(other)}/frames/1", headers=RAW).status_code == 200
    assert stow(admin, [part10(lost)]).status_code == 200, "sending it again heals it"
    assert admin.get(f"{instances.path(lost)}/frames/1", headers=RAW).content == lost.PixelData


def test_no_patient_data_is_in_the_log(web: WebServer, admin: httpx.Client) -> None:
    made = instances.study(2, patient_name="BÍMẬT^TÊN", patient_id="SECRET-ID-77")
    store(admin, made)
    admin.get("/dicom-web/studies", params={"PatientName": "BÍMẬT*", "PatientID": "SECRET-ID-77"})
    admin.get("/api/studies", params={"q": "SECRET-ID-77"})
    admin.get(f"/dicom-web/studies/{made[0].StudyInstanceUID}/metadata")
    made[0].PatientID = "SECRET-ID-78"
    assert stow(admin, [part10(made[0])]).status_code == 409
    log = web.log.read_text()
    for secret in ("SECRET-ID", "BÍMẬT", "M\\u1eacT", "B%C3%8DM"):
        assert secret not in log


@pytest.mark.parametrize("senders", [4])
def test_many_at_once_store_one_study_and_read_it(web: WebServer, admin: httpx.Client, senders: int) -> None:
    made = instances.study(24)
    errors: list[str] = []

    def send(part: int) -> None:
        with web.client() as client:
            for ds in made[part::senders]:
                answer = stow(client, [part10(ds)])
                if answer.status_code != 200:
                    errors.append(answer.text)
                shown = client.get(f"{instances.path(ds)}/frames/1", headers=RAW)
                if shown.content != ds.PixelData:
                    errors.append(shown.text)

    threads = [threading.Thread(target=send, args=(part,)) for part in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    path = f"/dicom-web/studies/{made[0].StudyInstanceUID}"
    assert len(admin.get(f"{path}/metadata").json()) == 24
    (row,) = admin.get("/dicom-web/studies", params={"StudyInstanceUID": str(made[0].StudyInstanceUID)}).json()
    assert row["00201208"]["Value"] == [24]
