"""Presentation states and reports as other systems make them: by DCMTK, and by hand with nothing of ours."""

import subprocess
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from tests import instances
from tests.peers import require


def presentation_state(image: Dataset, folder: Path) -> Dataset:
    """A state by dcmpsmk, with a circle of radius 10 about (32, 32) in pixels and words in a box of the display."""
    (path,) = instances.save([image], folder)
    made = folder / "state.dcm"
    subprocess.run([require("/usr/bin/dcmpsmk"), str(path), str(made)], check=True, env={"PATH": "/usr/bin"})
    state = dcmread(made)
    graphic, words, annotation = Dataset(), Dataset(), Dataset()
    graphic.GraphicAnnotationUnits, graphic.GraphicDimensions, graphic.NumberOfGraphicPoints = "PIXEL", 2, 2
    graphic.GraphicData, graphic.GraphicType, graphic.GraphicFilled = [32.0, 32.0, 42.0, 32.0], "CIRCLE", "N"
    words.UnformattedTextValue, words.BoundingBoxAnnotationUnits = "Foreign words", "DISPLAY"
    words.BoundingBoxTopLeftHandCorner, words.BoundingBoxBottomRightHandCorner = [0.5, 0.25], [0.9, 0.3]
    words.BoundingBoxTextHorizontalJustification = "LEFT"
    annotation.GraphicLayer = "LAYER1"
    annotation.GraphicObjectSequence, annotation.TextObjectSequence = Sequence([graphic]), Sequence([words])
    state.GraphicAnnotationSequence = Sequence([annotation])
    state.ContentCreatorName = "Trần^Thị^Bình"
    state.SpecificCharacterSet = "ISO_IR 192"
    return state


def code(value: str, scheme: str, meaning: str) -> Sequence:
    """A code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def content(kind: str, relationship: str, **values: Any) -> Dataset:
    """A content item."""
    found = Dataset()
    found.ValueType, found.RelationshipType = kind, relationship
    for name, value in values.items():
        setattr(found, name, value)
    return found


def _number(image: Dataset, name: Sequence, value: str, unit: str, shape: str, points: list[float]) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    selected = content("IMAGE", "SELECTED FROM", ReferencedSOPSequence=Sequence([reference]))
    where = content("SCOORD", "INFERRED FROM", GraphicType=shape, GraphicData=points)
    where.ContentSequence = Sequence([selected])
    measured = Dataset()
    measured.NumericValue, measured.MeasurementUnitsCodeSequence = value, code(unit, "UCUM", unit)
    made = content("NUM", "CONTAINS", ConceptNameCodeSequence=name, MeasuredValueSequence=Sequence([measured]))
    made.ContentSequence = Sequence([where])
    return made


def report(image: Dataset) -> Dataset:
    """A length of 25 pixels and a circle, with codes of SNOMED RT and coordinates below the numbers."""
    length = _number(image, code("G-D7FE", "SRT", "Length"), "12.5", "mm", "POLYLINE", [1, 2, 26, 2])
    circle = _number(image, code("G-A166", "SRT", "Area"), "78.5", "mm2", "CIRCLE", [30, 30, 40, 30])
    group = code("125007", "DCM", "Measurement Group")
    made = Dataset()
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "SpecificCharacterSet", "file_meta"):
        setattr(made, name, getattr(image, name))
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", generate_uid()
    made.SeriesInstanceUID, made.Modality = generate_uid(), "SR"
    made.ContentDate, made.ContentTime = "20260102", "030405"
    made.ConceptNameCodeSequence = code("126000", "DCM", "Imaging Measurement Report")
    made.ContentSequence = Sequence(
        [
            content("CONTAINER", "CONTAINS", ConceptNameCodeSequence=group, ContentSequence=Sequence([one]))
            for one in (length, circle)
        ]
    )
    return made
