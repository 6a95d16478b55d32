"""A straight length between two points of the patient, as it is measured through a volume (PS3.3 §C.18.9, SCOORD3D).

Points are x, y, z in mm of the patient's coordinate system (PS3.3 §C.7.6.2.1.1: to the left, the back, the head), which
the Frame of Reference UID names: they hold in every volume of that frame of reference.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from storage.dicom import code
from storage.dicom.code import code_of, unit_shown
from storage.dicom.drawing import derived_uid, uid_uuid, uuid_uid
from storage.dicom.part10 import valid_uid
from storage.dicom.saved_instance import Referenced, content, image, text
from storage.errors import InvalidRequest

Place = tuple[float, float, float]

MOST_LENGTHS = 1000
MOST_SOURCES = 4
# Ten metres: no patient, and no table, is further from its origin.
FARTHEST_MM = 10_000.0
# What a number may differ from the distance of its points: coordinates are of single precision.
TOLERANCE_MM = 0.01
# Of others: what is farther off is another quantity than the distance of its points.
FOREIGN_TOLERANCE_MM, FOREIGN_TOLERANCE = 0.1, 0.005
_DEEPEST = 20


@dataclass(frozen=True)
class SpatialLength:
    """``start`` and ``end`` in mm; ``sources``: SOP Instance UIDs of the images that it was measured in."""

    id: str
    frame_of_reference_uid: str
    start: Place
    end: Place
    millimetres: float
    sources: tuple[str, ...] = ()


def require_valid(length: SpatialLength) -> None:
    """Check that a length is that of its points.

    Raises:
        InvalidRequest: it is none that could be saved.
    """
    if not valid_uid(length.frame_of_reference_uid):
        raise InvalidRequest("A length in a volume needs a frame of reference.")
    if any(not math.isfinite(one) or abs(one) > FARTHEST_MM for one in (*length.start, *length.end)):
        raise InvalidRequest("A point of a length is not in the patient.")
    distance = math.dist(length.start, length.end)
    if not math.isfinite(length.millimetres) or abs(distance - length.millimetres) > TOLERANCE_MM or distance == 0:
        raise InvalidRequest("A length must be the distance of its points.")
    if not 1 <= len(length.sources) <= MOST_SOURCES:
        raise InvalidRequest(f"A length is measured in 1 to {MOST_SOURCES} images.")


def length_group(number: int, length: SpatialLength, images: Mapping[str, Referenced], measured: Dataset) -> Dataset:
    """A Measurement Group (TID 1501) of a length; ``measured``: its NUM item, which is given its coordinates here."""
    tracking = content("HAS OBS CONTEXT", "UIDREF", code.TRACKING_UNIQUE_IDENTIFIER)
    tracking.UID = uuid_uid(length.id) or derived_uid("drawing", length.id)
    where = Dataset()
    where.RelationshipType, where.ValueType, where.GraphicType = "INFERRED FROM", "SCOORD3D", "POLYLINE"
    where.GraphicData = [*length.start, *length.end]
    where.ReferencedFrameOfReferenceUID = length.frame_of_reference_uid
    sources = [image("INFERRED FROM", images[uid]) for uid in length.sources]
    for one in sources:
        one.ConceptNameCodeSequence = code.SOURCE_OF_MEASUREMENT.sequence()
    measured.ContentSequence = Items([*sources, where])
    name = text("HAS OBS CONTEXT", code.TRACKING_IDENTIFIER, f"spatial length {number}")
    return content("CONTAINS", "CONTAINER", code.MEASUREMENT_GROUP, [name, tracking, measured])


def read_lengths(report: Dataset) -> tuple[tuple[SpatialLength, ...], int]:
    """The straight lengths in space of a report of anybody's, and how many other shapes in space it has.

    A shape is a length where it is a line of two points and its number, in mm, is the distance of these: whatever else
    it may be is not shown as one.
    """
    found: list[SpatialLength] = []
    others = 0
    for number, (group, item) in enumerate(_spatial(report), 1):
        made = _length(group, item, number) if len(found) < MOST_LENGTHS else None
        if made is None:
            others += 1
        else:
            found.append(made)
    return tuple(found), others


def _spatial(report: Dataset) -> Iterator[tuple[Dataset, Dataset]]:
    """Items that have coordinates in space, or are some, each with the item that holds it."""
    waiting = [(report, 0)]
    while waiting:
        holder, depth = waiting.pop(0)
        for child in holder.get("ContentSequence") or ():
            kind = str(child.get("ValueType") or "")
            below = child.get("ContentSequence") or ()
            if kind == "SCOORD3D" or (kind == "NUM" and any(_is_spatial(one) for one in below)):
                yield holder, child
            elif depth < _DEEPEST and below:
                waiting.append((child, depth + 1))


def _is_spatial(item: Dataset) -> bool:
    return str(item.get("ValueType") or "") == "SCOORD3D"


def _length(group: Dataset, item: Dataset, number: int) -> SpatialLength | None:
    below = item.get("ContentSequence") or ()
    shapes = [one for one in below if _is_spatial(one)]
    millimetres = _millimetres(item)
    if len(shapes) != 1 or millimetres is None or str(shapes[0].get("GraphicType") or "") != "POLYLINE":
        return None
    (shape,) = shapes
    numbers = _numbers(shape.get("GraphicData"))
    frame_of_reference = str(shape.get("ReferencedFrameOfReferenceUID") or "")
    if len(numbers) != 6 or not valid_uid(frame_of_reference):
        return None
    start, end = (numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5])
    distance = math.dist(start, end)
    if abs(distance - millimetres) > max(FOREIGN_TOLERANCE_MM, FOREIGN_TOLERANCE * distance):
        return None
    identity = _identity(group) or f"length-{number}"
    return SpatialLength(identity, frame_of_reference, start, end, distance, tuple(_sources(below)))


def _numbers(data: object) -> list[float]:
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        return []
    found = [float(one) for one in data]
    return found if all(math.isfinite(one) and abs(one) <= FARTHEST_MM for one in found) else []


def _millimetres(item: Dataset) -> float | None:
    measured = item.get("MeasuredValueSequence")
    if not measured or unit_shown(code_of(measured[0], "MeasurementUnitsCodeSequence")) != "mm":
        return None
    number = measured[0].get("FloatingPointValue")
    number = measured[0].get("NumericValue") if number is None else number
    try:
        return float(number)
    except (TypeError, ValueError):
        return None


def _sources(items: Sequence[Dataset]) -> Iterator[str]:
    for one in items:
        for reference in one.get("ReferencedSOPSequence") or ():
            yield str(reference.get("ReferencedSOPInstanceUID") or "")


def _identity(group: Dataset) -> str:
    for child in group.get("ContentSequence") or ():
        name = code_of(child, "ConceptNameCodeSequence")
        if name is not None and name.key == code.TRACKING_UNIQUE_IDENTIFIER.key and child.get("UID"):
            uid = str(child.UID)
            return uid_uuid(uid) or uid
    return ""
