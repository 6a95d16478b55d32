"""DICOM JSON says what the data set says, and leaves large values behind as bulk data."""

import base64
import struct
from typing import Any

import orjson
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from storage.dicom import json
from storage.dicom.attributes import ATTRIBUTES, BY_KEYWORD, Level
from storage.dicom.columns import columns
from storage.dicom.header import parse
from storage.dicom.part10 import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from storage.index.schema import instance, series, study
from tests.storage.generated import ct_slice, encode

PATH = json.instance_path("1.2", "1.3", "1.4")


def made(dataset: Dataset, transfer_syntax_uid: str = EXPLICIT_VR_LITTLE_ENDIAN) -> dict[str, Any]:
    header = parse(encode(dataset, transfer_syntax_uid), transfer_syntax_uid)
    return json.decode(json.encode(json.instance_text(header, transfer_syntax_uid, PATH)))


def test_values_by_representation() -> None:
    found = made(
        ct_slice(
            ImageType=["ORIGINAL", "", "AXIAL"],
            PatientName="Yamada^Tarou=山田^太郎",
            PixelSpacing=["0.5", "1e1"],
            FrameIncrementPointer=[0x00181063, 0x00181065],
            SliceThickness="",
            PatientComments="line \\ one",
            WindowCenter="40",
        )
    )
    assert found["00080008"] == {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]}
    assert found["00100010"]["Value"] == [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]
    assert found["00280030"] == {"vr": "DS", "Value": [0.5, 10]}
    assert found["00280009"] == {"vr": "AT", "Value": ["00181063", "00181065"]}
    assert found["00180050"] == {"vr": "DS"}
    assert found["00104000"] == {"vr": "LT", "Value": ["line \\ one"]}
    assert found["00080005"] == {"vr": "CS", "Value": ["ISO_IR 192"]}
    assert found["00083002"] == {"vr": "UI", "Value": [EXPLICIT_VR_LITTLE_ENDIAN]}
    assert list(found) == sorted(found)


def test_a_value_that_is_no_number_is_told_as_it_is() -> None:
    data = (
        encode(ct_slice(SliceThickness="1.25", RescaleSlope="123")).replace(b"1.25", b"thin").replace(b"123 ", b"NaN ")
    )
    header = parse(data, EXPLICIT_VR_LITTLE_ENDIAN)
    found = orjson.loads(json.instance_text(header, EXPLICIT_VR_LITTLE_ENDIAN, PATH))
    assert found["00180050"]["Value"] == ["thin"]
    assert found["00281053"]["Value"] == ["NaN"]
    assert made(ct_slice(RecommendedDisplayFrameRateInFloat=float("inf")))["00089459"]["Value"] == ["inf"]


@pytest.mark.parametrize("transfer_syntax_uid", [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])
@pytest.mark.parametrize(("representation", "vr", "value"), [(1, "SS", -5), (0, "US", 65531)])
def test_the_sign_of_a_pixel_value_is_that_of_the_pixels(
    transfer_syntax_uid: str, representation: int, vr: str, value: int
) -> None:
    dataset = ct_slice(PixelRepresentation=representation)
    dataset.add_new(0x00280106, vr, value)
    assert made(dataset, transfer_syntax_uid)["00280106"] == {"vr": vr, "Value": [value]}


def test_bulk_data_is_left_behind_but_not_what_shows_the_image() -> None:
    lut = Dataset()
    lut.add_new(0x00283002, "US", [10_000, 0, 16])
    lut.add_new(0x00283006, "OW", bytes(20_000))
    dataset = ct_slice(ModalityLUTSequence=Sequence([lut]), IconImageSequence=[ct_slice()])
    dataset.add_new(0x00420011, "OB", bytes(5000))
    dataset.add_new(0x00282000, "OB", bytes(3000))
    dataset.add_new(0x60003000, "OW", bytes(8000))
    found = made(dataset)
    assert found["7FE00010"] == {"vr": "OW", "BulkDataURI": f"{PATH}/bulkdata/7FE00010"}
    assert found["00420011"] == {"vr": "OB", "BulkDataURI": f"{PATH}/bulkdata/00420011"}
    icon = found["00880200"]["Value"][0]["7FE00010"]
    assert icon["BulkDataURI"] == f"{PATH}/bulkdata/00880200/1/7FE00010"
    assert len(base64.b64decode(found["00282000"]["InlineBinary"])) == 3000
    assert len(base64.b64decode(found["60003000"]["InlineBinary"])) == 8000
    assert len(base64.b64decode(found["00283000"]["Value"][0]["00283006"]["InlineBinary"])) == 20_000


def test_inline_binary_is_little_endian() -> None:
    dataset = ct_slice()
    dataset.add_new(0x60003000, "OW", struct.pack(">4H", 1, 2, 3, 4))
    found = made(dataset, EXPLICIT_VR_BIG_ENDIAN)
    assert base64.b64decode(found["60003000"]["InlineBinary"]) == struct.pack("<4H", 1, 2, 3, 4)


def test_an_item_has_its_own_character_set() -> None:
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 100"
    item.PatientName = "Jérôme"
    dataset = ct_slice(ReferencedPatientSequence=[item])
    assert made(dataset)["00081120"]["Value"][0]["00100010"]["Value"] == [{"Alphabetic": "Jérôme"}]


def test_every_searchable_attribute_has_a_column_of_its_level() -> None:
    tables = {Level.PATIENT: study, Level.STUDY: study, Level.SERIES: series, Level.IMAGE: instance}
    for attribute in ATTRIBUTES:
        assert attribute.column in tables[attribute.level].columns
        assert not attribute.search_column or attribute.search_column in tables[attribute.level].columns
    assert len({attribute.tag for attribute in ATTRIBUTES}) == len(BY_KEYWORD) == len(ATTRIBUTES)


def test_columns_fit_their_table() -> None:
    long = "X" * 200
    header = parse(
        encode(ct_slice(Modality=long, StudyDate=long, StudyTime=long, SeriesNumber="99999999999", Laterality=long)),
        EXPLICIT_VR_LITTLE_ENDIAN,
    )
    found = columns(header, *Level)
    assert found["series_number"] is None
    for table in (study, series, instance):
        for column in table.columns:
            limit = getattr(column.type, "length", None)
            if limit and column.name in found and isinstance(found[column.name], str):
                assert len(found[column.name]) <= limit, column
