"""Mosaics of flat blocks, to be sampled in block middles at any zoom, and data sets that carry them (PS3.3 C.7.6.3)."""

import uuid

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

BLOCK = 32
BLOCK_COLUMNS = 16
BLOCK_ROWS = 8
ROWS = BLOCK * BLOCK_ROWS
COLUMNS = BLOCK * BLOCK_COLUMNS
BLOCKS = BLOCK_COLUMNS * BLOCK_ROWS

AnyArray = npt.NDArray[np.generic]


def uid(name: str) -> str:
    """A UID that is the same in every run, PS3.5 B.2."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, 'https://filmless.example/truth/' + name).int}"


STUDY_INSTANCE_UID = uid("study")


def values(low: int, high: int, *special: int) -> npt.NDArray[np.int64]:
    """128 values in order: a ramp from ``low`` to ``high`` with the ``special`` ones (edges) put in."""
    ramp = np.linspace(low, high, BLOCKS - len(special)).round().astype(np.int64)
    return np.sort(np.concatenate([ramp, np.array(special, np.int64)]))


def mosaic(block_values: AnyArray) -> AnyArray:
    """128 values, or 128 x samples, as an image of 16 x 8 flat blocks, left to right and top to bottom."""
    grid = block_values.reshape((BLOCK_ROWS, BLOCK_COLUMNS, *block_values.shape[1:]))
    return grid.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)


def base(name: str, *, number: int = 1, sop_class_uid: str = SecondaryCaptureImageStorage) -> Dataset:
    """Patient, study, series and SOP Common of one case; every case is a series of the one truth study."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = uid(f"{name}/instance")
    dataset.StudyInstanceUID = STUDY_INSTANCE_UID
    dataset.SeriesInstanceUID = uid(f"{name}/series")
    dataset.PatientName = "Truth^Display"
    dataset.PatientID = "TRUTH-1"
    dataset.PatientBirthDate = "19700101"
    dataset.PatientSex = "O"
    dataset.StudyID = "TRUTH"
    dataset.StudyDate = dataset.ContentDate = "20260101"
    dataset.StudyTime = dataset.ContentTime = "120000"
    dataset.AccessionNumber = "TRUTH"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "Display truth"
    dataset.SeriesDescription = name
    dataset.SeriesNumber = number
    dataset.InstanceNumber = 1
    dataset.Modality = "OT"
    dataset.ConversionType = "SYN"
    dataset.Manufacturer = "Filmless"
    dataset.PatientOrientation = ""
    dataset.Laterality = ""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def set_pixels(  # one argument for each attribute of PS3.3 C.7.6.3 that a case varies
    dataset: Dataset,
    pixels: AnyArray,
    *,
    bits_stored: int | None = None,
    high_bit: int | None = None,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    planar: int = 0,
    frames: int = 1,
) -> None:
    """Write native Pixel Data and the Image Pixel module; ``pixels`` already have their bits where they belong."""
    bits = pixels.dtype.itemsize * 8
    colour = photometric not in {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.BitsAllocated = bits
    dataset.BitsStored = bits_stored or bits
    dataset.HighBit = dataset.BitsStored - 1 if high_bit is None else high_bit
    dataset.PixelRepresentation = int(signed)
    if colour:
        dataset.PlanarConfiguration = planar
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset["PixelData"] = _pixel_data(pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), bits)


def _pixel_data(data: bytes, bits: int) -> DataElement:
    return DataElement(0x7FE00010, "OB" if bits <= 8 else "OW", data + b"\0" * (len(data) % 2))
