"""What is saved in a study: measurements, views, key images: ``/api/studies/{study}/saved``."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from pacs.api.page import answer
from pacs.api.saved_request import content_of
from pacs.web.authentication import authenticate, principal_of
from pacs.web.body import read_json_object, text_of
from pacs.web.resource import uid
from pacs.web.service import Service, service
from storage.archive import saved
from storage.archive.saved import Entry
from storage.archive.saved_image import is_inverse
from storage.dicom.drawing import Drawing
from storage.dicom.key_objects import read_key_objects
from storage.dicom.measurement_reading import read_drawings
from storage.dicom.presentation_reading import SeenView, read_presentation
from storage.dicom.saved_instance import Author
from storage.dicom.spatial_length import SpatialLength, read_lengths

# A thousand drawings, some of them outlines of many points.
LARGEST_BODY = 4 * 1024 * 1024

router = APIRouter(prefix="/api/studies")


@router.get("/{study}/saved")
async def listed(request: Request, study: str) -> Response:
    """Give what is saved in a study, newest first."""
    svc = service(request)
    return answer(await svc.work.run(_list, request, svc, study))


@router.get("/{study}/saved/{instance}")
async def opened(request: Request, study: str, instance: str) -> Response:
    """Give one of them with its content."""
    svc = service(request)
    return answer(await svc.work.run(_open, request, svc, study, instance))


@router.post("/{study}/saved")
async def save(request: Request, study: str) -> Response:
    """Save measurements, a view or key images as an instance of the study."""
    svc = service(request)
    await svc.work.run(authenticate, request, svc.archive, svc.settings)  # before its body is read
    body = await read_json_object(request, LARGEST_BODY)
    made = answer(await svc.work.run(_save, request, svc, study, body))
    made.status_code = 201
    return made


def entry_json(entry: Entry) -> dict[str, Any]:
    """One line of the list."""
    return {
        "kind": entry.kind,
        "sop_instance_uid": entry.sop_instance_uid,
        "series_instance_uid": entry.series_instance_uid,
        "sop_class_uid": entry.sop_class_uid,
        "at": entry.at or None,
        "by": entry.by,
        "own": entry.own,
        "title": entry.title,
        "name": entry.name,
        "count": entry.count,
        "superseded": entry.superseded,
        "of_another": entry.of_another,
    }


def _list(request: Request, svc: Service, study: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    return orjson.dumps({"saved": [entry_json(one) for one in saved.listed(svc.archive, uid(study), principal)]})


def _open(request: Request, svc: Service, study: str, instance: str) -> bytes:
    principal = principal_of(request, svc.archive, svc.settings)
    entry, header, header_of = saved.opened(svc.archive, uid(study), uid(instance), principal)
    found: dict[str, Any] = {
        **entry_json(entry),
        **{"drawings": [], "lengths": [], "images": [], "look": None, "unsupported": []},
    }
    if entry.kind == "key_images":
        chosen = read_key_objects(header)
        found |= {
            "meaning": chosen.meaning,
            "note": chosen.note,
            "images": [{"sop_instance_uid": one.sop_instance_uid, "frame": one.frame} for one in chosen.images],
        }
    elif entry.kind == "view":
        seen = read_presentation(header)
        image = header_of(seen.images[0].sop_instance_uid)
        inverse = is_inverse(image) if image is not None else False
        size = (int(image.get("Columns") or 0), int(image.get("Rows") or 0)) if image is not None else (0, 0)
        found |= {
            "images": [{"sop_instance_uid": one.sop_instance_uid, "frame": one.frame} for one in seen.images],
            "look": _look(seen, inverse, size),
            "unsupported": seen.unsupported,
            "drawings": [_drawing(one) for one in seen.drawings],
        }
    else:
        lengths, others = read_lengths(header)
        found["drawings"] = [_drawing(one) for one in read_drawings(header)]
        found["lengths"] = [_length(one) for one in lengths]
        found["unsupported"] = ["spatial_shape"] if others else []
    return orjson.dumps(found)


def _save(request: Request, svc: Service, study: str, body: dict[str, Any]) -> bytes:
    credential = authenticate(request, svc.archive, svc.settings)
    principal = credential.principal
    identity, language = text_of(body, "id", 64), text_of(body, "language", 8)
    author = Author(principal.name, credential.display_name or principal.name)
    content = content_of(body)
    kept = saved.save(svc.archive, uid(study), identity, content, author, principal, language)
    return orjson.dumps(entry_json(kept))


def _drawing(one: Drawing) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "sop_instance_uid": one.sop_instance_uid,
        "frame": one.frame,
        "points": one.points,
        "text": one.text,
        "label": one.label,
        "values": [
            {"name": value.name, "value": value.value, "unit": value.unit, "meaning": value.meaning}
            for value in one.values
        ],
        "manual_spacing": one.manual_spacing,
    }


def _length(one: SpatialLength) -> dict[str, Any]:
    return {
        "id": one.id,
        "frame_of_reference_uid": one.frame_of_reference_uid,
        "from": one.start,
        "to": one.end,
        "millimetres": one.millimetres,
        "sources": one.sources,
    }


def _look(seen: SeenView, inverse: bool, size: tuple[int, int]) -> dict[str, Any]:
    """How the viewer is to show it: rotation after the mirroring, magnification against the whole image."""
    magnification, centre = 1.0, None
    if seen.area is not None and min(size) > 0:
        left, top, right, bottom = seen.area
        columns, rows = size
        if (left, top, right, bottom) != (0, 0, columns, rows) and right > left and bottom > top:
            magnification = min(columns / (right - left), rows / (bottom - top))
            centre = ((left + right) / 2, (top + bottom) / 2)
    window = None
    if seen.window is not None:
        window = dict(zip(("center", "width", "function"), seen.window, strict=True))
    return {
        "window": window,
        "inverted": seen.inverse is not None and seen.inverse != inverse,
        "rotation": -seen.rotation % 360 if seen.flipped else seen.rotation,
        "flipped": seen.flipped,
        "magnification": magnification,
        "centre": centre,
    }
