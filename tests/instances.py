"""Small, valid instances made on the spot, with UIDs of their own."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def study(
    count: int, *, patient_name: str = "NGUYỄN^VĂN^ĐỨC", patient_id: str = "001", rows: int = 64, columns: int = 64
) -> list[Dataset]:
    """A CT series of ``count`` slices with a ramp and noise; 0.5 mm pixels, 2 mm apart."""
    study_uid, series_uid, frame_uid = generate_uid(), generate_uid(), generate_uid()
    noise = np.random.default_rng(1)
    made = []
    for number in range(1, count + 1):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SpecificCharacterSet = "ISO_IR 192"
        ds.SOPClassUID = CTImageStorage
        ds.SOPInstanceUID = generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study_uid, series_uid, frame_uid
        ds.PatientName, ds.PatientID = patient_name, patient_id
        ds.PatientBirthDate, ds.PatientSex = "19800102", "M"
        ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20261122", "101500", "ACC1"
        ds.StudyID, ds.StudyDescription, ds.SeriesDescription = "1", "CT sọ não", "Axial"
        ds.ReferringPhysicianName = ""
        ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "CT", 1, number
        ds.ImagePositionPatient = [0, 0, 2.0 * number]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing, ds.SliceThickness = [0.5, 0.5], 2.0
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = rows, columns
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "HU"
        ds.WindowCenter, ds.WindowWidth = 40, 400
        ramp = np.linspace(-200, 240, columns, dtype=np.int16)
        pixels = np.tile(ramp, (rows, 1)) + noise.integers(-5, 5, (rows, columns), dtype=np.int16)
        ds.PixelData = pixels.astype("<i2").tobytes()
        made.append(ds)
    return made


def save(datasets: list[Dataset], folder: Path) -> list[Path]:
    """Write Part 10 files; gives their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, ds in enumerate(datasets):
        path = folder / f"{number:05}.dcm"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def path(ds: Dataset) -> str:
    """Where the instance is under DICOMweb."""
    return f"/dicom-web/studies/{ds.StudyInstanceUID}/series/{ds.SeriesInstanceUID}/instances/{ds.SOPInstanceUID}"
