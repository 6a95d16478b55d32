"""What an administrator is shown of two headers."""

from storage.dicom.comparison import compare
from storage.dicom.json import DicomJson


def said(first: DicomJson, second: DicomJson) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.path, one.keyword, one.first, one.second) for one in compare(first, second)]


def test_values_absences_and_names() -> None:
    first: DicomJson = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^B", "Ideographic": "山田^太郎"}]},
        "00100020": {"vr": "LO", "Value": ["1"]},
        "00200013": {"vr": "IS", "Value": [1]},
        "00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]},
        "00083002": {"vr": "UI", "Value": ["1.2"]},
        "00091001": {"vr": "UN", "InlineBinary": "AAAA"},
    }
    second: DicomJson = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080008": {"vr": "CS", "Value": ["DERIVED"]},
        "00083002": {"vr": "UI", "Value": ["1.3"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A^C"}]},
        "00100030": {"vr": "DA"},
        "00200013": {"vr": "IS", "Value": [1]},
        "00091001": {"vr": "UN", "InlineBinary": "AAAB"},
    }
    assert said(first, second) == [
        ("00080008", "ImageType", "ORIGINAL\\\\AXIAL", "DERIVED"),
        ("00091001", "", "3 bytes", "3 bytes"),
        ("00100010", "PatientName", "A^B=山田^太郎", "A^C"),
        ("00100020", "PatientID", "1", None),
        ("00100030", "PatientBirthDate", None, ""),
    ]


def test_sequences_are_followed() -> None:
    item = {"00081150": {"vr": "UI", "Value": ["1.2"]}}
    other = {"00081150": {"vr": "UI", "Value": ["1.3"]}}
    first: DicomJson = {"00081140": {"vr": "SQ", "Value": [item, item]}, "00081115": {"vr": "SQ"}}
    second: DicomJson = {"00081140": {"vr": "SQ", "Value": [other]}, "00081115": {"vr": "SQ", "Value": [item]}}
    assert said(first, second) == [
        ("00081115/1", "ReferencedSeriesSequence", None, "item of 1 attributes"),
        ("00081140/1/00081150", "ReferencedSOPClassUID", "1.2", "1.3"),
        ("00081140/2", "ReferencedImageSequence", "item of 1 attributes", None),
    ]


def test_long_values_are_cut_and_bulk_data_is_not_looked_at() -> None:
    first: DicomJson = {
        "0020000D": {"vr": "UI", "Value": ["1"]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "/a"},
        "00204000": {"vr": "LT", "Value": ["x" * 1000]},
        "00281201": {"vr": "OW", "BulkDataURI": "/b"},
    }
    second: DicomJson = {
        "0020000D": {"vr": "UI", "Value": ["1"]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "/c"},
        "00281201": {"vr": "OW", "InlineBinary": "AAAA"},
    }
    found = said(first, second)
    assert found[0][0] == "00204000"
    assert len(found[0][2] or "") == 256
    assert found[1] == ("00281201", "RedPaletteColorLookupTableData", "bulk data", "3 bytes")
    assert len(found) == 2
