"""An index made anew from the objects alone answers as the lost one did, on one box and on servers."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from storage.access import audit, facilities
from storage.access.principal import SYSTEM, Principal
from storage.archive import Archive
from storage.archive import replay as replay_module
from storage.archive.ingest import ingest
from storage.archive.rebuild import adopt, rebuild
from storage.archive.reconcile import reconcile
from storage.archive.scrub import Scrub, scrub
from storage.archive.upload import upload_pending
from storage.errors import Forbidden, InvalidRequest
from storage.index import rebuilding, scrubbing
from storage.settings import StorageSettings
from tests.storage import generated
from tests.storage.answers import answers

Reopen = Callable[[], Archive]


@pytest.fixture
def settings(tmp_path: Path, places: dict[str, str]) -> StorageSettings:
    values = {
        "data_dir": tmp_path / "data",
        "minimum_free_bytes": 0,
        **places,
    }
    return StorageSettings.model_validate(values)


@pytest.fixture
def archive(settings: StorageSettings) -> Iterator[Archive]:
    """An empty archive with two facilities besides its own."""
    made = opened(settings)
    for code in ("01001", "79001"):
        facilities.get_or_create(made.index, code)
    yield made
    made.close()


@pytest.fixture
def anew(settings: StorageSettings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    """The same objects with an empty index and an empty spool, as on a new machine."""
    url = f"sqlite:///{tmp_path / 'anew.db'}"
    if settings.database_url.startswith("postgresql"):
        url = request.getfixturevalue("postgres").database()
    store = settings.object_store
    made = opened(
        settings.model_copy(update={"data_dir": tmp_path / "anew", "database_url": url, "object_store": store})
    )
    yield made
    made.close()


def opened(settings: StorageSettings) -> Archive:
    made = Archive.open(settings)
    made.index.migrate()
    facilities.get_or_create(made.index, settings.facility)
    return made


def keep(archive: Archive, dataset: Dataset, code: str = "LOCAL", ae_title: str = "CT1") -> None:
    """Receive an instance for a facility from a machine."""
    spooled = generated.spool(
        archive.spool,
        generated.encode(dataset),
        sop_class_uid=str(dataset.SOPClassUID),
        sop_instance_uid=str(dataset.SOPInstanceUID),
        source_ae_title=ae_title,
        facility=code,
    )
    facility_id = facilities.get_or_create(archive.index, code).id
    ingest(archive, spooled, generated.local_source(archive, facility_id=facility_id, ae_title=ae_title), SYSTEM)


def contradicting() -> list[tuple[Dataset, str]]:
    """Instances that say different things of the same studies and series, for several facilities, in any order."""
    chance = random.Random(7)
    made = []
    for study in range(4):
        for number in range(12):
            said: dict[str, Any] = {
                "PatientName": chance.choice(["", "NGUYỄN^VĂN^ĐỨC", "TRAN VAN A", "Lê^Thị^Ơn"]),
                "PatientID": chance.choice(["", "BN-1", "BN-2"]),
                "StudyDescription": chance.choice(["", "CT Sọ não", "Ngực"]),
                "AccessionNumber": chance.choice(["", "A1", "A2"]),
                "StudyDate": chance.choice(["20260102", "20260103"]),
                "SeriesDescription": chance.choice(["", "Axial", "Coronal"]),
                "InstanceNumber": chance.choice([None, 1, 2]),
                "Modality": chance.choice(["CT", "SR", "PT"]),
                "SeriesNumber": chance.choice([None, 1, 2]),
            }
            uids = {"study": f"1.2.{study}", "series": f"1.2.{study}.{number % 3}", "sop": f"1.2.{study}.9.{number}"}
            made.append((generated.ct_slice(**uids, **said), chance.choice(["LOCAL", "01001", "79001"])))
    chance.shuffle(made)
    return made


def test_the_same_answers_from_the_objects_alone(archive: Archive, anew: Archive) -> None:
    for dataset, code in contradicting():
        keep(archive, dataset, code, f"AE_{code}")
        if random.Random(dataset.SOPInstanceUID).random() < 0.3:
            upload_pending(archive, 3)
    while upload_pending(archive):
        pass
    before = answers(archive)
    report = rebuild(anew, SYSTEM)
    assert (report.objects, report.added, report.known, report.refused) == (48, 48, 0, [])
    after = answers(anew)
    assert before.keys() == after.keys()
    for question, answer in before.items():
        assert after[question] == answer, question
    assert rows(anew) == rows(archive)
    assert scrub(anew, Scrub(), SYSTEM).findings == []


def rows(archive: Archive) -> list[dict[str, Any]]:
    """What the index says of each instance, but for where its file once was and when it was last read."""
    with archive.index.read() as connection:
        found = scrubbing.page(connection, 0, 10_000)
    return [{name: one[name] for name in one if name not in ("spool_name", "verified_at")} for one in found]


def test_the_order_of_instances_that_came_at_once_is_kept(archive: Archive, anew: Archive) -> None:
    waiting = contradicting()

    def receive(part: list[tuple[Dataset, str]]) -> None:
        for dataset, code in part:
            keep(archive, dataset, code)

    threads = [threading.Thread(target=receive, args=(waiting[start::3],)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while upload_pending(archive):
        pass
    before = answers(archive)
    rebuild(anew, SYSTEM, read_all=True)
    after = answers(anew)
    assert {question for question, answer in before.items() if after[question] != answer} == set()


def test_an_interrupted_rebuild_goes_on(archive: Archive, anew: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_module, "_CHUNK", 5)
    for dataset, code in contradicting():
        keep(archive, dataset, code)
    while upload_pending(archive):
        pass

    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int | None) -> None:
        if stage == "Reading objects" and done == 30:
            raise Stopped

    with pytest.raises(Stopped):
        rebuild(anew, SYSTEM, progress=stop)
    with pytest.raises(InvalidRequest):
        rebuild(anew, SYSTEM)
    report = rebuild(anew, SYSTEM, merge=True)
    assert report.known > 0
    assert report.known + report.added == 48
    before, after = answers(archive, thorough=False), answers(anew, thorough=False)
    assert {question for question, answer in before.items() if after[question] != answer} == set()
    again = rebuild(anew, SYSTEM, merge=True)
    assert (again.known, again.added) == (48, 0)


def test_what_waits_in_the_spool_comes_by_itself(archive: Archive, settings: StorageSettings, anew: Archive) -> None:
    keep(archive, generated.ct_slice(study="1.2.3"), "01001")
    upload_pending(archive)
    keep(archive, generated.ct_slice(study="1.2.3"), "79001")
    for path in archive.spool.ready.iterdir():
        path.rename(anew.spool.ready / path.name)
    rebuild(anew, SYSTEM)
    assert reconcile(anew).ingested == 1
    assert told(anew) == told(archive)


def told(archive: Archive) -> list[Any]:
    """When and for whom each instance came."""
    with archive.index.read() as connection:
        return list(rebuilding.origins(connection, [row["id"] for row in rows(archive)]))


def test_new_instances_get_new_rows_afterwards(archive: Archive, anew: Archive) -> None:
    for _ in range(3):
        keep(archive, generated.ct_slice(study="1.2.3"))
    upload_pending(archive)
    rebuild(anew, SYSTEM)
    keep(anew, generated.ct_slice(study="1.2.3"))
    keep(anew, generated.ct_slice(study="1.2.4"))
    assert [row["id"] for row in rows(anew)] == [1, 2, 3, 4, 5]


def test_what_came_first_stays_first_though_others_came_since(archive: Archive, anew: Archive) -> None:
    keep(archive, generated.ct_slice(study="1.2.3", PatientID="OLD", StudyDescription=None), "01001")
    upload_pending(archive)
    keep(anew, generated.ct_slice(study="1.2.3", PatientID="NEW", StudyDescription="New"), "79001")
    rebuild(anew, SYSTEM, merge=True)
    (page,) = answers(anew, thorough=False)["list ''"][0]
    assert (page["patient_id"], page["study_description"], page["facility_code"]) == ("OLD", "New", "01001")
    assert (page["number_of_instances"], page["number_of_series"]) == (2, 2)


def test_what_is_no_object_of_ours_is_refused_and_the_rest_indexed(archive: Archive, anew: Archive) -> None:
    keep(archive, generated.ct_slice())
    keep(archive, generated.ct_slice())
    upload_pending(archive)
    first, second = rows(archive)
    archive.objects.put("instances/a/b/c.dcm", archive.objects.read(first["object_key"]))
    archive.objects.put("instances/a/b/d.dcm", b"not DICOM")
    archive.objects.put("instances/e.txt", b"x")
    archive.objects.put("instances/f/g/empty.dcm", b"")
    whole = archive.objects.read(second["object_key"])
    archive.objects.put(second["object_key"], whole[:-1] + b"!")
    report = rebuild(anew, SYSTEM, read_all=True)
    assert (report.objects, report.added, report.refused_count) == (6, 1, 5)
    assert second["object_key"] in {key for key, _ in report.refused}


def test_orphans_are_adopted_with_their_time_and_facility(archive: Archive, anew: Archive) -> None:
    for dataset, code in contradicting():
        keep(archive, dataset, code)
    while upload_pending(archive):
        pass
    heads = list(archive.objects.keys("instances/"))
    random.Random(1).shuffle(heads)
    assert adopt(anew, heads, SYSTEM).added == 48
    assert adopt(anew, heads, SYSTEM).known == 48
    before, after = answers(archive, thorough=False), answers(anew, thorough=False)
    different = {question for question, answer in before.items() if after[question] != answer}
    assert different == set()
    with anew.index.read() as connection:
        assert {event.action for event in audit.events(connection)} >= {audit.REBUILD}


def test_the_time_of_arrival_is_kept(archive: Archive, anew: Archive) -> None:
    keep(archive, generated.ct_slice(study="1.2.3"))
    upload_pending(archive)
    rebuild(anew, SYSTEM)
    (listed,) = answers(anew, thorough=False)["list ''"][0]
    assert datetime.now(UTC) - listed["received_at"] < timedelta(minutes=5)
    assert listed == answers(archive, thorough=False)["list ''"][0][0]


def test_not_everybody_may(archive: Archive) -> None:
    with pytest.raises(Forbidden):
        rebuild(archive, Principal("user", "somebody"))
