"""Identifiers: read leniently in every encoding, written strictly."""

import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from dicom_nodes.identifier import PATIENT_ID, Identifier, encode, from_json
from storage.errors import InvalidQuery

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_what_is_written_is_read(syntax: str) -> None:
    answer = {
        0x00080052: ("CS", "STUDY"),
        0x00100010: ("PN", "Trần^Thị=陳^氏"),
        PATIENT_ID: ("LO", ""),
        0x00280010: ("US", "512"),
        0x00400275: ("SQ", ""),
    }
    found = Identifier.decode(encode(answer, syntax), syntax)
    assert found.keys == {0x00080052: "STUDY", 0x00100010: "Trần^Thị=陳^氏", PATIENT_ID: "", 0x00280010: "512"}
    assert found.sequences == {0x00400275}
    assert found.character_sets == ("ISO_IR 192",)


def test_matches_in_dicom_json_become_elements() -> None:
    row = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]},
        "00080061": {"vr": "CS", "Value": ["CT", "SR"]},
        "00201208": {"vr": "IS", "Value": [12]},
    }
    encoded = encode(from_json(row, [0x00100010, 0x00080061, 0x00201208, 0x00081030]), EXPLICIT)
    read = dcmread(io.BytesIO(encoded), force=True)
    assert read.PatientName == "Yamada^Tarou=山田^太郎"
    assert list(read.ModalitiesInStudy) == ["CT", "SR"]
    assert read.NumberOfStudyRelatedInstances == 12
    assert read.StudyDescription == ""


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_items_are_written_with_all_they_hold_and_their_keys_read(syntax: str) -> None:
    code = {"00080100": {"vr": "SH", "Value": ["C1"]}, "00080104": {"vr": "LO", "Value": ["Sọ não"]}}
    item = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00400008": {"vr": "SQ", "Value": [code]},
        "00400009": {"vr": "SH", "Value": ["S1"]},
        "00189313": {"vr": "FD", "Value": [0.5, -2]},
        "00280009": {"vr": "AT", "Value": ["00181063"]},
        "00420011": {"vr": "OB", "InlineBinary": "AAEC"},
    }
    row = {"00400275": {"vr": "SQ", "Value": [item, {}]}}
    found = Identifier.decode(encode(from_json(row, [0x00400275]), syntax), syntax)
    assert found.sequences == {0x00400275}
    assert {path: value for path, value in found.nested.items() if "0009" in path or "0104" in path} == {
        "00400275.00400008.00080104": "Sọ não",
        "00400275.00400009": "S1",
        "00400275.00280009": found.nested["00400275.00280009"],
    }
    assert found.nested["00400275.00189313"] == "0.5\\-2.0"
    assert found.nested["00400275.00400008.00080100"] == "C1"
    assert found.character_sets == ("ISO_IR 192",)


def test_a_very_long_list_still_fits() -> None:
    uids = "\\".join(f"1.2.840.{number:050d}" for number in range(2000))
    encoded = encode({0x00080058: ("UI", uids)}, EXPLICIT)
    assert Identifier.decode(encoded, EXPLICIT).uids(0x00080058)[1999].endswith("1999")


@given(st.binary(max_size=100), st.sampled_from([IMPLICIT, EXPLICIT, BIG]))
def test_noise_is_an_invalid_query_or_none(noise: bytes, syntax: str) -> None:
    with suppress(InvalidQuery):
        Identifier.decode(noise, syntax)


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ("\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", "YAMADA^TAROU=山田^太郎"),
        ("\\ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("\\ISO 2022 IR 58", "Wang^XiaoDong=王^小东"),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", "Buc^Jérôme=Люкceмбypг"),
        ("\\ISO 2022 IR 100\\ISO 2022 IR 126", "Äneas^Διονυσιος"),
    ],
)
def test_an_asker_with_code_extensions_gets_them(terms: str, name: str) -> None:
    """Read back by our own reader, and by pydicom, which leaves the escape sequences of GB 2312 in the text."""
    answer = {0x00100010: ("PN", name), 0x00081030: ("LO", "CT"), 0x00080060: ("CS", "CT")}
    encoded = encode(answer, EXPLICIT, terms.split("\\"))
    read = dcmread(io.BytesIO(encoded), force=True)
    assert str(read.PatientName).replace("\x1b$)A", "") == name
    assert "\\".join(read.SpecificCharacterSet) == terms
    assert Identifier.decode(encoded, EXPLICIT).keys[0x00100010] == name


@pytest.mark.parametrize("terms", ["\\ISO 2022 IR 87", "ISO 2022 IR 100\\ISO_IR 87", "NONSENSE", "ISO_IR 100"])
def test_what_the_sets_of_the_asker_have_not_comes_in_utf_8(terms: str) -> None:
    encoded = encode({0x00100010: ("PN", "Nguyễn^Đức")}, EXPLICIT, terms.split("\\"))
    read = dcmread(io.BytesIO(encoded), force=True)
    assert (read.SpecificCharacterSet, read.PatientName) == ("ISO_IR 192", "Nguyễn^Đức")
