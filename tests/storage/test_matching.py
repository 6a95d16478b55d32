"""Keys of a query, read by their VR."""

from datetime import UTC, datetime

import pytest

from storage.dicom.matching import AnyOf, Empty, Match, Name, Numbers, Pattern, Range, Universal, Values, match_of
from storage.errors import InvalidQuery


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("LO", "", Universal()),
        ("LO", "  ", Universal()),
        ("LO", "*", Universal()),
        ("PN", "**", Universal()),
        ("LO", "BN-001", Values(("BN-001",))),
        ("LO", " BN 001 ", Values(("BN 001",))),
        ("LO", "A\\B", Values(("A", "B"))),
        ("LT", "A\\B", Values(("A\\B",))),
        ("CS", "CT,MR", Values(("CT", "MR"))),
        ("LO", "BN*1?", Pattern("BN*1?")),
        ("DA", "20240105", Range("20240105", "20240105")),
        ("DA", "2024.01.05", Range("20240105", "20240105")),
        ("DA", "20240105-", Range("20240105", "")),
        ("DA", "-20240105", Range("", "20240105")),
        ("DA", "20240105-20240106", Range("20240105", "20240106")),
        ("TM", "1015", Range("1015", "101559.999999")),
        ("TM", "10-", Range("10", "")),
        ("TM", "100000-101500", Range("10", "101500.999999")),
        ("TM", "-101530.5", Range("", "101530.599999")),
        ("TM", "000000", Range("00", "000000.999999")),
        ("IS", "1,2\\3", Numbers((1, 2, 3))),
        ("UI", "1.2.3", Values(("1.2.3",))),
        ("UI", "1.2\\1.3,1.4 ", Values(("1.2", "1.3", "1.4"))),
        ("UI", "1.2\x00", Values(("1.2",))),
        ("PN", "Nguyễn*", Name("NGUYEN*")),
        ("PN", "đỗ^thị đào^^", Name("DO^THI DAO")),
        ("PN", "A\\B", AnyOf((Name("A"), Name("B")))),
        ("PN", "A\\", Name("A")),
        ("CS", "CT\\M*", AnyOf((Values(("CT",)), Pattern("M*")))),
        ("CS", "CT\\*", Universal()),
        ("DA", "20240105\\20240107-", AnyOf((Range("20240105", "20240105"), Range("20240107", "")))),
        ("LO", '""', Values(('""',))),
        ("DS", "1.50\\+2", Values(("1.5", "2"))),
        ("AT", "0010,0010", Values(("00100010",))),
        ("DT", "2024", Range("2024", "20241231235959.999999")),
        ("DT", "2024-2025", Range("2024", "20251231235959.999999")),
        ("DT", "20240105-", Range("20240105", "")),
        ("DT", "20240105100000-2024010512", Range("2024010510", "20240105125959.999999")),
    ],
)
def test_a_value_is_read_by_its_vr(vr: str, value: str, expected: Match) -> None:
    assert match_of(vr, value) == expected


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("DA", "2024"),
        ("DA", "20241301"),
        ("DA", "20240132"),
        ("DA", "2024-01-05"),
        ("DA", "20240106-20240105"),
        ("DA", "-"),
        ("DA", "20240105*"),
        ("TM", "25"),
        ("TM", "10:75"),
        ("TM", "now"),
        ("IS", "one"),
        ("IS", "99999999999"),
        ("UI", "1.2' OR '1'='1"),
        ("UI", "1.2.*"),
        ("LO", "a\x00b"),
        ("LO", "\udc80"),
        ("LO", "x" * 2000),
        ("DT", "yesterday"),
        ("DT", "20240132"),
        ("DT", "2025-2024"),
        ("DT", "-"),
        ("AT", "PatientID"),
        ("LO", "*".join("ab") + "\\x*" * 60),
    ],
)
def test_what_cannot_be_a_value_is_refused(vr: str, value: str) -> None:
    with pytest.raises(InvalidQuery):
        match_of(vr, value)


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("LO", '""', Empty()),
        ("IS", '""', Empty()),
        ("DA", ' "" ', Empty()),
        ("UI", '""', Empty()),
        ("PN", '""', Empty()),
        ("LO", 'A\\""', AnyOf((Values(("A",)), Empty()))),
        ("PN", 'A\\""', AnyOf((Name("A"), Empty()))),
        ("LO", "", Universal()),
    ],
)
def test_two_quotation_marks_ask_for_no_value_where_that_is_meant(vr: str, value: str, expected: Match) -> None:
    assert match_of(vr, value, empty=True) == expected


def test_an_offset_from_utc_is_told_in_the_time_of_this_machine() -> None:
    local = datetime(2024, 1, 5, 3, 15, tzinfo=UTC).astimezone()
    for text in ("202401051015+0700", "202401051015 0700", "202401042215-0500"):
        assert match_of("DT", text) == Range(f"{local:%Y%m%d%H%M}".removesuffix("00"), f"{local:%Y%m%d%H%M}59.999999")
    assert match_of("DT", "202401051015+0700-") == Range(f"{local:%Y%m%d%H%M}".removesuffix("00"), "")
