"""Patients, studies and the modules that every image of them shares (PS3.3 C.7.1 - C.7.5, C.12.1)."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

INSTITUTION = "Bệnh viện Đa khoa Mẫu"
IMPLEMENTATION_CLASS_UID = UID("2.25.267114834518113107306405943062405843137")


def uid(name: str) -> UID:
    """A UID derived from a name: the same in every run (PS3.5 B.2)."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, 'https://filmless.example/samples/' + name).int}")


@dataclass(frozen=True)
class Patient:
    """Who was examined; ``name`` as the sending machine wrote it."""

    name: str
    patient_id: str
    birth_date: str
    sex: str
    age: str
    character_set: str = "ISO_IR 192"


@dataclass(frozen=True)
class Study:
    """One examination; ``key`` names its UIDs and its folder."""

    key: str
    patient: Patient
    date: str
    time: str
    accession_number: str
    description: str
    referring_physician: str = "BÙI^QUANG^HUY"
    study_id: str = "1"

    @property
    def study_instance_uid(self) -> UID:
        return uid(f"{self.key}/study")


@dataclass
class Series:
    """One series while it is written; counts its instances."""

    study: Study
    number: int
    modality: str
    description: str
    sop_class_uid: UID
    manufacturer: str
    model: str
    body_part: str
    instances: int = field(default=0, init=False)

    @property
    def series_instance_uid(self) -> UID:
        return uid(f"{self.study.key}/series/{self.number}")

    def dataset(self, transfer_syntax_uid: UID = ExplicitVRLittleEndian) -> Dataset:
        """The next instance with its patient, study, series, equipment and SOP Common modules."""
        self.instances += 1
        dataset = Dataset()
        unicode_ = self.study.patient.character_set == "ISO_IR 192"
        dataset.SpecificCharacterSet = self.study.patient.character_set
        dataset.SOPClassUID = self.sop_class_uid
        dataset.SOPInstanceUID = uid(f"{self.study.key}/series/{self.number}/instance/{self.instances}")
        self._study(dataset, unicode_)
        dataset.Modality = self.modality
        dataset.SeriesInstanceUID = self.series_instance_uid
        dataset.SeriesNumber = self.number
        dataset.SeriesDescription = self.description
        dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = self.study.date
        minute = int(self.study.time[2:4]) + self.number
        dataset.SeriesTime = dataset.AcquisitionTime = f"{self.study.time[:2]}{minute:02d}{self.study.time[4:]}"
        dataset.ContentTime = dataset.SeriesTime
        dataset.BodyPartExamined = self.body_part
        dataset.Manufacturer = self.manufacturer
        dataset.InstitutionName = INSTITUTION if unicode_ else "BENH VIEN DA KHOA MAU"
        dataset.StationName = f"{self.modality}1"
        dataset.ManufacturerModelName = self.model
        dataset.DeviceSerialNumber = f"S-{self.modality}-0001"
        dataset.SoftwareVersions = "1.0"
        dataset.InstanceNumber = self.instances
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.MediaStorageSOPClassUID = self.sop_class_uid
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.TransferSyntaxUID = transfer_syntax_uid
        dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
        return dataset

    def _study(self, dataset: Dataset, unicode_: bool) -> None:
        study, patient = self.study, self.study.patient
        dataset.PatientName = patient.name
        dataset.PatientID = patient.patient_id
        dataset.IssuerOfPatientID = "FILMLESS-SAMPLE"
        dataset.PatientBirthDate = patient.birth_date
        dataset.PatientSex = patient.sex
        dataset.PatientAge = patient.age
        dataset.StudyInstanceUID = study.study_instance_uid
        dataset.StudyDate, dataset.StudyTime = study.date, study.time
        dataset.StudyID = study.study_id
        dataset.AccessionNumber = study.accession_number
        dataset.StudyDescription = study.description
        dataset.ReferringPhysicianName = study.referring_physician if unicode_ else "BUI QUANG HUY"


def set_pixels(  # the Image Pixel module of one grayscale image
    dataset: Dataset, pixels: npt.NDArray[np.generic], *, bits_stored: int, photometric: str = "MONOCHROME2"
) -> None:
    """Native grayscale pixel data, rows x columns (PS3.3 C.7.6.3)."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits_stored, bits_stored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.add(DataElement(0x7FE00010, "OW", np.ascontiguousarray(pixels).tobytes()))


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """A coded entry (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def save(dataset: Dataset, path: Path) -> None:
    """Write one instance as Part 10."""
    dataset.save_as(path, enforce_file_format=True)


@dataclass(frozen=True)
class Task:
    """One image that can be made independently of the others, in any thread."""

    study: Study
    make: Callable[[], Dataset]
