"""Key images as a Key Object Selection document, written and read (PS3.16 TID 2010, PS3.3 §A.35.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from storage.dicom import code
from storage.dicom.code import code_of
from storage.dicom.measurement_reading import children, is_named
from storage.dicom.saved_instance import (
    KEY_OBJECT_SELECTION,
    Occasion,
    Referenced,
    document,
    evidence,
    image,
    observed,
    text,
)

_DEEPEST = 20
MOST_IMAGES = 2000


@dataclass(frozen=True)
class KeyImage:
    """A selected image; ``frame`` from 1, ``None``: all of it."""

    sop_instance_uid: str
    frame: int | None = None


@dataclass(frozen=True)
class KeySelection:
    """What was selected and why; ``title``: a code value of CID 7010; empty: another, ``meaning`` says which."""

    title: str
    meaning: str
    note: str
    images: tuple[KeyImage, ...]


def key_objects(
    occasion: Occasion, number: int, title: str, note: str, chosen: Sequence[KeyImage], images: Mapping[str, Referenced]
) -> Dataset:
    """A selection of images; ``title``: a code value of :data:`storage.dicom.code.KEY_OBJECT_TITLES`."""
    made = document(occasion, KEY_OBJECT_SELECTION, number, code.KEY_OBJECT_TITLES[title], "2010")
    used = list({one.sop_instance_uid: images[one.sop_instance_uid] for one in chosen}.values())
    made.CurrentRequestedProcedureEvidenceSequence = evidence(occasion.study_instance_uid, used)
    said = [text("CONTAINS", code.KEY_OBJECT_DESCRIPTION, note)] if note else []
    shown = [image("CONTAINS", images[one.sop_instance_uid], one.frame) for one in chosen]
    made.ContentSequence = Items([*observed(occasion), *said, *shown])
    return made


def read_key_objects(selection: Dataset) -> KeySelection:
    """What a selection of anybody's holds."""
    title = code_of(selection, "ConceptNameCodeSequence")
    known = title is not None and title.key in {one.key for one in code.KEY_OBJECT_TITLES.values()}
    notes: list[str] = []
    images: list[KeyImage] = []
    waiting = [(child, 0) for child in children(selection)]
    while waiting and len(images) < MOST_IMAGES:
        item, depth = waiting.pop(0)
        if is_named(item, code.KEY_OBJECT_DESCRIPTION):
            notes.append(str(item.get("TextValue") or ""))
        for reference in item.get("ReferencedSOPSequence") or ():
            images += _images(reference)
        if depth < _DEEPEST:
            waiting += [(child, depth + 1) for child in children(item)]
    return KeySelection(
        title.value if known and title else "",
        title.meaning if title else "",
        "\n".join(note for note in notes if note),
        tuple(images[:MOST_IMAGES]),
    )


def _images(reference: Dataset) -> list[KeyImage]:
    uid = str(reference.get("ReferencedSOPInstanceUID") or "")
    frames = reference.get("ReferencedFrameNumber")
    if frames is None:
        return [KeyImage(uid)]
    numbers = [frames] if isinstance(frames, (int, str)) else list(frames)
    return [KeyImage(uid, int(one)) for one in numbers]
