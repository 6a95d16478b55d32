"""A Part 10 file is taken apart in whatever pieces it comes, and nothing else is taken."""

import itertools
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.dicom.part10 import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    MAXIMUM_META_BYTES,
    FileMeta,
    Origin,
    Part10Splitter,
    encode_meta,
    inflate,
    read_meta,
    record,
    valid_uid,
)
from storage.errors import InvalidInstance, TooLarge

META = FileMeta(EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.5.1.4.1.1.2", "1.2.3", "CT1")
HEAD = encode_meta(META)[0]
DATASET = struct.pack("<HH2sH", 8, 0x16, b"UI", 4) + b"1.2\0"


def split(data: bytes, *cuts: int) -> tuple[bytes, FileMeta | None]:
    splitter = Part10Splitter()
    edges = [0, *sorted(cuts), len(data)]
    out = b"".join(splitter.feed(data[start:end]) for start, end in itertools.pairwise(edges))
    return out + splitter.finish(), splitter.meta


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, len(HEAD) + len(DATASET)), max_size=6))
def test_any_pieces_give_the_same(cuts: list[int]) -> None:
    dataset, meta = split(HEAD + DATASET, *cuts)
    assert dataset == DATASET
    assert meta is not None
    assert (meta.transfer_syntax_uid, meta.sop_class_uid, meta.sop_instance_uid, meta.source_ae_title) == (
        META.transfer_syntax_uid,
        META.sop_class_uid,
        META.sop_instance_uid,
        META.source_ae_title,
    )


def test_byte_by_byte() -> None:
    data = HEAD + DATASET
    assert split(data, *range(1, len(data)))[0] == DATASET


@pytest.mark.parametrize("length", [0, 5, 0x7FFFFFFF])
def test_a_group_length_that_lies_or_lacks_does_not_matter(length: int) -> None:
    lying = HEAD[:140] + struct.pack("<I", length) + HEAD[144:]
    assert split(lying + DATASET)[0] == DATASET
    assert split(HEAD[:132] + HEAD[144:] + DATASET)[0] == DATASET


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not dicom",
        bytes(200),
        b"\x89PNG\r\n" + bytes(500),
        HEAD[:131],
        HEAD[:150],
        bytes(128) + b"DICM" + DATASET,
        bytes(128) + b"DICM" + struct.pack("<HHI", 2, 0x10, 4) + b"1.2\0" + DATASET,
        bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 1, b"OB", 0, 0xFFFFFFFF) + bytes(100),
    ],
)
def test_what_is_no_part_10_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInstance):
        split(data)
    with pytest.raises(InvalidInstance):
        read_meta(data)


def test_an_endless_meta_is_refused_before_it_fills_the_memory() -> None:
    element = struct.pack("<HH2sHI", 2, 0x102, b"OB", 0, 65536) + bytes(65536)
    endless = HEAD + element * (2 * MAXIMUM_META_BYTES // len(element))
    with pytest.raises(InvalidInstance, match="longer than a megabyte"):
        split(endless, *range(0, len(endless), 65536))


def test_no_transfer_syntax_is_refused() -> None:
    body = struct.pack("<HH2sH", 2, 3, b"UI", 4) + b"1.2\0"
    with pytest.raises(InvalidInstance, match="Transfer Syntax"):
        split(bytes(128) + b"DICM" + body + DATASET)


def test_inflating_is_bounded() -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    assert len(bomb) < 20_000
    with pytest.raises(TooLarge):
        inflate(bomb, 1_000_000)
    assert len(inflate(bomb)) == 10_000_000


@pytest.mark.parametrize("uid", ["1.2.3", "1.02", "ABC", "1" * 64])
def test_uids_that_are_kept(uid: str) -> None:
    assert valid_uid(uid)


@pytest.mark.parametrize("uid", ["", ".", "..", "1" * 65, "1/2", "1\\2", "1 2", "1\0", "é", "1?2", "1#2", "%2e", "<a>"])
def test_uids_that_are_not(uid: str) -> None:
    assert not valid_uid(uid)


def test_the_record_says_when_and_for_whom_it_came() -> None:
    origin = Origin(datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), "01001", 1, 2, 2**40)
    meta = replace(META, dataset_sha256="ab" * 32, origin=origin)
    head, at = encode_meta(meta)
    assert head[at:] == record(meta)
    assert read_meta(head + DATASET) == (meta, len(head))


def test_a_record_can_take_the_place_of_another() -> None:
    head, at = encode_meta(META)
    meta = replace(META, dataset_sha256="cd" * 32, origin=Origin(facility="F" * 64))
    assert read_meta(head[:at] + record(meta) + DATASET) == (meta, len(head))


def test_a_time_out_of_range_is_none() -> None:
    head, at = encode_meta(META)
    broken = head[: at + 32] + b"\x7f" * 8 + head[at + 40 :]
    assert read_meta(broken + DATASET)[0].origin == Origin()
