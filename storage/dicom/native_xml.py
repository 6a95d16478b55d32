"""A data set as XML, the Native DICOM Model, made of its DICOM JSON (PS3.19 §A.1, PS3.18 §F.3)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydicom.datadict import keyword_for_tag

MEDIA_TYPE = "application/dicom+xml"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">'
)
_TAIL = "</NativeDicomModel>\n"
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
# What XML 1.0 cannot hold at all (§2.2), and what it holds only as an entity: a reader makes a bare carriage return a
# line feed, and in an attribute a tab or line feed a space (§2.11, §3.3.3).
_MARKUP = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}


def document(data_set: Mapping[str, Any]) -> bytes:
    """A whole XML document (UTF-8) of a data set in the DICOM JSON Model.

    Every element is told: values by their number, person names by component groups and components, sequences by items,
    bulk data by its URI. A private element is told as (gggg,00ee) with its creator, where the data set names one.
    Characters that XML cannot hold become U+FFFD. Source: PS3.19 Tables A.1.5-2 to A.1.5-8.
    """
    parts = [_HEAD]
    _add_data_set(parts, data_set)
    parts.append(_TAIL)
    return "".join(parts).encode()


def _add_data_set(parts: list[str], data_set: Mapping[str, Any]) -> None:
    for tag, element in data_set.items():
        vr = element.get("vr", "UN")
        parts.append(_start(tag, vr, _creator(tag, data_set)))
        values = element.get("Value")
        if values:
            _add_values(parts, vr, values)
        elif "InlineBinary" in element:
            parts.append(f"<InlineBinary>{_text(element['InlineBinary'])}</InlineBinary>")
        elif "BulkDataURI" in element:
            parts.append(f'<BulkData uri="{_attribute(element["BulkDataURI"])}"/>')
        parts.append("</DicomAttribute>")


def _add_values(parts: list[str], vr: str, values: list[Any]) -> None:
    if vr == "SQ":
        for number, item in enumerate(values, 1):
            parts.append(f'<Item number="{number}">')
            _add_data_set(parts, item or {})
            parts.append("</Item>")
    elif vr == "PN":
        for number, name in enumerate(values, 1):
            parts.append(f'<PersonName number="{number}">')
            _add_name(parts, name or {})
            parts.append("</PersonName>")
    else:
        for number, value in enumerate(values, 1):
            parts.append(f'<Value number="{number}">{"" if value is None else _text(value)}</Value>')


def _add_name(parts: list[str], name: Mapping[str, str] | str) -> None:
    groups = {"Alphabetic": name} if isinstance(name, str) else name
    for group in _GROUPS:
        text = groups.get(group)
        if not text:
            continue
        components = text.split("^", len(_COMPONENTS) - 1)
        told = "".join(
            f"<{component}>{_text(part)}</{component}>"
            for component, part in zip(_COMPONENTS, components, strict=False)
            if part
        )
        parts.append(f"<{group}>{told}</{group}>")


def _creator(tag: str, data_set: Mapping[str, Any]) -> str:
    """Who reserved the block of a private element (PS3.5 §7.8.1); empty: it is not private, or nobody."""
    if tag[3] not in "13579BDFbdf" or tag[4:6] == "00":
        return ""
    values = data_set.get(f"{tag[:4]}00{tag[4:6]}", {}).get("Value")
    return str(values[0] or "") if values else ""


@lru_cache(maxsize=4096)
def _start(tag: str, vr: str, creator: str) -> str:
    if creator:
        shown, name = f"{tag[:4]}00{tag[6:]}", f' privateCreator="{_attribute(creator)}"'
    else:
        keyword = keyword_for_tag(int(tag, 16))
        shown, name = tag, f' keyword="{keyword}"' if keyword else ""
    return f'<DicomAttribute tag="{shown}" vr="{vr}"{name}>'


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return _MARKUP.sub(_escaped, text) if _MARKUP.search(text) else text


def _attribute(value: str) -> str:
    return _text(value).replace("\t", "&#9;").replace("\n", "&#10;")


def _escaped(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], "�")
