"""The Native DICOM Model, read into the DICOM JSON Model (PS3.19 §A.1, PS3.18 §F.2)."""

import re
from typing import Any
from xml.etree import ElementTree

from storage.dicom import vr
from storage.errors import InvalidInstance, TooLarge

MAXIMUM_DEPTH = 32
DicomJson = dict[str, dict[str, Any]]

_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_PRIVATE = re.compile(r"[0-9A-F]{3}[13579BDF]00[0-9A-F]{2}")


def read(data: bytes) -> list[DicomJson]:
    """The data sets of an XML document (UTF-8): one NativeDicomModel, or several under one root.

    Raises:
        InvalidInstance: it is no such document, or has a document type declaration.
        TooLarge: sequences nest beyond any real instance.
    """
    try:
        # Text, not bytes: the encoding that the document names is passed over, so that no declaration hides in it.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInstance("The XML is not UTF-8.") from None
    if "<!DOCTYPE" in text:
        raise InvalidInstance("The XML has a document type declaration.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  nothing is expanded or fetched without a declaration
    except (ElementTree.ParseError, LookupError, ValueError):
        raise InvalidInstance("The XML is not well formed.") from None
    models = [root] if _name(root) == "NativeDicomModel" else [one for one in root if _name(one) == "NativeDicomModel"]
    if not models:
        raise InvalidInstance("The XML holds no NativeDicomModel.")
    return [_data_set(model, 0) for model in models]


def _data_set(parent: ElementTree.Element, depth: int) -> DicomJson:
    if depth > MAXIMUM_DEPTH:
        raise TooLarge(f"Sequences are nested deeper than {MAXIMUM_DEPTH} levels.")
    found: DicomJson = {}
    strays: list[tuple[str, str, dict[str, Any]]] = []
    for attribute in parent:
        if _name(attribute) != "DicomAttribute":
            continue
        tag = attribute.get("tag", "").upper()
        if not _TAG.fullmatch(tag):
            raise InvalidInstance("A DicomAttribute of the XML has no tag of eight digits.")
        vr_ = attribute.get("vr") or vr.of_tag(int(tag, 16))
        element = _element(attribute, vr_, depth)
        creator = attribute.get("privateCreator", "")
        if creator and _PRIVATE.fullmatch(tag):
            strays.append((tag, creator, element))
        else:
            found[tag] = element
    for tag, creator, element in strays:
        found[f"{tag[:4]}{_block(found, tag[:4], creator)}{tag[6:]}"] = element
    return found


def _block(found: DicomJson, group: str, creator: str) -> str:
    """The block that a creator has reserved; where it has not said so, the first free one, which is reserved for it."""
    for number in range(0x10, 0x100):
        element = found.get(f"{group}00{number:02X}")
        if element is None:
            found[f"{group}00{number:02X}"] = {"vr": "LO", "Value": [creator]}
            return f"{number:02X}"
        if [str(value).strip() for value in element.get("Value", ())] == [creator.strip()]:
            return f"{number:02X}"
    raise InvalidInstance("A group of the XML has no room for another private creator.")


def _element(attribute: ElementTree.Element, vr_: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"vr": vr_}
    values: dict[int, Any] = {}
    for child in attribute:
        name = _name(child)
        if name == "InlineBinary":
            made["InlineBinary"] = "".join((child.text or "").split())
        elif name == "BulkData":
            made["BulkDataURI"] = child.get("uri") or child.get("uuid") or ""
        elif name in ("Value", "PersonName", "Item"):
            values[_number(child, len(values) + 1)] = _value(child, name, vr_, depth)
    if values:
        if max(values) > len(values) + 1000:
            raise InvalidInstance("The values of a DicomAttribute are not numbered one after the other.")
        made["Value"] = [values.get(number) for number in range(1, max(values) + 1)]
    return made


def _number(child: ElementTree.Element, otherwise: int) -> int:
    text = child.get("number", "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text) else otherwise


def _value(child: ElementTree.Element, name: str, vr_: str, depth: int) -> Any:
    if name == "Item":
        return _data_set(child, depth + 1)
    if name == "PersonName":
        return {
            group: text for one in child if (group := _name(one)) in _GROUPS and (text := _person_name(one))
        } or None
    text = child.text or ""
    if vr_ in vr.NUMBERS and text.strip():
        try:
            return float(text) if vr_ in ("FL", "FD") else int(text)
        except ValueError:
            raise InvalidInstance("A number of the XML is none.") from None
    return text or None


def _person_name(group: ElementTree.Element) -> str:
    parts = {_name(one): one.text or "" for one in group}
    return "^".join(parts.get(component, "") for component in _COMPONENTS).rstrip("^")


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
