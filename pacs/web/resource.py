"""Paths of DICOMweb resources and the UIDs in them (PS3.18 §10.1; UIDs: PS3.5 §9.1)."""

import re

from storage.dicom.part10 import valid_uid
from storage.errors import InvalidRequest

ROOT = "/dicom-web"


def uid(text: str) -> str:
    """Check a UID of a path.

    Raises:
        InvalidRequest: it could not be kept either; those that only break PS3.5 are kept and so must be reachable.
    """
    if not valid_uid(text):
        raise InvalidRequest("A UID in the address is malformed.")
    return text


def study_path(study: str) -> str:
    """Path of a study."""
    return f"{ROOT}/studies/{study}"


def series_path(study: str, series: str) -> str:
    """Path of a series."""
    return f"{ROOT}/studies/{study}/series/{series}"


def instance_path(study: str, series: str, instance: str) -> str:
    """Path of an instance."""
    return f"{ROOT}/studies/{study}/series/{series}/instances/{instance}"


def frame_numbers(text: str) -> list[int]:
    """Read a frame list such as ``1,3``: 1-based, in the order given (PS3.18 §10.4.1.1.6).

    Raises:
        InvalidRequest: not such a list, or over 10,000 numbers.
    """
    if len(text) > 100_000 or not re.fullmatch(r"[0-9]{1,9}(?:,[0-9]{1,9})*", text):
        raise InvalidRequest("The frame list must be numbers from 1, with commas between.")
    found = [int(part) for part in text.split(",")]
    if len(found) > 10_000 or min(found) < 1:
        raise InvalidRequest("The frame list must be at most 10,000 numbers from 1.")
    return found
