"""Coded concepts that measurement reports and key object selections are made of (PS3.16, PS3.3 §8)."""

from collections.abc import Mapping
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


class Code(NamedTuple):
    """A concept; two codes are the same concept when value and scheme are."""

    value: str
    scheme: str
    meaning: str

    def item(self) -> Dataset:
        """The concept as an item of a code sequence (PS3.3 §8.8)."""
        made = Dataset()
        made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = self
        return made

    def sequence(self) -> Sequence:
        """A code sequence of this one item."""
        return Sequence([self.item()])

    @property
    def key(self) -> tuple[str, str]:
        """What tells concepts apart."""
        return self.value, self.scheme


def code_of(data_set: Dataset, keyword: str) -> Code | None:
    """The first item of a code sequence; ``None`` where there is none."""
    items = data_set.get(keyword)
    if not items:
        return None
    item = items[0]
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or ""
    return Code(str(value), str(item.get("CodingSchemeDesignator") or ""), str(item.get("CodeMeaning") or ""))


def dcm(value: str, meaning: str) -> Code:
    """A concept of PS3.16 annex D."""
    return Code(value, "DCM", meaning)


def sct(value: str, meaning: str) -> Code:
    """A concept of SNOMED CT."""
    return Code(value, "SCT", meaning)


# TID 1500 and what it includes.
IMAGING_MEASUREMENT_REPORT = dcm("126000", "Imaging Measurement Report")
IMAGING_MEASUREMENTS = dcm("126010", "Imaging Measurements")
MEASUREMENT_GROUP = dcm("125007", "Measurement Group")
IMAGE_LIBRARY = dcm("111028", "Image Library")
IMAGE_LIBRARY_GROUP = dcm("126200", "Image Library Group")
PROCEDURE_REPORTED = dcm("121058", "Procedure reported")
IMAGING_PROCEDURE = sct("363679005", "Imaging procedure")
LANGUAGE = dcm("121049", "Language of Content Item and Descendants")
TRACKING_IDENTIFIER = dcm("112039", "Tracking Identifier")
TRACKING_UNIQUE_IDENTIFIER = dcm("112040", "Tracking Unique Identifier")
FINDING = dcm("121071", "Finding")
IMAGE_REGION = dcm("111030", "Image Region")
COMMENT = dcm("121106", "Comment")
HORIZONTAL_PIXEL_SPACING = dcm("111026", "Horizontal Pixel Spacing")
VERTICAL_PIXEL_SPACING = dcm("111066", "Vertical Pixel Spacing")
SOURCE_OF_MEASUREMENT = dcm("121112", "Source of Measurement")
VALUE_UNKNOWN = dcm("114010", "Value unknown")

# TID 1002, 1003: who observed.
OBSERVER_TYPE = dcm("121005", "Observer Type")
PERSON = dcm("121006", "Person")
PERSON_OBSERVER_NAME = dcm("121008", "Person Observer Name")
PERSON_OBSERVER_LOGIN_NAME = dcm("128774", "Person Observer's Login Name")

# TID 2010.
KEY_OBJECT_DESCRIPTION = dcm("113012", "Key Object Description")
OF_INTEREST = dcm("113000", "Of Interest")

# CID 7010: what images are selected for. The viewer names them in the reader's language.
KEY_OBJECT_TITLES: Mapping[str, Code] = {
    one.value: one
    for one in (
        OF_INTEREST,
        dcm("113001", "Rejected for Quality Reasons"),
        dcm("113002", "For Referring Provider"),
        dcm("113003", "For Surgery"),
        dcm("113004", "For Teaching"),
        dcm("113005", "For Conference"),
        dcm("113006", "For Therapy"),
        dcm("113007", "For Patient"),
        dcm("113008", "For Peer Review"),
        dcm("113009", "For Research"),
        dcm("113010", "Quality Issue"),
        dcm("113013", "Best In Set"),
        dcm("113018", "For Printing"),
        dcm("113020", "For Report Attachment"),
        dcm("113021", "For Litigation"),
    )
}

# What is measured, by the name the viewer gives it.
QUANTITIES: Mapping[str, Code] = {
    "length": sct("410668003", "Length"),
    "angle": sct("1483009", "Angle"),
    "cobb_angle": sct("285285000", "Cobb angle"),
    "long_axis": sct("103339001", "Long axis"),
    "short_axis": sct("103340004", "Short axis"),
    "area": sct("42798000", "Area"),
    "mean": sct("373098007", "Mean"),
    "standard_deviation": sct("386136009", "Standard Deviation"),
    "minimum": sct("255605001", "Minimum"),
    "maximum": sct("56851009", "Maximum"),
    "value": Code("PIXELVALUE", "99FILMLESS", "Pixel value"),
}

# The same concepts as others name them: SNOMED RT, retired but in many archives.
SAME_AS: Mapping[tuple[str, str], Code] = {
    ("G-D7FE", "SRT"): QUANTITIES["length"],
    ("G-A193", "SRT"): QUANTITIES["long_axis"],
    ("G-A185", "SRT"): QUANTITIES["long_axis"],
    ("G-A186", "SRT"): QUANTITIES["short_axis"],
    ("G-A166", "SRT"): QUANTITIES["area"],
    ("R-00317", "SRT"): QUANTITIES["mean"],
    ("R-10047", "SRT"): QUANTITIES["standard_deviation"],
    ("R-404FB", "SRT"): QUANTITIES["minimum"],
    ("G-A437", "SRT"): QUANTITIES["maximum"],
}

# UCUM, by the unit the viewer shows; in braces what UCUM has no unit for (PS3.16 CID 3700, 7181).
UNITS: Mapping[str, Code] = {
    "mm": Code("mm", "UCUM", "mm"),
    "mm2": Code("mm2", "UCUM", "mm2"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px2": Code("{squarepixels}", "UCUM", "square pixels"),
    "deg": Code("deg", "UCUM", "degree"),
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "SUVbw": Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight"),
    "": Code("1", "UCUM", "no units"),
}
_SHOWN_UNITS = {code.value: unit for unit, code in UNITS.items()}


def unit_code(unit: str) -> Code:
    """The UCUM code of a unit as the viewer shows it; what a header calls its values is an annotation of no unit."""
    known = UNITS.get(unit)
    return known or Code(f"{{{unit}}}", "UCUM", unit)


def unit_shown(code: Code | None) -> str:
    """The unit as the viewer shows it."""
    if code is None:
        return ""
    return _SHOWN_UNITS.get(code.value, code.value.strip("{}"))


# BCP 47 tags of PS3.16 CID 5000, with what they mean.
LANGUAGES: Mapping[str, Code] = {
    "en": Code("en", "RFC5646", "English"),
    "vi": Code("vi", "RFC5646", "Vietnamese"),
}
