"""C-STORE: kept byte for byte, refused with a precise status, and never half."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from structlog.testing import capture_logs

from dicom_nodes.scu.association import AssociationFailed
from dicom_nodes.scu.destination import Destination
from dicom_nodes.scu.echo import echo
from dicom_nodes.scu.store import Sent, store
from storage.access import ae, facilities
from storage.access.ae_policy import Policy
from storage.access.audit import events
from storage.archive import Archive, retrieve
from storage.errors import InvalidRequest
from storage.settings import StorageSettings
from tests.dicom_nodes.conftest import RunningNode, opened, start
from tests.dicom_nodes.instance_bytes import ct, data_set_of, write


def kept_data_set(archive: Archive, study: str, sop: str) -> bytes:
    (row,) = retrieve.instances(archive, study, None, sop)
    return retrieve.open_instance(archive, row).read(row.dataset_offset)


def one(results: list[Sent]) -> Sent:
    (sent,) = results
    return sent


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_it_is_kept_as_it_was_sent(storage_settings: StorageSettings, tmp_path: Path, syntax: str) -> None:
    dataset = ct()
    path = write(tmp_path, dataset, syntax)
    with opened(storage_settings) as archive:
        node = start(archive)
        try:
            assert one(store([path], node.destination, node.settings)).status == 0
        finally:
            node.stop()
        assert kept_data_set(archive, dataset.StudyInstanceUID, dataset.SOPInstanceUID) == data_set_of(path)


def test_an_instance_over_many_pdus(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    dataset = ct(size=1024)
    path = write(tmp_path, dataset)
    assert one(store([path], node.destination, node.settings)).status == 0
    assert kept_data_set(archive, dataset.StudyInstanceUID, dataset.SOPInstanceUID) == data_set_of(path)


def test_the_same_again_succeeds_and_other_content_is_refused(
    node: RunningNode, archive: Archive, tmp_path: Path
) -> None:
    dataset = ct()
    path = write(tmp_path, dataset)
    first = data_set_of(path)
    assert one(store([path], node.destination, node.settings)).status == 0
    assert one(store([path], node.destination, node.settings)).status == 0
    dataset.PatientName = "OTHER"
    refused = one(store([write(tmp_path, dataset)], node.destination, node.settings))
    assert refused.status == 0x0111
    assert "kept already" in refused.reason
    assert kept_data_set(archive, dataset.StudyInstanceUID, dataset.SOPInstanceUID) == first
    assert len(list(archive.spool.ready.iterdir())) == 1


def test_what_cannot_be_kept_gets_its_status_and_leaves_nothing(
    node: RunningNode, archive: Archive, tmp_path: Path
) -> None:
    no_study = ct()
    del no_study.StudyInstanceUID
    truncated = write(tmp_path, ct())
    truncated.write_bytes(truncated.read_bytes()[:-100])
    other = ct()
    mismatch = write(tmp_path, other)
    declared = generate_uid(entropy_srcs=["x"])[: len(other.SOPInstanceUID)].ljust(len(other.SOPInstanceUID), "1")
    content = mismatch.read_bytes()
    mismatch.write_bytes(content.replace(other.SOPInstanceUID.encode(), declared.encode(), 1))
    results = store([write(tmp_path, no_study), truncated, mismatch], node.destination, node.settings)
    assert [sent.status for sent in results] == [0xC000, 0xC000, 0xA900]
    assert all(sent.reason for sent in results)
    assert not list(archive.spool.ready.iterdir())
    assert not archive.spool.arriving()


def test_an_ae_without_the_right_to_store_is_told_so(
    start_node: Callable[..., RunningNode], archive: Archive, tmp_path: Path
) -> None:
    node = start_node(trust_loopback=False)
    facilities.get_or_create(archive.index, "LOCAL")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="LOCAL", policy=Policy(may_store=False))
    sent = one(store([write(tmp_path, ct())], node.destination, node.settings))
    assert sent.status == 0x0124
    assert not list(archive.spool.ready.iterdir())


def test_a_study_of_another_facility_cannot_be_added_to(
    start_node: Callable[..., RunningNode], archive: Archive, tmp_path: Path
) -> None:
    dataset = ct()
    node = start_node(trust_loopback=True)
    assert one(store([write(tmp_path, dataset)], node.destination, node.settings)).status == 0
    facilities.get_or_create(archive.index, "D1")
    ae.add(archive.index, "FILMLESS", "127.0.0.1", 104, facility_code="D1")
    more = ct(study=dataset.StudyInstanceUID)
    assert one(store([write(tmp_path, more)], node.destination, node.settings)).status == 0x0124


def test_a_full_disk_is_out_of_resources(tmp_path: Path) -> None:
    settings = StorageSettings.model_validate({"data_dir": tmp_path / "data", "minimum_free_bytes": 1 << 60})
    with opened(settings) as archive:
        node = start(archive)
        try:
            sent = one(store([write(tmp_path, ct(size=512))], node.destination, node.settings))
        finally:
            node.stop()
    assert sent.status == 0xA700
    assert "disk" in sent.reason


def test_an_instance_over_the_limit_is_read_to_its_end_and_refused(tmp_path: Path) -> None:
    settings = StorageSettings.model_validate(
        {"data_dir": tmp_path / "data", "minimum_free_bytes": 0, "maximum_instance_bytes": 100_000}
    )
    with opened(settings) as archive:
        node = start(archive)
        try:
            results = store([write(tmp_path, ct(size=512)), write(tmp_path, ct())], node.destination, node.settings)
        finally:
            node.stop()
        assert [sent.status for sent in results] == [0xA700, 0]
        assert not archive.spool.arriving()


def test_private_classes_go_by_the_policy(tmp_path: Path) -> None:
    private = ct()
    private.SOPClassUID = "1.3.12.2.1107.5.9.1"
    path = write(tmp_path, private)
    for policy, status in (("accept", 0), ("refuse", None)):
        settings = StorageSettings.model_validate(
            {"data_dir": tmp_path / policy, "minimum_free_bytes": 0, "unknown_sop_classes": policy}
        )
        with opened(settings) as archive:
            node = start(archive)
            try:
                if status is None:
                    results = store([path, write(tmp_path, ct())], node.destination, node.settings)
                    assert "does not accept" in results[0].reason
                    assert [sent.status for sent in results] == [None, 0]
                else:
                    assert one(store([path], node.destination, node.settings)).status == status
            finally:
                node.stop()


def test_one_audit_row_for_an_association_and_study(node: RunningNode, archive: Archive, tmp_path: Path) -> None:
    study = generate_uid()
    store([write(tmp_path, ct(study=study, number=number)) for number in range(5)], node.destination, node.settings)
    with archive.index.read() as connection:
        rows = [event for event in events(connection) if event.action == "store"]
    (row,) = rows
    assert (row.actor_kind, row.actor, row.address, row.outcome) == ("ae", "FILMLESS", "127.0.0.1", "success")
    assert row.study_instance_uid == study


def test_no_patient_is_in_the_log(
    node: RunningNode, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = ct(), ct()
    del bad.StudyInstanceUID
    bad.PatientBirthDate = "no date of NGUYEN"
    with capture_logs() as logs, caplog.at_level("DEBUG"):
        store([write(tmp_path, good), write(tmp_path, bad)], node.destination, node.settings)
        node.stop()
    output = capsys.readouterr()
    everything = repr(logs) + output.out + output.err + caplog.text
    assert "C-STORE refused" in everything
    for secret in ("NGUY", "ĐỨC", "079201000001", "1970"):
        assert secret not in everything


def test_what_is_no_dicom_file_is_reported_and_the_rest_is_sent(node: RunningNode, tmp_path: Path) -> None:
    noise = tmp_path / "noise.dcm"
    noise.write_bytes(b"not DICOM" * 100)
    seen: list[Sent] = []
    results = store(
        [noise, tmp_path / "absent.dcm", write(tmp_path, ct())], node.destination, node.settings, seen.append
    )
    assert [sent.status for sent in results] == [None, None, 0]
    assert "not a DICOM file" in results[0].reason
    assert "No such file" in results[1].reason
    assert seen == results


def test_more_presentation_contexts_than_one_association_has(node: RunningNode, tmp_path: Path) -> None:
    files = []
    for number in range(140):
        dataset = ct()
        dataset.SOPClassUID = f"1.3.12.2.1107.5.9.{number}"
        files.append(write(tmp_path, dataset))
    assert all(sent.status == 0 for sent in store(files, node.destination, node.settings))


def test_errors_of_the_network_are_plain_words(node: RunningNode) -> None:
    with pytest.raises(AssociationFailed, match=r"nothing answers on 127\.0\.0\.1 port 1"):
        echo(Destination("X", "127.0.0.1", 1), node.settings)
    with pytest.raises(AssociationFailed, match="another AE title"):
        echo(Destination("WRONG", "127.0.0.1", node.port), node.settings)
    with pytest.raises(AssociationFailed, match="cannot be resolved"):
        echo(Destination("X", "no-such-host.invalid", 104), node.settings)


@pytest.mark.parametrize(
    "text", ["PACS", "PACS@host", "PACS@host:0", "PACS@host:99999", "@host:104", "A" * 17 + "@h:1"]
)
def test_a_destination_has_one_form(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Destination.parse(text)
    assert str(Destination.parse("PACS 2@[::1]:104")) == "PACS 2@[::1]:104"
