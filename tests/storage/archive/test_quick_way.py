"""The quick way into the index: the rows are those of the careful way, whoever arrives at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from sqlalchemy import delete, func, select, text

from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.recent import Recent
from storage.archive.search_attribute import add
from storage.errors import DuplicateConflict, Forbidden, StoreUnavailable
from storage.index.schema import instance, instance_header, series, study
from storage.index.searchable_schema import instance_value, series_value, study_value
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source

_OWN = {"id", "series_fk", "study_fk", "instance_fk", "received_at", "updated_at", "spool_name", "facility_id"}


@pytest.fixture
def careful(storage_settings: StorageSettings, tmp_path: Path) -> Iterator[Archive]:
    """Another archive; it is made to forget before each instance."""
    folder = tmp_path / "careful"
    settings = {"data_dir": folder, "database_url": "", "object_store": "", "minimum_free_bytes": 0}
    made = Archive.open(storage_settings.model_copy(update=settings))
    made.index.migrate()
    yield made
    made.close()


def rows(archive: Archive, table: Any) -> list[dict[str, Any]]:
    """All rows, without what is of the archive itself."""
    order = {study: study.c.study_instance_uid, series: series.c.series_instance_uid}.get(table)
    statement = select(table)
    if order is not None:
        statement = statement.order_by(order)
    elif table is instance:
        statement = statement.order_by(instance.c.sop_instance_uid)
    else:
        statement = statement.join(instance, instance.c.id == table.c.instance_fk).order_by(instance.c.sop_instance_uid)
    with archive.index.read() as connection:
        found = connection.execute(statement).mappings()
        return [{name: value for name, value in row.items() if name not in _OWN} for row in found]


def several() -> list[Dataset]:
    """Slices of two studies; one has three series, of which one is an instance long."""
    made = []
    for number in range(1, 13):
        made.append(ct_slice(study="1.2.1", series="1.2.1.1", sop=f"1.2.1.1.{number}", InstanceNumber=number))
        made.append(ct_slice(study="1.2.2", series="1.2.2.1", sop=f"1.2.2.1.{number}", PatientName="LÊ^THỊ^B"))
        made.append(ct_slice(study="1.2.1", series="1.2.1.2", sop=f"1.2.1.2.{number}", SeriesNumber=2))
    made.append(ct_slice(study="1.2.1", series="1.2.1.3", sop="1.2.1.3.1", SeriesNumber=3, Laterality="L"))
    return made


def test_the_rows_are_those_of_the_careful_way(archive: Archive, careful: Archive) -> None:
    for dataset in several():
        keep(archive, dataset)
    for dataset in several():
        careful.recent.__init__()  # type: ignore[misc]  # it forgets
        keep(careful, dataset)
    for table in (study, series, instance, instance_header):
        assert rows(archive, table) == rows(careful, table)


def values(archive: Archive) -> list[list[tuple[Any, ...]]]:
    """What is searched beside the columns, by UIDs."""
    found = []
    for owner, uid, table in (
        (study, study.c.study_instance_uid, study_value),
        (series, series.c.series_instance_uid, series_value),
        (instance, instance.c.sop_instance_uid, instance_value),
    ):
        columns = [column for column in table.columns if column.name != "owner_fk"]
        statement = select(uid, *columns).join(owner, owner.c.id == table.c.owner_fk)
        with archive.index.read() as connection:
            found.append(sorted(tuple(row) for row in connection.execute(statement)))
    return found


def test_what_is_searched_beside_the_columns_is_that_of_the_careful_way(archive: Archive, careful: Archive) -> None:
    def requested(number: int, **others: Any) -> Dataset:
        made = ct_slice(study="1.2.1", sop=f"1.2.1.{number}", InstanceNumber=number, **others)
        request = Dataset()
        request.ScheduledProcedureStepID, request.RequestedProcedureID = f"S{number // 4}", "P1"
        made.RequestAttributesSequence = [request]
        return made

    datasets = [requested(number, series="1.2.1.1", PatientComments=f"{number % 2}") for number in range(1, 9)]
    datasets += [requested(number, series="1.2.1.2", AcquisitionNumber=number) for number in range(9, 13)]
    for made in (archive, careful):
        for name in ("PatientComments", "AcquisitionNumber"):
            add(made, name, "", "", SYSTEM)
    for dataset in datasets:
        keep(archive, dataset)
        careful.recent.__init__()  # type: ignore[misc]  # it forgets
        keep(careful, dataset)
    assert values(archive) == values(careful)
    assert [len(found) for found in values(archive)] == [2, 2 * 5, 4]


def test_many_at_once_are_all_counted(archive: Archive) -> None:
    first, *others = several()
    keep(archive, first)
    with ThreadPoolExecutor(12) as pool:
        receipts = list(pool.map(lambda dataset: keep(archive, dataset), others))
    assert not any(receipt.duplicate for receipt in receipts)
    assert [row["number_of_instances"] for row in rows(archive, study)] == [25, 12]
    assert [row["number_of_series"] for row in rows(archive, study)] == [3, 1]
    assert [(row["number_of_instances"], row["revision"]) for row in rows(archive, series)] == [
        (12, 12),
        (12, 12),
        (1, 1),
        (12, 12),
    ]
    assert len(rows(archive, instance_header)) == 37


def test_the_same_instance_at_once_is_kept_once(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"))
    same = ct_slice(study="1.2.1", series="1.2.1.1", sop="1.2.1.1.7")
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: keep(archive, same), range(8)))
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    assert len(list(archive.spool.ready.iterdir())) == 2
    assert rows(archive, study)[0]["number_of_instances"] == 2


def test_other_content_of_a_kept_uid_is_refused(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1", sop="1.2.1.1.7"))
    with pytest.raises(DuplicateConflict):
        keep(archive, ct_slice(study="1.2.1", series="1.2.1.1", sop="1.2.1.1.7", InstanceNumber=9))
    assert rows(archive, instance)[0]["instance_number"] == 1


def test_a_study_that_was_removed_is_made_anew_and_nothing_gets_into_the_one_that_has_its_row_now(
    archive: Archive,
) -> None:
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1", sop="1.2.1.1.1"))
    with archive.index.write() as connection:
        for table in (instance_header, instance, series, study):
            connection.execute(delete(table))
    keep(archive, ct_slice(study="1.2.9", series="1.2.9.1", PatientID="ANOTHER"))
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1", sop="1.2.1.1.2"))  # SQLite has given its id anew
    with archive.index.read() as connection:
        of_patients = connection.execute(
            select(study.c.patient_id, func.count())
            .join(series, series.c.study_fk == study.c.id)
            .join(instance, instance.c.series_fk == series.c.id)
            .group_by(study.c.patient_id)
        ).all()
    assert sorted((patient, count) for patient, count in of_patients) == [("ANOTHER", 1), ("P1", 1)]
    assert {row["study_instance_uid"]: row["number_of_instances"] for row in rows(archive, study)} == {
        "1.2.1": 1,
        "1.2.9": 1,
    }


def test_a_series_that_another_process_made_meanwhile_is_used(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"))
    other = replace(archive, recent=Recent())  # another process, which has seen the first series alone
    keep(other, ct_slice(study="1.2.1", series="1.2.1.1"))
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.2"))
    keep(other, ct_slice(study="1.2.1", series="1.2.1.2"))
    other.intake.close()
    assert [row["number_of_instances"] for row in rows(archive, series)] == [2, 2]
    assert rows(archive, study)[0]["number_of_series"] == 2


def test_the_owner_of_the_study_is_asked_for_every_instance(archive: Archive) -> None:
    from storage.access.principal import Action, Principal  # noqa: PLC0415

    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"), local_source(archive, facility_id=1))
    stranger = Principal("ae", "CT9", facilities=frozenset({2}), rights=frozenset({Action.STORE}))
    with pytest.raises(Forbidden):
        keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"), local_source(archive, facility_id=2), stranger)
    assert rows(archive, study)[0]["number_of_instances"] == 1


def test_a_table_that_cannot_be_written_is_told_and_the_next_instance_is_kept(archive: Archive) -> None:
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"))
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"))
    with archive.index.write() as connection:
        connection.execute(text("ALTER TABLE instance_header RENAME TO away"))
    with pytest.raises(StoreUnavailable):
        keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"))
    with archive.index.write() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO instance_header"))
    keep(archive, ct_slice(study="1.2.1", series="1.2.1.1"))
    assert rows(archive, study)[0]["number_of_instances"] == 3
    assert len(list(archive.spool.ready.iterdir())) == 3
