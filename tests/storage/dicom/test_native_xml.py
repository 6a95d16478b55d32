"""DICOM JSON told as the Native DICOM Model, read back with an XML parser (PS3.19 §A.1)."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.dicom import vr
from storage.dicom.native_xml import document

NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


def read(data_set: dict[str, Any]) -> list[ET.Element]:
    """The elements of a data set, as a reader of the XML sees them."""
    root = ET.fromstring(document(data_set))
    assert root.tag == f"{NAMESPACE}NativeDicomModel"
    assert root.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
    return list(root)


def told(element: ET.Element) -> list[tuple[str, str | None, str | None]]:
    return [(child.tag.removeprefix(NAMESPACE), child.get("number"), child.text) for child in element]


VALUES: list[tuple[str, object, str]] = [
    ("AE", "CT1", "CT1"),
    ("AS", "045Y", "045Y"),
    ("AT", "00280010", "00280010"),
    ("CS", "ORIGINAL", "ORIGINAL"),
    ("DA", "20240105", "20240105"),
    ("DS", 0.5, "0.5"),
    ("DS", 2, "2"),
    ("DS", "one half", "one half"),
    ("DT", "20240105101500+0700", "20240105101500+0700"),
    ("FD", 1e-30, "1e-30"),
    ("FD", "NaN", "NaN"),
    ("FL", 1.5, "1.5"),
    ("IS", -3, "-3"),
    ("LO", 'sọ <não> & "mạch"', 'sọ <não> & "mạch"'),
    ("LT", " two\r\nlines\\one value", " two\r\nlines\\one value"),
    ("SH", "A1", "A1"),
    ("SL", -70000, "-70000"),
    ("SS", -7, "-7"),
    ("ST", "]]>", "]]>"),
    ("SV", -(2**62), str(-(2**62))),
    ("TM", "101500.25", "101500.25"),
    ("UC", "any", "any"),
    ("UI", "1.2.3", "1.2.3"),
    ("UL", 70000, "70000"),
    ("UR", "http://a/?b=1&c=2", "http://a/?b=1&c=2"),
    ("US", 512, "512"),
    ("UT", "text", "text"),
    ("UV", 2**63, str(2**63)),
]


@pytest.mark.parametrize(("vr_", "value", "text"), VALUES)
def test_a_value_of_every_vr(vr_: str, value: object, text: str) -> None:
    (element,) = read({"00091001": {"vr": vr_, "Value": [value]}})
    assert (element.get("tag"), element.get("vr")) == ("00091001", vr_)
    assert told(element) == [("Value", "1", text)]


def test_every_vr_was_told() -> None:
    """Those above, and those that hold no plain values."""
    assert {vr_ for vr_, _, _ in VALUES} | vr.BINARY | {"SQ", "PN"} == vr.ALL


def test_keyword_and_values_are_numbered() -> None:
    (element,) = read({"00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]}})
    assert element.get("keyword") == "ImageType"
    assert element.get("privateCreator") is None
    assert told(element) == [("Value", "1", "ORIGINAL"), ("Value", "2", None), ("Value", "3", "AXIAL")]


def test_an_empty_element_is_told() -> None:
    elements = read({"00080050": {"vr": "SH"}, "00081110": {"vr": "SQ"}, "00100010": {"vr": "PN", "Value": []}})
    assert [(element.get("vr"), told(element)) for element in elements] == [("SH", []), ("SQ", []), ("PN", [])]


def test_a_name_by_groups_and_components() -> None:
    names: list[Any] = [
        {"Alphabetic": "Nguyễn^Văn^Đức^BS.^Jr", "Ideographic": "阮^文德", "Phonetic": "グエン"},
        None,
        {"Alphabetic": "^An^^^a^b"},
    ]
    (element,) = read({"00100010": {"vr": "PN", "Value": names}})
    assert [name.get("number") for name in element] == ["1", "2", "3"]
    assert [[group.tag.removeprefix(NAMESPACE) for group in name] for name in element] == [
        ["Alphabetic", "Ideographic", "Phonetic"],
        [],
        ["Alphabetic"],
    ]
    components = [(one.tag.removeprefix(NAMESPACE), one.text) for one in element[0][0]]
    assert components == [
        ("FamilyName", "Nguyễn"),
        ("GivenName", "Văn"),
        ("MiddleName", "Đức"),
        ("NamePrefix", "BS."),
        ("NameSuffix", "Jr"),
    ]
    assert [(one.tag.removeprefix(NAMESPACE), one.text) for one in element[0][1]] == [
        ("FamilyName", "阮"),
        ("GivenName", "文德"),
    ]
    assert [(one.tag.removeprefix(NAMESPACE), one.text) for one in element[2][0]] == [
        ("GivenName", "An"),
        ("NameSuffix", "a^b"),
    ]


def test_items_of_items() -> None:
    inner = {"00080100": {"vr": "SH", "Value": ["C1"]}}
    nested = {"00400275": {"vr": "SQ", "Value": [{"00400008": {"vr": "SQ", "Value": [inner, {}]}}, inner]}}
    (element,) = read(nested)
    assert [(item.tag.removeprefix(NAMESPACE), item.get("number")) for item in element] == [
        ("Item", "1"),
        ("Item", "2"),
    ]
    protocol = element[0][0]
    assert protocol.get("keyword") == "ScheduledProtocolCodeSequence"
    assert [item.get("number") for item in protocol] == ["1", "2"]
    assert told(protocol[0][0]) == [("Value", "1", "C1")]
    assert told(element[1][0]) == [("Value", "1", "C1")]


@pytest.mark.parametrize("vr_", sorted(vr.BINARY))
def test_binary_inline_and_by_address(vr_: str) -> None:
    uri = "/dicom-web/studies/1/bulkdata/7FE00010?a=1&b=2"
    inline, bulk = read({"00091001": {"vr": vr_, "InlineBinary": "AAEC"}, "7FE00010": {"vr": vr_, "BulkDataURI": uri}})
    assert told(inline) == [("InlineBinary", None, "AAEC")]
    assert told(bulk) == [("BulkData", None, None)]
    assert bulk[0].get("uri") == uri


def test_a_private_element_is_told_with_its_creator() -> None:
    elements = read(
        {
            "00090010": {"vr": "LO", "Value": ['SIEMENS "CT"\tVA0']},
            "00091001": {"vr": "LO", "Value": ["a"]},
            "00091101": {"vr": "LO", "Value": ["nobody's"]},
        }
    )
    assert [(one.get("tag"), one.get("privateCreator"), one.get("keyword")) for one in elements] == [
        ("00090010", None, None),
        ("00090001", 'SIEMENS "CT"\tVA0', None),
        ("00091101", None, None),
    ]


def test_what_xml_cannot_hold_is_marked() -> None:
    (element,) = read({"00104000": {"vr": "LT", "Value": ["a\x00b\x1bc\ud800d\ufffe"]}})
    assert told(element) == [("Value", "1", "a�b�c�d�")]


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    (element,) = read({"00104000": {"vr": "LT", "Value": [text]}})
    allowed = "".join("�" if (ord(c) < 32 and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in text)
    assert (element[0].text or "") == allowed
