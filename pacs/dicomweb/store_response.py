"""What a store request is answered: the Store Instances Response Module, as JSON or XML (PS3.18 §10.5.3, §I)."""

from typing import Any

import orjson
from starlette.responses import Response

from pacs.dicomweb.reception import Failure, Reception
from pacs.web.errors import RETRY_AFTER_S
from pacs.web.resource import instance_path, study_path
from storage.archive.ingest import Receipt
from storage.dicom import native_xml
from storage.errors import Forbidden, OutOfResources, StoreUnavailable

DICOM_JSON = "application/dicom+json"
DICOM_XML = native_xml.MEDIA_TYPE
# Data Set does not match SOP Class: the nearest there is to "kept as it came, but look at it" (Table I.2-1).
WARNING_REASON = 0xB007


def store_response(reception: Reception, base: str, media_type: str) -> Response:
    """Say what became of each instance; ``base`` is scheme and host of the addresses in it."""
    body: dict[str, Any] = {}
    studies = {one.study_instance_uid for one in reception.stored}
    named = [one for one in reception.failed if one.sop_instance_uid]
    nameless = [one for one in reception.failed if not one.sop_instance_uid]
    if len(studies) == 1:
        body["00081190"] = {"vr": "UR", "Value": [base + study_path(studies.pop())]}
    if named:
        body["00081198"] = {"vr": "SQ", "Value": [_failed(one) for one in named]}
    if reception.stored:
        body["00081199"] = {"vr": "SQ", "Value": [_stored(one, base) for one in reception.stored]}
    if nameless:
        body["0008119A"] = {"vr": "SQ", "Value": [_failed(one) for one in nameless]}
    status = _status(reception)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    headers["Cache-Control"] = "no-store"
    if media_type == DICOM_XML:
        return Response(native_xml.document(body), status, media_type=DICOM_XML, headers=headers)
    return Response(orjson.dumps(body), status, media_type=media_type, headers=headers)


def _status(reception: Reception) -> int:
    """200 all stored, 202 some, 409 none; 503 when trying again may help and 403 when none is allowed."""
    if not reception.failed:
        return 200
    if reception.stored:
        return 202
    errors = [one.error for one in reception.failed]
    if all(isinstance(error, OutOfResources | StoreUnavailable) for error in errors):
        return 503
    if all(isinstance(error, Forbidden) for error in errors):
        return 403
    return 409


def _stored(one: Receipt, base: str) -> dict[str, Any]:
    path = instance_path(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)
    found: dict[str, Any] = {
        "00081150": {"vr": "UI", "Value": [one.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [one.sop_instance_uid]},
        "00081190": {"vr": "UR", "Value": [base + path]},
    }
    if one.warnings:
        found["00081196"] = {"vr": "US", "Value": [WARNING_REASON]}
    return found


def _failed(one: Failure) -> dict[str, Any]:
    """One item; the reason in words goes into Error Comment (0000,0902), as other archives do."""
    found: dict[str, Any] = {"00000902": {"vr": "LO", "Value": [one.comment]}}
    if one.sop_class_uid:
        found["00081150"] = {"vr": "UI", "Value": [one.sop_class_uid]}
    if one.sop_instance_uid:
        found["00081155"] = {"vr": "UI", "Value": [one.sop_instance_uid]}
    found["00081197"] = {"vr": "US", "Value": [one.reason]}
    return found
