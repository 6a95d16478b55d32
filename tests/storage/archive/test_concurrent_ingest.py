"""Counts, modalities and duplicates are right however many processes and threads store at once."""

import subprocess
import sys
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.query import StudyFilter, list_studies
from storage.errors import DuplicateConflict
from storage.index import instances
from storage.index.schema import instance, series, study
from tests.storage.generated import ct_slice, keep, local_source

SENDER = """
import sys
from pathlib import Path
from storage.archive import Archive
from storage.settings import StorageSettings
from tests.storage.generated import ct_slice, keep, local_source
process = int(sys.argv[3])
archive = Archive.open(StorageSettings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2], minimum_free_bytes=0))
source = local_source(archive, context="c%d" % process)
for number in range(25):
    own = ct_slice(study="1.2.3", series="1.2.3.%d" % (number % 5), sop="1.2.3.%d.%d" % (process, number),
                   Modality=("CT", "MR", "PT", "SR", "SEG")[number % 5])
    assert not keep(archive, own, source).duplicate
    keep(archive, ct_slice(study="1.2.4", series="1.2.4.1", sop="1.2.4.%d" % number), source)
archive.close()
"""


def totals(archive: Archive) -> dict[str, Any]:
    with archive.index.read() as connection:
        found = connection.execute(select(study)).mappings()
        return {row["study_instance_uid"]: dict(row) for row in found}


def test_processes_that_store_into_one_study(archive: Archive) -> None:
    local_source(archive)
    command = [sys.executable, "-c", SENDER, str(archive.settings.data_dir), archive.settings.database_url]
    processes = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [process.wait(150) for process in processes] == [0] * 4
    found = totals(archive)
    assert found["1.2.3"]["number_of_instances"] == 100
    assert found["1.2.3"]["number_of_series"] == 5
    assert found["1.2.3"]["modalities_in_study"] == "CT\\MR\\PT\\SEG\\SR"
    assert found["1.2.4"]["number_of_instances"] == 25
    assert found["1.2.4"]["number_of_series"] == 1
    with archive.index.read() as connection:
        assert connection.scalar(select(func.count()).select_from(instance)) == 125
        counted = connection.execute(select(series.c.number_of_instances, series.c.revision)).all()
        assert sorted(row.number_of_instances for row in counted) == [20, 20, 20, 20, 20, 25]
        assert all(row.revision == row.number_of_instances for row in counted)
    assert len(list(archive.spool.ready.iterdir())) == 125


def test_one_uid_with_different_contents_at_once(archive: Archive) -> None:
    source = local_source(archive)
    outcomes: list[str] = []

    def store(number: int) -> None:
        try:
            keep(archive, ct_slice(study=f"1.2.{number % 3}", sop="1.2.3.4", PatientID=f"P{number}"), source)
            outcomes.append("kept")
        except DuplicateConflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=store, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept"] + ["refused"] * 7
    (kept,) = totals(archive).values()
    assert (kept["number_of_instances"], kept["number_of_series"]) == (1, 1)
    assert len(list(archive.spool.ready.iterdir())) == 1


def test_what_a_study_lacks_is_found_though_two_begin_it_at_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(archive, ct_slice(study="1.2.3", series="1.2.3.1", PatientName="", StudyDescription=""))
    look, looked = instances.lock_study, []

    def too_early(connection: instances.Connection, uid: str) -> dict[str, Any] | None:
        """The first look comes before the other transaction has ended."""
        looked.append(uid)
        return look(connection, uid) if len(looked) > 1 else None

    monkeypatch.setattr(instances, "lock_study", too_early)
    keep(archive, ct_slice(study="1.2.3", series="1.2.3.2", PatientName="LÊ^THỊ^ƠN", StudyDescription="Sọ não"))
    assert len(looked) == 2
    for typed in ("le thi on", "so nao"):
        assert list_studies(archive, StudyFilter(text=typed), SYSTEM).total == 1
