"""A work item as the index keeps it: its data set compressed, and columns of what is searched most."""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from storage.access import permission
from storage.access.principal import Action, Principal
from storage.dicom import work_item as rules
from storage.dicom.moment import sortable
from storage.dicom.work_item import DicomJson, text
from storage.errors import InvalidRequest, NotFound
from storage.index import work_items as rows

LARGEST_BYTES = 4 * 1024 * 1024


def decode(row: Mapping[str, Any]) -> DicomJson:
    """The data set of a row."""
    found: DicomJson = orjson.loads(zlib.decompress(row["data_set"]))
    return found


def columns(made: DicomJson, now: datetime) -> dict[str, Any]:
    """The columns of a data set.

    Raises:
        InvalidRequest: it is over four megabytes.
    """
    encoded = orjson.dumps(made)
    if len(encoded) > LARGEST_BYTES:
        raise InvalidRequest(f"A work item may have {LARGEST_BYTES} bytes.")
    return {
        "patient_id": text(made, rules.PATIENT_ID),
        "study_instance_uid": text(made, rules.STUDY)[:64],
        "scheduled_at": sortable(text(made, rules.SCHEDULED_START))[:26],
        "data_set": zlib.compress(encoded, 1),
        "updated_at": now,
    }


def readable(
    connection: rows.Connection, uid: str, principal: Principal, action: Action, *, lock: bool = False
) -> rows.Row:
    """The row of a work item that the principal may act on.

    Raises:
        NotFound: there is none.
        Forbidden: the act, or its facility, is not open to the principal.
    """
    permission.may_anywhere(principal, action)
    row = rows.find(connection, uid, lock=lock)
    if row is None:
        raise NotFound("There is no such work item.")
    permission.may(principal, action, row["facility_id"])
    return row
