"""Measurements as a Comprehensive SR document (PS3.16 TID 1500, PS3.3 §A.35.3).

With lengths in space it is a Comprehensive 3D SR document (§A.35.13), which alone may hold coordinates of the patient.
"""

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from storage.dicom import code
from storage.dicom.drawing import Drawing, Point, Value, box_corners, derived_uid, ellipse_axes, uuid_uid
from storage.dicom.saved_instance import (
    COMPREHENSIVE_3D_SR,
    COMPREHENSIVE_SR,
    Occasion,
    Referenced,
    coded,
    content,
    document,
    evidence,
    image,
    observed,
    text,
)
from storage.dicom.spatial_length import SpatialLength, length_group

# A number of these is inferred from its own coordinates (TID 300, 320); regions are of the group (TID 1410).
_REGIONS = frozenset({"ellipse", "rectangle", "freehand"})


def measurement_report(
    occasion: Occasion,
    number: int,
    drawings: Sequence[Drawing],
    images: Mapping[str, Referenced],
    predecessors: Sequence[Referenced] = (),
    lengths: Sequence[SpatialLength] = (),
) -> Dataset:
    """A report of these drawings; ``images`` by SOP Instance UID, ``predecessors``: reports that this one replaces.

    One without any drawing says that those of its predecessors are withdrawn: its measurements are an empty container.
    """
    uids = [one.sop_instance_uid for one in drawings] + [uid for one in lengths for uid in one.sources]
    used = [images[uid] for uid in dict.fromkeys(uids)]
    made = document(
        occasion, COMPREHENSIVE_3D_SR if lengths else COMPREHENSIVE_SR, number, code.IMAGING_MEASUREMENT_REPORT, "1500"
    )
    made.CompletionFlag, made.VerificationFlag = "PARTIAL", "UNVERIFIED"
    made.PerformedProcedureCodeSequence = Items()
    made.AuthorObserverSequence = Items([_author(occasion)])
    if used:
        made.CurrentRequestedProcedureEvidenceSequence = evidence(occasion.study_instance_uid, used)
    if predecessors:
        made.PredecessorDocumentsSequence = evidence(occasion.study_instance_uid, predecessors)
    library = content("CONTAINS", "CONTAINER", code.IMAGE_LIBRARY_GROUP, [image("CONTAINS", one) for one in used])
    groups = [_group(at, one, images[one.sop_instance_uid]) for at, one in enumerate(drawings, 1)]
    groups += [
        length_group(at, one, images, _number(code.QUANTITIES["length"], Value("length", one.millimetres, "mm")))
        for at, one in enumerate(lengths, 1)
    ]
    made.ContentSequence = Items(
        [
            *observed(occasion),
            coded("HAS CONCEPT MOD", code.PROCEDURE_REPORTED, code.IMAGING_PROCEDURE),
            *([content("CONTAINS", "CONTAINER", code.IMAGE_LIBRARY, [library])] if used else []),
            content("CONTAINS", "CONTAINER", code.IMAGING_MEASUREMENTS, groups),
        ]
    )
    return made


def _author(occasion: Occasion) -> Dataset:
    author = Dataset()
    author.ObserverType = "PSN"
    author.PersonName = occasion.author.person_name or occasion.author.account
    author.PersonIdentificationCodeSequence = Items()
    author.InstitutionName = ""
    author.InstitutionCodeSequence = Items()
    return author


def _group(number: int, drawing: Drawing, referenced: Referenced) -> Dataset:
    """A Measurement Group (TID 1501, or 1410 of a region)."""
    tracking = content("HAS OBS CONTEXT", "UIDREF", code.TRACKING_UNIQUE_IDENTIFIER)
    tracking.UID = uuid_uid(drawing.id) or derived_uid("drawing", drawing.id)
    items = [
        text("HAS OBS CONTEXT", code.TRACKING_IDENTIFIER, f"{drawing.kind} {number}"),
        tracking,
        *_geometry(drawing, referenced),
    ]
    if drawing.manual_spacing is not None:
        row, column = drawing.manual_spacing
        items.append(_number(code.VERTICAL_PIXEL_SPACING, Value("", row, "mm")))
        items.append(_number(code.HORIZONTAL_PIXEL_SPACING, Value("", column, "mm")))
    if drawing.text:
        items.append(text("CONTAINS", code.COMMENT, drawing.text))
    return content("CONTAINS", "CONTAINER", code.MEASUREMENT_GROUP, items)


def _geometry(drawing: Drawing, referenced: Referenced) -> list[Dataset]:
    points, frame = drawing.points, drawing.frame
    named = {one.name: one for one in drawing.values}
    if drawing.kind in _REGIONS or drawing.kind in ("arrow", "text"):
        if drawing.kind == "ellipse":
            where = _coordinates("ELLIPSE", ellipse_axes(points), referenced, frame)
        elif drawing.kind == "text":
            where = _coordinates("POINT", points, referenced, frame)
        elif drawing.kind == "arrow":
            where = _coordinates("POLYLINE", points, referenced, frame)
        else:
            outline = box_corners(points) if drawing.kind == "rectangle" else [*points, points[0]]
            where = _coordinates("POLYLINE", outline, referenced, frame)
        where.RelationshipType = "CONTAINS"
        where.ConceptNameCodeSequence = code.IMAGE_REGION.sequence()
        return [where, *(_number(code.QUANTITIES[one.name], one) for one in drawing.values)]
    parts: Mapping[str, Sequence[tuple[str, Sequence[Point]]]] = {
        "length": [("length", points)],
        "angle": [("angle", points)],
        "cobb": [("cobb_angle", points)],
        "bidirectional": [("long_axis", points[:2]), ("short_axis", points[2:])],
        "probe": [("value", points)],
    }
    made = []
    for name, part in parts[drawing.kind]:
        one = _number(code.QUANTITIES[name], named.get(name, Value(name, None, "")))
        where = _coordinates("POINT" if len(part) == 1 else "POLYLINE", part, referenced, frame)
        where.RelationshipType = "INFERRED FROM"
        one.ContentSequence = Items([where])
        made.append(one)
    return made


def _number(name: code.Code, value: Value) -> Dataset:
    """A NUM item; one that could not be measured has no value but says so (PS3.3 §C.18.1)."""
    made = content("CONTAINS", "NUM", name)
    if value.value is None:
        made.MeasuredValueSequence = Items()
        made.NumericValueQualifierCodeSequence = code.VALUE_UNKNOWN.sequence()
        return made
    item = Dataset()
    item.NumericValue = decimal(value.value)
    item.FloatingPointValue = value.value
    item.MeasurementUnitsCodeSequence = code.unit_code(value.unit).sequence()
    made.MeasuredValueSequence = Items([item])
    return made


def _coordinates(graphic_type: str, points: Sequence[Point], referenced: Referenced, frame: int) -> Dataset:
    """An SCOORD item on one image (PS3.3 §C.18.6)."""
    made = Dataset()
    made.ValueType, made.GraphicType = "SCOORD", graphic_type
    made.GraphicData = [part for point in points for part in point]
    made.ContentSequence = Items([image("SELECTED FROM", referenced, frame)])
    return made


def decimal(value: float) -> str:
    """A number as DS: as exactly as 16 characters allow (PS3.5 §6.2)."""
    for digits in range(16, 0, -1):
        found = f"{value:.{digits}g}"
        if len(found) <= 16:
            return found
    return "0"
