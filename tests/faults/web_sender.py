"""A STOW-RS client that speaks raw bytes where an honest one would not do (PS3.18 §10.5)."""

import socket
from collections.abc import Sequence

import httpx

from tests.faults.node import Node
from tests.faults.sender import Instance

BOUNDARY = "fault-boundary"
CONTENT_TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def body(sent: Sequence[Instance]) -> bytes:
    """A store request's multipart message."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + instance.file + b"\r\n" for instance in sent) + f"--{BOUNDARY}--\r\n".encode()


def post(client: httpx.Client, sent: Sequence[Instance]) -> set[str]:
    """Store instances in one request; the SOP Instance UIDs that the answer says are stored."""
    try:
        answer = client.post(
            "/dicom-web/studies",
            content=body(sent),
            headers={"Content-Type": CONTENT_TYPE, "Accept": "application/dicom+json"},
        )
    except httpx.TransportError:
        return set()
    if answer.status_code not in (200, 202):
        return set()
    return {item["00081155"]["Value"][0] for item in answer.json()["00081199"]["Value"]}


def post_one_by_one(client: httpx.Client, sent: Sequence[Instance]) -> set[str]:
    """Store each instance in a request of its own until one fails; what was acknowledged."""
    told: set[str] = set()
    for instance in sent:
        stored = post(client, [instance])
        if not stored:
            break
        told |= stored
    return told


def begun(node: Node, length: int) -> socket.socket:
    """A connection on which the head of a store request was sent; the body is the caller's."""
    connection = socket.create_connection(("127.0.0.1", node.http_port), timeout=30)
    head = (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: 127.0.0.1:{node.http_port}\r\n"
        f"Authorization: Bearer {node.token()}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"Accept: application/dicom+json\r\nContent-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode())
    return connection


def status(connection: socket.socket) -> int:
    """The status of the answer; 0 if the connection ended without one."""
    answer = b""
    try:
        while b"\r\n" not in answer:
            piece = connection.recv(4096)
            if not piece:
                return 0
            answer += piece
    except ConnectionError:
        return 0
    return int(answer.split()[1])
