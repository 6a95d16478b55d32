"""Small instances made for a test: their data sets as a sender would send them."""

from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag
from pydicom.uid import generate_uid

from storage.access import facilities
from storage.access.principal import SYSTEM, Principal
from storage.archive import Archive
from storage.archive.ingest import Receipt, Source, ingest
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, read_meta
from storage.spool import Spool
from storage.spooled_file import SpooledFile

CT = "1.2.840.10008.5.1.4.1.1.2"


def ct_slice(*, study: str = "", series: str = "", sop: str = "", **attributes: Any) -> Dataset:
    """A 4 x 4 CT slice; keyword arguments replace or, as None, remove attributes."""
    made = Dataset()
    values = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": CT,
        "SOPInstanceUID": sop or generate_uid(None),
        "StudyInstanceUID": study or generate_uid(None),
        "SeriesInstanceUID": series or generate_uid(None),
        "StudyDate": "20260102",
        "StudyTime": "101112",
        "AccessionNumber": "A1",
        "Modality": "CT",
        "StudyDescription": "CT Sọ não",
        "PatientName": "NGUYỄN^VĂN^ĐỨC",
        "PatientID": "P1",
        "PatientSex": "M",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": 4,
        "Columns": 4,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "PixelData": bytes(range(32)),
        **attributes,
    }
    for keyword, value in values.items():
        if value is not None:
            tag = Tag(tag_for_keyword(keyword) or keyword)
            made.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE))
    if "PixelData" in made:
        made["PixelData"].VR = "OW"
    return made


def encode(dataset: Dataset, transfer_syntax_uid: str = EXPLICIT_VR_LITTLE_ENDIAN) -> bytes:
    """The bytes of a data set."""
    out = DicomBytesIO()
    out.is_little_endian = transfer_syntax_uid != "1.2.840.10008.1.2.2"
    out.is_implicit_VR = transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN
    write_dataset(out, dataset, parent_encoding="utf8")
    parent = out.parent
    assert isinstance(parent, BytesIO)
    return parent.getvalue()


def spool(
    where: Spool,
    data: bytes,
    *,
    transfer_syntax_uid: str = EXPLICIT_VR_LITTLE_ENDIAN,
    sop_class_uid: str = CT,
    sop_instance_uid: str = "",
    source_ae_title: str = "",
    facility: str = "",
) -> SpooledFile:
    """Spool the bytes of a data set."""
    with where.receive(
        transfer_syntax_uid=transfer_syntax_uid,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=sop_instance_uid,
        source_ae_title=source_ae_title,
        facility=facility,
    ) as writer:
        writer.write(data)
        return writer.finish()


def local_source(archive: Archive, **changes: Any) -> Source:
    """A machine of the archive's own facility."""
    values = {
        "kind": "dimse",
        "ae_title": "CT1",
        "address": "127.0.0.1",
        "facility_id": facilities.get_or_create(archive.index, "LOCAL").id,
        "context": "association-1",
        **changes,
    }
    return Source(**values)


def keep(archive: Archive, dataset: Dataset, source: Source | None = None, principal: Principal = SYSTEM) -> Receipt:
    """Spool and ingest a data set."""
    spooled = spool(
        archive.spool,
        encode(dataset),
        sop_class_uid=str(dataset.get("SOPClassUID", "")),
        sop_instance_uid=str(dataset.get("SOPInstanceUID", "")),
    )
    return ingest(archive, spooled, source or local_source(archive), principal)


def dataset_of_file(path: Path) -> tuple[bytes, str]:
    """The data set bytes and transfer syntax of a Part 10 file."""
    data = path.read_bytes()
    meta, offset = read_meta(data)
    return data[offset:], meta.transfer_syntax_uid
