"""Multipart messages as the tests send and read them, written apart from the product's own code."""

import email.parser
import email.policy
import io
from collections.abc import Sequence

import httpx
from pydicom.dataset import Dataset
from pydicom.uid import UID

BOUNDARY = "----------boundary of the tests"


def part10(ds: Dataset) -> bytes:
    """Write a data set as a Part 10 file."""
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def stow(
    client: httpx.Client, bodies: Sequence[bytes], study: str = "", part_type: str = "application/dicom"
) -> httpx.Response:
    """Store the given files in one request."""
    head = f"--{BOUNDARY}\r\nContent-Type: {part_type}\r\n\r\n".encode()
    body = b"".join(head + one + b"\r\n" for one in bodies) + f"--{BOUNDARY}--\r\n".encode()
    return client.post(
        f"/dicom-web/studies/{study}".rstrip("/"),
        content=body,
        headers={
            "Content-Type": f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"',
            "Accept": "application/dicom+json",
        },
    )


def store(client: httpx.Client, datasets: Sequence[Dataset]) -> None:
    """Store data sets that must all be accepted."""
    answer = stow(client, [part10(ds) for ds in datasets])
    assert answer.status_code == 200, answer.text


def parts(answer: httpx.Response) -> list[tuple[str, bytes]]:
    """Cut a multipart answer with the standard library: content type and body of each part."""
    head = f"Content-Type: {answer.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    boundary = email.parser.BytesParser(policy=email.policy.default).parsebytes(head).get_boundary()
    assert boundary is not None
    assert answer.headers["content-type"].startswith("multipart/related")
    delimiter = b"--" + boundary.encode()
    assert answer.content.endswith(b"\r\n" + delimiter + b"--\r\n")
    found = []
    for piece in answer.content.split(delimiter)[1:-1]:
        header, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in header.decode().split("\r\n"))
        found.append((fields["Content-Type"], body.removesuffix(b"\r\n")))
    return found


def without_meta(file: bytes) -> bytes:
    """The bytes of a Part 10 file behind its file meta information."""
    length = int.from_bytes(file[140:144], "little")
    return file[144 + length :]


def transfer_syntax(content_type: str) -> UID:
    """The transfer-syntax parameter of a content type."""
    return UID(content_type.rpartition("transfer-syntax=")[2])
