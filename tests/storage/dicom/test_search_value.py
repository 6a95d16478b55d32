"""Values as they are compared, the items they are in, and what an answer tells of a sequence (PS3.4 §C.2.2.2.6)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.dicom.attributes import Level
from storage.dicom.matching import match_of, meets
from storage.dicom.search_value import NONE, SearchAttribute, comparable, of_json
from storage.dicom.sequence_part import part_of
from storage.dicom.text import misspelt

STEP = SearchAttribute(1, "00400275.00400009", "SH", Level.SERIES)
CODE = SearchAttribute(2, "00400275.00400008.00080100", "SH", Level.SERIES)
COMMENT = SearchAttribute(3, "00104000", "LT", Level.PATIENT)


def sequence(*items: dict[str, Any]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def text(value: str, vr: str = "SH") -> dict[str, Any]:
    return {"vr": vr, "Value": [value]}


@pytest.mark.parametrize(
    ("vr", "value", "expected"),
    [
        ("LO", " a b ", "a b"),
        ("LO", "x" * 900, "x" * 500),
        ("LO", None, ""),
        ("PN", {"Alphabetic": "Trần^Thị^^", "Ideographic": "陳"}, "TRAN^THI=陳"),
        ("DA", "2024.01.05", "20240105"),
        ("TM", "10:15:30.5", "101530.5"),
        ("DT", "20240105101530", "20240105101530"),
        ("DT", "some day", "some day"),
        ("DS", 1.5, "1.5"),
        ("DS", 2, "2"),
        ("DS", "one", "one"),
        ("IS", 7, "7"),
        ("FD", 1e-30, "1e-30"),
        ("FD", "NaN", "nan"),
        ("UV", 2**63, str(2**63)),
    ],
)
def test_one_writing_of_each_value(vr: str, value: Any, expected: str) -> None:
    assert comparable(vr, value) == expected


def test_items_have_the_same_name_wherever_they_are_the_same() -> None:
    item = {"00400009": text("S1"), "00091001": {"vr": "OB", "BulkDataURI": "/one"}}
    again = {"00091001": {"vr": "OB", "BulkDataURI": "/another"}, "00400009": text("S1")}
    (first,) = of_json({"00400275": sequence(item)}, [STEP]).series
    rows = of_json({"00400275": sequence({"00400009": text("S2")}, again, item)}, [STEP]).series
    assert first in rows
    assert len(rows) == 2
    assert len({row.item for row in rows}) == 2


def test_values_of_inner_items_know_the_outer_item() -> None:
    inner = [{"00080100": text("C1")}, {"00080100": text("C2")}]
    found = of_json({"00400275": sequence({"00400009": text("S1"), "00400008": sequence(*inner)})}, [STEP, CODE])
    assert {row.value for row in found.series} == {"S1", "C1", "C2"}
    assert len({row.item for row in found.series}) == 1
    assert len({row.leaf for row in found.series}) == 3


@pytest.mark.parametrize(
    "data_set",
    [
        {},
        {"00104000": {"vr": "LT"}},
        {"00400275": {"vr": "SQ"}},
        {"00400275": sequence({})},
        {"00400275": {"vr": "UN"}},
    ],
)
def test_what_is_not_there_has_no_rows(data_set: dict[str, Any]) -> None:
    assert of_json(data_set, [STEP, CODE, COMMENT]) is NONE


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("SH", "S1", "S1", True),
        ("SH", "s1", "S1", False),
        ("SH", "S*", "S1", True),
        ("SH", "S.", "S1", False),
        ("SH", "S?\\T", "S1", True),
        ("SH", '""', "", True),
        ("SH", '""', "S1", False),
        ("SH", "*", "S1", True),
        ("PN", "nguyen van*", "NGUYEN^VAN^AN", True),
        ("PN", "陳", "TRAN=陳", True),
        ("PN", "tran van", "TRAN^THI", False),
        ("DA", "20240101-20240131", "20240105", True),
        ("DA", "-20240101", "20240105", False),
        ("TM", "10", "1015", True),
        ("IS", "7,8", "8", True),
    ],
)
def test_a_value_meets_a_key(vr: str, key: str, value: str, expected: bool) -> None:
    assert meets(match_of(vr, key, empty=True), [value] if value else []) is expected


def test_a_part_of_a_sequence() -> None:
    items = [
        {
            "00400009": text("S1"),
            "00401001": text("P1"),
            "00400008": sequence({"00080100": text("C"), "00080102": text("L")}),
        },
        {"00400009": text("S2"), "00401001": text("P2")},
    ]
    told = part_of(sequence(*items), {"00401001", "00400008.00080100"}, [(STEP, match_of("SH", "S1"))])
    assert told == sequence({"00400008": sequence({"00080100": text("C")}), "00401001": text("P1")})
    assert part_of(sequence(*items), {"00400009"}) == sequence({"00400009": text("S1")}, {"00400009": text("S2")})
    assert part_of(None, {"00400009"}) == {"vr": "SQ"}


def distance(first: str, second: str) -> int:
    """Errors between two words, by the book (optimal string alignment)."""
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            other = first[i - 1] != second[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + other)
            if i > 1 and j > 1 and (first[i - 1], first[i - 2]) == (second[j - 2], second[j - 1]):
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(st.text("ABC", max_size=6), st.text("ABC", max_size=6))
def test_one_typing_error_by_the_book(first: str, second: str) -> None:
    assert misspelt(first, second) == (distance(first, second) == 1)
