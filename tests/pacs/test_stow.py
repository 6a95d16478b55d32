"""STOW-RS: what is stored, what is refused and how it is said (PS3.18 §10.5)."""

import socket

import httpx
import psutil
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from storage.access import audit
from storage.access.principal import Role
from tests import instances
from tests.pacs.message import BOUNDARY, part10, parts, stow, without_meta
from tests.pacs.server import WebServer


def items(answer: httpx.Response, tag: str) -> list[dict[str, object]]:
    """The items of a sequence of the answer, as plain values."""
    found = answer.json().get(tag, {}).get("Value", [])
    return [{key: element["Value"][0] for key, element in item.items()} for item in found]


STORED, FAILED, OTHER_FAILURES = "00081199", "00081198", "0008119A"
REASON, SOP_UID, SOP_CLASS, URL = "00081197", "00081155", "00081150", "00081190"


def retrieved(client: httpx.Client, ds: Dataset) -> httpx.Response:
    return client.get(instances.path(ds), headers={"Accept": "application/dicom; transfer-syntax=*"})


def test_a_study_is_stored_and_comes_back_byte_for_byte(web: WebServer, admin: httpx.Client) -> None:
    made = instances.study(5)
    answer = stow(admin, [part10(ds) for ds in made])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    study_url = f"{web.dicom_web}/studies/{made[0].StudyInstanceUID}"
    assert answer.json()[URL]["Value"] == [study_url]
    assert [item[SOP_UID] for item in items(answer, STORED)] == [ds.SOPInstanceUID for ds in made]
    assert all(item[SOP_CLASS] == made[0].SOPClassUID for item in items(answer, STORED))
    for item, ds in zip(items(answer, STORED), made, strict=True):
        (one,) = parts(admin.get(str(item[URL]), headers={"Accept": 'multipart/related; type="application/dicom"'}))
        assert without_meta(one[1]) == without_meta(part10(ds))


def test_sending_again_changes_nothing(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    first, second = (stow(admin, [part10(ds)]) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    listed = admin.get("/dicom-web/instances", params={"StudyInstanceUID": ds.StudyInstanceUID})
    assert len(listed.json()) == 1


def test_the_same_uid_with_other_content_is_refused_and_the_kept_one_stays(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    stow(admin, [part10(ds)])
    kept = retrieved(admin, ds).content
    ds.PatientName = "SOMEBODY^ELSE"
    answer = stow(admin, [part10(ds)])
    assert answer.status_code == 409
    (failure,) = items(answer, FAILED)
    assert failure[REASON] == 0x0111
    assert failure[SOP_UID] == ds.SOPInstanceUID
    assert retrieved(admin, ds).content == kept


def test_the_good_ones_of_a_mixed_request_are_kept_and_each_failure_has_its_reason(admin: httpx.Client) -> None:
    good, uidless = instances.study(2)
    del uidless.SeriesInstanceUID
    truncated = part10(instances.study(1)[0])[:-500]
    answer = stow(admin, [b"this is not DICOM at all" * 20, part10(good), part10(uidless), truncated])
    assert answer.status_code == 202
    assert [item[SOP_UID] for item in items(answer, STORED)] == [good.SOPInstanceUID]
    assert [item[REASON] for item in items(answer, OTHER_FAILURES)] == [0xC000]
    assert [item[REASON] for item in items(answer, FAILED)] == [0xC000, 0xC000]
    assert all(item["00000902"] for item in items(answer, FAILED))
    assert retrieved(admin, good).status_code == 200
    assert retrieved(admin, instances.study(1)[0]).status_code == 404


@pytest.mark.parametrize("body", [b"GIF89a" + bytes(500), b"", b"DICM", bytes(128) + b"DICM", bytes(200)])
def test_what_is_not_dicom_is_refused_with_a_reason(admin: httpx.Client, body: bytes) -> None:
    answer = stow(admin, [body])
    assert answer.status_code == 409
    assert [item[REASON] for item in items(answer, OTHER_FAILURES)] == [0xC000]


def test_a_lying_length_is_refused(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    file = bytearray(part10(ds))
    at = file.index(b"\xe0\x7f\x10\x00OW")
    file[at + 8 : at + 12] = (0xFFFFFFF0).to_bytes(4, "little")
    answer = stow(admin, [bytes(file)])
    assert answer.status_code == 409
    assert retrieved(admin, ds).status_code == 404


def test_a_study_resource_takes_its_own_instances_alone(admin: httpx.Client) -> None:
    (mine,), (other,) = instances.study(1), instances.study(1)
    answer = stow(admin, [part10(mine), part10(other)], study=str(mine.StudyInstanceUID))
    assert answer.status_code == 202
    assert [item[SOP_UID] for item in items(answer, STORED)] == [mine.SOPInstanceUID]
    assert [item[REASON] for item in items(answer, FAILED)] == [0xA900]
    assert retrieved(admin, other).status_code == 404


def test_a_bare_instance_is_taken(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    answer = admin.post("/dicom-web/studies", content=part10(ds), headers={"Content-Type": "application/dicom"})
    assert answer.status_code == 200
    assert retrieved(admin, ds).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 400),
        ("application/json", 415),
        ("text/plain", 415),
        ('multipart/form-data; boundary="x"', 415),
        ('multipart/related; type="application/dicom"', 400),
        ('multipart/related; type="application/dicom"; boundary="' + "x" * 201 + '"', 400),
        ('multipart/related; type="image/jpeg"; boundary=x', 415),
        ('multipart/related; type="application/dicom+json"; boundary=x', 400),
        ('multipart/related; type="application/dicom"; boundary=other', 400),
    ],
)
def test_a_request_that_is_no_store_request(admin: httpx.Client, content_type: str, status: int) -> None:
    answer = admin.post(
        "/dicom-web/studies", content=b"--x\r\n\r\nabc\r\n--x--", headers={"Content-Type": content_type}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_answer_that_is_not_accepted_is_refused_before_anything_is_stored(admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    answer = admin.post(
        "/dicom-web/studies",
        content=part10(ds),
        headers={"Content-Type": "application/dicom", "Accept": "image/png"},
    )
    assert answer.status_code == 406
    assert retrieved(admin, ds).status_code == 404


def test_a_part_of_another_type_is_a_failure_of_its_own(admin: httpx.Client) -> None:
    answer = stow(admin, [b"{}"], part_type="application/json")
    assert answer.status_code == 409
    assert len(items(answer, OTHER_FAILURES)) == 1


def test_a_message_that_breaks_off_keeps_what_was_complete(web: WebServer, admin: httpx.Client) -> None:
    first, second = instances.study(2)
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = head + part10(first) + b"\r\n" + head + part10(second)[:-100]
    answer = admin.post(
        "/dicom-web/studies",
        content=body,
        headers={"Content-Type": f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'},
    )
    assert answer.status_code == 202
    assert [item[SOP_UID] for item in items(answer, STORED)] == [first.SOPInstanceUID]
    assert [item[SOP_UID] for item in items(answer, FAILED)] == [second.SOPInstanceUID]
    assert not [path for path in (web.settings.data_dir / "spool" / "incoming").iterdir() if path.stat().st_size], (
        "nothing half-written stays"
    )


def test_a_body_over_the_limit_is_refused_at_once(web: WebServer) -> None:
    head = (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nAuthorization: Bearer {web.token()}\r\n"
        f"Content-Type: application/dicom\r\nContent-Length: {10**15}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", web.port), 60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_who_may_only_look_may_not_store(web: WebServer) -> None:
    (ds,) = instances.study(1)
    with web.client(Role.REFERRER) as referrer:
        answer = stow(referrer, [part10(ds)])
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_study_of_another_facility_cannot_be_added_to(web: WebServer, admin: httpx.Client) -> None:
    first, second = instances.study(2)
    stow(admin, [part10(first)])
    with web.client(Role.RADIOLOGIST, facility="79111") as stranger:
        answer = stow(stranger, [part10(second)])
        assert answer.status_code == 403
        assert [item[REASON] for item in items(answer, FAILED)] == [0x0124]
    assert retrieved(admin, second).status_code == 404


def test_what_a_facility_sends_is_its_own(web: WebServer, admin: httpx.Client) -> None:
    (ds,) = instances.study(1)
    with (
        web.client(Role.TECHNOLOGIST, facility="79222") as sender,
        web.client(Role.RADIOLOGIST, facility="79333") as other,
    ):
        assert stow(sender, [part10(ds)]).status_code == 200
        found = {"StudyInstanceUID": ds.StudyInstanceUID}
        assert len(sender.get("/dicom-web/studies", params=found).json()) == 1
        assert other.get("/dicom-web/studies", params=found).json() == []
        assert other.get(f"{instances.path(ds)}/metadata").status_code == 403
    assert len(admin.get("/dicom-web/studies", params=found).json()) == 1


def test_storing_is_in_the_audit_trail_once_for_each_study(web: WebServer, admin: httpx.Client) -> None:
    made = instances.study(4)
    stow(admin, [part10(ds) for ds in made])
    with web.archive.index.read() as connection:
        events = audit.events(connection, study_instance_uid=str(made[0].StudyInstanceUID))
    assert [(event.action, event.outcome) for event in events] == [("store", "success")]


def test_many_large_instances_do_not_fill_memory(web: WebServer, admin: httpx.Client) -> None:
    (template,) = instances.study(1, rows=2048, columns=2048)

    def body() -> object:
        head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        for _ in range(40):
            template.SOPInstanceUID = generate_uid()
            template.file_meta.MediaStorageSOPInstanceUID = template.SOPInstanceUID
            yield head + part10(template) + b"\r\n"
        yield f"--{BOUNDARY}--\r\n".encode()

    def resident() -> int:
        return sum(child.memory_info().rss for child in psutil.Process(web.pid).children(recursive=True))

    before = resident()
    answer = admin.post(
        "/dicom-web/studies",
        content=body(),  # type: ignore[arg-type]  # a generator of bytes
        headers={"Content-Type": f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'},
    )
    assert answer.status_code == 200, answer.text
    assert len(items(answer, STORED)) == 40
    assert resident() - before < 120 * 1024 * 1024, "320 MiB passed through"
