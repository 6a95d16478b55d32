"""Which values mean the same, however they are written."""

from typing import Any

import pytest

from storage.dicom.likeness import alike, same_name


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("NGUYỄN^VĂN^ĐỨC", "Nguyen Van Duc"),
        ("NGUYỄN^VĂN^ĐỨC", "DUC^NGUYEN VAN"),
        ("NGUYEN^VAN^DUC", "NGUYENVANDUC"),
        ("TRẦN^THỊ^LÊ^^", "Trần^Thị Lê^^Bà"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "YAMADA^TAROU"),
        ("=山田^太郎", "Yamada^Tarou"),
        ("", "anybody"),
    ],
)
def test_one_person(first: str, second: str) -> None:
    assert same_name(first, second)
    assert same_name(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("NGUYỄN^VĂN^ĐỨC", "NGUYỄN^VĂN^ĐẠT"),
        ("NGUYỄN^VĂN^ĐỨC", "NGUYỄN^ĐỨC"),
        ("=山田^太郎", "=山田^次郎"),
        ("A^B=山田^太郎", "C^D=山田^太郎"),
    ],
)
def test_two_persons(first: str, second: str) -> None:
    assert not same_name(first, second)
    assert not same_name(second, first)


@pytest.mark.parametrize(
    ("column", "first", "second", "same"),
    [
        ("study_time", "1015", "101500.000", True),
        ("study_time", "101500.5", "101500.500", True),
        ("study_time", "1015", "101501", False),
        ("study_time", "101500", "101600", False),
        ("patient_birth_date", "1980", "19800523", True),
        ("patient_birth_date", "198005", "19800523", True),
        ("patient_birth_date", "19800101", "19800523", False),
        ("study_description", "CT  sọ não ", "CT sọ não", True),
        ("study_description", "CT", "ct", False),
        ("patient_id", "001", "1", False),
        ("series_number", 1, 1, True),
        ("series_number", 0, 1, False),
        ("series_number", None, 1, True),
        ("patient_sex", "", "M", True),
    ],
)
def test_values(column: str, first: Any, second: Any, same: bool) -> None:
    assert alike(column, first, second) is same
    assert alike(column, second, first) is same
