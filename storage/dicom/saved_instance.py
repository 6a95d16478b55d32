"""What every object saved from the viewer has: patient, study, series, equipment, and who made it when (PS3.3 §C.7).

The same request always gives the same UIDs, so that what is sent twice is kept once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence as Items

from storage.dicom import code
from storage.dicom.code import Code
from storage.dicom.drawing import derived_uid

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"
KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
GRAYSCALE_PRESENTATION = "1.2.840.10008.5.1.4.1.1.11.1"
COLOUR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.11.2"

_SERIES: Mapping[str, tuple[str, int, str]] = {
    COMPREHENSIVE_SR: ("SR", 9101, "Measurements"),
    COMPREHENSIVE_3D_SR: ("SR", 9105, "Measurements in space"),
    KEY_OBJECT_SELECTION: ("KO", 9102, "Key images"),
    GRAYSCALE_PRESENTATION: ("PR", 9103, "Views"),
    COLOUR_PRESENTATION: ("PR", 9104, "Colour views"),
}


@dataclass(frozen=True)
class Author:
    """Who saves: the account, and the name a person reads."""

    account: str
    name: str

    @property
    def person_name(self) -> str:
        """The name as PN: one component, as it is written (PS3.5 §6.2.1)."""
        return "".join(" " if one in "^=\\" or ord(one) < 32 else one for one in self.name).strip()[:64]


@dataclass(frozen=True)
class Referenced:
    """A kept image that an object speaks of."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    modality: str
    number_of_frames: int

    def item(self, frame: int | None = None) -> Dataset:
        """A reference to it, or to one frame of several (PS3.3 §10.8)."""
        made = Dataset()
        made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = self.sop_class_uid, self.sop_instance_uid
        if frame is not None and self.number_of_frames > 1:
            made.ReferencedFrameNumber = frame
        return made


@dataclass(frozen=True)
class Occasion:
    """Of which study, by whom, when, under which UID; ``study``: columns of the study as they are kept."""

    study: Mapping[str, Any]
    author: Author
    moment: datetime
    sop_instance_uid: str
    language: str = "en"

    @property
    def study_instance_uid(self) -> str:
        """The study it belongs to."""
        return str(self.study["study_instance_uid"])


def begun(occasion: Occasion, sop_class_uid: str, number: int) -> Dataset:
    """An object with the modules that all have; ``number`` is its place in its series.

    All objects of one kind that an account saves in a study are one series.
    """
    modality, series_number, description = _SERIES[sop_class_uid]
    made = Dataset()
    moment = occasion.moment.astimezone(UTC)
    with config.disable_value_validation():  # the study's own texts, as they are kept
        made.SpecificCharacterSet = "ISO_IR 192"
        made.SOPClassUID, made.SOPInstanceUID = sop_class_uid, occasion.sop_instance_uid
        made.InstanceCreationDate, made.InstanceCreationTime = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
        made.TimezoneOffsetFromUTC = "+0000"
        for keyword, value in _of_study(occasion.study).items():
            setattr(made, keyword, value)
        made.Modality = modality
        made.SeriesInstanceUID = derived_uid(
            "saved", occasion.study_instance_uid, sop_class_uid, occasion.author.account
        )
        made.SeriesNumber, made.SeriesDescription = series_number, description
        made.InstanceNumber = number
        made.Manufacturer, made.ManufacturerModelName = "Filmless", "Filmless"
    return made


def _of_study(study: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "PatientName": study["patient_name"],
        "PatientID": study["patient_id"],
        "PatientBirthDate": study["patient_birth_date"],
        "PatientSex": study["patient_sex"],
        "StudyInstanceUID": study["study_instance_uid"],
        "StudyDate": study["study_date"],
        "StudyTime": study["study_time"],
        "AccessionNumber": study["accession_number"],
        "StudyID": study["study_id"],
        "ReferringPhysicianName": study["referring_physician_name"],
    }
    optional = {"IssuerOfPatientID": study["issuer_of_patient_id"], "StudyDescription": study["study_description"]}
    return {keyword: value or "" for keyword, value in found.items()} | {
        keyword: value for keyword, value in optional.items() if value
    }


def document(occasion: Occasion, sop_class_uid: str, number: int, title: Code, template: str) -> Dataset:
    """A document of the structured reporting kind, without its content (PS3.3 §C.17.2, §C.17.6.2)."""
    made = begun(occasion, sop_class_uid, number)
    moment = occasion.moment.astimezone(UTC)
    made.ContentDate, made.ContentTime = f"{moment:%Y%m%d}", f"{moment:%H%M%S}"
    made.ReferencedPerformedProcedureStepSequence = Items()
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = title.sequence()
    template_item = Dataset()
    template_item.MappingResource, template_item.TemplateIdentifier = "DCMR", template
    made.ContentTemplateSequence = Items([template_item])
    return made


def content(relationship: str, value_type: str, name: Code, items: Sequence[Dataset] = ()) -> Dataset:
    """A content item without its value (PS3.3 §C.17.3)."""
    made = Dataset()
    made.RelationshipType, made.ValueType = relationship, value_type
    made.ConceptNameCodeSequence = name.sequence()
    if value_type == "CONTAINER":
        made.ContinuityOfContent = "SEPARATE"
    if items:
        made.ContentSequence = Items(items)
    return made


def coded(relationship: str, name: Code, value: Code) -> Dataset:
    """A CODE item."""
    made = content(relationship, "CODE", name)
    made.ConceptCodeSequence = value.sequence()
    return made


def text(relationship: str, name: Code, value: str) -> Dataset:
    """A TEXT item."""
    made = content(relationship, "TEXT", name)
    made.TextValue = value
    return made


def image(relationship: str, referenced: Referenced, frame: int | None = None) -> Dataset:
    """An IMAGE item, which needs no name."""
    made = Dataset()
    made.RelationshipType, made.ValueType = relationship, "IMAGE"
    made.ReferencedSOPSequence = Items([referenced.item(frame)])
    return made


def observed(occasion: Occasion) -> list[Dataset]:
    """Language, and the person who observed (TID 1204, 1002, 1003)."""
    name = content("HAS OBS CONTEXT", "PNAME", code.PERSON_OBSERVER_NAME)
    name.PersonName = occasion.author.person_name or occasion.author.account
    return [
        coded("HAS CONCEPT MOD", code.LANGUAGE, code.LANGUAGES.get(occasion.language, code.LANGUAGES["en"])),
        coded("HAS OBS CONTEXT", code.OBSERVER_TYPE, code.PERSON),
        name,
        text("HAS OBS CONTEXT", code.PERSON_OBSERVER_LOGIN_NAME, occasion.author.account),
    ]


def evidence(study_instance_uid: str, images: Sequence[Referenced]) -> Items:
    """All images a document speaks of, by series (PS3.3 §C.17.2.3)."""
    by_series: dict[str, list[Referenced]] = {}
    for one in images:
        by_series.setdefault(one.series_instance_uid, []).append(one)
    study = Dataset()
    study.StudyInstanceUID = study_instance_uid
    study.ReferencedSeriesSequence = Items()
    for uid, members in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID = uid
        series.ReferencedSOPSequence = Items([one.item() for one in members])
        study.ReferencedSeriesSequence.append(series)
    return Items([study])


def encoded(data_set: Dataset) -> bytes:
    """The data set in Explicit VR Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    with config.disable_value_validation():
        write_dataset(buffer, data_set)
    return buffer.getvalue()
