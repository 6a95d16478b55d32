"""Messages of many parts, cut anywhere (RFC 2046 §5.1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacs.dicomweb.multipart import (
    MAXIMUM_HEADER_BYTES,
    MultipartReader,
    PartBegin,
    PartData,
    PartEnd,
    closing,
    new_boundary,
    part_head,
)
from storage.errors import InvalidRequest

BOUNDARY = "0123456789abcdef"


def read(message: bytes, cut: int, boundary: str = BOUNDARY) -> list[tuple[dict[str, str], bytes]]:
    """Read a whole message in blocks of ``cut`` bytes."""
    reader = MultipartReader(boundary)
    found: list[tuple[dict[str, str], bytearray]] = []
    ended = 0
    for start in range(0, len(message), cut):
        for event in reader.feed(message[start : start + cut]):
            if isinstance(event, PartBegin):
                found.append((dict(event.headers), bytearray()))
            elif isinstance(event, PartData):
                found[-1][1].extend(event.data)
            elif isinstance(event, PartEnd):
                ended += 1
    reader.close()
    assert ended == len(found)
    return [(headers, bytes(body)) for headers, body in found]


def write(bodies: list[bytes], boundary: str = BOUNDARY) -> bytes:
    message = b""
    for number, body in enumerate(bodies):
        message += part_head(boundary, "application/dicom", first=number == 0) + body
    return message + closing(boundary)


def feed_often(reader: MultipartReader, block: bytes, times: int) -> None:
    for _ in range(times):
        list(reader.feed(block))


# Bytes that look like pieces of a delimiter are what a reader trips over.
PIECES = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--", b"\r\n--0123", b"x", b"\0" * 40]), max_size=12)


@settings(max_examples=300, deadline=None)
@given(bodies=st.lists(PIECES.map(b"".join), min_size=1, max_size=4), cut=st.integers(1, 50))
def test_what_is_written_is_read_back_however_it_is_cut(bodies: list[bytes], cut: int) -> None:
    assert [body for _, body in read(write(bodies), cut)] == bodies


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_preamble_epilogue_padding_and_parts_without_header_are_understood(cut: int) -> None:
    message = (
        b"this is no part\r\n--B  \r\nContent-Type: application/dicom\r\nX-More:  y \r\n\r\none"
        b"\r\n--B\r\n\r\ntwo\r\n--B--\r\nnor is this"
    )
    found = read(message, cut, "B")
    assert found == [({"content-type": "application/dicom", "x-more": "y"}, b"one"), ({}, b"two")]


@pytest.mark.parametrize("boundary", ["", "x" * 201, 'a"b', "a\r\nb", "ends in blank "])
def test_a_malformed_boundary_is_refused(boundary: str) -> None:
    with pytest.raises(InvalidRequest):
        MultipartReader(boundary)


def test_a_message_that_is_cut_off_is_noticed() -> None:
    reader = MultipartReader(BOUNDARY)
    list(reader.feed(write([b"abc"])[:-8]))
    with pytest.raises(InvalidRequest, match="cut off"):
        reader.close()


def test_a_body_that_is_no_multipart_is_noticed_early() -> None:
    reader = MultipartReader(BOUNDARY)
    with pytest.raises(InvalidRequest, match="not a multipart"):
        feed_often(reader, bytes(4096), 100)


def test_an_endless_header_is_refused_before_it_fills_memory() -> None:
    reader = MultipartReader(BOUNDARY)
    list(reader.feed(f"--{BOUNDARY}\r\n".encode()))
    with pytest.raises(InvalidRequest, match="too long"):
        feed_often(reader, b"x" * 1000, MAXIMUM_HEADER_BYTES // 1000 + 2)


def test_a_large_part_is_never_held_whole() -> None:
    reader = MultipartReader(BOUNDARY)
    list(reader.feed(part_head(BOUNDARY, "application/dicom", first=True)))
    block = bytes(1 << 20)
    for _ in range(8):
        passed = sum(len(event.data) for event in reader.feed(block) if isinstance(event, PartData))
        assert passed >= len(block) - len(BOUNDARY) - 4


def test_boundaries_do_not_repeat() -> None:
    assert new_boundary() != new_boundary()
