"""A copy of an object without its pixels gives the header and the frame table that the whole object gives."""

import os
import struct
from dataclasses import fields
from pathlib import Path

import pytest

from storage.archive import arrival, sparse
from storage.archive.arrival import Arrival
from storage.dicom.part10 import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, FileMeta, Origin, encode_meta, read_meta
from storage.errors import ArchiveError
from storage.objects import ObjectHead
from storage.objects.local import LocalStore
from storage.spooled_file import SpooledFile
from tests.storage import generated

MEGABYTE = 1024 * 1024


class Counting(LocalStore):
    """A store that counts what is read of it."""

    bytes_read = 0

    def read(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        data = super().read(key, offset, length)
        self.bytes_read += len(data)
        return data


def arrived(path: Path) -> Arrival | str:
    with path.open("rb") as file:
        meta, offset = read_meta(file.read(64 * 1024))
    spooled = SpooledFile(path, path.stat().st_size, offset, "", meta.transfer_syntax_uid, "", "", "")
    try:
        return arrival.read(spooled, study_instance_uid="", unknown_sop_classes="accept")
    except ArchiveError as error:
        return str(error)


def copied(store: LocalStore, path: Path, folder: Path) -> Path:
    store.delete("instances/a")
    store.create("instances/a", path)
    target = folder / "copy"
    sparse.copy_header(store, ObjectHead("instances/a", path.stat().st_size), target)
    return target


def same(one: Arrival | str, other: Arrival | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return all(getattr(one, each.name) == getattr(other, each.name) for each in fields(Arrival))


@pytest.mark.parametrize("window", [64, 64 * 1024])
def test_real_files_are_read_alike(
    dicom_files: Path, tmp_path: Path, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    different = []
    count = 0
    store = Counting(tmp_path / "objects")
    for path in sorted(dicom_files.rglob("*.dcm")):
        try:
            wanted = arrived(path)
        except ArchiveError:
            continue  # no Part 10 file
        # A window that ends soon after the file meta information makes even small files be followed.
        monkeypatch.setattr(sparse, "WINDOW_BYTES", max(read_meta(path.read_bytes())[1] + 64, window))
        count += 1
        if not same(arrived(copied(store, path, tmp_path)), wanted):
            different.append(path.name)
    assert count > 150
    assert different == []


@pytest.mark.parametrize("transfer_syntax_uid", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"])
def test_native_pixels_are_not_read(tmp_path: Path, transfer_syntax_uid: str) -> None:
    dataset = generated.ct_slice(Rows=1024, Columns=2048, PixelData=os.urandom(4 * MEGABYTE))
    store = Counting(tmp_path / "objects")
    path = written(tmp_path, generated.encode(dataset, transfer_syntax_uid), transfer_syntax_uid)
    assert same(arrived(copied(store, path, tmp_path)), arrived(path))
    assert store.bytes_read == sparse.WINDOW_BYTES
    assert (tmp_path / "copy").stat().st_size == path.stat().st_size


@pytest.mark.parametrize("table", [True, False])
def test_of_fragments_only_the_ends_are_read(tmp_path: Path, table: bool) -> None:
    frames = [b"\xff\x4f\xff\x51" + os.urandom(MEGABYTE) + b"\xff\xd9" for _ in range(6)]
    halves = [half for frame in frames for half in (frame[:500_000], frame[500_000:])]
    data = generated.encode(generated.ct_slice(PixelData=None, NumberOfFrames=6))
    offsets = b"".join(struct.pack("<I", number * (len(frames[0]) + 16)) for number in range(6)) if table else b""
    data += struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF)
    for item in (offsets, *halves):
        data += struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
    data += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) + struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 4) + bytes(4)
    store = Counting(tmp_path / "objects")
    path = written(tmp_path, data, "1.2.840.10008.1.2.4.202")
    found = arrived(copied(store, path, tmp_path))
    assert isinstance(found, Arrival)
    assert same(found, arrived(path))
    assert store.bytes_read < 20 * sparse.WINDOW_BYTES < len(data) / 4


def test_what_cannot_be_followed_is_read_whole(tmp_path: Path) -> None:
    data = generated.encode(generated.ct_slice(PixelData=bytes(MEGABYTE), Rows=512, Columns=1024))
    for transfer_syntax_uid, damaged in (
        (DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, data),  # it is not deflated
        ("1.2.840.10008.1.2.1", data[:40] + b"\xff" * 40 + data[80:]),
        ("1.2.840.10008.1.2", data),
    ):
        store = Counting(tmp_path / "objects")
        path = written(tmp_path, damaged, transfer_syntax_uid)
        assert same(arrived(copied(store, path, tmp_path)), arrived(path))
        assert store.bytes_read == path.stat().st_size


def test_one_that_is_cut_off_is_refused_as_ever(tmp_path: Path) -> None:
    data = generated.encode(generated.ct_slice(PixelData=bytes(MEGABYTE), Rows=512, Columns=1024))
    path = written(tmp_path, data[: MEGABYTE // 2], "1.2.840.10008.1.2.1")
    found = arrived(copied(Counting(tmp_path / "objects"), path, tmp_path))
    assert isinstance(found, str)
    assert found == arrived(path)


def written(folder: Path, data: bytes, transfer_syntax_uid: str) -> Path:
    path = folder / "file"
    path.unlink(missing_ok=True)
    path.write_bytes(encode_meta(FileMeta(transfer_syntax_uid, "", "", origin=Origin()))[0] + data)
    return path
