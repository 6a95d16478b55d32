"""What the index says is held against the bytes that are there, both ways, on both databases and stores."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.access import audit, facilities
from storage.access.principal import SYSTEM, Principal
from storage.archive import Archive
from storage.archive import scrub as module
from storage.archive.finding import ScrubReport, as_json
from storage.archive.scrub import Scrub, scrub
from storage.archive.series_document import document
from storage.archive.status import status
from storage.archive.upload import upload_pending
from storage.errors import Forbidden
from storage.index import scrubbing
from storage.settings import StorageSettings
from tests.storage import generated

OLD = 3600


@pytest.fixture
def archive(tmp_path: Path, places: dict[str, str]) -> Iterator[Archive]:
    """An empty archive on one box, and on servers for index and objects."""
    settings = {
        "data_dir": tmp_path / "data",
        "minimum_free_bytes": 0,
        **places,
    }
    made = Archive.open(StorageSettings.model_validate(settings))
    made.index.migrate()
    facilities.get_or_create(made.index, "LOCAL")
    yield made
    made.close()


def rows(archive: Archive) -> list[scrubbing.Row]:
    with archive.index.read() as connection:
        return scrubbing.page(connection, 0, 1000)


def stored(archive: Archive, number: int) -> list[scrubbing.Row]:
    """Some instances of one series in the object store."""
    for n in range(number):
        generated.keep(archive, generated.ct_slice(study="1.2.3", series="1.2.3.4", sop=f"1.2.3.4.{n}"))
    upload_pending(archive)
    found = rows(archive)
    assert {row["location"] for row in found} == {"object"}
    return found


def replace_object(archive: Archive, key: str, data: bytes, tmp_path: Path) -> None:
    archive.objects.delete(key)
    source = tmp_path / "other"
    source.write_bytes(data)
    archive.objects.create(key, source)
    source.unlink()  # it may be the object's own file


def found(report: ScrubReport) -> set[tuple[str, str]]:
    return {(finding.kind, finding.name) for finding in report.findings}


def aged(path: Path) -> Path:
    os.utime(path, (time.time() - OLD, time.time() - OLD))
    return path


def test_a_sound_archive_has_no_findings(archive: Archive) -> None:
    stored(archive, 3)
    generated.keep(archive, generated.ct_slice())
    document(archive, "1.2.3", "1.2.3.4")
    heard: list[tuple[str, int, int | None]] = []
    report = scrub(archive, Scrub(), SYSTEM, lambda *news: heard.append(news))
    assert (report.findings, report.unsolved) == ([], 0)
    assert (report.objects, report.instances, report.read) == (4, 4, 3)
    assert report.bytes_read == sum(row["size"] for row in rows(archive) if row["location"] == "object")
    assert heard[-1] == ("Checking instances", 4, 4)
    with archive.index.read() as connection:
        (event,) = [event for event in audit.events(connection) if event.action == audit.VERIFY]
    assert event.actor == SYSTEM.name


def test_damage_is_found_told_apart_and_noted(archive: Archive, tmp_path: Path) -> None:
    sound, missing, short, altered, lying = stored(archive, 5)
    archive.objects.delete(missing["object_key"])
    whole = archive.objects.read(altered["object_key"])
    replace_object(archive, altered["object_key"], whole[:-1] + bytes([whole[-1] ^ 1]), tmp_path)
    replace_object(archive, short["object_key"], archive.objects.read(short["object_key"])[:-2], tmp_path)
    other = archive.objects.read(sound["object_key"])
    replace_object(archive, lying["object_key"], other, tmp_path)
    report = scrub(archive, Scrub(), SYSTEM)
    assert found(report) == {
        ("missing", missing["object_key"]),
        ("size", short["object_key"]),
        ("content", altered["object_key"]),
        ("content", lying["object_key"]),
    }
    assert {finding.sop_instance_uid for finding in report.findings} == {
        row["sop_instance_uid"] for row in (missing, short, altered, lying)
    }
    assert {row["sop_instance_uid"] for row in rows(archive) if row["verified_at"]} == {sound["sop_instance_uid"]}
    with archive.index.read() as connection:
        assert len(scrubbing.damaged(connection, [row["id"] for row in rows(archive)])) == 4
        told = [
            event for event in audit.events(connection) if event.study_instance_uid and event.action == audit.VERIFY
        ]
    assert len(told) == 4
    assert scrub(archive, Scrub(), SYSTEM).unsolved == 4  # and is not told to the trail again
    with archive.index.read() as connection:
        events = [event for event in audit.events(connection) if event.study_instance_uid]
    assert len([event for event in events if event.action == audit.VERIFY]) == 4


def test_a_quick_look_sees_what_lacks_and_not_what_is_inside(archive: Archive, tmp_path: Path) -> None:
    _, missing, altered = stored(archive, 3)
    archive.objects.delete(missing["object_key"])
    whole = archive.objects.read(altered["object_key"])
    replace_object(archive, altered["object_key"], whole[:-1] + bytes([whole[-1] ^ 1]), tmp_path)
    report = scrub(archive, Scrub(quick=True), SYSTEM)
    assert found(report) == {("missing", missing["object_key"])}
    assert (report.read, report.bytes_read) == (0, 0)


def test_only_what_was_not_read_of_late_is_read(archive: Archive) -> None:
    stored(archive, 2)
    assert scrub(archive, Scrub(older_than=timedelta(days=1)), SYSTEM).read == 0
    with archive.index.write() as connection:
        scrubbing.note_damage(connection, rows(archive)[0]["id"], "missing", rows(archive)[0]["verified_at"])
    # What was found damaged is always looked at, and is well again.
    report = scrub(archive, Scrub(older_than=timedelta(days=1)), SYSTEM)
    assert (report.read, report.unsolved) == (1, 0)
    with archive.index.read() as connection:
        assert scrubbing.damaged(connection, [row["id"] for row in rows(archive)]) == set()


def test_orphans_of_both_kinds(archive: Archive, tmp_path: Path) -> None:
    (row,) = stored(archive, 1)
    orphan = "instances/aaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccc-dddddddddddddddd.dcm"
    source = tmp_path / "orphan"
    source.write_bytes(archive.objects.read(row["object_key"]))
    archive.objects.create(orphan, source)
    archive.objects.put("derived/aaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbb/ff.json.gz", b"x")
    archive.objects.put("instances/notes.txt", b"x")
    archive.objects.put("other/notes.txt", b"x")
    assert found(scrub(archive, Scrub(quick=True), SYSTEM)) == {
        ("orphan", orphan),
        ("derived-orphan", "derived/aaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbb/ff.json.gz"),
        ("foreign", "instances/notes.txt"),
        ("foreign", "other/notes.txt"),
    }


def test_an_archive_of_many_pages(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    monkeypatch.setattr(module, "_LISTED", 3)
    lost, *_ = stored(archive, 7)
    archive.objects.delete(lost["object_key"])
    orphans = {f"derived/{'a' * 20}/{'b' * 20}/{number}.json.gz" for number in range(5)}
    for orphan in orphans:
        archive.objects.put(orphan, b"x")
    report = scrub(archive, Scrub(), SYSTEM)
    assert found(report) == {("missing", lost["object_key"]), *(("derived-orphan", orphan) for orphan in orphans)}
    assert (report.objects, report.instances, report.read) == (11, 7, 6)


def test_orphans_are_indexed_where_that_is_wished(archive: Archive, tmp_path: Path) -> None:
    (row,) = stored(archive, 1)
    whole = archive.objects.read(row["object_key"])
    other = Archive.open(archive.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'other.db'}"}))
    other.index.migrate()
    strange = "instances/aaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccc-dddddddddddddddd.dcm"
    source = tmp_path / "strange"
    source.write_bytes(whole)
    archive.objects.create(strange, source)
    report = scrub(other, Scrub(quick=True, adopt=True), SYSTEM)
    assert {(finding.name, finding.repaired) for finding in report.findings} == {
        (row["object_key"], True),
        (strange, False),
    }
    assert [one["sop_instance_uid"] for one in rows(other)] == [row["sop_instance_uid"]]
    assert found(scrub(other, Scrub(), SYSTEM)) == {("orphan", strange)}
    other.close()


def test_the_spool_and_the_quarantine(archive: Archive) -> None:
    generated.keep(archive, generated.ct_slice())
    generated.keep(archive, generated.ct_slice())
    lost, _ = rows(archive)
    archive.spool.path(lost["spool_name"]).unlink()
    unknown = generated.spool(archive.spool, generated.encode(generated.ct_slice()))
    unknown.release()
    aged(unknown.path)
    young = generated.spool(archive.spool, generated.encode(generated.ct_slice()))
    aged(young.path)  # but somebody holds it
    aside = archive.spool.quarantine / "somebody.dcm"
    aside.write_bytes(b"x")
    aged(aside)
    assert found(scrub(archive, Scrub(quick=True), SYSTEM)) == {
        ("spool-missing", lost["spool_name"]),
        ("spool-orphan", unknown.name),
        ("quarantine-orphan", "somebody.dcm"),
    }


def test_a_damaged_object_is_made_anew_from_a_good_copy(archive: Archive, tmp_path: Path) -> None:
    damaged, hopeless = stored(archive, 2)
    whole = archive.objects.read(damaged["object_key"])
    replace_object(archive, damaged["object_key"], whole[:-1] + b"!", tmp_path)
    archive.objects.delete(hopeless["object_key"])
    for row in (damaged, hopeless):
        if archive.cache is not None:
            archive.cache.remove(row["object_key"])
    archive.spool.path(damaged["spool_name"]).write_bytes(whole)
    archive.spool.path(hopeless["spool_name"]).write_bytes(whole)  # the wrong one
    report = scrub(archive, Scrub(repair=True), SYSTEM)
    assert (report.counts.total(), report.repaired, report.unsolved) == (2, 1, 1)
    assert archive.objects.read(damaged["object_key"]) == whole
    archive.spool.path(hopeless["spool_name"]).unlink()
    assert found(scrub(archive, Scrub(), SYSTEM)) == {("missing", hopeless["object_key"])}


def test_a_lost_object_is_made_anew_from_the_hot_cache(archive: Archive) -> None:
    if archive.cache is None:
        pytest.skip("with a local object store there is no cache")
    kept, evicted = stored(archive, 2)
    for row in (kept, evicted):
        archive.objects.delete(row["object_key"])
    archive.cache.remove(evicted["object_key"])
    report = scrub(archive, Scrub(quick=True, repair=True), SYSTEM)
    assert {(finding.name, finding.repaired) for finding in report.findings} == {
        (kept["object_key"], True),
        (evicted["object_key"], False),
    }
    assert found(scrub(archive, Scrub(), SYSTEM)) == {("missing", evicted["object_key"])}


def test_what_arrives_meanwhile_is_no_finding(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_YOUNG_S", 0.0)
    stop = threading.Event()

    def receive() -> None:
        while not stop.is_set():
            generated.keep(archive, generated.ct_slice(study="1.2.3"))

    def upload() -> None:
        while not stop.is_set():
            upload_pending(archive, 5)

    threads = [threading.Thread(target=work) for work in (receive, upload)]
    for thread in threads:
        thread.start()
    try:
        reports = [scrub(archive, Scrub(quick=number % 2 == 1), SYSTEM) for number in range(6)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [report.findings for report in reports] == [[]] * 6
    assert reports[-1].instances > 5


def test_reading_keeps_to_its_rate(archive: Archive) -> None:
    size = sum(row["size"] for row in stored(archive, 6))
    started = time.monotonic()
    scrub(archive, Scrub(rate=size), SYSTEM)
    assert time.monotonic() - started > 0.7


def test_damage_is_in_the_status(archive: Archive) -> None:
    (row,) = stored(archive, 1)
    assert status(archive).damaged == 0
    archive.objects.delete(row["object_key"])
    scrub(archive, Scrub(quick=True), SYSTEM)
    assert status(archive).damaged == 1


def test_the_report_is_json(archive: Archive) -> None:
    (row,) = stored(archive, 1)
    archive.objects.delete(row["object_key"])
    report = as_json(scrub(archive, Scrub(), SYSTEM))
    assert report["findings"] == [
        {
            "kind": "missing",
            "name": row["object_key"],
            "sop_instance_uid": row["sop_instance_uid"],
            "repaired": False,
        }
    ]
    assert (report["mode"], report["unsolved"], report["counts"]) == ("full", 1, {"missing": 1})


def test_not_everybody_may(archive: Archive) -> None:
    with pytest.raises(Forbidden):
        scrub(archive, Scrub(), Principal("user", "somebody"))
