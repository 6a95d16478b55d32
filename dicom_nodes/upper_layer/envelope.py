"""A data set in one buffer, between the headers of its P-DATA-TF: read once, sent once, never copied (PS3.8 §9.3.5)."""

import struct

_PDU_AND_PDV = struct.Struct(">BBLLBB")
PDV_OVERHEAD = 6  # item length, context ID and message control header
DATA_SET, DATA_SET_LAST = 0x00, 0x02
COMMAND, COMMAND_LAST = 0x01, 0x03
# Room for the command in front of the data set; more than two UIDs and an AE title ever need.
_FRONT = 1024
# What the system takes in one readv (IOV_MAX).
MOST_SLOTS = 1024
LARGEST = 4 * 1024 * 1024


def header(context_id: int, length: int, control: int) -> bytes:
    """Header of a P-DATA-TF of one presentation data value."""
    return _PDU_AND_PDV.pack(0x04, 0, length + PDV_OVERHEAD, length + 2, context_id, control)


class Envelope:
    """One message after another in the same buffer; the headers of full fragments stay from one to the next."""

    def __init__(self, fragment_size: int) -> None:
        self._size = fragment_size
        self._step = _PDU_AND_PDV.size + fragment_size
        self._buffer = bytearray(_FRONT)
        self._view = memoryview(self._buffer)
        self._slots: list[memoryview] = []
        self._context_id = -1
        self._altered = -1  # the fragment whose header is not that of a full one in the middle
        self._start = self._end = _FRONT

    @property
    def most_bytes(self) -> int:
        """The longest data set that fits."""
        return min(LARGEST, MOST_SLOTS * self._size)

    def lay_out(self, context_id: int, length: int) -> list[memoryview]:
        """The places of the fragments of a data set of ``length`` bytes, at most :attr:`most_bytes`, to be filled."""
        count = max(1, -(-length // self._size))
        if count > len(self._slots):
            self._grow(count)
        full = header(context_id, self._size, DATA_SET)
        anew = range(len(self._slots)) if context_id != self._context_id else (self._altered,)
        for number in anew:
            if number >= 0:
                self._put(number, full)
        rest = length - (count - 1) * self._size
        self._put(count - 1, header(context_id, rest, DATA_SET_LAST))
        self._context_id, self._altered = context_id, count - 1
        self._end = _FRONT + (count - 1) * self._step + _PDU_AND_PDV.size + rest
        return [*self._slots[: count - 1], self._slots[count - 1][:rest]]

    def message(self, command: bytes) -> memoryview:
        """The whole message, with the PDUs of its command in front of the data set."""
        self._start = _FRONT - len(command)
        self._view[self._start : _FRONT] = command
        return self._view[self._start : self._end]

    def _grow(self, count: int) -> None:
        self._buffer = bytearray(_FRONT + count * self._step)
        self._view = memoryview(self._buffer)
        starts = range(_FRONT + _PDU_AND_PDV.size, len(self._buffer), self._step)
        self._slots = [self._view[start : start + self._size] for start in starts]
        self._context_id = self._altered = -1

    def _put(self, number: int, encoded: bytes) -> None:
        start = _FRONT + number * self._step
        self._view[start : start + len(encoded)] = encoded
