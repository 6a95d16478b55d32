"""What a data set must say of an image that was compressed with loss (PS3.3 §C.7.6.1.1.5, PS3.16 CID 7203)."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset

from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from storage.dicom.recoding import ENCODINGS, ITEM, element

SOP_INSTANCE_UID = 0x00080018
_IMAGE_TYPE, _DERIVATION_DESCRIPTION = 0x00080008, 0x00082111
_SOURCE_IMAGE, _DERIVATION_CODE = 0x00082112, 0x00089215
_LOSSY, _LOSSY_RATIO, _LOSSY_METHOD = 0x00282110, 0x00282112, 0x00282114
_METHOD = "ISO_10918_1"
_WRITER = ENCODINGS[EXPLICIT_VR_LITTLE_ENDIAN]

Marks = Mapping[int, tuple[str, bytes]]


def derived_uid(sop_instance_uid: str, transfer_syntax_uid: str) -> str:
    """The UID of an image derived from another one: always the same for the same one (PS3.5 §B.2)."""
    digest = hashlib.sha256(f"derived {sop_instance_uid} {transfer_syntax_uid}".encode()).digest()
    # version 8 of RFC 9562: a UUID of our own making
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
    return f"2.25.{number}"


def marks(header: Dataset, source: Any, sop_instance_uid: str, ratio: float) -> Marks:
    """Elements, little endian, that a lossy copy has in place of those of its source.

    ``source``: has ``sop_class_uid`` and ``sop_instance_uid``. Ratio and method come behind those of earlier steps.
    """
    image_type = _strings(header, "ImageType") or ["DERIVED", "PRIMARY"]
    reference = _element(0x00081150, "UI", _uid(source.sop_class_uid))
    reference += _element(0x00081155, "UI", _uid(source.sop_instance_uid))
    code = _element(0x00080100, "SH", _text("113040")) + _element(0x00080102, "SH", _text("DCM"))
    code += _element(0x00080104, "LO", _text("Lossy Compression"))
    return {
        SOP_INSTANCE_UID: ("UI", _uid(sop_instance_uid)),
        _IMAGE_TYPE: ("CS", _text("\\".join(["DERIVED", *image_type[1:]]))),
        _DERIVATION_DESCRIPTION: ("ST", _text(f"Lossy compression JPEG baseline, ratio {ratio:.2f}")),
        _SOURCE_IMAGE: ("SQ", _item(reference)),
        _DERIVATION_CODE: ("SQ", _item(code)),
        _LOSSY: ("CS", b"01"),
        _LOSSY_RATIO: ("DS", _text("\\".join([*_strings(header, "LossyImageCompressionRatio"), f"{ratio:.3f}"]))),
        _LOSSY_METHOD: ("CS", _text("\\".join([*_strings(header, "LossyImageCompressionMethod"), _METHOD]))),
    }


def code_string(text: str) -> tuple[str, bytes]:
    """A Code String, padded to an even length."""
    return "CS", _text(text)


def _strings(header: Dataset, keyword: str) -> list[str]:
    value = header.get(keyword)
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, Sequence) and not isinstance(value, str) else [str(value)]


def _element(tag: int, representation: str, value: bytes) -> bytes:
    return element(tag, representation, value, _WRITER)


def _item(content: bytes) -> bytes:
    return struct.pack("<HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def _text(text: str) -> bytes:
    return text.encode("ascii", "replace") + b" " * (len(text) % 2)


def _uid(text: str) -> bytes:
    return text.encode("ascii") + b"\0" * (len(text) % 2)
