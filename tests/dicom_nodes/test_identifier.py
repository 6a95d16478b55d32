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


def test_a_very_long_list_still_fits() -> None:
    uids = "\\".join(f"1.2.840.{number:050d}" for number in range(2000))
    encoded = encode({0x00080058: ("UI", uids)}, EXPLICIT)
    assert Identifier.decode(encoded, EXPLICIT).uids(0x00080058)[1999].endswith("1999")


@given(st.binary(max_size=100), st.sampled_from([IMPLICIT, EXPLICIT, BIG]))
def test_noise_is_an_invalid_query_or_none(noise: bytes, syntax: str) -> None:
    with suppress(InvalidQuery):
        Identifier.decode(noise, syntax)
