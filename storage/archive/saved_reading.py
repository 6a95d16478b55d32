"""What a saved object of anybody's is, as one line of a list: kind, who, when, what (PS3.3 §C.17.2, §C.11.10)."""

import re
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from storage.archive.instance_bytes import InstanceRow
from storage.dicom import code
from storage.dicom.code import code_of
from storage.dicom.drawing import derived_uid
from storage.dicom.key_objects import read_key_objects
from storage.dicom.measurement_reading import children, is_named, read_drawings
from storage.dicom.presentation_reading import read_presentation
from storage.dicom.saved_instance import KEY_OBJECT_SELECTION
from storage.dicom.spatial_length import read_lengths

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_STATES = frozenset(f"1.2.840.10008.5.1.4.1.1.11.{number}" for number in (1, 2, 3))
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})?(\d{2})?)?")
_OFFSET = re.compile(r"[+-]\d{4}")


@dataclass(frozen=True)
class Entry:
    """One saved object; ``at``: ISO 8601, with its offset where the object tells it, empty where it tells no time.

    ``own``: the one who asks has saved it here. ``replaces``: UIDs of earlier states of it; ``superseded``: there is a
    later one. ``count``: drawings or images in it. ``title``: of key images, a code value of CID 7010.
    ``of_another``: it is of another patient than an image it speaks of, so nothing of it is shown.
    """

    kind: str  # 'measurements' | 'view' | 'key_images'
    sop_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    at: str
    by: str
    own: bool
    title: str
    name: str
    count: int
    replaces: tuple[str, ...] = ()
    superseded: bool = False
    of_another: bool = False

    def marked(self, replaced: set[str]) -> "Entry":
        """The entry, superseded if its UID is among those."""
        return replace(self, superseded=self.sop_instance_uid in replaced)


def is_saved(sop_class_uid: str) -> bool:
    """Whether an object of this class may be one."""
    return sop_class_uid.startswith(_REPORTS) or sop_class_uid in _STATES


def entry_of(row: InstanceRow, header: Dataset, account: str) -> Entry | None:
    """The line of an object; ``None`` of a report that draws nothing, which is for reading.

    A measurement report that has predecessors and no measurements withdraws these: it is a line too.
    """
    own = row.series_instance_uid == derived_uid("saved", row.study_instance_uid, row.sop_class_uid, account)
    where = row.sop_instance_uid, row.series_instance_uid, row.sop_class_uid
    if row.sop_class_uid == KEY_OBJECT_SELECTION:
        chosen = read_key_objects(header)
        at = _moment(header, "Content")
        return Entry("key_images", *where, at, _observer(header), own, chosen.title, chosen.note, len(chosen.images))
    if row.sop_class_uid in _STATES:
        seen = read_presentation(header)
        at, by = _moment(header, "PresentationCreation"), _person(header.get("ContentCreatorName"))
        name = str(header.get("ContentDescription") or header.get("ContentLabel") or "")
        return Entry("view", *where, at, by, own, "", name, len(seen.drawings)) if seen.images else None
    drawings, (lengths, others) = read_drawings(header), read_lengths(header)
    title = code_of(header, "ConceptNameCodeSequence")
    replaces = tuple(_predecessors(header))
    withdraws = bool(replaces) and title is not None and title.key == code.IMAGING_MEASUREMENT_REPORT.key
    if not drawings and not lengths and not others and not withdraws:
        return None
    name = "" if title is None or title.key == code.IMAGING_MEASUREMENT_REPORT.key else title.meaning
    at, by = _moment(header, "Content"), _observer(header) or _author(header)
    count = len(drawings) + len(lengths) + others
    return Entry("measurements", *where, at, by, own, "", name, count, replaces)


def _moment(header: Dataset, prefix: str) -> str:
    day, time = str(header.get(f"{prefix}Date") or ""), str(header.get(f"{prefix}Time") or "")
    found = _MOMENT.match(day + time) if len(day) == 8 else None
    if found is None:
        return ""
    year, month, date, hour, minute, second = found.groups()
    if hour is None:
        return f"{year}-{month}-{date}"
    offset = str(header.get("TimezoneOffsetFromUTC") or "").strip()
    zone = f"{offset[:3]}:{offset[3:]}" if _OFFSET.fullmatch(offset) else ""
    return f"{year}-{month}-{date}T{hour}:{minute or '00'}:{second or '00'}{zone}"


def _observer(header: Dataset) -> str:
    for child in children(header):
        if is_named(child, code.PERSON_OBSERVER_NAME):
            return _person(child.get("PersonName"))
    return ""


def _author(header: Dataset) -> str:
    for keyword in ("AuthorObserverSequence", "VerifyingObserverSequence"):
        for item in header.get(keyword) or ():
            name = _person(item.get("PersonName") or item.get("VerifyingObserverName"))
            if name:
                return name
    return ""


def _person(value: object) -> str:
    """A person's name, first group, as it is written: family name first."""
    return " ".join(part for part in str(value or "").split("=")[0].split("^") if part)


def _predecessors(header: Dataset) -> list[str]:
    return [
        str(reference.get("ReferencedSOPInstanceUID") or "")
        for study in header.get("PredecessorDocumentsSequence") or ()
        for series in study.get("ReferencedSeriesSequence") or ()
        for reference in series.get("ReferencedSOPSequence") or ()
    ]
