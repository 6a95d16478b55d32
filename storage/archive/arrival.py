"""An instance that has been spooled, read and checked: what its row will say (PS3.4 §B.2.3, PS3.3 §C.7)."""

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from storage.dicom import json, pixel_data, search_value, sop_class
from storage.dicom.attributes import Level
from storage.dicom.columns import columns
from storage.dicom.header import Header, parse
from storage.dicom.part10 import valid_uid
from storage.dicom.search_value import SearchAttribute, SearchValues
from storage.errors import InconsistentInstance, InvalidInstance, StoreUnavailable, UnsupportedInstance
from storage.spooled_file import SpooledFile

_NAMES = {
    0x0020000D: "Study Instance UID (0020,000D)",
    0x0020000E: "Series Instance UID (0020,000E)",
    0x00080018: "SOP Instance UID (0008,0018)",
    0x00080016: "SOP Class UID (0008,0016)",
}


@dataclass(frozen=True)
class Arrival:
    """Column values by table, values searched beside them, the header and the frame table as the index keeps them."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    study: dict[str, Any]
    series: dict[str, Any]
    instance: dict[str, Any]
    header: bytes
    frames: bytes
    warnings: tuple[str, ...]
    values: SearchValues = search_value.NONE


def read(
    spooled: SpooledFile,
    *,
    study_instance_uid: str,
    unknown_sop_classes: Literal["accept", "refuse"],
    trust_dataset: bool = False,
    searchable: Sequence[SearchAttribute] = (),
) -> Arrival:
    """Read and check a spooled file; ``study_instance_uid``: the study a request is limited to, or empty.

    ``trust_dataset``: what was declared comes from an old file, not from a sender; where they differ it rules.
    ``searchable``: the attributes that are searched beside the columns.

    Raises:
        InvalidInstance: it is truncated, cannot be followed, or lacks a UID.
        InconsistentInstance: it is not what its sender declared.
        UnsupportedInstance: the policy does not take its SOP class.
        TooLarge: it nests or counts beyond any real instance.
    """
    header = parse(_dataset(spooled), spooled.transfer_syntax_uid)
    study, series, sop = (_uid(header, tag) for tag in (0x0020000D, 0x0020000E, 0x00080018))
    sop_class_uid = _sop_class(header, spooled)
    for name, declared, found in (
        ("SOP Instance UID", spooled.sop_instance_uid, sop),
        ("SOP Class UID", spooled.sop_class_uid, sop_class_uid),
    ):
        if declared.strip(" \0") in ("", found):
            continue
        if not trust_dataset:
            raise InconsistentInstance(f"The {name} of the data set is not the one that was declared.")
        header.warnings.append(f"The {name} of the file meta information was wrong; that of the data set was taken.")
    if study_instance_uid not in ("", study):
        raise InconsistentInstance("The instance belongs to another study than the one of the request.")
    if unknown_sop_classes == "refuse" and sop_class_uid not in sop_class.STORAGE:
        raise UnsupportedInstance(f"This archive does not take instances of SOP class {sop_class_uid}.")
    frames = pixel_data.locate(header, spooled.transfer_syntax_uid)
    text = json.instance_text(header, spooled.transfer_syntax_uid, json.instance_path(study, series, sop))
    return Arrival(
        study_instance_uid=study,
        series_instance_uid=series,
        sop_instance_uid=sop,
        sop_class_uid=sop_class_uid,
        study=columns(header, Level.PATIENT, Level.STUDY),
        series=columns(header, Level.SERIES),
        instance={**columns(header, Level.IMAGE), "number_of_frames": frames.number},
        header=json.encode(text),
        frames=frames.table.encoded,
        warnings=(*header.warnings, *frames.warnings),
        values=search_value.of_header(header, searchable),
    )


def _dataset(spooled: SpooledFile) -> memoryview:
    if spooled.dataset is not None:
        return spooled.dataset
    try:
        with spooled.open() as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise StoreUnavailable("The disk of the spool cannot be used now.") from error
    return whole[spooled.dataset_offset :]


def _uid(header: Header, tag: int) -> str:
    uid = header.text(tag)
    if not uid:
        raise InvalidInstance(f"The data set has no {_NAMES[tag]}.")
    if not valid_uid(uid):
        raise InvalidInstance(f"The {_NAMES[tag]} is not a UID: longer than 64 characters, or not printable.")
    return uid


def _sop_class(header: Header, spooled: SpooledFile) -> str:
    """The SOP class of the data set; where that is silent, the declared one."""
    declared = spooled.sop_class_uid.strip(" \0")
    if not header.text(0x00080016) and declared:
        header.warnings.append("The data set has no SOP Class UID; the declared one was taken.")
        return declared
    return _uid(header, 0x00080016)
