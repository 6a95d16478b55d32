"""What a film becomes in a study: Secondary Capture images and an encapsulated PDF (PS3.3 §A.8.1, §A.45.1).

The same film filed in the same study always gives the same bytes under the same UIDs: filing can be repeated.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from storage.dicom.film import Film, FilmImage

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
# Hard Copy: what was printed, whatever made it (PS3.3 §C.7.3.1.1.1).
HARD_COPY, DOCUMENT = "HC", "DOC"
IMAGES, PAGE, PDF = "images", "page", "pdf"
_SERIES_NUMBERS = {PAGE: 9001, IMAGES: 9002, PDF: 9003}
_DESCRIPTIONS = {PAGE: "Film page", IMAGES: "Film images", PDF: "Film page (PDF)"}


@dataclass(frozen=True)
class Target:
    """Whose record the film goes into: attributes of its study as they are kept; texts as in DICOM."""

    study_instance_uid: str
    patient_name: str = ""
    patient_id: str = ""
    issuer_of_patient_id: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""
    study_time: str = ""
    accession_number: str = ""
    study_id: str = ""
    study_description: str = ""
    referring_physician_name: str = ""


def film_uid(film_uid_: str, study_instance_uid: str, part: str) -> str:
    """The UID of a part of a film in a study (PS3.5 §B.2)."""
    digest = hashlib.sha256(f"film {film_uid_} {study_instance_uid} {part}".encode()).digest()
    # version 8 of RFC 9562: a UUID of our own making
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
    return f"2.25.{number}"


def image_instance(
    film: Film, target: Target, image: FilmImage, number: int, pixels: bytes, bits_stored: int, photometric: str
) -> Dataset:
    """The image of one box; ``pixels`` little endian, ``number`` from 1."""
    data_set = _instance(film, target, IMAGES, number, SECONDARY_CAPTURE)
    data_set.ImageType = ["DERIVED", "SECONDARY"]
    data_set.DerivationDescription = f"Printed in image box {image.position} of a film"
    data_set.ConversionType = "DI"
    if image.aspect[0] != image.aspect[1]:
        data_set.PixelAspectRatio = list(image.aspect)
    _add_pixels(data_set, image.rows, image.columns, pixels, bits_stored, photometric)
    return data_set


def page_instance(
    film: Film,
    target: Target,
    shape: tuple[int, int],
    pixels: bytes,
    bits_stored: int,
    photometric: str,
    spacing: tuple[float, float],
) -> Dataset:
    """The whole film as laid out; ``shape``: rows and columns, ``spacing``: height and width of a pixel in mm."""
    data_set = _instance(film, target, PAGE, 1, SECONDARY_CAPTURE)
    data_set.ImageType = ["DERIVED", "SECONDARY"]
    data_set.DerivationDescription = "The printed film as laid out"
    data_set.ConversionType = "SYN"
    data_set.NominalScannedPixelSpacing = [f"{one:.8g}" for one in spacing]
    _add_pixels(data_set, *shape, pixels, bits_stored, photometric)
    return data_set


def pdf_instance(film: Film, target: Target, pdf: bytes, sources: list[Dataset]) -> Dataset:
    """The film as a document; ``sources``: the images it was made of."""
    data_set = _instance(film, target, PDF, 1, ENCAPSULATED_PDF)
    data_set.AcquisitionDateTime = None
    data_set.ConversionType = "SYN"
    data_set.DocumentTitle = "Printed film"
    data_set.ConceptNameCodeSequence = Sequence()
    data_set.MIMETypeOfEncapsulatedDocument = "application/pdf"
    data_set.SourceInstanceSequence = Sequence([_reference(source) for source in sources])
    data_set.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    data_set.EncapsulatedDocumentLength = len(pdf)
    return data_set


def bare(data_set: Dataset) -> Dataset:
    """What names an instance, without its content."""
    found = Dataset()
    found.SOPClassUID, found.SOPInstanceUID = data_set.SOPClassUID, data_set.SOPInstanceUID
    return found


def encoded(data_set: Dataset) -> bytes:
    """The data set in Explicit VR Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    with config.disable_value_validation():  # the study's own texts, as they are kept
        write_dataset(buffer, data_set)
    return buffer.getvalue()


def _instance(film: Film, target: Target, series: str, number: int, sop_class: str) -> Dataset:
    """Patient, study, series and SOP Common, the same in all."""
    data_set = Dataset()
    moment = film.printed_at
    with config.disable_value_validation():
        data_set.SpecificCharacterSet = "ISO_IR 192"
        data_set.SOPClassUID = UID(sop_class)
        data_set.SOPInstanceUID = UID(film_uid(film.uid, target.study_instance_uid, f"{series} {number}"))
        data_set.InstanceCreationDate, data_set.InstanceCreationTime = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
        _set(data_set, target)
        data_set.Modality = DOCUMENT if series == PDF else HARD_COPY
        data_set.SeriesInstanceUID = UID(film_uid(film.uid, target.study_instance_uid, series))
        data_set.SeriesNumber = _SERIES_NUMBERS[series]
        data_set.SeriesDescription = _DESCRIPTIONS[series]
        data_set.SeriesDate, data_set.SeriesTime = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
        data_set.ContentDate, data_set.ContentTime = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
        data_set.InstanceNumber = number
        data_set.Manufacturer = ""
        data_set.SecondaryCaptureDeviceManufacturer = "Filmless"
        data_set.SecondaryCaptureDeviceManufacturerModelName = "Virtual film printer"
        data_set.StationName = film.ae_title[:16]
        # Films carry the names of patients in their pixels; nobody has looked.
        data_set.BurnedInAnnotation = "YES"
        if series != PDF:
            data_set.Laterality = ""  # nobody knows it
            data_set.PatientOrientation = None
            if film.label:
                data_set.ImageComments = film.label
    return data_set


def _set(data_set: Dataset, target: Target) -> None:
    values: dict[str, Any] = {
        "PatientName": target.patient_name,
        "PatientID": target.patient_id,
        "PatientBirthDate": target.patient_birth_date,
        "PatientSex": target.patient_sex,
        "StudyInstanceUID": target.study_instance_uid,
        "StudyDate": target.study_date,
        "StudyTime": target.study_time,
        "AccessionNumber": target.accession_number,
        "StudyID": target.study_id,
        "ReferringPhysicianName": target.referring_physician_name,
    }
    if target.issuer_of_patient_id:
        values["IssuerOfPatientID"] = target.issuer_of_patient_id
    if target.study_description:
        values["StudyDescription"] = target.study_description
    for keyword, value in values.items():
        setattr(data_set, keyword, value)


def _add_pixels(data_set: Dataset, rows: int, columns: int, pixels: bytes, bits_stored: int, photometric: str) -> None:
    data_set.SamplesPerPixel = 3 if photometric == "RGB" else 1
    data_set.PhotometricInterpretation = photometric
    if photometric == "RGB":
        data_set.PlanarConfiguration = 0
    else:
        # All values, so that nothing is shown otherwise than printed.
        most = (1 << bits_stored) - 1
        data_set.WindowCenter, data_set.WindowWidth = (most + 1) // 2, most + 1
    data_set.Rows, data_set.Columns = rows, columns
    data_set.BitsAllocated = 16 if bits_stored > 8 else 8
    data_set.BitsStored, data_set.HighBit, data_set.PixelRepresentation = bits_stored, bits_stored - 1, 0
    data_set.add_new(0x7FE00010, "OW" if bits_stored > 8 else "OB", pixels + b"\0" * (len(pixels) % 2))


def _reference(source: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return item
