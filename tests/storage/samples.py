"""Small instances made for tests, and keeping them through the front door: spool, then ingest."""

import itertools

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from storage.access.principal import SYSTEM
from storage.archive import Archive
from storage.archive.ingest import Receipt, Source, ingest

_numbers = itertools.count(1)
ROWS, COLUMNS = 4, 6


def uid(*words: object) -> str:
    """The same UID for the same words."""
    return generate_uid(entropy_srcs=[str(word) for word in words])


def ct(study: str, series: int = 1, number: int = 1, **attributes: object) -> Dataset:
    """A CT slice of a few pixels; ``study`` is any word, ``attributes`` are set by keyword."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.StudyInstanceUID = uid(study)
    dataset.SeriesInstanceUID = uid(study, series)
    dataset.SOPInstanceUID = uid(study, series, number)
    dataset.PatientName = "NGUYỄN^VĂN^ĐỨC"
    dataset.PatientID = "BN-001"
    dataset.StudyDate = "20240105"
    dataset.StudyTime = "101530"
    dataset.Modality = "CT"
    dataset.SeriesNumber = series
    dataset.InstanceNumber = number
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = pixels(number).tobytes()
    for keyword, value in attributes.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    return dataset


def pixels(number: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint16]]":
    """The pixels of slice ``number``: no two of sixty have the same."""
    return (np.arange(ROWS * COLUMNS, dtype="<u2").reshape(ROWS, COLUMNS) + 1000 * (number % 60)).astype("<u2")


def encoded(dataset: Dataset) -> bytes:
    """The data set in Explicit VR Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = False, True
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def keep(
    archive: Archive,
    dataset: Dataset,
    *,
    facility_id: int = 1,
    transfer_syntax_uid: str = ExplicitVRLittleEndian,
    data: bytes | None = None,
) -> Receipt:
    """Store one instance; ``data`` are its encoded bytes where they are not Explicit VR Little Endian."""
    with archive.spool.receive(
        transfer_syntax_uid=transfer_syntax_uid,
        sop_class_uid=dataset.SOPClassUID,
        sop_instance_uid=dataset.SOPInstanceUID,
    ) as writer:
        writer.write(encoded(dataset) if data is None else data)
        spooled = writer.finish()
    source = Source("import", "", "", facility_id, f"test-{next(_numbers)}")
    return ingest(archive, spooled, source, SYSTEM)
