"""The one table of searchable attributes: it drives QIDO-RS, C-FIND and the index (PS3.18 §10.6, PS3.4 §C.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The information entity that an attribute belongs to (PS3.4 §C.6.1.1)."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


@dataclass(frozen=True)
class Attribute:
    """One searchable attribute.

    ``column`` is its column in the table of its level (patient and study: ``study``; series: ``series``; image:
    ``instance``); ``search_column`` holds the normalised text where there is one. ``returned``: part of an answer that
    asks for nothing in particular. ``computed``: not in the instance, counted or collected by the index.
    """

    keyword: str
    tag: int
    vr: str
    level: Level
    column: str
    search_column: str = ""
    matchable: bool = True
    returned: bool = True
    computed: bool = False
    maximum_length: int | None = None

    @property
    def path(self) -> str:
        """The tag as eight hexadecimal digits, the name of the attribute in DICOM JSON."""
        return f"{self.tag:08X}"


_P, _S, _E, _I = Level.PATIENT, Level.STUDY, Level.SERIES, Level.IMAGE

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("PatientName", 0x00100010, "PN", _P, "patient_name", "search_patient_name"),
    Attribute("PatientID", 0x00100020, "LO", _P, "patient_id"),
    Attribute("IssuerOfPatientID", 0x00100021, "LO", _P, "issuer_of_patient_id"),
    Attribute("PatientBirthDate", 0x00100030, "DA", _P, "patient_birth_date", maximum_length=8),
    Attribute("PatientSex", 0x00100040, "CS", _P, "patient_sex", maximum_length=16),
    Attribute("StudyDate", 0x00080020, "DA", _S, "study_date", maximum_length=8),
    Attribute("StudyTime", 0x00080030, "TM", _S, "study_time", maximum_length=16),
    Attribute("AccessionNumber", 0x00080050, "SH", _S, "accession_number"),
    Attribute("ModalitiesInStudy", 0x00080061, "CS", _S, "modalities_in_study", computed=True),
    Attribute(
        "ReferringPhysicianName",
        0x00080090,
        "PN",
        _S,
        "referring_physician_name",
        "search_referring_physician_name",
    ),
    Attribute("StudyDescription", 0x00081030, "LO", _S, "study_description"),
    Attribute("StudyInstanceUID", 0x0020000D, "UI", _S, "study_instance_uid", maximum_length=64),
    Attribute("StudyID", 0x00200010, "SH", _S, "study_id"),
    Attribute("NumberOfStudyRelatedSeries", 0x00201206, "IS", _S, "number_of_series", matchable=False, computed=True),
    Attribute(
        "NumberOfStudyRelatedInstances", 0x00201208, "IS", _S, "number_of_instances", matchable=False, computed=True
    ),
    Attribute("Modality", 0x00080060, "CS", _E, "modality", maximum_length=16),
    Attribute("SeriesInstanceUID", 0x0020000E, "UI", _E, "series_instance_uid", maximum_length=64),
    Attribute("SeriesNumber", 0x00200011, "IS", _E, "series_number"),
    Attribute("SeriesDescription", 0x0008103E, "LO", _E, "series_description"),
    Attribute("SeriesDate", 0x00080021, "DA", _E, "series_date", returned=False, maximum_length=8),
    Attribute("SeriesTime", 0x00080031, "TM", _E, "series_time", returned=False, maximum_length=16),
    Attribute("BodyPartExamined", 0x00180015, "CS", _E, "body_part_examined"),
    Attribute("Laterality", 0x00200060, "CS", _E, "laterality", returned=False, maximum_length=16),
    Attribute(
        "PerformedProcedureStepStartDate",
        0x00400244,
        "DA",
        _E,
        "performed_procedure_step_start_date",
        maximum_length=8,
    ),
    Attribute(
        "PerformedProcedureStepStartTime",
        0x00400245,
        "TM",
        _E,
        "performed_procedure_step_start_time",
        maximum_length=16,
    ),
    Attribute(
        "NumberOfSeriesRelatedInstances", 0x00201209, "IS", _E, "number_of_instances", matchable=False, computed=True
    ),
    Attribute("SOPClassUID", 0x00080016, "UI", _I, "sop_class_uid", maximum_length=64),
    Attribute("SOPInstanceUID", 0x00080018, "UI", _I, "sop_instance_uid", maximum_length=64),
    Attribute("InstanceNumber", 0x00200013, "IS", _I, "instance_number"),
    Attribute("Rows", 0x00280010, "US", _I, "rows"),
    Attribute("Columns", 0x00280011, "US", _I, "columns"),
    Attribute("BitsAllocated", 0x00280100, "US", _I, "bits_allocated"),
    Attribute("NumberOfFrames", 0x00280008, "IS", _I, "number_of_frames"),
    Attribute(
        "AvailableTransferSyntaxUID",
        0x00083002,
        "UI",
        _I,
        "transfer_syntax_uid",
        matchable=False,
        computed=True,
        maximum_length=64,
    ),
)

# Times that mean one moment with their date.
DATE_OF = {
    "StudyTime": "StudyDate",
    "SeriesTime": "SeriesDate",
    "PerformedProcedureStepStartTime": "PerformedProcedureStepStartDate",
}
BY_KEYWORD = {attribute.keyword: attribute for attribute in ATTRIBUTES}
BY_TAG = {attribute.tag: attribute for attribute in ATTRIBUTES}


def of_levels(levels: Iterable[Level]) -> list[Attribute]:
    """The attributes of these levels, in the order of the table."""
    wanted = frozenset(levels)
    return [attribute for attribute in ATTRIBUTES if attribute.level in wanted]
