"""Vietnamese and other text is found without diacritics, case or order, and read in whatever character set."""

import pydicom
import pytest
from pydicom.data import get_charset_files

from storage.dicom import charset
from storage.dicom.text import name_groups, normalise, normalise_name, search_text, tokens


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("NGUYỄN^VĂN^ĐỨC", "NGUYEN^VAN^DUC"),
        ("nguyễn văn đức", "NGUYEN VAN DUC"),
        ("Nguye\u0302\u0303n", "NGUYEN"),  # decomposed
        ("Trần*Thị?", "TRAN*THI?"),
        ("ĐẶNG", "DANG"),
        ("Łukasz Ørsted Straße", "LUKASZ ORSTED STRASSE"),
        ("山田^太郎", "山田^太郎"),
        ("김희중", "김희중"),
        ("", ""),
    ],
)
def test_normalised(text: str, wanted: str) -> None:
    assert normalise(text) == wanted
    assert normalise(normalise(text)) == wanted


def test_search_text_has_each_word_once_with_spaces_around() -> None:
    assert search_text(["NGUYỄN^VĂN^ĐỨC", "BN-001", "", "Văn phòng"]) == " 001 BN DUC NGUYEN PHONG VAN "
    assert search_text([]) == search_text(["", "^"]) == ""
    assert tokens("duc  nguyen") == ["DUC", "NGUYEN"]


def test_names() -> None:
    assert normalise_name("Nguyễn ^ Văn Đức^^^") == "NGUYEN^VAN DUC"
    assert normalise_name("Yamada^Tarou=山田^太郎=") == "YAMADA^TAROU=山田^太郎"
    assert normalise_name("^^^") == ""
    assert name_groups("a=b") == ("a", "b", "")


@pytest.mark.parametrize("path", sorted(get_charset_files("chr*.dcm")), ids=lambda path: str(path).split("/")[-1])
def test_names_of_packaged_files_read_as_pydicom_reads_them(path: str) -> None:
    dataset = pydicom.dcmread(path)
    element = dataset.get_item("PatientName")
    if element is None or element.value is None:
        pytest.skip("no name in this file")
    terms = dataset.get("SpecificCharacterSet") or []
    codecs = charset.codecs([terms] if isinstance(terms, str) else terms)
    assert charset.decode(element.value, codecs).rstrip(" =") == str(dataset.PatientName).rstrip(" =")


@pytest.mark.parametrize(
    ("value", "terms", "wanted"),
    [
        ("Nguyễn".encode(), [], "Nguyễn"),  # UTF-8 that nobody declared
        ("Nguyễn".encode(), ["ISO_IR 6"], "Nguyễn"),
        ("Nguyễn".encode(), ["ISO_IR 192"], "Nguyễn"),
        (b"J\xe9r\xf4me", [], "Jérôme"),
        (b"J\xe9r\xf4me", ["ISO 2022 IR 100"], "Jérôme"),
        (b"J\xe9r\xf4me", ["iso-ir-100"], "Jérôme"),
        (b"J\xe9r\xf4me", ["no such set"], "Jérôme"),
        (b"\xff\xfe\xfd", ["ISO_IR 192"], "\ufffd\ufffd\ufffd"),
        (b"\xb3\xc9\x1b(Bx", ["ISO_IR 149"], "냥x"),
        ("王".encode("gb18030"), ["GB18030"], "王"),
        (b"plain", ["ISO_IR 87"], "plain"),
    ],
)
def test_decoding_never_fails(value: bytes, terms: list[str], wanted: str) -> None:
    assert charset.decode(value, charset.codecs(terms)) == wanted
