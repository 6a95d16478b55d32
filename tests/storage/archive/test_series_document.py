"""Ready-made metadata: right while a series grows, the same for the same content, made anew when lost."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from storage.archive import Archive, series_document
from storage.archive.series_document import SeriesDocument
from storage.errors import NotFound
from storage.index import schema
from tests.storage.samples import ct, keep, uid


def _numbers(document: SeriesDocument) -> list[int]:
    return [one["00200013"]["Value"][0] for one in _read(document)]


def _read(document: SeriesDocument) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gzip.decompress(document.gzip_body))
    return found


def _row(archive: Archive) -> Any:
    with archive.index.read() as connection:
        return connection.execute(select(schema.series)).one()


def _forget(archive: Archive) -> None:
    """As another process would see it."""
    series_document._by_index.pop(archive.index, None)


def _document(archive: Archive) -> SeriesDocument:
    return series_document.document(archive, uid("a"), uid("a", 1))


def test_document_holds_every_instance_by_number(archive: Archive) -> None:
    for number in (2, 3, 1):
        keep(archive, ct("a", 1, number))
    document = _document(archive)
    first = _read(document)[0]
    assert _numbers(document) == [1, 2, 3]
    assert first["00100010"]["Value"] == [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]
    assert first["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert first["7FE00010"]["BulkDataURI"] == (
        f"/dicom-web/studies/{uid('a')}/series/{uid('a', 1)}/instances/{uid('a', 1, 1)}/bulkdata/7FE00010"
    )
    row = _row(archive)
    assert row.document_key.startswith("derived/")
    assert (row.document_etag, row.document_revision) == (document.etag, row.revision)
    assert archive.objects.read(row.document_key) == document.gzip_body


def test_document_grows_with_its_series_and_the_old_one_goes(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1))
    old = _document(archive)
    key = _row(archive).document_key
    assert _document(archive) == old
    keep(archive, ct("a", 1, 2))
    new = _document(archive)
    assert _numbers(new) == [1, 2]
    assert new.etag != old.etag
    with pytest.raises(NotFound):
        archive.objects.read(key)


def test_same_content_is_the_same_bytes_in_every_process(archive: Archive) -> None:
    keep(archive, ct("a"))
    document = _document(archive)
    archive.objects.delete(_row(archive).document_key)
    _forget(archive)
    assert _document(archive) == document
    assert archive.objects.read(_row(archive).document_key) == document.gzip_body


def test_a_lost_document_of_another_content_is_replaced(archive: Archive) -> None:
    keep(archive, ct("a"))
    _document(archive)
    with archive.index.write() as connection:
        connection.execute(update(schema.series).values(document_key="derived/gone", document_etag="gone"))
    assert _numbers(_document(archive)) == [1]
    assert _row(archive).document_etag != "gone"


def test_study_and_instance_documents(archive: Archive) -> None:
    keep(archive, ct("a", 2, 1))
    keep(archive, ct("a", 1, 7))
    study = series_document.study_document(archive, uid("a"))
    assert _numbers(study) == [7, 1]
    assert series_document.study_document(archive, uid("a")) == study
    instance = series_document.instance_document(archive, uid("a"), uid("a", 1), uid("a", 1, 7))
    assert _numbers(instance) == [7]
    keep(archive, ct("a", 2, 2))
    assert series_document.study_document(archive, uid("a")).etag != study.etag
    with pytest.raises(NotFound):
        series_document.study_document(archive, "1.2")
    with pytest.raises(NotFound):
        series_document.document(archive, uid("a"), "1.2")
    with pytest.raises(NotFound):
        series_document.instance_document(archive, uid("a"), uid("a", 1), "1.2")


def test_many_readers_while_a_series_grows_never_see_less_than_was_there(archive: Archive) -> None:
    keep(archive, ct("a", 1, 1))
    acknowledged = [1]
    done = threading.Event()
    problems: list[str] = []

    def read() -> None:
        while not done.is_set():
            least = acknowledged[0]
            numbers = _numbers(_document(archive))
            if len(numbers) < least or numbers != list(range(1, len(numbers) + 1)):
                problems.append(f"{numbers} with {least} kept")

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(2, 16):
        keep(archive, ct("a", 1, number))
        acknowledged[0] = number
    done.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert len(_numbers(_document(archive))) == 15
    assert len(list(archive.objects.keys("derived/"))) == 1


def test_quiet_series_are_built_ahead_and_busy_ones_left_alone(archive: Archive) -> None:
    keep(archive, ct("a"))
    assert series_document.build_quiet(archive) == 0
    with archive.index.write() as connection:
        connection.execute(update(schema.series).values(updated_at=datetime.now(UTC) - timedelta(seconds=60)))
    assert series_document.build_quiet(archive) == 1
    assert _row(archive).document_revision == _row(archive).revision
    assert series_document.build_quiet(archive) == 0
