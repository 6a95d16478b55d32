"""Keys of a query, read by their VR."""

import pytest

from storage.dicom.matching import Match, Name, Numbers, Pattern, Range, Universal, Values, match_of
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
        ("CS", "CT\\M*"),
    ],
)
def test_what_cannot_be_a_value_is_refused(vr: str, value: str) -> None:
    with pytest.raises(InvalidQuery):
        match_of(vr, value)
