"""Printed films: taken in durably, filed where it is certain, in the tray otherwise, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.uid import generate_uid

from storage import fault_point
from storage.access import audit
from storage.access.principal import SYSTEM, Action, Principal, Role
from storage.archive import Archive, film_filing, film_tray, order, retrieve, upload
from storage.archive.film import Printer, folder, take
from storage.archive.film_match import identifiers, names
from storage.archive.film_tray import NewStudy
from storage.archive.ingest import Source
from storage.archive.scrub import Scrub, scrub
from storage.dicom.film import Film, FilmImage, Proposal
from storage.errors import Forbidden, InvalidRequest, NotFound, WrongState
from storage.fault_point import Point
from storage.index import films as rows
from storage.index.films import Row
from tests.storage.generated import ct_slice, keep

PIXELS = np.random.default_rng(5).integers(0, 256, (40, 30), dtype=np.uint8)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MACHINE = Principal("ae", "FILMONLY", facilities=frozenset({1}), rights=frozenset({Action.PRINT}))
TECHNOLOGIST = Principal("user", "ktv.lan", frozenset({Role.TECHNOLOGIST}), frozenset({1}))
ELSEWHERE = Principal("user", "ktv.nam", frozenset({Role.TECHNOLOGIST}), frozenset({2}))
REFERRER = Principal("user", "bs.gioi-thieu", frozenset({Role.REFERRER}), frozenset({1}))


def film(label: str = "", *, proposal: Proposal = Proposal(), images: int = 2, **more: Any) -> Film:  # noqa: B008
    array = PIXELS
    made = Film(
        f"2.25.{uuid4().int}",
        datetime.now(UTC).astimezone(),
        "FILMONLY",
        tuple(
            FilmImage(number, 40, 30, 1, 8, 8, "MONOCHROME2", np.roll(array, number).tobytes())
            for number in range(1, images + 1)
        ),
        display_format="STANDARD\\2,1",
        size="8INX10IN",
        label=label,
        proposal=proposal,
    )
    return replace(made, **more)


def printed(archive: Archive, one: Film, *, facility: int = 1) -> int:
    """Print a film and let the worker look at it; its number."""
    principal = replace(MACHINE, facilities=frozenset({facility}))
    take(archive, one, Printer("FILMONLY", "10.0.0.7", facility), principal)
    film_filing.work_off(archive)
    return int(row_of(archive, one)["id"])


def row_of(archive: Archive, one: Film) -> Row:
    with archive.index.read() as connection:
        row = rows.by_uid(connection, one.uid)
    assert row is not None
    return row


def study(archive: Archive, *, ae_title: str = "CT1", facility: int = 1, **attributes: Any) -> str:
    """Keep a study that a machine sends; its UID."""
    uid = generate_uid()
    given = {"PatientName": "NGUYỄN^VĂN^ĐỨC", "PatientID": "079201000001", "AccessionNumber": "ACC-100"}
    instance = ct_slice(study=uid, **(given | attributes))
    source = Source("dimse", ae_title, "10.0.0.8", facility, uuid4().hex)
    keep(archive, instance, source)
    return uid


def state(archive: Archive, one: Film) -> tuple[str, str, str]:
    row = row_of(archive, one)
    return row["state"], row["reason"], row["study_instance_uid"]


def described(archive: Archive, uid: str) -> list[str]:
    """The series of what a study has got by films."""
    kept = [dcmread(BytesIO(retrieve.open_instance(archive, row).read())) for row in retrieve.instances(archive, uid)]
    return sorted(
        str(one.SeriesDescription) for one in kept if str(one.get("SeriesDescription", "")).startswith("Film")
    )


FILED = ["Film images", "Film images", "Film page", "Film page (PDF)"]


@pytest.mark.parametrize(
    ("label", "proposal", "basis"),
    [
        ("ACC-100", Proposal(), "accession"),
        ("BN: 079201000001", Proposal(), "patient"),
        ("phim 1 079201000001/CT", Proposal(accession_number="ACC-100"), "accession"),
        ("", Proposal(patient_id="079201000001", patient_name="NGUYEN VAN DUC"), "patient"),
    ],
)
def test_a_film_that_names_one_study_is_filed(archive: Archive, label: str, proposal: Proposal, basis: str) -> None:
    uid = study(archive)
    study(archive, PatientName="TRẦN^THỊ^LÊ", PatientID="079201000777", AccessionNumber="ACC-200")
    one = film(label, proposal=proposal)
    printed(archive, one)
    assert state(archive, one) == ("filed", basis, uid)
    assert described(archive, uid) == FILED
    film_filing.work_off(archive)
    assert row_of(archive, one)["location"] == "none"
    assert list(folder(archive).iterdir()) == []
    with archive.index.read() as connection:
        (event, *_) = [
            event for event in audit.events(connection, study_instance_uid=uid) if "film filed" in event.detail
        ]
    assert (event.actor_kind, event.actor, event.patient_id) == ("ae", "FILMONLY", "079201000001")


def test_the_study_that_the_machine_names_by_its_uid(archive: Archive) -> None:
    uid = study(archive)
    one = film(proposal=Proposal(study_instance_uid=uid))
    printed(archive, one)
    assert state(archive, one) == ("filed", "study", uid)


def test_that_the_machine_has_just_sent_a_study_is_no_proof_without_the_name(archive: Archive) -> None:
    uid = study(archive, ae_title="FILMONLY")
    silent, named = film(), film("Nguyen van duc - nguc thang")
    number = printed(archive, silent)
    assert state(archive, silent) == ("tray", "nothing-known", "")
    found = film_tray.show(archive, number, TECHNOLOGIST)
    assert [one["study_instance_uid"] for one in found.candidates] == [uid]
    assert found.named == frozenset()
    printed(archive, named)
    assert state(archive, named) == ("filed", "name", uid)


@pytest.mark.parametrize(
    ("label", "proposal", "doubt"),
    [
        ("", Proposal(), "nothing-known"),
        ("PHONG 3", Proposal(), "nothing-known"),
        ("NGUYEN VAN DUC", Proposal(), "likeness"),
        ("079201000001 079201000777", Proposal(), "several"),
        ("ACC-100 079201000777", Proposal(), "contradiction"),
        ("ACC-100", Proposal(patient_id="079201000777"), "contradiction"),
        ("ACC-100", Proposal(patient_name="LÊ^VĂN^HAI"), "contradiction"),
    ],
)
def test_what_is_not_certain_waits_in_the_tray(archive: Archive, label: str, proposal: Proposal, doubt: str) -> None:
    study(archive)
    study(archive, PatientName="TRẦN^THỊ^LÊ", PatientID="079201000777", AccessionNumber="ACC-200")
    one = film(label, proposal=proposal)
    printed(archive, one)
    assert state(archive, one) == ("tray", doubt, "")


def test_an_old_study_of_the_patient_is_proposed_and_not_taken(archive: Archive) -> None:
    uid = study(archive)
    one = film("079201000001", printed_at=datetime.now(UTC).astimezone() + timedelta(days=3))
    number = printed(archive, one)
    assert state(archive, one) == ("tray", "no-study", "")
    assert [found["study_instance_uid"] for found in film_tray.show(archive, number, TECHNOLOGIST).candidates] == [uid]


def test_another_facility_is_never_looked_into(archive: Archive) -> None:
    study(archive, facility=2)
    one = film("ACC-100 079201000001 NGUYEN VAN DUC")
    number = printed(archive, one)
    assert state(archive, one) == ("tray", "nothing-known", "")
    assert film_tray.show(archive, number, TECHNOLOGIST).candidates == []


def test_a_machine_without_any_study_prints_into_its_order(archive: Archive) -> None:
    made = order.create(
        archive,
        {
            "patient_name": "LÊ^THỊ^HƯƠNG", "patient_id": "079201000555", "patient_birth_date": "19850203",
            "patient_sex": "F", "accession_number": "XQ-5005", "requested_procedure_description": "X-quang ngực",
            "steps": [{"modality": "CR", "scheduled_procedure_step_start_date": f"{datetime.now():%Y%m%d}"}],  # noqa: DTZ005
            "facility": "01001",
        },
        SYSTEM,
    )  # fmt: skip
    one = film("XQ-5005 LE THI HUONG")
    printed(archive, one)
    uid = made.values["study_instance_uid"]
    assert state(archive, one) == ("filed", "accession", uid)
    assert described(archive, str(uid)) == FILED
    row = retrieve.instances(archive, str(uid))[0]
    kept = dcmread(BytesIO(retrieve.open_instance(archive, row).read()))
    assert (str(kept.PatientName), kept.PatientSex, kept.StudyDescription) == ("LÊ^THỊ^HƯƠNG", "F", "X-quang ngực")


def test_identifiers_and_names_on_films() -> None:
    found = identifiers(["BN: 079201000001, ngày 22/11/2026", "Phim 2/3", "acc=XQ-5005;", "20261122 07112026"])
    assert {"079201000001", "XQ-5005"} <= found
    assert not found & {"22/11/2026", "20261122", "07112026", "2/3"}
    assert names("NGUYỄN^VĂN^ĐỨC", ["phim cua nguyen van duc 1970"])
    assert not names("NGUYỄN^VĂN^ĐỨC", ["nguyen van dung"])
    assert not names("ĐỨC", ["duc"])  # one word names many


@contextmanager
def stopped_at(point: Point) -> Iterator[None]:
    """Within this a process that reaches the point dies."""

    class Killed(BaseException):
        pass

    def act(reached: Point) -> None:
        if reached == point:
            raise Killed

    fault_point.arm(act)
    try:
        with pytest.raises(Killed):
            yield
    finally:
        fault_point.arm(lambda _: None)


@pytest.mark.parametrize("point", ["film: decided", "film: instance kept", "film: filed"])
def test_filing_goes_on_after_a_kill(archive: Archive, point: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_filing, "LEASE", timedelta(0))
    uid = study(archive)
    one = film("ACC-100")
    take(archive, one, Printer("FILMONLY", "10.0.0.7", 1), MACHINE)
    with stopped_at(point):
        film_filing.work_off(archive)
    while film_filing.work_off(archive):
        pass
    assert state(archive, one) == ("filed", "accession", uid)
    assert described(archive, uid) == FILED


def test_a_technologist_files_a_film(archive: Archive) -> None:
    uid = study(archive)
    one = film("PHONG 3")
    number = printed(archive, one)
    assert row_of(archive, one)["location"] == "object"
    assert film_tray.waiting(archive, TECHNOLOGIST) == 1
    assert [row["id"] for row in film_tray.listed(archive, TECHNOLOGIST).rows] == [number]
    shown = Image.open(BytesIO(film_tray.picture(archive, number, TECHNOLOGIST, 256)))
    assert max(shown.size) == 256
    assert film_tray.file_into(archive, number, uid, TECHNOLOGIST) == uid
    assert state(archive, one) == ("filed", "hand", uid)
    assert described(archive, uid) == FILED
    assert film_tray.waiting(archive, TECHNOLOGIST) == 0
    assert [row["filed_by"] for row in film_tray.listed(archive, TECHNOLOGIST, "settled").rows] == ["ktv.lan"]
    film_filing.work_off(archive)
    assert list(archive.objects.keys("films/")) == []
    for again in (film_tray.file_into, film_tray.discard):
        with pytest.raises(WrongState):
            again(archive, number, uid, TECHNOLOGIST)
    with archive.index.read() as connection:
        events = [event for event in audit.events(connection, study_instance_uid=uid) if event.actor == "ktv.lan"]
    assert {event.action for event in events} == {"store"}


def test_a_film_becomes_the_study_of_a_patient_that_is_typed(archive: Archive) -> None:
    one = film("PHONG 3")
    number = printed(archive, one)
    for wrong in (
        NewStudy("", "1"),
        NewStudy("A", " "),
        NewStudy("A", "1", patient_birth_date="19990230"),
        NewStudy("A", "1", patient_sex="X"),
        NewStudy("A\\B", "1"),
        NewStudy("A", "1", accession_number="x" * 17),
    ):
        with pytest.raises(InvalidRequest):
            film_tray.file_as(archive, number, wrong, TECHNOLOGIST)
    typed = NewStudy(" Phạm  Thị Hồng ", "079201000999", "19991231", "F", "XQ-1", "X-quang phổi")
    uid = film_tray.file_as(archive, number, typed, TECHNOLOGIST)
    assert described(archive, uid) == FILED
    kept = dcmread(BytesIO(retrieve.open_instance(archive, retrieve.instances(archive, uid)[0]).read()))
    assert (str(kept.PatientName), kept.PatientID, kept.PatientBirthDate) == (
        "Phạm Thị Hồng",
        "079201000999",
        "19991231",
    )
    assert (kept.AccessionNumber, kept.StudyDescription) == ("XQ-1", "X-quang phổi")


def test_a_film_is_discarded_with_a_reason(archive: Archive) -> None:
    one = film()
    number = printed(archive, one)
    with pytest.raises(InvalidRequest):
        film_tray.discard(archive, number, " ", TECHNOLOGIST)
    film_tray.discard(archive, number, "Phim thử máy", TECHNOLOGIST)
    assert (row_of(archive, one)["state"], row_of(archive, one)["note"]) == ("discarded", "Phim thử máy")
    film_filing.work_off(archive)
    assert list(archive.objects.keys("films/")) == []
    with pytest.raises(WrongState):
        film_tray.picture(archive, number, TECHNOLOGIST, 200)


def test_who_may_do_what(archive: Archive) -> None:
    uid, foreign = study(archive), study(archive, facility=2, PatientID="9", AccessionNumber="Z")
    number = printed(archive, film())
    for stranger in (ELSEWHERE, REFERRER):
        for act in (
            lambda who: film_tray.show(archive, number, who),
            lambda who: film_tray.picture(archive, number, who, 100),
            lambda who: film_tray.file_into(archive, number, uid, who),
            lambda who: film_tray.discard(archive, number, "x", who),
        ):
            with pytest.raises(Forbidden):
                act(stranger)
    assert film_tray.listed(archive, ELSEWHERE).total == 0
    with pytest.raises(Forbidden):
        film_tray.listed(archive, REFERRER)
    with pytest.raises(Forbidden):
        film_tray.file_into(archive, number, foreign, TECHNOLOGIST)
    with pytest.raises(NotFound):
        film_tray.file_into(archive, number, "1.2.3", TECHNOLOGIST)
    with pytest.raises(NotFound):
        film_tray.show(archive, 10**6, TECHNOLOGIST)
    with pytest.raises(Forbidden):
        take(archive, film(), Printer("FILMONLY", "", 2), MACHINE)


def test_a_scrub_finds_nothing_wrong_with_the_tray(archive: Archive) -> None:
    printed(archive, film())
    uid = study(archive)
    number = printed(archive, film())
    film_tray.file_into(archive, number, uid, TECHNOLOGIST)
    film_filing.work_off(archive)
    upload.Uploader(archive).step()
    report = scrub(archive, Scrub(), SYSTEM)
    assert {kind: count for kind, count in report.counts.items() if kind in ("foreign", "orphan")} == {}


def test_files_that_no_row_speaks_of_are_swept_away(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    take(archive, film(), Printer("FILMONLY", "10.0.0.7", 1), MACHINE)
    orphan = folder(archive) / f"{archive.spool.node}-orphan.dcm"
    orphan.write_bytes(b"half a film")
    assert film_filing.sweep(archive) == 0  # it may be being written
    monkeypatch.setattr(film_filing, "_ORPHANED_AFTER_S", -1)
    assert film_filing.sweep(archive) == 1
    assert not orphan.exists()
    assert len(list(folder(archive).iterdir())) == 1
