"""The spool keeps the data set exactly, proves it, and leaves nothing half written."""

import hashlib
from pathlib import Path

import pydicom
import pytest

from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN, PRIVATE_INFORMATION_CREATOR_UID, read_meta
from storage.errors import InvalidInstance, OutOfResources, TooLarge
from storage.spool import Spool
from storage.spooled_file import recover
from tests.storage.generated import CT, ct_slice, encode, spool


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_spooled_file_is_part_10_around_the_very_bytes(tmp_path: Path) -> None:
    dataset = ct_slice()
    data = encode(dataset)
    spooled = spool(Spool(tmp_path), data, sop_instance_uid=dataset.SOPInstanceUID, source_ae_title="CT1")
    whole = spooled.path.read_bytes()
    assert whole[spooled.dataset_offset :] == data
    assert spooled.size == len(whole)
    assert spooled.dataset_sha256 == hashlib.sha256(data).hexdigest()
    read = pydicom.dcmread(spooled.path)
    assert read.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert read.file_meta.MediaStorageSOPClassUID == CT
    assert read.file_meta.TransferSyntaxUID == EXPLICIT_VR_LITTLE_ENDIAN
    assert read.file_meta.SourceApplicationEntityTitle == "CT1"
    assert read.file_meta.PrivateInformationCreatorUID == PRIVATE_INFORMATION_CREATOR_UID
    assert read.file_meta.PrivateInformation[:32] == hashlib.sha256(data).digest()
    assert read.file_meta.FileMetaInformationVersion == b"\x00\x01"
    assert read.PatientName == dataset.PatientName
    meta, offset = read_meta(whole)
    assert (meta.dataset_sha256, offset) == (spooled.dataset_sha256, spooled.dataset_offset)


def test_a_writer_that_is_left_removes_its_file(tmp_path: Path) -> None:
    where = Spool(tmp_path)
    with where.receive(transfer_syntax_uid="1.2", sop_class_uid=CT, sop_instance_uid="1.2.3") as writer:
        writer.write(bytes(10**6))
        assert len(where.arriving()) == 1
    assert not where.arriving()
    assert not names(where.ready)


def test_a_nearly_full_disk_takes_nothing(tmp_path: Path) -> None:
    where = Spool(tmp_path, minimum_free_bytes=2**60)
    with pytest.raises(OutOfResources):
        where.receive(transfer_syntax_uid="1.2", sop_class_uid=CT, sop_instance_uid="1.2.3")
    assert where.arriving() == []


def test_an_instance_over_the_limit_is_refused(tmp_path: Path) -> None:
    where = Spool(tmp_path, maximum_instance_bytes=2000)
    with where.receive(transfer_syntax_uid="1.2", sop_class_uid=CT, sop_instance_uid="1.2.3") as writer:
        writer.write(bytes(1000))
        with pytest.raises(TooLarge):
            writer.write(bytes(1000))
    assert not where.arriving()
    assert not names(where.ready)


@pytest.mark.parametrize("uid", ["1" * 65, "../../etc", "1.2\n3", "1.2é", "<x>"])
def test_a_declared_uid_that_cannot_be_kept_is_refused(tmp_path: Path, uid: str) -> None:
    where = Spool(tmp_path)
    with pytest.raises(InvalidInstance):
        where.receive(transfer_syntax_uid="1.2", sop_class_uid=CT, sop_instance_uid=uid)
    assert where.arriving() == []


def test_a_file_describes_itself_again(tmp_path: Path) -> None:
    dataset = ct_slice()
    spooled = spool(Spool(tmp_path), encode(dataset), sop_instance_uid=dataset.SOPInstanceUID, source_ae_title="CT1")
    assert recover(spooled.path) == spooled


def test_a_changed_bit_is_found(tmp_path: Path) -> None:
    spooled = spool(Spool(tmp_path), encode(ct_slice()))
    data = bytearray(spooled.path.read_bytes())
    data[-1] ^= 1
    spooled.path.write_bytes(data)
    with pytest.raises(InvalidInstance, match="damaged"):
        recover(spooled.path)


def test_processes_of_a_node_share_its_name_and_nodes_do_not(tmp_path: Path) -> None:
    assert Spool(tmp_path / "a").node == Spool(tmp_path / "a").node
    assert Spool(tmp_path / "a").node != Spool(tmp_path / "b").node
    assert names(tmp_path / "a") != []
