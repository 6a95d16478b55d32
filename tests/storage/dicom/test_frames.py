"""Each frame is where the table says, in native, single-bit and encapsulated pixel data."""

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import UID

from storage.dicom import pixel_data
from storage.dicom.frames import FrameTable, fragments, group
from storage.dicom.header import parse
from storage.dicom.part10 import EXPLICIT_VR_LITTLE_ENDIAN
from storage.errors import InvalidInstance, NotFound
from tests.storage.generated import ct_slice, dataset_of_file, encode


def stored_frames(data: bytes, transfer_syntax_uid: str) -> tuple[list[bytes], pixel_data.Frames]:
    header = parse(data, transfer_syntax_uid)
    found = pixel_data.locate(header, transfer_syntax_uid)
    table = FrameTable.decode(found.table.encoded)
    assert table == found.table
    plain = bytes(header.data) if table.deflated else data
    frames = []
    for number in range(1, len(table) + 1):
        where = table.frame(number)
        frames.append(where.extract(plain[where.offset : where.offset + where.length]))
    return frames, found


def test_native_frames_follow_each_other() -> None:
    data = encode(ct_slice(NumberOfFrames=3, PixelData=bytes(range(96))))
    frames, found = stored_frames(data, EXPLICIT_VR_LITTLE_ENDIAN)
    assert frames == [bytes(range(0, 32)), bytes(range(32, 64)), bytes(range(64, 96))]
    assert (found.number, found.warnings) == (3, ())


@pytest.mark.parametrize(("length", "frames"), [(96, 3), (98, 3), (64, 2), (70, 3), (200, 3)])
def test_short_and_long_pixel_data_is_kept_with_a_warning(length: int, frames: int) -> None:
    data = encode(ct_slice(NumberOfFrames=3, PixelData=bytes(length)))
    got, found = stored_frames(data, EXPLICIT_VR_LITTLE_ENDIAN)
    assert len(got) == frames
    assert (found.warnings == ()) == (length == 96)
    assert sum(map(len, got)) == min(length, 96)


def test_padding_of_one_byte_is_not_odd() -> None:
    data = encode(ct_slice(BitsAllocated=8, Rows=3, Columns=3, PixelData=bytes(range(10))))
    frames, found = stored_frames(data, EXPLICIT_VR_LITTLE_ENDIAN)
    assert (frames, found.warnings) == ([bytes(range(9))], ())


def test_half_chroma_has_two_samples_a_pixel() -> None:
    data = encode(
        ct_slice(BitsAllocated=8, SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PixelData=bytes(32))
    )
    frames, found = stored_frames(data, EXPLICIT_VR_LITTLE_ENDIAN)
    assert ([len(frame) for frame in frames], found.warnings) == ([32], ())


def test_single_bit_frames_start_on_a_byte_when_they_come_out() -> None:
    pixels = np.random.default_rng(1).integers(0, 2, (5, 3, 3), dtype=np.uint8)
    packed = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    data = encode(
        ct_slice(BitsAllocated=1, BitsStored=1, HighBit=0, Rows=3, Columns=3, NumberOfFrames=5, PixelData=packed)
    )
    frames, _ = stored_frames(data, EXPLICIT_VR_LITTLE_ENDIAN)
    for frame, wanted in zip(frames, pixels, strict=True):
        got = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[:9]
        assert (got == wanted.ravel()).all()
        assert len(frame) == 2


@pytest.mark.parametrize("changes", [{"Rows": None}, {"Columns": 0}, {"BitsAllocated": None}])
def test_an_image_that_cannot_be_measured_has_no_frames(changes: dict[str, Any]) -> None:
    frames, found = stored_frames(encode(ct_slice(**changes)), EXPLICIT_VR_LITTLE_ENDIAN)
    assert (frames, found.number) == ([], 1)
    assert found.warnings != ()


def test_an_instance_without_pixels_has_no_frames() -> None:
    assert stored_frames(encode(ct_slice(PixelData=None)), EXPLICIT_VR_LITTLE_ENDIAN)[1].number == 0


def test_frames_out_of_range_are_not_found() -> None:
    table = FrameTable.native(pixel_offset=0, pixel_length=8, frame_bits=32, count=2)
    for number in (0, 3, -1):
        with pytest.raises(NotFound):
            table.frame(number)


def items(*values: bytes) -> bytes:
    return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value for value in values)


END = b"\xfe\xff\xdd\xe0\0\0\0\0"
JPEG = (b"\xff\xd8\xff\xe0one.", b"more\xff\xd9", b"\xff\xd8\xff\xe0two.", b"\xff\xd9", b"\xff\xd8\xff\xe03\xff\xd9")


def grouped(basic: bytes, values: tuple[bytes, ...], frames: int, extended: bytes = b"") -> list[list[bytes]] | None:
    data = items(basic, *values) + END
    table, found, end = fragments(data, 0, len(data))
    assert (table, end) == (basic, len(data))
    made = group(data, found, frames, basic=table, extended=extended)
    if made is None:
        return None
    return [[data[offset : offset + length] for offset, length in frame] for frame in made]


THREE = [list(JPEG[:2]), list(JPEG[2:4]), [JPEG[4]]]


def test_a_basic_offset_table_tells_fragments_apart() -> None:
    plain = (b"aaaa", b"bb", b"cccc", b"dd", b"ee")
    assert grouped(struct.pack("<3I", 0, 22, 44), plain, 3) == [[b"aaaa", b"bb"], [b"cccc", b"dd"], [b"ee"]]


def test_an_extended_offset_table_tells_fragments_apart() -> None:
    plain = (b"aaaa", b"bb", b"cccc", b"dd", b"ee")
    wanted = [[b"aaaa", b"bb"], [b"cccc", b"dd"], [b"ee"]]
    assert grouped(b"", plain, 3, struct.pack("<3Q", 0, 22, 44)) == wanted


@pytest.mark.parametrize("basic", [b"", struct.pack("<3I", 0, 5, 9), struct.pack("<3I", 0, 0, 0), struct.pack("<I", 0)])
def test_without_a_table_to_believe_the_code_streams_tell(basic: bytes) -> None:
    assert grouped(basic, JPEG, 3) == THREE


def test_one_frame_has_all_fragments_and_one_fragment_is_a_frame() -> None:
    assert grouped(b"", (b"aa", b"bb"), 1) == [[b"aa", b"bb"]]
    assert grouped(b"", (b"aa", b"bb"), 2) == [[b"aa"], [b"bb"]]
    assert grouped(b"", (b"aa",), 3) == [[b"aa"]]
    assert grouped(b"", (), 3) == []
    assert grouped(b"", (b"aa", b"bb", b"cc"), 2) is None


def test_delimiter_bytes_inside_a_code_stream_do_not_end_it() -> None:
    assert grouped(b"", (b"xx" + END + b"yy",), 1) == [[b"xx" + END + b"yy"]]


def test_damaged_encapsulation_is_refused() -> None:
    for data in (items(b"", b"abcd"), items(b"")[:6], items(b"", b"abcd")[:-2] + END[:4], b"garbage garbage!"):
        with pytest.raises(InvalidInstance):
            fragments(data, 0, len(data))


def test_a_table_of_many_frames_is_small() -> None:
    table = FrameTable.encapsulated([[(1000 + number * 108, 100)] for number in range(100_000)])
    assert len(table.encoded) < 2000
    assert FrameTable.decode(table.encoded).frame(99_999).offset == 1000 + 99_998 * 108


def compare(path: Path) -> bool:
    """The stored frames are those that pydicom finds."""
    data, transfer_syntax_uid = dataset_of_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        frames, found = stored_frames(data, transfer_syntax_uid)
        if not dataset.get("PixelData") or not dataset.get("Rows") or not dataset.get("BitsAllocated"):
            return False
        declared = str(dataset.get("NumberOfFrames") or 1)
        count = int(declared) if declared.isdigit() else 1
        assert found.number == count
        if UID(transfer_syntax_uid).is_encapsulated:
            wanted = list(generate_frames(dataset.PixelData, number_of_frames=count))
        elif dataset.BitsAllocated == 1:
            return False
        else:
            size = len(dataset.PixelData) // count
            if not frames or len(frames[0]) != size:
                size = len(frames[0])
            wanted = [dataset.PixelData[start : start + size] for start in range(0, size * count, size)]
    assert frames == wanted, path.name
    return True


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "examples_ybr_color.dcm", "SC_rgb_rle_2frame.dcm"])
def test_frames_of_packaged_files_are_those_of_pydicom(name: str) -> None:
    assert compare(Path(str(get_testdata_file(name))))


def test_frames_of_all_real_files_are_those_of_pydicom(dicom_files: Path) -> None:
    compared = 0
    for path in sorted(dicom_files.rglob("*.dcm")):
        try:
            compared += compare(path)
        except InvalidInstance:
            continue
    assert compared > 100
