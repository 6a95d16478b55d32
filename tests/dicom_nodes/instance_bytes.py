"""Small instances of our own, as a modality would send them."""

import io
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from dicom_nodes.scu.instance_file import InstanceFile


def ct(
    *,
    study: str | None = None,
    series: str | None = None,
    sop: str | None = None,
    patient_name: str = "NGUYỄN^VĂN^ĐỨC",
    patient_id: str = "079201000001",
    number: int = 1,
    size: int = 16,
) -> Dataset:
    """A CT slice of ``size`` × ``size`` pixels with a Vietnamese patient."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = sop or generate_uid()
    dataset.StudyInstanceUID = study or generate_uid()
    dataset.SeriesInstanceUID = series or generate_uid()
    dataset.StudyDate, dataset.StudyTime = "20250314", "101500"
    dataset.AccessionNumber = "A1"
    dataset.Modality = "CT"
    dataset.StudyDescription = "CT sọ não"
    dataset.ReferringPhysicianName = "TRẦN^THỊ^BÌNH"
    dataset.PatientName, dataset.PatientID = patient_name, patient_id
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "M"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, number
    dataset.Rows = dataset.Columns = size
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    pixels = np.random.default_rng(number).integers(0, 4096, (size, size), dtype=np.uint16)
    dataset.PixelData = pixels.tobytes()
    return dataset


def write(folder: Path, dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> Path:
    """The instance as a Part 10 file in ``folder``."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    path = folder / f"{dataset.SOPInstanceUID}.dcm"
    path.write_bytes(buffer.getvalue())
    return path


def data_set_of(path: Path) -> bytes:
    """The bytes of the file after its file meta information."""
    return b"".join(InstanceFile.read(path).pieces(1 << 20))
