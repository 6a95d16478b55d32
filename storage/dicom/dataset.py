"""A header in memory, made of its DICOM JSON: what decoding and rendering read (PS3.18 §F.2)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from storage.dicom import vr

_FLOATS = frozenset({"FL", "FD"})


def dataset_of(made: Mapping[str, Any]) -> Dataset:
    """The data set of a DICOM JSON object; bulk data is there without bytes, a value its VR does not allow is left out.

    Nothing is validated and nothing warned of: the texts of a warning could hold patient data.
    """
    found = Dataset()
    for path, element in made.items():
        try:
            found.add(_element(int(path, 16), element))
        except (ValueError, TypeError, OverflowError, ArithmeticError, binascii.Error):
            continue
    return found


def _element(tag: int, element: Mapping[str, Any]) -> DataElement:
    vr_ = element["vr"]
    return DataElement(tag, vr_, _value(vr_, element), validation_mode=config.IGNORE)


def _value(vr_: str, element: Mapping[str, Any]) -> Any:
    if vr_ == "SQ":
        return Sequence([dataset_of(item) for item in element.get("Value", ())])
    if "InlineBinary" in element:
        return base64.b64decode(element["InlineBinary"])
    if vr_ in vr.BINARY:
        return b""
    values = element.get("Value")
    if not values:
        return None
    if vr_ == "PN":
        return _names(values)
    if vr_ == "AT":
        values = [int(value, 16) for value in values]
    elif vr_ in _FLOATS:
        values = [float(value) for value in values]
    else:
        values = ["" if value is None else value for value in values]
    return values[0] if len(values) == 1 else values


def _names(values: list[Any]) -> str:
    groups = ("Alphabetic", "Ideographic", "Phonetic")
    return "\\".join(
        "=".join(value.get(group, "") for group in groups).rstrip("=") if value else "" for value in values
    )
