"""DICOM JSON and XML become the data set that pydicom would have written."""

import io
import json
import struct

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from storage.dicom import native_xml, native_xml_reading
from storage.dicom.encoding import Bulk, Extent, encode
from storage.errors import InvalidInstance, TooLarge


def unused(uri: str) -> Bulk:
    raise AssertionError(uri)


def read_back(data: bytes) -> Dataset:
    return dcmread(io.BytesIO(data), force=True)


def sample() -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPInstanceUID = generate_uid()
    ds.PatientName = "Nguyễn^Văn^Đức=阮文德"
    ds.PatientID = "odd"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "", "AXIAL"]
    ds.PixelSpacing = ["0.5", "0.123456789012"]
    ds.InstanceNumber = 7
    ds.Rows = 512
    ds.FrameIncrementPointer = [0x00181063, 0x00181065]
    ds.DiffusionBValue = 1000.5
    ds.ImageComments = "one \\ backslash, đ"
    ds.add_new(0x00091010, "LO", "")
    block = ds.private_block(0x0011, "FILMLESS TEST", create=True)
    block.add_new(0x01, "OB", b"\x01\x02\x03\x04")
    block.add_new(0x02, "LO", "riêng")
    inner = Dataset()
    inner.CodeValue, inner.CodeMeaning = "T-11100", "Sọ"
    outer = Dataset()
    outer.AnatomicRegionModifierSequence = [inner]
    ds.AnatomicRegionSequence = [outer, Dataset()]
    ds.ReferencedImageSequence = []
    return ds


def test_json_is_encoded_as_it_was() -> None:
    made = sample()
    encoded = b"".join(piece for piece in encode(made.to_json_dict(), unused) if isinstance(piece, bytes))
    back = read_back(encoded)
    assert back.to_json_dict() == made.to_json_dict()
    assert len(encoded) % 2 == 0


def test_xml_is_read_as_it_was_told() -> None:
    made = sample().to_json_dict()
    (read,) = native_xml_reading.read(native_xml.document(made))
    encoded = [b"".join(piece for piece in encode(one, unused) if isinstance(piece, bytes)) for one in (made, read)]
    assert encoded[0] == encoded[1]


def test_several_models_and_strangers_in_xml() -> None:
    one = b'<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM"></NativeDicomModel>'
    assert native_xml_reading.read(b"<all>" + one * 2 + b"</all>") == [{}, {}]
    private = (
        b'<NativeDicomModel><DicomAttribute tag="00110001" vr="LO" privateCreator="SOMEBODY">'
        b'<Value number="2">x</Value></DicomAttribute></NativeDicomModel>'
    )
    assert native_xml_reading.read(private) == [
        {"00110010": {"vr": "LO", "Value": ["SOMEBODY"]}, "00111001": {"vr": "LO", "Value": [None, "x"]}}
    ]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a/>",
        b"<NativeDicomModel>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><NativeDicomModel/>',
        "<NativeDicomModel/>".encode("utf-16"),
        b'<?xml version="1.0" encoding="cp037"?>' + '<!DOCTYPE x [<!ENTITY a "b">]><NativeDicomModel/>'.encode("cp037"),
        b'<NativeDicomModel><DicomAttribute tag="1" vr="LO"/></NativeDicomModel>',
        b'<NativeDicomModel><DicomAttribute tag="00280010" vr="US"><Value number="1">many</Value></DicomAttribute>'
        b"</NativeDicomModel>",
        b'<NativeDicomModel><DicomAttribute tag="00080008" vr="CS"><Value number="9999999">A</Value></DicomAttribute>'
        b"</NativeDicomModel>",
    ],
)
def test_what_is_no_native_model_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidInstance):
        native_xml_reading.read(document)


def test_native_and_encapsulated_bulk_data_take_their_places() -> None:
    made = {
        "00020010": {"vr": "UI", "Value": ["1.2.3"]},
        "00083002": {"vr": "UI", "Value": ["1.2.3"]},
        "00200013": {"vr": "IS", "Value": [1]},
        "54000100": {"vr": "SQ", "Value": [{"54001010": {"vr": "OW", "BulkDataURI": "wave"}}]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "pixels"},
    }
    places = {"wave": Bulk((Extent(0, 3),)), "pixels": Bulk((Extent(3, 2), Extent(5, 3)), encapsulated=True)}
    source = b"abcdefgh"
    encoded = b"".join(
        piece if isinstance(piece, bytes) else source[piece.offset : piece.offset + piece.length]
        for piece in encode(made, places.__getitem__)
    )
    back = read_back(encoded)
    assert back.WaveformSequence[0].WaveformData == b"abc\0"
    assert "AvailableTransferSyntaxUID" not in back
    assert encoded.endswith(
        b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
        + struct.pack("<HHI", 0xFFFE, 0xE000, 0)
        + struct.pack("<HHI", 0xFFFE, 0xE000, 2) + b"de"
        + struct.pack("<HHI", 0xFFFE, 0xE000, 4) + b"fgh\0"
        + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("vr", "value", "bytes_"),
    [
        ("DS", 0.1234567890123456789, b"0.12345678901235"),
        ("DS", "1.50", b"1.50"),
        ("DS", -1.2345678901234567e-100, b"-1.23456789e-100"),
        ("IS", 12, b"12"),
        ("FD", "NaN", struct.pack("<d", float("nan"))),
        ("US", "7", struct.pack("<H", 7)),
        ("UI", "1.2.3", b"1.2.3\0"),
    ],
)
def test_single_values(vr: str, value: object, bytes_: bytes) -> None:
    (piece,) = encode({"00190001": {"vr": vr, "Value": [value]}}, unused)
    assert isinstance(piece, bytes)
    assert piece[8:] == bytes_


def test_a_text_too_long_for_its_form_goes_as_unknown() -> None:
    (piece,) = encode({"00080008": {"vr": "CS", "Value": ["A" * 70_000]}}, unused)
    assert isinstance(piece, bytes)
    assert piece[4:6] == b"UN"


@pytest.mark.parametrize(
    "made",
    [
        {"0008": {"vr": "CS"}},
        {"000800ZZ": {"vr": "CS"}},
        {"00080008": []},
        {"00080008": {"vr": "XX"}},
        {"00080008": {"vr": "CS", "Value": "A"}},
        {"00080008": {"vr": "CS", "Value": [{}]}},
        {"00080008": {"vr": "CS", "Value": ["A\\B"]}},
        {"00280010": {"vr": "US", "Value": ["x"]}},
        {"00280010": {"vr": "US", "Value": [70_000]}},
        {"00281050": {"vr": "DS", "Value": [True]}},
        {"00280009": {"vr": "AT", "Value": ["zz"]}},
        {"00420011": {"vr": "OB", "InlineBinary": "%%%"}},
        {"00420011": {"vr": "OB", "Value": ["AA"]}},
        {"00081140": {"vr": "SQ", "Value": {"00080008": {}}}},
        {"00081140": {"vr": "SQ", "Value": [7]}},
    ],
)
def test_what_is_no_dicom_json_is_refused_without_its_value(made: dict[str, object]) -> None:
    with pytest.raises(InvalidInstance) as told:
        list(encode(made, unused))
    assert "70" not in str(told.value)


def test_nesting_has_an_end() -> None:
    made: dict[str, object] = {}
    for _ in range(40):
        made = {"00081140": {"vr": "SQ", "Value": [made]}}
    with pytest.raises(TooLarge):
        list(encode(json.loads(json.dumps(made)), unused))
