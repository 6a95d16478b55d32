"""The command set of a DIMSE message, encoded and decoded without a data-set library (PS3.7 §6.3, Annex E)."""

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

NO_DATA_SET = 0x0101
_HEADER = struct.Struct("<HHL")


class CommandField(IntEnum):
    """(0000,0100) Command Field (PS3.7 Table E.1-1)."""

    C_STORE_RQ = 0x0001
    C_GET_RQ = 0x0010
    C_MOVE_RQ = 0x0021
    C_STORE_RSP = 0x8001
    C_GET_RSP = 0x8010
    C_FIND_RSP = 0x8020
    C_MOVE_RSP = 0x8021
    C_ECHO_RSP = 0x8030
    N_EVENT_REPORT_RQ = 0x0100
    N_EVENT_REPORT_RSP = 0x8100
    N_GET_RSP = 0x8110
    N_SET_RQ = 0x0120
    N_SET_RSP = 0x8120
    N_ACTION_RQ = 0x0130
    N_ACTION_RSP = 0x8130
    N_CREATE_RQ = 0x0140
    N_CREATE_RSP = 0x8140
    N_DELETE_RSP = 0x8150


class MalformedCommand(ValueError):
    """The bytes are not a command set; the message holds no value of it."""


@dataclass
class SubOperations:
    """How far a C-MOVE or C-GET has come (PS3.7 §9.1.3.1)."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_sop_instance_uids: list[str] = field(default_factory=list)


class Command:
    """A received command set: element number of group 0000 → value bytes."""

    def __init__(self, encoded: bytes | bytearray) -> None:
        """Split the elements.

        Raises:
            MalformedCommand: a length runs over the end, or an element is not of group 0000.
        """
        self.elements: dict[int, bytes] = {}
        position = 0
        while position < len(encoded):
            if position + 8 > len(encoded):
                raise MalformedCommand("The command set ends within an element.")
            group, element, length = _HEADER.unpack_from(encoded, position)
            position += 8
            if group != 0 or length > len(encoded) - position:
                raise MalformedCommand("The command set holds an element of another group or a false length.")
            self.elements[element] = bytes(encoded[position : position + length])
            position += length

    def number(self, element: int, default: int | None = None) -> int:
        """Value of a US element.

        Raises:
            MalformedCommand: absent without default, or not two bytes.
        """
        value = self.elements.get(element)
        if value is None and default is not None:
            return default
        if value is None or len(value) != 2:
            raise MalformedCommand(f"Command element (0000,{element:04X}) is absent or not one number.")
        return int.from_bytes(value, "little")

    def text(self, element: int) -> str:
        """Value of a UI, AE or LO element without padding; empty if absent, '?' where it is not ASCII."""
        return self.elements.get(element, b"").decode("ascii", "replace").replace("�", "?").strip("\0 ")

    @property
    def field(self) -> int:
        """(0000,0100) Command Field."""
        return self.number(0x0100)

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows: (0000,0800) Command Data Set Type is not 0101H."""
        return self.number(0x0800, NO_DATA_SET) != NO_DATA_SET


def _element(number: int, value: bytes) -> bytes:
    if len(value) % 2:
        value += b"\0"
    return _HEADER.pack(0, number, len(value)) + value


def _us(value: int) -> bytes:
    return value.to_bytes(2, "little")


def encode(elements: dict[int, bytes]) -> bytes:
    """A command set with its group length, elements in order."""
    body = b"".join(_element(number, elements[number]) for number in sorted(elements))
    return _element(0, len(body).to_bytes(4, "little")) + body


def response(
    command_field: int,
    *,
    message_id: int,
    status: int,
    sop_class_uid: str = "",
    sop_instance_uid: str = "",
    error_comment: str = "",
    has_data_set: bool = False,
    sub_operations: SubOperations | None = None,
    type_id: tuple[int, int] | None = None,
    error_id: int = 0,
) -> bytes:
    """The command set of an answer; the failed list of sub-operations is a data set and not part of it.

    ``type_id``: element and value of Event Type ID (0000,1002) or Action Type ID (0000,1008).
    """
    elements = {
        0x0100: _us(command_field),
        0x0120: _us(message_id),
        0x0800: _us(0x0001 if has_data_set else NO_DATA_SET),
        0x0900: _us(status),
    }
    if sop_class_uid:
        elements[0x0002] = sop_class_uid.encode("ascii", "replace")
    if sop_instance_uid:
        elements[0x1000] = sop_instance_uid.encode("ascii", "replace")
    if type_id is not None:
        elements[type_id[0]] = _us(type_id[1])
    if error_id:
        elements[0x0903] = _us(error_id)
    if error_comment:
        comment = error_comment.encode("ascii", "replace").replace(b"\\", b"/")[:64]
        elements[0x0902] = comment + b" " * (len(comment) % 2)
    if sub_operations is not None:
        # Remaining is not sent with a final answer other than cancel (PS3.4 C.4.2.1.6).
        if status in (0xFF00, 0xFE00):
            elements[0x1020] = _us(min(sub_operations.remaining, 0xFFFF))
        elements[0x1021] = _us(min(sub_operations.completed, 0xFFFF))
        elements[0x1022] = _us(min(sub_operations.failed, 0xFFFF))
        elements[0x1023] = _us(min(sub_operations.warning, 0xFFFF))
    return encode(elements)


def store_request(
    *,
    message_id: int,
    sop_class_uid: str,
    sop_instance_uid: str,
    move_originator: tuple[str, int] | None = None,
) -> bytes:
    """The command set of a C-STORE-RQ of medium priority (PS3.7 §9.3.1.1)."""
    elements = {
        0x0002: sop_class_uid.encode("ascii"),
        0x0100: _us(CommandField.C_STORE_RQ),
        0x0110: _us(message_id),
        0x0700: _us(0),
        0x0800: _us(0x0001),
        0x1000: sop_instance_uid.encode("ascii"),
    }
    if move_originator is not None:
        title, identifier = move_originator
        elements[0x1030] = title.encode("ascii", "replace") + b" " * (len(title) % 2)
        elements[0x1031] = _us(identifier)
    return encode(elements)


def retrieval_request(*, message_id: int, sop_class_uid: str, move_destination: str = "") -> bytes:
    """The command set of a C-GET-RQ, or of a C-MOVE-RQ to a destination, of medium priority (PS3.7 §9.3.3, §9.3.4)."""
    elements = {
        0x0002: sop_class_uid.encode("ascii"),
        0x0100: _us(CommandField.C_MOVE_RQ if move_destination else CommandField.C_GET_RQ),
        0x0110: _us(message_id),
        0x0700: _us(0),
        0x0800: _us(0x0001),
    }
    if move_destination:
        elements[0x0600] = move_destination.encode("ascii", "replace") + b" " * (len(move_destination) % 2)
    return encode(elements)


def normalized_request(
    command_field: Literal[CommandField.N_EVENT_REPORT_RQ, CommandField.N_ACTION_RQ, CommandField.N_CREATE_RQ],
    *,
    message_id: int,
    sop_class_uid: str,
    sop_instance_uid: str,
    type_id: int = 0,
) -> bytes:
    """The command set of an N-EVENT-REPORT, N-ACTION or N-CREATE with a data set (PS3.7 §10.3); ``type_id`` of two."""
    requested = command_field is CommandField.N_ACTION_RQ
    elements = {
        0x0003 if requested else 0x0002: sop_class_uid.encode("ascii"),
        0x0100: _us(command_field),
        0x0110: _us(message_id),
        0x0800: _us(0x0001),
        0x1001 if requested else 0x1000: sop_instance_uid.encode("ascii"),
    }
    if command_field is not CommandField.N_CREATE_RQ:
        elements[0x1008 if requested else 0x1002] = _us(type_id)
    return encode(elements)
