"""A modality that speaks raw bytes and believes only what it was answered (PS3.7 §9.3.1, PS3.8 §9.3)."""

import hashlib
import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydicom import dcmwrite
from pydicom.dataset import Dataset

from tests import instances
from tests.dicom_nodes.wire import ACCEPTED, CT, DATA, Wire, data_pdu

CONTEXT = 3  # of CT Image Storage in the association request of the wire
FRAGMENT = 16_000


@dataclass(frozen=True)
class Instance:
    """A CT instance as bytes: its UIDs, the data set, and the whole file."""

    study: str
    series: str
    sop: str
    data_set: bytes = field(repr=False)
    file: bytes = field(repr=False)

    @classmethod
    def of(cls, dataset: Dataset) -> "Instance":
        """Encode a data set."""
        buffer = io.BytesIO()
        dcmwrite(buffer, dataset, enforce_file_format=True)
        file = buffer.getvalue()
        return cls(
            str(dataset.StudyInstanceUID),
            str(dataset.SeriesInstanceUID),
            str(dataset.SOPInstanceUID),
            data_set_in(file),
            file,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the data set."""
        return hashlib.sha256(self.data_set).hexdigest()


def study(count: int, *, size: int = 64) -> list[Instance]:
    """A new CT study of one series."""
    return [Instance.of(dataset) for dataset in instances.study(count, rows=size, columns=size)]


def data_set_in(file: bytes) -> bytes:
    """What follows the file meta information of a Part 10 file (PS3.10 §7.1)."""
    assert file[128:132] == b"DICM"
    (length,) = struct.unpack_from("<L", file, 140)
    return file[144 + length :]


def element(number: int, value: bytes) -> bytes:
    """An element of group 0000 (PS3.7 §6.3.1)."""
    return struct.pack("<HHL", 0, number, len(value)) + value


def uid_value(uid: str) -> bytes:
    """A UID, padded to an even length."""
    return uid.encode() + b"\0" * (len(uid) % 2)


def store_request(sop: str, message_id: int = 1, *, data_set: bool = True) -> bytes:
    """The command set of a C-STORE request."""
    rest = (
        element(0x0002, uid_value(CT))
        + element(0x0100, struct.pack("<H", 0x0001))
        + element(0x0110, struct.pack("<H", message_id))
        + element(0x0700, struct.pack("<H", 0))
        + element(0x0800, struct.pack("<H", 0x0001 if data_set else 0x0101))
        + element(0x1000, uid_value(sop))
    )
    return element(0x0000, struct.pack("<L", len(rest))) + rest


def pdus(instance: Instance, message_id: int = 1) -> list[bytes]:
    """A C-STORE request and its data set as PDUs."""
    made = [data_pdu(CONTEXT, store_request(instance.sop, message_id), command=True, last=True)]
    for start in range(0, len(instance.data_set), FRAGMENT):
        piece = instance.data_set[start : start + FRAGMENT]
        made.append(data_pdu(CONTEXT, piece, command=False, last=start + FRAGMENT >= len(instance.data_set)))
    return made


@dataclass(frozen=True)
class Answer:
    """Status and Error Comment of a C-STORE response."""

    status: int
    comment: str = ""


def answer(wire: Wire) -> Answer | None:
    """The next C-STORE response; ``None`` if the connection ended first."""
    kind, body = wire.pdu()
    if kind != DATA:
        return None
    position, found = 6, {}
    while position < len(body):
        _, number, length = struct.unpack_from("<HHL", body, position)
        found[number] = body[position + 8 : position + 8 + length]
        position += 8 + length
    assert found[0x0100] == struct.pack("<H", 0x8001)
    return Answer(int.from_bytes(found[0x0900], "little"), found.get(0x0902, b"").decode().strip())


def associated(port: int) -> Wire:
    """A new association.

    Raises:
        ConnectionError: it is not accepted.
    """
    wire = Wire(port)
    try:
        kind, _ = wire.associate()
    except ConnectionError:
        kind = 0
    if kind != ACCEPTED:
        wire.socket.close()
        raise ConnectionError("The association was not accepted.")
    return wire


def send(port: int, sent: Sequence[Instance], each: Callable[[Answer], None] = lambda _: None) -> dict[str, Answer]:
    """Send instances on one association until it ends; what was answered by SOP Instance UID."""
    answers: dict[str, Answer] = {}
    with associated(port) as wire:
        for number, instance in enumerate(sent, 1):
            try:
                wire.send(b"".join(pdus(instance, number)))
                given = answer(wire)
            except ConnectionError:
                given = None
            if given is None:
                break
            answers[instance.sop] = given
            each(given)
    return answers


def acknowledged(answers: dict[str, Answer]) -> set[str]:
    """SOP Instance UIDs that were answered with success."""
    return {sop for sop, given in answers.items() if given.status == 0}
