"""The JSON documents that the viewer reads: studies, pages of studies, manifests."""

from typing import Any

import orjson

from pacs.web.resource import instance_path
from storage.archive.patient_history import History
from storage.archive.query import StudyManifest, StudyPage, StudyRow

# Larger images are scaled down for the first look; the full quality follows by itself.
FIRST_IMAGE_SIDE = 1024


def study_json(row: StudyRow) -> bytes:
    """One study."""
    return orjson.dumps(_study(row))


def page_json(page: StudyPage) -> bytes:
    """A page of studies with the total."""
    return orjson.dumps(
        {
            "total": page.total,
            "total_is_exact": page.exact,
            "studies": [_study(row) for row in page.rows],
            "opened": sorted(page.opened),
        }
    )


def history_json(history: History) -> bytes:
    """Other studies of a patient."""
    studies = [{"study": _study(one.study), "doubts": one.doubts} for one in history.studies]
    return orjson.dumps({"studies": studies, "more": history.more})


def manifest_json(manifest: StudyManifest) -> bytes:
    """The manifest of a study."""
    series = [
        {
            "series_instance_uid": one.series_instance_uid,
            "modality": one.modality,
            "series_number": one.series_number,
            "series_description": one.series_description,
            "body_part": one.body_part,
            "laterality": one.laterality,
            "number_of_instances": one.number_of_instances,
            "representative": one.representative,
            "instances": [
                {
                    "sop_instance_uid": instance.sop_instance_uid,
                    "sop_class_uid": instance.sop_class_uid,
                    "instance_number": instance.instance_number,
                    "rows": instance.rows,
                    "columns": instance.columns,
                    "number_of_frames": instance.number_of_frames,
                    "transfer_syntax_uid": instance.transfer_syntax_uid,
                    "image": instance.image,
                }
                for instance in one.instances
            ],
        }
        for one in manifest.series
    ]
    return orjson.dumps({"study": _study(manifest.study), "series": series})


def first_image_url(manifest: StudyManifest) -> str | None:
    """The rendered image that opens the study: the representative of the first series that has one."""
    found = next((one for one in manifest.series if one.representative is not None), None)
    if found is None or found.representative is None:
        return None
    shown = found.representative
    image = next(one for one in found.instances if one.sop_instance_uid == shown.sop_instance_uid)
    path = instance_path(manifest.study.study_instance_uid, found.series_instance_uid, shown.sop_instance_uid)
    width, height = (min(side or FIRST_IMAGE_SIDE, FIRST_IMAGE_SIDE) for side in (image.columns, image.rows))
    return f"{path}/frames/{shown.frame}/rendered?viewport={width},{height}"


def _study(row: StudyRow) -> dict[str, Any]:
    return {
        "study_instance_uid": row.study_instance_uid,
        "patient_name": row.patient_name,
        "patient_id": row.patient_id,
        "issuer_of_patient_id": row.issuer_of_patient_id,
        "patient_birth_date": row.patient_birth_date,
        "patient_sex": row.patient_sex,
        "study_date": row.study_date,
        "study_time": row.study_time,
        "accession_number": row.accession_number,
        "study_description": row.study_description,
        "referring_physician_name": row.referring_physician_name,
        "modalities": row.modalities,
        "number_of_series": row.number_of_series,
        "number_of_instances": row.number_of_instances,
        "facility": {"code": row.facility_code, "name": row.facility_name},
        "received_at": row.received_at,
        "updated_at": row.updated_at,
        "arriving": row.arriving,
    }
