"""What is asked of an archive that matches letter by letter, and what of its answers was meant."""

from fnmatch import fnmatchcase

import pytest

from storage.dicom.identifier import JsonDataset, element
from storage.dicom.remote_matching import is_meant, name_forms, text_of, values_of

WRITTEN = ("NGUYỄN^VĂN^ĐỨC", "NGUYN^VN^C", "NGUYEN^VAN^DUC", "Nguyễn Văn Đức", "Nguyen^Van^Duc")


@pytest.mark.parametrize("typed", ["nguyen van duc", "NGUYỄN^VĂN^ĐỨC", "Nguyen^Van^Duc"])
@pytest.mark.parametrize("written", WRITTEN)
def test_the_forms_find_a_name_however_it_is_written(typed: str, written: str) -> None:
    assert any(fnmatchcase(written, form) for form in name_forms(typed))


@pytest.mark.parametrize("typed", ["duc nguyen", "van nguyễn", "Đức"])
@pytest.mark.parametrize("written", WRITTEN)
def test_words_in_any_order_are_asked_for_by_the_one_that_says_most(typed: str, written: str) -> None:
    assert any(fnmatchcase(written, form) for form in name_forms(typed, fuzzy=True))


def test_forms_are_ascii_and_few() -> None:
    assert name_forms("Đỗ^Ý") == ["*"]
    assert name_forms("Trần^Thị*") == ["TR*N*TH*", "Tr*n*Th*"]
    assert name_forms("山田^太郎") == ["*"]


def answer(name: str = "TRẦN^THỊ^ĐÀO", **others: str) -> JsonDataset:
    told: JsonDataset = {"00100010": element("PN", name), "00100020": element("LO", "P1")}
    told |= {"00080020": element("DA", "20261122"), "00080061": element("CS", "CT\\SR")}
    return told | {path: element("LO", value) for path, value in others.items()}


@pytest.mark.parametrize(
    ("keys", "fuzzy", "meant"),
    [
        ({"PatientName": "tran^thi^dao"}, False, True),
        ({"PatientName": "tran*"}, False, True),
        ({"PatientName": "tran"}, False, False),
        ({"PatientName": "dao tran"}, True, True),
        ({"PatientName": "dao trun"}, True, True),  # one typing error
        ({"PatientName": "dao le"}, True, False),
        ({"PatientID": "P1"}, False, True),
        ({"PatientID": "P*"}, False, True),
        ({"PatientID": "P2"}, False, False),
        ({"00100020": "P2"}, False, False),
        ({"StudyDate": "20261101-"}, False, True),
        ({"StudyDate": "-20261101"}, False, False),
        ({"ModalitiesInStudy": "SR"}, False, True),
        ({"ModalitiesInStudy": "MR"}, False, False),
        ({"StudyDescription": "CT"}, False, True),  # it is not told
        ({"AccessionNumber": "A1"}, False, False),  # it would have been told
        ({"PatientID": ""}, False, True),
    ],
)
def test_answers_are_looked_at_again(keys: dict[str, str], fuzzy: bool, meant: bool) -> None:
    assert is_meant(keys, answer(), fuzzy=fuzzy) is meant


@pytest.mark.parametrize("wrong", [None, 5, "x", [], {}, {"Value": 5}, {"Value": [None]}, {"Value": {"a": 1}}])
def test_an_element_that_is_none_has_no_values(wrong: object) -> None:
    data_set: JsonDataset = {"00100020": wrong}
    assert values_of(data_set, 0x00100020) == []
    assert text_of(data_set, 0x00100020) == ""
    assert not is_meant({"PatientID": "P1"}, data_set)
