"""What is kept, counted, told and refused when an instance arrives."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import generate_uid
from sqlalchemy import func, select

from storage.access import facilities
from storage.access.principal import SYSTEM, Action, Principal
from storage.archive import Archive
from storage.archive.ingest import Source, ingest
from storage.dicom import json
from storage.errors import (
    ArchiveError,
    DuplicateConflict,
    Forbidden,
    InconsistentInstance,
    InvalidInstance,
    StoreUnavailable,
    UnsupportedInstance,
)
from storage.index.schema import audit_event, instance, instance_header, series, study
from storage.spooled_file import recover
from tests.storage.generated import CT, ct_slice, dataset_of_file, encode, keep, local_source, spool

STUDY, SERIES = "1.2.3", "1.2.3.1"


def rows(archive: Archive, table: Any) -> list[dict[str, Any]]:
    with archive.index.read() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def spool_is(archive: Archive, count: int) -> bool:
    return len(list(archive.spool.ready.iterdir())) == count and not archive.spool.arriving()


def test_a_first_instance_makes_its_study_series_and_rows(archive: Archive) -> None:
    dataset = ct_slice(study=STUDY, series=SERIES, sop="1.2.3.1.1")
    receipt = keep(archive, dataset)
    assert (receipt.study_instance_uid, receipt.series_instance_uid, receipt.sop_instance_uid) == (
        STUDY,
        SERIES,
        "1.2.3.1.1",
    )
    assert (receipt.duplicate, receipt.warnings, receipt.sop_class_uid) == (False, (), CT)
    (kept,) = rows(archive, study)
    assert kept["patient_name"] == "NGUYỄN^VĂN^ĐỨC"
    assert kept["search_patient_name"] == "NGUYEN^VAN^DUC"
    assert kept["search_text"] == " A1 CT DUC NAO NGUYEN P1 SO VAN "
    assert (kept["number_of_series"], kept["number_of_instances"], kept["modalities_in_study"]) == (1, 1, "CT")
    assert (kept["study_date"], kept["study_time"], kept["accession_number"]) == ("20260102", "101112", "A1")
    (in_series,) = rows(archive, series)
    assert (in_series["series_number"], in_series["number_of_instances"], in_series["revision"]) == (1, 1, 1)
    (row,) = rows(archive, instance)
    assert (row["rows"], row["columns"], row["bits_allocated"], row["number_of_frames"]) == (4, 4, 16, 1)
    file = archive.spool.path(row["spool_name"])
    assert file.read_bytes()[row["dataset_offset"] :] == encode(dataset)
    assert (row["location"], row["size"]) == ("spool", file.stat().st_size)
    assert STUDY not in row["object_key"]
    (header,) = rows(archive, instance_header)
    made = json.decode(header["header"])
    assert made["00100010"]["Value"] == [{"Alphabetic": "NGUYỄN^VĂN^ĐỨC"}]
    assert made["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert made["7FE00010"]["BulkDataURI"] == (
        f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/1.2.3.1.1/bulkdata/7FE00010"
    )


def test_counts_and_modalities_follow(archive: Archive) -> None:
    for number in range(3):
        keep(archive, ct_slice(study=STUDY, series=SERIES, InstanceNumber=number))
    keep(archive, ct_slice(study=STUDY, series="1.2.3.2", Modality="SR", PixelData=None))
    keep(archive, ct_slice(study=STUDY, series="1.2.3.3", Modality=None))
    (kept,) = rows(archive, study)
    assert (kept["number_of_series"], kept["number_of_instances"], kept["modalities_in_study"]) == (3, 5, "CT\\SR")
    assert sorted(row["number_of_instances"] for row in rows(archive, series)) == [1, 1, 3]


def test_what_a_study_lacks_is_filled_and_what_it_has_is_kept(archive: Archive) -> None:
    keep(archive, ct_slice(study=STUDY, PatientName=None, StudyDescription="Head"))
    receipt = keep(archive, ct_slice(study=STUDY, PatientName="TRẦN^THỊ^LÊ", StudyDescription="Other", PatientID="P2"))
    (kept,) = rows(archive, study)
    assert (kept["patient_name"], kept["study_description"], kept["patient_id"]) == ("TRẦN^THỊ^LÊ", "Head", "P1")
    assert " LE " in kept["search_text"]
    assert " HEAD " in kept["search_text"]
    assert receipt.warnings != ()
    assert "P2" not in str(receipt.warnings)


def test_the_identical_instance_is_kept_once(archive: Archive) -> None:
    dataset = ct_slice(study=STUDY)
    keep(archive, dataset)
    again = keep(archive, dataset)
    assert again.duplicate
    assert len(rows(archive, instance)) == rows(archive, study)[0]["number_of_instances"] == 1
    assert spool_is(archive, 1)


def test_other_content_under_a_kept_uid_is_refused_and_changes_nothing(archive: Archive) -> None:
    keep(archive, ct_slice(study=STUDY, sop="1.2.3.9"))
    before = (rows(archive, study), rows(archive, series), rows(archive, instance))
    for changed in (
        ct_slice(study=STUDY, sop="1.2.3.9", PatientName="OTHER"),
        ct_slice(study="1.2.4", sop="1.2.3.9"),
    ):
        with pytest.raises(DuplicateConflict):
            keep(archive, changed)
    assert (rows(archive, study), rows(archive, series), rows(archive, instance)) == before
    assert spool_is(archive, 1)


def test_an_identical_instance_brings_back_lost_bytes(archive: Archive) -> None:
    dataset = ct_slice(study=STUDY)
    keep(archive, dataset)
    archive.spool.path(rows(archive, instance)[0]["spool_name"]).unlink()
    assert keep(archive, dataset).duplicate
    (row,) = rows(archive, instance)
    assert recover(archive.spool.path(row["spool_name"])).dataset_sha256 == row["dataset_sha256"]


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"StudyInstanceUID": None}, InvalidInstance, "no Study Instance UID"),
        ({"SeriesInstanceUID": None}, InvalidInstance, "no Series Instance UID"),
        ({"StudyInstanceUID": ""}, InvalidInstance, "no Study Instance UID"),
    ],
)
def test_missing_uids_are_named(
    archive: Archive, changes: dict[str, Any], error: type[ArchiveError], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        keep(archive, ct_slice(**changes))
    assert rows(archive, study) == rows(archive, instance) == []
    assert spool_is(archive, 0)


@pytest.mark.parametrize("uid", ["../../../etc/passwd", "1.2/3", "1" * 65, "a b", ".."])
def test_a_uid_that_could_be_misread_is_refused(archive: Archive, uid: str) -> None:
    dataset = ct_slice(study=STUDY)
    data = encode(dataset).replace(b"1.2.3\0", b"@@@@@@")
    padded = uid.encode() + b"\0" * (len(uid) % 2)
    data = data.replace(b"UI\x06\0@@@@@@", b"UI" + len(padded).to_bytes(2, "little") + padded)
    spooled = spool(archive.spool, data, sop_instance_uid=dataset.SOPInstanceUID)
    with pytest.raises(InvalidInstance, match="Study Instance UID"):
        ingest(archive, spooled, local_source(archive), SYSTEM)
    assert spool_is(archive, 0)


def test_a_uid_that_only_breaks_the_grammar_is_kept(archive: Archive) -> None:
    dataset = ct_slice(study=STUDY)
    data = encode(dataset).replace(b"1.2.3\0", b"1.02-X")
    spooled = spool(archive.spool, data, sop_instance_uid=dataset.SOPInstanceUID)
    assert ingest(archive, spooled, local_source(archive), SYSTEM).study_instance_uid == "1.02-X"


def test_what_was_declared_must_be_what_comes(archive: Archive) -> None:
    dataset = ct_slice()
    for declared in ({"sop_instance_uid": "1.2.3.4"}, {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4"}):
        values = {"sop_instance_uid": str(dataset.SOPInstanceUID), **declared}
        with pytest.raises(InconsistentInstance):
            ingest(archive, spool(archive.spool, encode(dataset), **values), local_source(archive), SYSTEM)
    with pytest.raises(InconsistentInstance, match="another study"):
        keep(archive, dataset, local_source(archive, kind="stow", study_instance_uid="1.2"))
    assert spool_is(archive, 0)


def test_a_file_to_import_counts_more_than_its_meta(archive: Archive) -> None:
    dataset = ct_slice()
    spooled = spool(archive.spool, encode(dataset), sop_instance_uid="1.2.3.4")
    receipt = ingest(archive, spooled, local_source(archive, kind="import"), SYSTEM)
    assert receipt.warnings != ()
    (row,) = rows(archive, instance)
    again = recover(archive.spool.path(row["spool_name"]))
    assert (again.sop_instance_uid, again.dataset_sha256) == (dataset.SOPInstanceUID, row["dataset_sha256"])
    assert spool_is(archive, 1)


def test_undeclared_uids_are_written_into_the_file(archive: Archive) -> None:
    dataset = ct_slice()
    spooled = spool(archive.spool, encode(dataset), sop_class_uid="")
    ingest(archive, spooled, local_source(archive, kind="stow"), SYSTEM)
    (row,) = rows(archive, instance)
    again = recover(archive.spool.path(row["spool_name"]))
    assert (again.sop_instance_uid, again.sop_class_uid) == (dataset.SOPInstanceUID, CT)
    assert spool_is(archive, 1)


def test_unknown_sop_classes_follow_the_policy(archive: Archive) -> None:
    keep(archive, ct_slice(SOPClassUID="1.2.3.4.5"))
    strict = Archive(
        archive.index,
        archive.objects,
        archive.spool,
        archive.settings.model_copy(update={"unknown_sop_classes": "refuse"}),
    )
    with pytest.raises(UnsupportedInstance, match=r"1\.2\.3\.4\.5"):
        keep(strict, ct_slice(SOPClassUID="1.2.3.4.5"))
    keep(strict, ct_slice())


def test_a_truncated_instance_leaves_nothing(archive: Archive) -> None:
    dataset = ct_slice()
    spooled = spool(archive.spool, encode(dataset)[:-4], sop_instance_uid=dataset.SOPInstanceUID)
    with pytest.raises(InvalidInstance, match="truncated"):
        ingest(archive, spooled, local_source(archive), SYSTEM)
    with pytest.raises(InvalidInstance):
        ingest(archive, spool(archive.spool, b"", sop_instance_uid="1.2"), local_source(archive), SYSTEM)
    assert rows(archive, study) == []
    assert spool_is(archive, 0)


def test_odd_values_do_not_keep_an_instance_out(archive: Archive) -> None:
    dataset = ct_slice(StudyDate="2026.01.02", StudyTime="10:11:12", PatientSex="MALE OR FEMALE OR OTHER")
    data = encode(dataset).replace(b"A1", b"A\0").replace(b"IS\x02\x001 ", b"IS\x02\x00x!")
    spooled = spool(archive.spool, data, sop_instance_uid=dataset.SOPInstanceUID)
    ingest(archive, spooled, local_source(archive), SYSTEM)
    (kept,) = rows(archive, study)
    assert (kept["study_date"], kept["study_time"], kept["accession_number"]) == ("20260102", "101112", "A")
    assert len(kept["patient_sex"]) == 16
    assert rows(archive, instance)[0]["instance_number"] is None


def test_rights_and_reach_decide(archive: Archive) -> None:
    here, there = (facilities.get_or_create(archive.index, code).id for code in ("HERE", "THERE"))
    sender = Principal("ae", "CT1", facilities=frozenset({there}), rights=frozenset({Action.STORE}))
    reader = Principal("user", "an", facilities=None)
    keep(archive, ct_slice(study=STUDY), local_source(archive, facility_id=here))
    for principal, facility_id in ((sender, here), (sender, there), (reader, here)):
        source = local_source(archive, facility_id=facility_id, context=principal.name)
        with pytest.raises(Forbidden):
            keep(archive, ct_slice(study=STUDY), source, principal)
    keep(archive, ct_slice(study="1.2.9"), local_source(archive, facility_id=there), sender)
    assert {row["study_instance_uid"]: row["facility_id"] for row in rows(archive, study)} == {
        STUDY: here,
        "1.2.9": there,
    }
    assert rows(archive, study)[0]["number_of_instances"] == 1
    assert spool_is(archive, 2)
    refused = [row for row in rows(archive, audit_event) if row["outcome"] == "refused"]
    assert {row["actor"] for row in refused} == {"CT1", "an"}


def test_one_audit_row_for_each_study_of_an_association(archive: Archive) -> None:
    for context in ("one", "two"):
        for uid in (STUDY, "1.2.9"):
            for _ in range(3):
                keep(archive, ct_slice(study=uid), local_source(archive, context=context))
    stored = [row for row in rows(archive, audit_event) if row["action"] == "store"]
    assert sorted(row["study_instance_uid"] for row in stored) == sorted([STUDY, "1.2.9"] * 2)
    assert {row["patient_id"] for row in stored} == {"P1"}


def test_an_index_that_is_away_keeps_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    source = local_source(archive)
    dataset = ct_slice()
    if archive.index.is_sqlite:
        Path(str(archive.index.url.database)).rename(archive.spool.root / "away.db")
    archive.index.close()
    away = Archive(
        type(archive.index)("postgresql+psycopg://filmless@/none?host=/nowhere"),
        archive.objects,
        archive.spool,
        archive.settings,
    )
    with pytest.raises(StoreUnavailable):
        keep(away, dataset, source)
    assert spool_is(archive, 0)


def test_every_real_file_is_kept_or_refused_for_a_reason(archive: Archive, dicom_files: Path) -> None:
    source: Source = local_source(archive, kind="import")
    kept, reasons = 0, []
    for path in sorted(path for path in dicom_files.rglob("*") if path.is_file() and path.suffix != ".xz"):
        try:
            data, transfer_syntax_uid = dataset_of_file(path)
            spooled = spool(archive.spool, data, transfer_syntax_uid=transfer_syntax_uid, sop_class_uid="")
            receipt = ingest(archive, spooled, source, SYSTEM)
        except (InvalidInstance, DuplicateConflict) as error:
            reasons.append(str(error))
            continue
        kept += not receipt.duplicate
    with archive.index.read() as connection:
        assert connection.scalar(select(func.count()).select_from(instance)) == kept
        assert connection.scalar(select(func.sum(study.c.number_of_instances))) == kept
    assert kept > 150
    assert all(reasons)
    assert spool_is(archive, kept)


def test_generated_uids_are_valid(archive: Archive) -> None:
    assert keep(archive, ct_slice(study=generate_uid(), series=generate_uid(), sop=generate_uid())).duplicate is False
